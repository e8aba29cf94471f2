"""Values whose code follows from a number when the diagnosis beside it is said: the alcohol level,
the body mass index, the Coma Scale, the stroke scale, the stage of a kidney disease, and how much
of the body is burned (Guidelines I.B.14, I.C.19.d.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from codesets.model import Code
from index.statement.books import Books
from index.statement.model import Ground, Kind, Proposal, Role, Span, Statement
from index.statement.obstetrics.phrases import says, words_of
from index.statement.values.burned_surface import find_burns

_IS = r"\s?(?:level|score|total|was|is|of|at|=|:|~|>|<|-|\s)*\s?"
_ALCOHOL = re.compile(
    r"\b(?:bal|bac|baa|(?:blood |serum )?(?:etoh|alcohol|alc|ethanol)(?: level| lvl| conc\w*)?)"
    rf"{_IS}(?P<value>\d{{1,3}}|0?\.\d{{1,3}})(?P<percent>\s?%)?(?![\w./]|\s?(?:yo|y/o|yrs?|years?|"
    r"drinks?|beers?|days?|d|pm|am|x|shots?|times?|weeks?|months?|hours?|hrs?)\b)"
)
_BMI = re.compile(
    rf"\bbmi{_IS}(?P<value>\d{{1,2}}(?:\.\d{{1,2}})?)(?![\w/]|\.\d)(?P<rank>\s?(?:th|rd|nd|st)\b)?"
)
_BMI_RANK = re.compile(
    r"\b(?:bmi|weight|wt)\b[^.;]{0,25}?(?P<value>\d{1,2}(?:\.\d)?|100)\s?(?:th|rd|nd|st)?\s?"
    r"(?:%\s?(?:ile|tile)?|percentile|pctl|pctile|ptile|pct)"
)
_BMI_PART = re.compile(r"\b(?P<value>1[0-9]{2})\s?%\s?(?:of\s)?(?:the\s)?95th")
_COMA = re.compile(rf"\b(?:gcs|glasgow(?: coma)?(?: scale)?){_IS}(?P<value>1[0-5]|[3-9])(?!\d)t?\b")
_COMA_PARTS = re.compile(r"\be\s?(?P<e>[1-4])[\s,/]*v\s?(?P<v>[1-5])[\s,/]*m\s?(?P<m>[1-6])\b")
_STROKE = re.compile(rf"\b(?:nih(?:ss)?|stroke scale|nih stroke scale){_IS}(?P<value>\d{{1,2}})\b")
_STAGE = re.compile(
    r"\b(?:ckd|chronic kidney (?:disease|dz)|chronic renal (?:disease|dz|insufficiency|failure))"
    r"[\s,]*\(?(?:stage|stg|st|g)?[\s.,]?(?P<after>[1-5]|i{1,3}|iv|v)(?P<part>\s?[ab])?(?![\w%-]|/\d)"
    r"|\b(?:stage|stg|st)\s?(?P<before>[1-5]|i{1,3}|iv|v)(?P<part2>\s?[ab])?\s"
    r"(?:ckd|chronic kidney)"
)
_GFR = re.compile(rf"\be?gfr{_IS}(?P<value>\d{{1,3}})(?!\d|\s?(?:%|y))")
_NO_STAGE = re.compile(r"stage\s?(?:not|unsp|unk|undoc|isn)|no stage|unspecified stage|unstaged")
_ESRD = re.compile(r"\besrd\b|end[ -]stage renal")
_CHILD = re.compile(
    r"\b(?:[2-9]|1\d)[\s-]?(?:y/?o|yr|year)s?\b|\bpeds?\b|pediatric|\bchild\b|\bteen\b|percentile"
)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes of the values that a statement gives, where their diagnosis is said."""
    finders: tuple[Callable[[Statement, Books], Iterator[Proposal]], ...] = (
        _alcohol,
        _weight,
        _coma,
        _stroke,
        _kidney,
        find_burns,
    )
    return [proposal for finder in finders for proposal in finder(statement, books)]


def _partner(key: str, statement: Statement) -> bool:
    return says(words_of("measures", "partners", key), statement)


def _proposal(
    code: str,
    span: Span,
    section: str = "I.B.14",
    *,
    key: str = "report.value_said",
    kind: Kind = "finding",
    role: Role = "additional",
    sure: float = 0.9,
) -> Proposal:
    return Proposal(
        code, (span,), role, kind, (Ground("guideline", key, section=section),), sure=sure
    )


def _affirmed(pattern: re.Pattern[str], statement: Statement) -> Iterator[re.Match[str]]:
    for match in pattern.finditer(statement.folded):
        if statement.status_of(Span(*match.span())) not in ("denied", "past"):
            yield match


_RANGE = re.compile(
    r"(?P<low>\d+(?:\.\d)?)(?:-(?P<high>\d+(?:\.\d)?)| mg/100 ml or more| or (?:greater|more))"
    r"|less than (?P<under>\d+)|(?P<most>\d+(?:\.\d)?) or less"
)


def _limits(code: Code) -> tuple[float, float] | None:
    """The lowest and the highest value that a title tells of."""
    match = _RANGE.search(code.title)
    if match is None:
        return None
    if match["under"]:
        return 0, float(match["under"]) - 0.01
    if match["most"]:
        return 0, float(match["most"])
    return float(match["low"]), float(match["high"]) if match["high"] else 9999


@lru_cache(maxsize=512)
def _in_range(books: Books, stem: str, value: float, ending: str) -> str | None:
    """The code below a beginning whose title tells of a range that a value is in."""
    for code in books.below(stem):
        limits = _limits(code)
        if limits and ending in code.title and limits[0] <= value <= limits[1]:
            return code.code
    return None


