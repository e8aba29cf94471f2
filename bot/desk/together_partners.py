"""What is missing beside a code: the partner that its notes or the guidelines ask for, where the
words of the question say which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.desk import together_rows as table
from bot.desk.reasons import reason
from bot.desk.together_conflicts import conflict
from bot.desk.together_model import Ground
from bot.desk.together_titles import conditions_in
from bot.desk.together_words import (
    affirmed,
    drug_of,
    matching,
    named_partners,
    spelled_out,
    telling,
    unsaid,
)
from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code, CodeRange, Note
from index.statement.books import Books
from index.text.tokens import fold, read

#: Finds billable codes for words, best first.
Search = Callable[[str], Sequence[Code]]


#: The section by which conditions that coexist are all reported.
_COEXISTING = "IV.J"
#: Notes that ask for another code -> whether it comes before.
_ASKING = {"code_first": True, "use_additional_code": False, "code_also": False}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule asks for beside a code.

    - `ranges`: the codes that it names; () where it names none, and any code may be meant.
    - `before`: whether these come first.
    - `note`, `section`: the note, or the section of the guidelines, that asks for it.
    - `adverse`: whether it asks for the adverse effect of a drug.
    - `conditional`: whether it says "if known".
    - `said_only`: whether only words of clinics tell which code is meant.
    """

    ranges: tuple[CodeRange, ...]
    before: bool
    note: Note | None
    section: str = ""
    adverse: bool = False
    conditional: bool = False
    said_only: bool = False


@dataclass(frozen=True, slots=True)
class Partner:
    """A code that is missing beside another, and the rule that asks for it."""

    code: Code
    of: Code
    before: bool
    ground: Ground


def wanted(books: Books, code: Code) -> list[Wanted]:
    """What the notes that govern a code ask for, nearest first, and then the guidelines."""
    groups: dict[tuple[str, str, int], list[Note]] = {}
    for note in notes_of(books.store, books.release, code):
        if note.kind in _ASKING:
            groups.setdefault((note.kind, note.owner, note.group), []).append(note)
    found: list[Wanted] = []
    for (kind, _, _), notes in groups.items():
        named = [(note, range_) for note in notes for range_ in note.codes]
        for note, range_ in named:
            adverse = kind == "use_additional_code" and "adverse effect" in note.text
            found.append(Wanted((range_,), _ASKING[kind], note, adverse=adverse))
        if not named or any("such as" in note.text for note in notes):
            conditional = bool(re.search(r"\bif (?:known|applicable)\b", notes[0].text))
            ranges = _included(books, code)
            found.append(Wanted(ranges, _ASKING[kind], notes[0], conditional=conditional))
    for row in table.rows("partner"):
        if row.codes("of").has(code.code):
            found += [
                Wanted(
                    (range_,),
                    bool(row.fields.get("before")),
                    None,
                    row.section,
                    said_only=bool(row.fields.get("said_only")),
                )
                for range_ in row.codes("codes").ranges
            ]
    return found


def _included(books: Books, code: Code) -> tuple[CodeRange, ...]:
    """The conditions that a code of pregnancy says it includes: those are meant by "the specific
    condition"."""
    return conditions_in(books, code) if code.code[0] == "O" else ()


def partners(
    books: Books, given: Sequence[Code], words: str, search: Search | None
) -> list[Partner]:
    """The codes that are missing beside the given ones, by the words that are said; at most
    three."""
    said = affirmed(words)
    if not said.strip():
        return []
    wants = [(code, want) for code in given for want in wanted(books, code)]
    open_ = [(code, want) for code, want in wants if not met(want, given)]
    found, rest = _by_words(books, given, said, open_)
    facts = [fact for fact in rest.split(", ") if fact]
    candidates = [
        one
        for fact in dict.fromkeys([*facts, rest])
        if (one := _matched(books, given, fact, open_))
    ]
    stems = telling(spelled_out(rest), given)
    candidates.sort(
        key=lambda one: (-len(read(one.code.title).affirmed & stems), unsaid(one.code, rest))
    )
    left = stems - frozenset().union(*(read(one.code.title).affirmed for one in candidates))
    general = any(not want.ranges and not want.conditional for _, want in open_)
    if left and (general or not (found or candidates)):
        searched = _searched(books, given, facts, open_, search)
        says = len(read(searched.code.title).affirmed & stems) if searched else 0
        if searched and (not candidates or says > len(stems - left)):
            candidates = [searched]
    return _apart([*found, *candidates])


