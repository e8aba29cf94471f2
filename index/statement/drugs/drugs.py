"""Codes for what a statement says of drugs: adverse effect, poisoning, underdosing and why, toxic
effect, venom, long-term use and its monitoring.

What a drug did is coded by others: a rash, a bleeding, a coma.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from codesets.model import Code
from index.statement.books import Books
from index.statement.drugs.drug_cues import cues, with_dose
from index.statement.drugs.drug_intents import find_uses
from index.statement.drugs.drug_table import DrugNamed, Entry, drug_table, drugs_named
from index.statement.drugs.drug_uses import Use, is_toxic, told_spans
from index.statement.drugs.long_term_drugs import find_long_term, find_monitoring, is_inr
from index.statement.drugs.underdosings import reasons
from index.statement.drugs.venoms import find_venoms
from index.statement.model import Ground, Proposal, Span, Statement
from index.text.encounter import read_encounter

__all__ = ["drugs_named", "find"]

_SECTIONS = {
    "adverse effect": "I.C.19.e.5.a",
    "poisoning": "I.C.19.e.5.b",
    "underdosing": "I.C.19.e.5.c",
    "toxic": "I.C.19.e.5.d",
}
_COLUMN_NAMES = {
    "accidental": "Poisoning Accidental (unintentional)",
    "self-harm": "Poisoning Intentional self-harm",
    "assault": "Poisoning Assault",
    "undetermined": "Poisoning Undetermined",
    "adverse effect": "Adverse effect",
    "underdosing": "Underdosing",
}
_SEQUELA = re.compile(r"\b(?:sequela\w*|late effects?|residual\w*)\b")
_FOLLOW_UP = re.compile(r"\b(?:f/?u|follow[ -]?up|re-?check|subsequent|subsq)\b")
#: Codes that a poisoning with its intent takes the place of.
_WITH_SELF_HARM = ("T14.91", "X71", "X83")


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes that the words of a statement about drugs and poisons call for; each once."""
    named = drugs_named(statement, books)
    proposals = [*_of_venoms(statement, books)]
    if named:
        uses = find_uses(statement, named)
        found = list(_reasons(statement, books, uses))
        proposals += _of_uses(statement, books, uses)
        proposals += found
        proposals += _of_long_term(statement, books, named, uses)
    else:
        uses = []
    proposals += _of_monitoring(statement, books, named)
    return list(_once(proposals))


def _once(proposals: Iterable[Proposal]) -> Iterator[Proposal]:
    """Each code once, with the words of all (I.C.19.e.3)."""
    by_code: dict[str, Proposal] = {}
    for new in proposals:
        old = by_code.get(new.code)
        if old is None:
            by_code[new.code] = new
            continue
        by_code[new.code] = Proposal(
            old.code,
            tuple(dict.fromkeys((*old.spans, *new.spans))),
            old.role,
            old.kind,
            old.grounds,
            old.settles,
            old.excludes,
            max(old.sure, new.sure),
        )
    yield from by_code.values()


def _seventh(statement: Statement, at: Span) -> str:
    """The seventh character: A, unless the words around say that it is seen again, or a sequela."""
    text = statement.folded
    if _SEQUELA.search(text):
        return "S"
    start = max(text.rfind(",", 0, at.start), text.rfind(";", 0, at.start), -1) + 1
    if not _FOLLOW_UP.search(text, start, at.end + 25):
        return "A"
    return "D" if read_encounter(text).phase == "subsequent" else "A"


def _code(books: Books, stem: str, seventh: str) -> Code | None:
    """The code of a stem of the Table with its seventh character. Where the release divided the
    stem (T52.8X became T52.81 to T52.89), the one for what is not specified."""
    for each in (stem, f"{stem[:5]}9{stem[6:]}" if stem[5:6] == "X" else ""):
        if each and (code := books.code(each.ljust(7, "X") + seventh)):
            return code
    return None


def _table_ground(entry: Entry, column: str, key: str, section: str, **params: str) -> Ground:
    quote = f"{entry.text}: {_COLUMN_NAMES[column]} {entry.codes[column]}"
    return Ground("table", key, {"drug": _name(entry), **params}, quote, section, entry.release)


def _name(entry: Entry) -> str:
    return re.sub(r"\s*\([^()]*\)", "", entry.text).removesuffix(" NEC")


def _of_uses(statement: Statement, books: Books, uses: list[Use]) -> Iterator[Proposal]:
    for use in uses:
        entries = [use.drug.entry]
        if use.circumstance == "poisoning":
            # Each drug of a tablet is coded, where the Table has no entry for both (I.C.19.e.4).
            entries.append(use.drug.other)
            if use.drug.generic == "carbon monoxide":
                entries[0] = _source(statement, books) or entries[0]
        for entry in entries:
            if entry and (proposal := _of_use(statement, books, use, entry)):
                yield proposal