def _alcohol(statement: Statement, books: Books) -> Iterator[Proposal]:
    """Y90, beside an alcohol-related condition. "0.26" and "0.26%" are 260 mg/100 ml."""
    for match in _affirmed(_ALCOHOL, statement):
        value = float(match["value"])
        if value < 1:
            value = round(value * 1000)
        elif match["percent"]:
            continue
        rest = statement.folded[: match.start()] + " . " + statement.folded[match.end() :]
        if not words_of("measures", "partners", "alcohol").search(rest):
            continue
        if code := _in_range(books.undated, "Y90", value, ""):
            yield _proposal(code, Span(*match.span()), "I.C.5.b", kind="external cause")
        return


def _weight(statement: Statement, books: Books) -> Iterator[Proposal]:
    """Z68, beside a diagnosis of the weight, and not in a pregnancy (I.C.21.c.3)."""
    if not _partner("weight", statement) or _partner("pregnancy", statement):
        return
    child = _CHILD.search(statement.folded)
    rank = next(_affirmed(_BMI_RANK, statement), None)
    if rank and child:
        part = _BMI_PART.search(statement.folded)
        code = _pediatric(books, float(rank["value"]), int(part["value"]) if part else None)
        if code:
            yield _proposal(code, Span(*rank.span()), "I.C.21.c.3", kind="status")
        return
    for match in _affirmed(_BMI, statement):
        value = int(float(match["value"]) * 10) / 10
        if child or match["rank"] or value < 10:
            continue
        if code := _in_range(books.undated, "Z68", value, "adult"):
            yield _proposal(code, Span(*match.span()), "I.C.21.c.3", kind="status")
        return


def _pediatric(books: Books, rank: float, part: int | None) -> str | None:
    """Z68.5 by the percentile for age, and by the share of the 95th percentile above it."""
    if rank < 5:
        stem = "Z68.51"
    elif rank < 85:
        stem = "Z68.52"
    elif rank < 95:
        stem = "Z68.53"
    else:
        stem = "Z68.54" if part is None or part < 120 else "Z68.55" if part < 140 else "Z68.56"
    found = books.code(stem)
    return found.code if found else None


def _coma(statement: Statement, books: Books) -> Iterator[Proposal]:
    """R40.2: the three parts where they are said, else the total; 15 is no finding."""
    if not _partner("coma", statement):
        return
    time = next(
        (
            title
            for key, title in (
                ("later", "24 hours or more"),
                ("field", "in the field"),
                ("arrival", "at arrival"),
                ("admission", "at hospital admission"),
            )
            if words_of("measures", "coma_time", key).search(statement.folded)
        ),
        "unspecified time",
    )
    if parts := next(_affirmed(_COMA_PARTS, statement), None):
        values = int(parts["e"]), int(parts["v"]), int(parts["m"])
        if sum(values) == 15:
            return
        for number, value in enumerate(values, 1):
            if code := _timed(books, f"R40.2{number}{value}", time):
                yield _proposal(code, Span(*parts.span()), "I.C.18.e", sure=0.8)
        return
    for match in _affirmed(_COMA, statement):
        value = int(match["value"])
        stem = "R40.243" if value < 9 else "R40.242" if value < 13 else "R40.241"
        if value < 15 and (code := _timed(books, stem, time)):
            yield _proposal(code, Span(*match.span()), "I.C.18.e", sure=0.8)
        return


def _timed(books: Books, stem: str, time: str) -> str | None:
    return next((code.code for code in books.below(stem) if time in code.title), None)


def _stroke(statement: Statement, books: Books) -> Iterator[Proposal]:
    """R29.7, beside a stroke (I.C.18.i)."""
    if not _partner("stroke", statement):
        return
    for match in _affirmed(_STROKE, statement):
        value = int(match["value"])
        if code := books.code(f"R29.7{value // 10}{value % 10}"):
            yield _proposal(code.code, Span(*match.span()), "I.C.18.i")
        return


def _kidney(statement: Statement, books: Books) -> Iterator[Proposal]:
    """N18 by the stage that is said. The filtration rate alone is no stage of the provider, so its
    code is an unsure one."""
    match = next(_affirmed(_STAGE, statement), None)
    end_stage = next(_affirmed(_ESRD, statement), None)
    if end_stage:
        if code := books.code("N18.6"):
            yield _stage(code.code, Span(*end_stage.span()))
        return
    if match:
        number = match["after"] or match["before"]
        number = _ROMAN.get(number, number)
        part = (match["part"] or match["part2"] or "").strip()
        if number == "3":
            stem = {"a": "N18.31", "b": "N18.32"}.get(part, "N18.30")
        elif number == "5" and _partner("dialysis", statement):
            stem = "N18.6"
        else:
            stem = f"N18.{number}"
        if code := books.code(stem):
            yield _stage(code.code, Span(*match.span()))
        return
    if not _partner("kidney", statement) or _NO_STAGE.search(statement.folded):
        return
    if rate := next(_affirmed(_GFR, statement), None):
        value = int(rate["value"])
        limits = ((90, "N18.1"), (60, "N18.2"), (45, "N18.31"), (30, "N18.32"), (15, "N18.4"))
        stem = next((stem for low, stem in limits if value >= low), "N18.5")
        if code := books.code(stem):
            yield _stage(code.code, Span(*rate.span()), sure=0.4)


def _stage(code: str, span: Span, sure: float = 0.9) -> Proposal:
    return _proposal(
        code, span, "I.C.14.a.1", key="report.kidney_stage", kind="condition", sure=sure
    )
