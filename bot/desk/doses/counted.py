"""How many units of a code that is billed by the day, or by a number of pieces, a question says:
"28 days" of a supply kit "per day" are 28 units; 150 strips "per 50 strips" are 3."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from bot.desk.answer import Answer, Because, Headline, ReportLine
from bot.desk.doses.lines import count_of
from bot.desk.reasons import Reason, reason
from codesets.lookups.billing_unit import rounded_up

_PER_DAY = re.compile(r"\bper\s+(?:day|diem)\b", re.I)
_PER_PIECES = re.compile(r"\bper\s+(?P<each>\d{1,4})\s+(?P<piece>[a-z]{4,})\b", re.I)
#: Days that are handed out, and no time that has gone by.
_DAYS = re.compile(
    r"(?<!last )(?<!past )(?<!every )(?<!within )(?<!in )(?<!after )(?<![\w./-])(?P<days>\d{1,3})"
    r"\s*-?\s*days?\b(?!\s*(?:old|ago|after|post|before|hx|history|per|a|of\s+(?:pain|fever|cough)))",
    re.I,
)


def counted(text: str, answer: Answer) -> Answer:
    """The answer with the units of the lines of HCPCS Level II that are billed by the day or by a
    number of pieces, where the text says how many."""
    told: Reason | None = None
    lines: list[ReportLine] = []
    for line in answer.report:
        found = _units(text, line.title) if line.system == "hcpcs" else None
        if found is None or line.units is not None:
            lines.append(line)
            continue
        units, how = found
        why = reason("doses.computed", arithmetic=how, units=units)
        because = [Because("billing unit", release=line.release, reasons=[why]), *line.because]
        lines.append(replace(line, units=units, because=because))
        if told is None:
            named = {"units": count_of(units), "code": line.code}
            told = reason("doses.headline", arithmetic=how, **named)
    if told is None:
        return answer
    first = next(line.code for line in lines if line.units is not None)
    return replace(answer, report=lines, headline=Headline("units", [first], reasons=[told]))


def _units(text: str, title: str) -> tuple[int, Reason] | None:
    """How many units the text says of a code, and how that is computed; None where it does not."""
    if _PER_DAY.search(title) and (days := _DAYS.search(text)):
        count = int(days["days"])
        return (count, reason("doses.by_day", days=count)) if count else None
    per = _PER_PIECES.search(title)
    if per is None or not int(per["each"]):
        return None
    piece = re.escape(per["piece"].rstrip("s"))
    said = re.search(rf"(?<![\w./-])(\d{{1,4}})\s+(?:[a-z]+\s+){{0,2}}?{piece}s?\b", text, re.I)
    if said is None or not int(said[1]):
        return None
    pieces = Decimal(said[1])
    how = reason("doses.by_pieces", count=int(pieces), each=per["each"], piece=per["piece"])
    return rounded_up(pieces / int(per["each"])), how
