"""A list of codes that is checked at once: one line first, then only what conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.desk.answer import Answer, Headline, Pair, Verdict
from bot.desk.reasons import Reason, joined, reason

#: From so many codes on, a list is summed up.
MANY = 5
#: The most codes that one line names for each thing that it says.
_NAMED = 6
_NOT_IN_FORCE = "pairs.ptp_not_in_force"


def is_many(answer: Answer) -> bool:
    """Whether an answer is of a list of codes that its headline sums up."""
    return answer.headline.kind == "verdict" and len(firsts(answer.verdicts)) >= MANY


def firsts(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The first verdict on each code as it was typed."""
    found: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        found.setdefault((verdict.typed, "" if verdict.typed else verdict.code), verdict)
    return list(found.values())


def conflicting(pairs: Iterable[Pair]) -> list[Pair]:
    """What conflicts: each two codes (or one) once for a rule, the gravest first."""
    pairs = list(pairs)
    found: dict[tuple[frozenset[str], str], Pair] = {}
    for severity in ("conflict", "caution"):
        for pair in pairs:
            if pair.severity == severity and (severity == "conflict" or _needs_modifier(pair)):
                found.setdefault((frozenset(pair.codes), pair.rule), pair)
    return list(found.values())


def _needs_modifier(pair: Pair) -> bool:
    """Whether two codes are paid with a modifier alone: an edit that is not in force is none."""
    return pair.rule == "ncci_ptp" and all(one.key != _NOT_IN_FORCE for one in pair.reasons[:1])


def summed_up(answer: Answer) -> Headline:
    """How many codes are billable, which are not, and what conflicts."""
    verdicts = firsts(answer.verdicts)
    by_status: dict[str, list[str]] = {}
    for verdict in verdicts:
        by_status.setdefault(verdict.status_shown, []).append(verdict.code or verdict.typed)
    fine = len(by_status.pop("billable", [])) + len(by_status.pop("valid", []))
    count = len(verdicts)
    told = [reason("edits.many_all" if fine == count else "edits.many", count=count, billable=fine)]
    told += [
        reason(f"edits.many_{status}", codes=_named(codes)) for status, codes in by_status.items()
    ]
    found = conflicting(answer.pairs)
    hard = _pairs(pair for pair in found if pair.severity == "conflict")
    soft = _pairs(pair for pair in found if pair.severity != "conflict")
    if hard:
        key = "many_conflict" if len(hard) == 1 else "many_conflicts"
        told.append(reason(f"edits.{key}", count=len(hard), pairs=_named(hard)))
    if soft:
        told.append(reason("edits.many_cautions", pairs=_named(soft)))
    if not hard and not soft:
        told.append(reason("edits.many_none"))
    asked = len({tuple(pair.codes) for pair in answer.pairs if pair.severity == "obligation"})
    if asked:
        key = "many_asked_one" if asked == 1 else "many_asked"
        told.append(reason(f"edits.{key}", count=asked))
    codes = [verdict.code for verdict in verdicts if verdict.code]
    return Headline("verdict", codes, reasons=[_sentence(told)])


def _pairs(pairs: Iterable[Pair]) -> list[Reason]:
    """The codes of each pair, once; of one code, that its units are meant."""
    named = dict.fromkeys((" + ".join(pair.codes), pair.rule == "mue") for pair in pairs)
    return [
        reason("edits.many_units" if units else "edits.many_pair", codes=codes)
        for codes, units in named
    ]


def _named(names: Sequence[str | Reason]) -> Reason:
    """The first names as a row."""
    shown = list(names[:_NAMED])
    row = [*(reason("edits.many_before", one=one) for one in shown[:-1]), *shown[-1:]]
    return reason("edits.many_row", row=[*row, "…"] if len(names) > _NAMED else row)


def _sentence(parts: Sequence[Reason]) -> Reason:
    """The parts as one reason, without blanks between them."""
    whole = joined("edits.then", [*parts, "."])
    assert isinstance(whole, Reason)
    return whole
