"""Long-term (current) use of drugs, Z79, and the encounter to monitor it, Z51.81 (Official
Guidelines I.C.21.c.3, I.C.4.a.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from index.statement.drugs import drug_cues
from index.statement.drugs.drug_cues import MARK, cues, expression
from index.statement.drugs.drug_table import DrugNamed
from index.statement.drugs.drug_uses import Use
from index.statement.model import Span, Statement

_DIABETES = ("Z79.4", "Z79.84", "Z79.85")
_VAGUE = ("drug", "multiple drugs")
_LONG = re.compile(r"long[ -]?term|longterm|high[ -]risk|chronic|lifelong")
#: How far after a drug words of its use may stand.
_AFTER = 40


@dataclass(frozen=True, slots=True)
class LongTerm:
    """A code of long-term use, the words that call for it, and how sure that is."""

    code: str
    drug: DrugNamed
    span: Span
    section: str
    sure: float


@dataclass(frozen=True, slots=True)
class _Words:
    use: re.Pattern[str]
    use_after: re.Pattern[str]
    not_before: re.Pattern[str]
    not_after: re.Pattern[str]
    chronic_after: re.Pattern[str]
    chronic_before: re.Pattern[str]
    daily: re.Pattern[str]
    diabetes: re.Pattern[str]
    immune: re.Pattern[str]
    pain: re.Pattern[str]
    dependence: re.Pattern[str]
    acute: re.Pattern[str]
    single_dose: re.Pattern[str]
    contraception: re.Pattern[str]
    type_1: re.Pattern[str]
    gestational: re.Pattern[str]
    monitoring: drug_cues.Phrases
    monitoring_alone: re.Pattern[str]
    inr: re.Pattern[str]
    not_inr: re.Pattern[str]


@cache
def _words() -> _Words:
    table, watched = cues()["long_term"], cues()["monitoring"]
    chronic = table["chronic"].strip("\n")
    after = "|".join(map(re.escape, drug_cues.lines(table["not_after"])))
    use_after = "|".join(map(re.escape, drug_cues.lines(table["use_after"])))
    return _Words(
        drug_cues.ends_with(drug_cues.lines(table["use"])),
        re.compile(rf"[ \d.%/a-z-]{{0,24}}?\b(?:{use_after})\b"),
        drug_cues.ends_with(drug_cues.lines(table["not_before"])),
        re.compile(rf" *[(,-]? *(?:\d\S* )?(?:\w+ )?(?:{after})(?![\w/'])"),
        expression(table["chronic_after"]),
        re.compile(
            rf"(?:{chronic})(?: +(?:current|use of|use|with|w/|on|oral|daily|\w+ use of))* *$"
        ),
        expression(table["daily"]),
        expression(table["diabetes"]),
        expression(table["immune"]),
        expression(table["pain"]),
        expression(table["dependence"]),
        expression(table["acute"]),
        expression(table["single_dose"]),
        expression(table["contraception"]),
        expression(table["type_1"]),
        expression(table["gestational"]),
        drug_cues.phrases(watched["cues"]),
        expression(watched["alone"]),
        expression(watched["inr"]),
        expression(watched["not_inr"]),
    )


def find_long_term(
    statement: Statement, named: Sequence[DrugNamed], uses: Sequence[Use]
) -> Iterator[LongTerm]:
    """The codes of long-term use that the words of each drug call for."""
    words, text = _words(), statement.folded
    marked = drug_cues.mark(text, (drug.span for drug in named)).replace("(current)", " current ")
    circumstance = {use.drug.span: use.circumstance for use in uses}
    poisoned = {use.drug.generic for use in uses if use.circumstance == "poisoning"}
    diabetes = words.gestational.search(text) is not None
    for group in re.finditer(drug_cues.LISTED, marked):
        before = re.split(r"[;.,()\n]", marked[: group.start()])[-1]
        for drug in named:
            if not (group.start() <= drug.span.start < group.end()):
                continue
            if not drug.is_own or not drug.drug_class.long_term:
                continue
            done = circumstance.get(drug.span)
            if done == "poisoning" or (drug.generic in poisoned and not words.use.search(before)):
                continue
            reach = _reach(words, statement, marked, group, before, drug, done)
            if reach is None:
                continue
            for code in drug.drug_class.long_term:
                if code in _DIABETES and diabetes:
                    continue
                if code == "Z79.4" and words.type_1.search(text):
                    continue
                section = "I.C.4.a.3" if code in _DIABETES else "I.C.21.c.3"
                yield LongTerm(code, drug, reach[0], section, reach[1])


def _reach(
    words: _Words,
    statement: Statement,
    marked: str,
    group: re.Match[str],
    before: str,
    drug: DrugNamed,
    done: str | None,
) -> tuple[Span, float] | None:
    """The words that say that a drug is used for long, and how sure that is; None where nothing
    does."""
    after = re.split(rf"[;.()\n{MARK}]", marked[drug.span.end :][:_AFTER])[0]
    clause = after.split(",")[0]
    text = statement.folded
    said = drug.drug_class.said
    used_before = words.use.search(before)
    used = used_before is not None or words.use_after.match(clause) is not None
    # "Chronic prednisone, doxy": the first alone is chronic.
    own = "" if "," in marked[group.start() : drug.span.start] else before
    chronic = bool(words.chronic_before.search(own) or words.chronic_after.search(clause))
    daily = chronic or bool(re.search(r"\bdaily *$", own) or words.daily.search(clause))
    if done == "underdosing":
        # A patient who takes less insulin still takes it (I.C.4.a.3).
        partial = re.search(
            r"skip|miss|forg|half|cut|ration|ran|less|out of|underdos|complian|adher", text
        )
        return (
            (drug.span, 0.6) if said == "named" and drug.generic == "insulin" and partial else None
        )
    vague = drug.generic in _VAGUE
    if done == "adverse effect":
        goes_on = chronic or used_before or _goes_on(words, text, drug)
        if vague or not goes_on:
            return None
    if vague and not _LONG.search(before + clause):
        return None
    if done is None and (words.not_before.search(before) or words.not_after.match(after)):
        return None
    status = statement.status_of(drug.span)
    # "On insulin" tells of nothing but treatment, and so no condition is sought for it.
    so = status in ("affirmed", "chatter")
    if not so and not (used_before and status in ("past", "denied")):
        return None
    acute = bool(words.acute.search(text))
    painful = bool(words.pain.search(text))
    enough = {
        "named": True,
        "use": (used or daily) and (chronic or not acute),
        "daily": daily,
        "chronic": chronic,
        "pain": (chronic or (painful and used))
        and not words.dependence.search(text)
        and (drug.drug_class.name == "opioid" or painful),
    }.get(said, False)
    if drug.drug_class.long_term == ("Z79.2",) and words.single_dose.search(text):
        return None
    if drug.drug_class.name == "contraceptive" and words.contraception.search(text):
        return None
    if not enough:
        return None
    span = drug_cues.with_dose(marked, drug.span)
    if used_before and drug.span.start == group.start():
        start = group.start() - len(before) + used_before.start()
        span = Span(min(start, span.start), span.end)
    return span, 0.9 if used or chronic else 0.75


def _goes_on(words: _Words, text: str, drug: DrugNamed) -> bool:
    """Whether a drug that did harm is used all the same: that of diabetes, and what suppresses the
    immune system (D84.821 asks for its code)."""
    codes = drug.drug_class.long_term
    if any(code in _DIABETES for code in codes):
        return words.diabetes.search(text) is not None
    suppresses = any(code.startswith(("Z79.6", "Z79.52")) for code in codes)
    return suppresses and words.immune.search(text) is not None


def find_monitoring(
    statement: Statement, named: Sequence[DrugNamed]
) -> tuple[Span, DrugNamed | None] | None:
    """The words of an encounter to monitor the level of a drug, and the drug; None where there are
    none, or the level is said to be wrong."""
    words, text = _words(), statement.folded
    if words.not_inr.search(text):
        return None
    marked = drug_cues.mark(text, (drug.span for drug in named))
    for match in words.monitoring.find(marked):
        if "," in match[0]:
            continue  # "on revlimid, labs today" is no level of it
        for drug in named:
            inside = match.start() <= drug.span.start < match.end()
            if inside and drug.drug_class.long_term and _is_so(statement, match):
                return Span(*match.span()), drug
    for pattern in (words.inr, words.monitoring_alone):
        if (found := pattern.search(text)) and _is_so(statement, found):
            return Span(*found.span()), None
    return None


def _is_so(statement: Statement, match: re.Match[str]) -> bool:
    """Whether a check is affirmed: a fact that tells of a test alone ("inr check") is chatter."""
    return statement.status_of(Span(*match.span())) in ("affirmed", "chatter")


def is_inr(statement: Statement) -> bool:
    """Whether the monitoring is that of an anticoagulant."""
    return _words().inr.search(statement.folded) is not None
