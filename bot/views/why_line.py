"""Why a report is as it is, in one line: the rule that orders or joins its lines; of one line, what
led to its code."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.answer import Because, ReportLine
from bot.messages import message, values_of
from bot.views.report_words import Part

#: Rules that ask for another code, and the message that words them.
_JOINS = {
    "code first": "report.code_first",
    "use additional code": "report.use_additional_code",
    "code also": "report.code_also",
}
_FOUND = ("index", "tabular", "table")


def why_line(part: Part) -> str:
    """E11.22 first, then N18.4: use additional code · I.C.4.a; "" where no reason is known."""
    if not part.lines:
        return ""
    if open_order := _order_left_open(part):
        return open_order
    if len(part.lines) == 1:
        return _of_one(part.lines[0])
    return _joined(part.lines) or _ordered(part.lines) or _of_one(part.lines[0])


def why_of(line: ReportLine) -> str:
    """Why one line of several is there, without the words of a note: its most telling reason; ""
    where none is known."""
    first = next(iter(line.because), None)
    if first is None:
        return ""
    if owner := _owner(first):
        rule = message("why." + first.rule.replace(" ", "_"))
        return _cited(message("why.noted", rule=rule, place=owner), first.section)
    if first.rule not in _FOUND:
        return _cited(first.text.partition(" “")[0].rstrip(":"), first.section)
    return _of_one(line)


def _order_left_open(part: Part) -> str:
    """What the headline says of codes that may change places."""
    codes = part.headline.codes
    if len(part.lines) < 2 or part.headline.kind != "codes" or len(codes) != len(part.lines):
        return ""
    for key in ("either", "any", "some"):
        values = values_of(f"headline.{key}", part.headline.text)
        if values is not None:
            return _cited(message(f"why.{key}", **values), _section_of_open_order(part.lines))
    return ""


def _section_of_open_order(lines: Sequence[ReportLine]) -> str:
    """The section that leaves the order open; "" where none is given."""
    open_ = {message("report.either_outpatient"), message("report.either_inpatient")}
    given = (because for line in lines for because in line.because)
    return next((because.section for because in given if because.text in open_), "")


def _joined(lines: Sequence[ReportLine]) -> str:
    """The first note that asks for one of the codes beside another."""
    for at, line in enumerate(lines[1:], 1):
        for because in line.because:
            owner = _owner(because)
            if owner is None:
                continue
            # "code first" is printed under the later code, the others under the earlier one.
            later = because.rule == "code first"
            before = next(
                (
                    other.code
                    for other in lines[:at]
                    if (other.code in because.text if later else other.code.startswith(owner))
                ),
                None,
            )
            if before is not None and (not later or line.code.startswith(owner)):
                rule = message("why." + because.rule.replace(" ", "_"))
                told = message("why.order", first=before, then=line.code, rule=rule)
                return _cited(told, because.section)
    return ""


def _owner(because: Because) -> str | None:
    """The code under which a note is printed that asks for another one."""
    key = _JOINS.get(because.rule)
    if key is None:
        return None
    told, quote, _ = because.text.partition(" “")
    values = values_of(key, told) if quote else None
    return values["owner"] if values else None


def _ordered(lines: Sequence[ReportLine]) -> str:
    """The first rule in words on a line after the first."""
    for line in lines[1:]:
        for because in line.because:
            if because.rule not in _FOUND and "“" not in because.text:
                return _cited(because.text, because.section)
    return ""


def _of_one(line: ReportLine) -> str:
    """A rule before what the code was found by."""
    in_words = (b for b in line.because if b.rule not in _FOUND and "“" not in b.text)
    if because := next(in_words, None):
        return _cited(because.text, because.section)
    found = next((b for b in line.because if b.rule in _FOUND), None)
    if found is None:
        return ""
    entry = found.text.partition("“")[2].rstrip("”")
    if entry and entry != line.title and found.rule in ("index", "tabular"):
        return _cited(message(f"why.{found.rule}_entry", words=entry), found.section)
    return _cited(message(f"why.{found.rule}"), found.section)


def _cited(text: str, section: str) -> str:
    return message("why.cited", text=text.rstrip("."), section=section) if section else text