def _by_words(
    books: Books, given: Sequence[Code], said: str, open_: Sequence[tuple[Code, Wanted]]
) -> tuple[list[Partner], str]:
    """The partners that drugs, words of clinics and numbers mean, and the other words."""
    names = {code.code for code in given}
    found: list[Partner] = []
    rest = said
    for of, want in open_:
        if want.adverse and (drug := drug_of(books, said)) and drug.code not in names:
            return [_partner(drug, of, want)], ""
    for words, code in named_partners(books, said, given):
        # A comma may part the words of a family's history: "fam, hx colon ca".
        place = re.search(r"[,\s]+".join(map(re.escape, words.split())), fold(rest))
        for of, want in open_ if place else ():
            if place and asks_for(want, code) and code.code not in names:
                found.append(_partner(code, of, want))
                rest = f"{rest[: place.start()]}, {rest[place.end() :]}"
                break
    return found, ", ".join(part.strip() for part in rest.split(",") if part.strip())


def _apart(found: Iterable[Partner]) -> list[Partner]:
    """One partner of each category, the first that was found; of drugs and signs, each."""
    by_category: dict[str, Partner] = {}
    for one in found:
        code = one.code.code
        by_category.setdefault(code if code.startswith(("R", "Z79")) else code[:3], one)
    return list(by_category.values())[:3]


def _matched(
    books: Books, given: Sequence[Code], fact: str, open_: Sequence[tuple[Code, Wanted]]
) -> Partner | None:
    """The code of the ranges that are asked for that fits a fact best; None where none does."""
    spelled = spelled_out(fact)
    stems = telling(spelled, given)
    names = {code.code for code in given}
    best: tuple[float, Code, Code, Wanted] | None = None
    for of, want in open_ if stems else ():
        if want.said_only:
            continue
        for code, points in matching(books, want.ranges, spelled, stems):
            if code.code in names or not asks_for(want, code):
                continue
            if best is None or points > best[0]:
                best = points, code, of, want
    return _partner(best[1], best[2], best[3]) if best else None


def asks_for(want: Wanted, code: Code) -> bool:
    """Whether a code is asked for. A note that asks for an adverse effect asks for no poisoning."""
    if want.adverse and "T36" <= code.code[:3] <= "T50" and code.stem[-1] != "5":
        return False
    return any(named.contains(code.code) for named in want.ranges)


def met(want: Wanted, given: Sequence[Code]) -> bool:
    return any(named.contains(code.code) for named in want.ranges for code in given)


def _partner(code: Code, of: Code, want: Wanted) -> Partner:
    key = "missing_before" if want.before else "missing"
    why = reason(f"together.{key}", code=code.code, title=code.title, of=of.code)
    if want.note is None:
        return Partner(code, of, want.before, Ground("guideline", want.section, why))
    note = want.note
    ground = Ground(note.kind, note.owner, why, note.text, note.release)
    return Partner(code, of, want.before, ground)


def _searched(
    books: Books,
    given: Sequence[Code],
    facts: Sequence[str],
    open_: Sequence[tuple[Code, Wanted]],
    search: Search | None,
) -> Partner | None:
    """The best code for a fact that the given codes do not say: one that a note asks for, or where
    a note names none, any; else a condition that is said beside them and is reported, too."""
    anything = [(of, want) for of, want in open_ if not want.ranges]
    for fact in facts if search else ():
        stems = telling(spelled_out(fact), given)
        hits = search(fact) if search and stems else []
        if not hits or hits[0].code in {code.code for code in given}:
            continue
        told = [len(read(code.title).affirmed & stems) for code in hits]
        for code, own in zip(hits, told, strict=True):
            asked = [one for one in open_ if not one[1].said_only and asks_for(one[1], code)]
            if asked and own >= max(0.5 * len(stems), told[0]):
                return _partner(code, *asked[0])
        best, of = hits[0], given[0]
        same = best.code[:3] in {code.code[:3] for code in given}
        if same or best.code[0] in "VWXY" or any(conflict(books, one, best) for one in given):
            continue
        if anything and told[0] and not (best.code[0] == of.code[0] == "S"):
            return _partner(best, *anything[0])
        if told[0] >= 0.6 * len(stems):
            return _partner(best, of, Wanted((), False, None, _COEXISTING))
    return None