def _of_use(statement: Statement, books: Books, use: Use, entry: Entry) -> Proposal | None:
    """The code of an entry for what the statement says of its drug; None where it has none."""
    poisoning = use.circumstance == "poisoning"
    column = use.intent if poisoning else use.circumstance
    vague = use.drug.drug_class.name == "unspecified drug"
    underdosed = use.circumstance == "underdosing"
    if column not in entry.codes or (vague and underdosed and not _is_underdosed(statement, use)):
        return None
    # What was taken too little is seen now, whatever the visit is for.
    seventh = "A" if underdosed else _seventh(statement, use.span)
    code = _code(books, entry.codes[column], seventh)
    if code is None:
        return None
    toxic = poisoning and is_toxic(use.drug) and not entry.is_medicine
    section = _SECTIONS["toxic" if toxic else use.circumstance]
    key = f"report.drug_{'toxic' if toxic else use.circumstance.split()[0]}"
    ground = _table_ground(entry, column, key, section, intent=column)
    spans = [with_dose(statement.folded, use.drug.span), use.span]
    if poisoning:
        spans += told_spans(statement.folded)
    return Proposal(
        code.code,
        tuple(dict.fromkeys(spans)),
        "drug",
        "drug",
        (ground,),
        excludes=_excluded(use),
        sure=0.6 if vague else 0.9,
    )


def _excluded(use: Use) -> tuple[str, ...]:
    """What the code of a drug says better: the attempt at suicide; a vaccine that is not given
    now, but did harm."""
    if use.circumstance == "poisoning" and use.intent == "self-harm":
        return _WITH_SELF_HARM
    vaccine = use.drug.drug_class.name.startswith("vaccine")
    return ("Z23",) if vaccine and use.circumstance == "adverse effect" else ()


def _source(statement: Statement, books: Books) -> Entry | None:
    """The entry of the Table for where carbon monoxide came from; None where it is not said."""
    table = drug_table(books)
    for text, words in cues()["poisoning"]["carbon_monoxide"]:
        if table and re.search(rf"\b(?:{'|'.join(words.split())})\b", statement.folded):
            return table.find(text)
    return None


def _is_underdosed(statement: Statement, use: Use) -> bool:
    return all(reason.names_drug for reason in reasons(statement.folded, [use]))


def _reasons(statement: Statement, books: Books, uses: list[Use]) -> Iterator[Proposal]:
    for reason in reasons(statement.folded, uses):
        if code := books.code(reason.code):
            failed = reason.code.startswith("Y63")
            key = "report.drug_failed_care" if failed else "report.drug_underdosing_reason"
            ground = Ground("guideline", key, {}, section=_SECTIONS["underdosing"])
            yield Proposal(
                code.code,
                reason.spans,
                "external cause" if failed else "additional",
                "external cause" if failed else "status",
                (ground,),
                # Noncompliance in general, where it is that of a drug.
                excludes=("Z91.19", "Z91.A9"),
            )


def _of_venoms(statement: Statement, books: Books) -> Iterator[Proposal]:
    found = list(find_venoms(statement))
    table = drug_table(books) if found else None
    if table is None:
        return
    for text, span in found:
        entry = table.find(text)
        code = entry and _code(books, entry.codes["accidental"], _seventh(statement, span))
        if entry and code:
            ground = _table_ground(entry, "accidental", "report.drug_venom", _SECTIONS["toxic"])
            yield Proposal(code.code, (span,), "drug", "drug", (ground,), excludes=("W57", "W59"))


def _of_long_term(
    statement: Statement, books: Books, named: list[DrugNamed], uses: list[Use]
) -> Iterator[Proposal]:
    for found in find_long_term(statement, named, uses):
        if code := books.code(found.code):
            diabetes = found.section == "I.C.4.a.3"
            key = "report.drug_long_term_diabetes" if diabetes else "report.drug_long_term"
            ground = Ground("guideline", key, {"drug": found.drug.said}, section=found.section)
            yield Proposal(code.code, (found.span,), "status", "status", (ground,), sure=found.sure)


def _of_monitoring(
    statement: Statement, books: Books, named: list[DrugNamed]
) -> Iterator[Proposal]:
    found = find_monitoring(statement, named)
    if found is None:
        return
    span, drug = found
    ground = Ground("guideline", "report.drug_monitoring", {}, section="I.C.21.c.3")
    if code := books.code("Z51.81"):
        yield Proposal(code.code, (span,), "first-listed", "encounter", (ground,), sure=0.8)
    codes = drug.drug_class.long_term if drug else ("Z79.01",) if is_inr(statement) else ()
    # The level of an antibiotic is watched in short courses too.
    codes = tuple(each for each in codes if each != "Z79.2")
    said = drug.said if drug else "anticoagulant"
    for each in codes:
        if code := books.code(each):
            used = Ground(
                "guideline", "report.drug_long_term", {"drug": said}, section="I.C.21.c.3"
            )
            yield Proposal(code.code, (span,), "status", "status", (used,), sure=0.8)
