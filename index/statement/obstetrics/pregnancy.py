"""What a statement says of a pregnancy: whether there is one, how far it is, and how it ended.

The words are in prompts/statements/obstetrics.toml under [reading].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.statement.model import Span, Statement
from index.statement.obstetrics.phrases import says, spans_of, words_of

#: delivery: the encounter in which she delivers. abortive: it ended before birth, or grew outside
#: the womb.
Period = Literal["pregnancy", "delivery", "postpartum", "abortive"]
Trimester = Literal[1, 2, 3]
TRIMESTERS: dict[Trimester, str] = {
    1: "first trimester",
    2: "second trimester",
    3: "third trimester",
}

_UNIT = r"(?:weeks?|wks?|wk|w)"
#: Weeks and days: "24+3", "24w3d", "24 3/7 wks", "24w+3".
_WITH_DAYS = re.compile(
    rf"(?<![\d./+-])(?P<weeks>[4-9]|[1-3]\d|4[0-3])\s?(?:{_UNIT}\s?\+?\s?[0-6]\s?(?:d|days?|/7)?"
    rf"|\+\s?[0-6](?:/7)?|\s[0-6]/7)(?:\s?{_UNIT})?(?![\w/%])|(?P<after>(?!))"
)
#: Weeks with a unit, or after "EGA" or "pregnant": "24w", "24 wks", "ega 24", "preg 24".
_WEEKS = re.compile(
    rf"(?<![\d./+-])(?P<weeks>[4-9]|[1-3]\d|4[0-3])(?:\.[0-6])?\s?-?{_UNIT}(?:ga|ega)?(?![\w+/])"
    r"|\b(?:e?ga|gestation(?:al age)?|gest|iup|preg(?:nant|nancy)?|gravid)\s?(?:of|at|@|:|=|is)?\s?"
    r"(?P<after>[4-9]|[1-3]\d|4[0-3])(?:\.[0-6])?(?!\s?(?:y|yo|yr|years?|mo|months?|days?|d|%)\b)"
    r"(?![\w/%.+])"
)
#: A number of weeks that is a time since or until something, an age, or how long it lasts.
_OTHER_WEEKS_BEFORE = re.compile(
    r"(?:\bx|\bfor|\bpast|\blast|\bin|\bwithin|\bf/u|\bfu|\bafter|\bsince|\bevery|\bq|\bnext|\bprev"
    r"|\bprevious|\bthan|\bpp|\bpostpartum|\bpost|\bover)\s*$"
)
_OTHER_WEEKS_AFTER = re.compile(
    r"\s*(?:ago|old|post|pp\b|postpartum|later|of age|after|status|s/p|(?:hx|history) of|f/u|fu\b"
    r"|since|duration|wound|now\b|out\b|p\b|from)"
)
_DAY_AFTER = re.compile(r"\bppd ?#?\d|\b(?:pp|post-?partum) day\b")
#: "MVA at 28w" tells of a pregnancy, "fx healing at 8w" does not.
_AT = re.compile(r"(?:\bat|@)\s?$")
_HEALING = re.compile(
    r"\b(?:heal\w*|fx|fracture\w*|post-?op|surg\w*|cast|union|nonunion|recheck)\b"
)
_YOUNGEST = 10
_AGE = re.compile(r"\b(?P<age>\d{1,2})[\s-]?(?:y/?o|yr|year)s?\b")
_FETUS = re.compile(r"\b(?:twin|fetus|baby|triplet)\s(?P<fetus>[a-e]|[1-5])\b")
_GRAVIDA = re.compile(
    r"\bg(?:ravida)?\s?(?P<gravida>[1-9]\d?)"
    r"(?:\s?,?\s?p\s?\d|\b(?!\s?(?:mg|g|gm|tube)))"
)
_MULTIPLES = (("triplet", 3), ("quadruplet", 4), ("quintuplet", 5), ("twin", 2))


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """A pregnancy as a statement tells it.

    - `spans`: the words that tell of it, without those of a condition.
    - `weeks`: completed weeks of gestation; None where they are not said, or there are none.
    - `trimester`: from the weeks, or as said.
    - `fetuses`: how many are said; 1 where nothing is.
    - `fetus`: the seventh character for the fetus that is concerned, "0" where none is named.
    - `gravida`: which pregnancy it is; None where it is not said.
    - `incidental`: the words that say that it does not matter for this encounter.
    """

    period: Period
    spans: tuple[Span, ...]
    weeks: int | None = None
    trimester: Trimester | None = None
    fetuses: int = 1
    fetus: str = "0"
    gravida: int | None = None
    incidental: Span | None = None
    weeks_span: Span | None = None

    @property
    def about(self) -> int | None:
        """Weeks for limits such as "before 20 weeks": as said, or those of the first or the third
        trimester; None where neither is known."""
        if self.weeks is not None:
            return self.weeks
        return {1: 10, 3: 36}.get(self.trimester or 0)


def _words(key: str) -> re.Pattern[str]:
    return words_of("obstetrics", "reading", key)


@lru_cache(maxsize=256)
def read_pregnancy(statement: Statement, implied: Period | None = None) -> Pregnancy | None:
    """The pregnancy that a statement of a mother tells of; None where it tells of none. `implied`:
    the period that a condition tells of by itself, as preeclampsia does."""
    if is_of_newborn(statement) or _words("not_pregnant").search(statement.folded):
        return None
    age = _AGE.search(statement.folded)
    if age and int(age["age"]) < _YOUNGEST:
        return None
    period = _period(statement) or implied
    told = list(_told_weeks(statement, in_pregnancy=period in ("pregnancy", "delivery")))
    if period is None and told and told[0][2]:
        period = "pregnancy"  # only pregnancies are told in weeks and days
    if period is None:
        return None
    found = next(iter(told), None) if period in ("pregnancy", "delivery") else None
    weeks, weeks_span = (found[0], found[1]) if found else (None, None)
    spans = [
        span
        for key in ("pregnant", "delivered", "postpartum", "routine")
        for span in spans_of(_words(key), statement, "affirmed", "past", "chatter")
    ]
    spans += [span for _, span, _ in told]
    fetus = _FETUS.search(statement.folded)
    gravida = _GRAVIDA.search(statement.folded)
    return Pregnancy(
        period,
        tuple(sorted(set(spans))),
        weeks,
        _trimester(statement, weeks) if period in ("pregnancy", "delivery") else None,
        next((number for word, number in _MULTIPLES if word in statement.folded), 1),
        str("abcde12345".index(fetus["fetus"]) % 5 + 1) if fetus else "0",
        int(gravida["gravida"]) if gravida else _first(statement),
        next(spans_of(_words("incidental"), statement, "affirmed", "denied", "chatter"), None),
        weeks_span,
    )


def _first(statement: Statement) -> int | None:
    if says(_words("first"), statement):
        return 1
    return 2 if says(_words("later"), statement) else None


def _period(statement: Statement) -> Period | None:
    if says(_words("abortive"), statement) and not says(_words("continuing"), statement):
        return "abortive"
    if next(spans_of(_words("postpartum"), statement, "affirmed", "past", "chatter"), None):
        # "Postpartum hemorrhage" may be that of the encounter in which she delivers.
        by_day = _DAY_AFTER.search(statement.folded)
        return "delivery" if says(_words("delivering"), statement) and not by_day else "postpartum"
    # "s/p NSVD 3 wks ago" is past; "s/p c/s today" is not.
    if next(spans_of(_words("after_delivery"), statement, "affirmed", "past"), None):
        return "postpartum"
    if says(_words("born_alive"), statement):
        return "delivery"
    if says(_words("delivered"), statement) and not says(_words("before_delivery"), statement):
        return "delivery"
    if next(
        spans_of(_words("pregnant"), statement, "affirmed", "uncertain", "chatter", "denied"), None
    ):
        return "pregnancy"
    return None


def _told_weeks(statement: Statement, *, in_pregnancy: bool) -> Iterator[tuple[int, Span, bool]]:
    """Completed weeks of gestation, where they stand, and whether days are told with them."""
    folded = statement.folded
    for pattern in (_WITH_DAYS, _WEEKS):
        for match in pattern.finditer(folded):
            weeks = match["weeks"] or match["after"]
            at = _AT.search(folded[: match.start()])
            if weeks is None or (not at and _OTHER_WEEKS_AFTER.match(folded, match.end())):
                continue
            if match["weeks"] and _OTHER_WEEKS_BEFORE.search(folded[: match.start()]):
                continue
            sure = pattern is _WITH_DAYS and bool(re.search(r"[wk]", match[0]))
            if not in_pregnancy and not sure:
                # A statement that begins with "24w," tells how far a pregnancy is.
                begins = match.start() == 0 and folded[match.end() : match.end() + 1] == ","
                sure = (at is not None or begins) and int(weeks) >= 6
                sure = sure and not _HEALING.search(folded)
            if in_pregnancy or sure:
                yield int(weeks), Span(*match.span()), sure


def _trimester(statement: Statement, weeks: int | None) -> Trimester | None:
    """The trimester: the first ends before 14 weeks 0 days, the third begins at 28 weeks 0 days
    (note of chapter 15)."""
    if weeks is not None:
        return 1 if weeks < 14 else 2 if weeks < 28 else 3
    numbers: tuple[Trimester, ...] = (1, 2, 3)
    for number in numbers:
        if words_of("obstetrics", "trimester", str(number)).search(statement.folded):
            return number
    return 3 if says(_words("term"), statement) else None


@lru_cache(maxsize=256)
def is_of_newborn(statement: Statement) -> bool:
    """Whether a statement is of a newborn, and not of the mother."""
    folded = words_of("newborn", "reading", "not_newborn").sub(
        lambda match: " " * len(match[0]), statement.folded
    )
    baby = words_of("newborn", "reading", "newborn").search(folded)
    if baby is None:
        return False
    mother = words_of("newborn", "reading", "mother").search(folded)
    age = _AGE.search(statement.folded)
    if age and int(age["age"]) >= _YOUNGEST:
        return False
    return mother is None or baby.start() < mother.start()
