"""Reads what a question says of doses: how much was given, how it was computed, what was opened and
what was thrown away.

A small grammar, in the order in which one thing rules out another: a number that belongs to a
concentration, a rate or a weight is no dose. Numbers without a measure count where the words around
them say what they are ("gave 70", "400 + 80 vials").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from codesets.measures import MEASURE, MULTIPLIER, NUMBER, Amount, measured, number

#: Kilograms in a pound (NIST Handbook 44, appendix C).
_POUND = Decimal("0.45359237")
_WORDS: dict[str, int | Decimal] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "half a": Decimal("0.5"), "half": Decimal("0.5"),
    "both": 2,
}  # fmt: skip
_COUNT = rf"(?:\d{{1,3}}|{'|'.join(_WORDS)})"
_VESSEL = (
    r"(?:single[- ](?:dose|use|pt)\s+|multi(?:ple)?[- ]?(?:dose|use)\s+|prefilled\s+|pre-filled\s+)?"
    r"(?:vials?|syringes?|pfs|prefilled|bottles?|btls?|amp(?:ule|oule|s)?s?|bags?|kits?|cartridges?|pens?"
    r"|sdvs?|mdvs?|carpujects?|auto-?injectors?|applicators?|implants?|sheets?|pieces?)\b"
)
#: A number with or without its measure; `%s` makes the groups distinct.
_A = (
    rf"(?P<n%s>(?<![a-wyz\d.,/]){NUMBER})(?![\d,]*\d)(?:\s*(?P<t%s>{MULTIPLIER}))?"
    rf"(?:\s*-?(?P<m%s>{MEASURE})|(?![\w]))"
)
_LOST = (
    r"(?:wast(?:ed?|ing|age)|discard(?:ed|ing|s)?|toss(?:ed)?|unused|not\s+used|left\s*over"
    r"|left(?=\s+(?:in\b|is\b|was\b|a\s+jw|unused|behind|to\s+(?:waste|discard)|on\s+the\s+table))|left(?=\s*[?)])"
    r"|remain(?:ing|s|der)|thrown\s+(?:out|away)|threw\s+(?:out|away)|dumped|trashed|pitched"
    r"|down\s+the\s+(?:drain|sink)|into\s+the\s+(?:bin|trash)|destroyed|residual|jw)"
)
_GAVE = (
    r"(?:gave|given|giving|administered|admin|infused|injected|inj|used|received|rec'?v?d|got"
    r"|instilled|dosed?|dose\s+(?:came\s+out|of|was|is|at)|pushed|=|->|so|total(?:\s+dose)?"
    r"|only|came\s+to|comes\s+to)"
)
_NONE_LOST = re.compile(
    rf"\b(?:no|zero|0|without(?:\s+any)?|w/o|nothing|none|nil|not\s+any)\s*(?:(?:mg|ml|units?)\s+)?"
    rf"(?:was\s+|were\s+|got\s+|left\s+to\s+)?{_LOST}\b"
    r"|\b(?:all|everything|it\s+all|both)\s+(?:\w+\s+)?(?:was\s+|were\s+|got\s+)?(?:used|given|infused|injected)"
    r"|\bused\s+(?:it\s+|them\s+)?(?:all|up|both)\b|\bused\s+(?:the\s+)?(?:whole|entire|full)"
    rf"|\b(?:whole|entire|full|complete)\s+(?:\d[\d.]*\s*(?:mg|ml|mcg|units?)\s+)?(?:thing|dose|{_VESSEL})"
    r"|\bfully\s+used|\bnothing\s+left|\bwhole\s+(?:\d[\d.]*\s*(?:mg|ml)|lot)|\bno\s+wst\b|\ball\s+gone\b"
    r"|\bto\s+the\s+last\s+drop|\bexact(?:ly)?\s+(?:vials?|no\s+waste)",
    re.I,
)
_THE_REST = re.compile(
    rf"\b(?:the\s+)?(?:rest|remainder|balance|extra|leftover|what(?:'?s| was| is)?\s+left)\s+"
    rf"(?:of\s+(?:it|the\s+\w+|vial)\s+)?(?:was\s+|got\s+|is\s+|were\s+)?{_LOST}"
    rf"|{_LOST}\s+(?:the\s+)?(?:rest|remainder|balance|extra)|\brest\s+(?:in\s+)?(?:trash|bin|garbage)",
    re.I,
)
_MULTIDOSE = re.compile(r"\bmdvs?\b|multi(?:ple)?[- ]?(?:dose|use)", re.I)
_SINGLE = re.compile(r"\bsdvs?\b|single[- ]?(?:dose|use|pt|patient)|\bpfs\b|prefilled", re.I)
_OVERFILL = re.compile(r"over\s?-?fill", re.I)
_ASKS_OF_WASTE = re.compile(rf"\b(?:jw|jz|{_LOST})\b", re.I)

#: What is no dose: codes, NDCs, times, ages, intervals, stages, dates.
_NO_DOSE = re.compile(
    r"\b[a-vA-V]\d{4}\b|\b\d{4,5}-\d{3,4}-\d{1,2}\b|(?<![\d.])\d{10,11}(?!\d)|\bq\s?\d+\s?(?:h|d|w|m|hr|wk|mo)\w*"
    r"|\b[cd]\d{1,2}(?:d\d{1,2})?\b|\b(?:wk|week|cycle|day|visit|dose\s*#|#|stage|stg|ckd|grade|gr|type|auc|age|line|ln|box|pos"
    r"|rm|room|fy|ch|chapter)\s*#?\d+(?:\.\d+)?[a-d]?\b(?!\s*(?:mg|mcg|ml))"
    r"|(?:@|\bat)\s*\d{4}\b|@\s*\d{3}\b|\b\d{1,2}:\d{2}\s*(?:am|pm)?|\b\d{1,2}\s*(?:am|pm)\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}(?:\.\d+)?\s*-?\s*(?:yo|y/?o|yrs?|years?|mo|mos|months?|wks?|weeks?|days?"
    r"|hrs?|hours?|h|min|mins|minutes?|lpm|st|nd|rd|th|times|cycles?)\b"
    r"|\b(?:payer|payor|insurance|medicare|they|we|biller|coder)\s+(?:says?|said|paid|pays|allows?)\s+\d+\b"
    r"|\b\d{1,2}[- ]digits?\b"
    r"|\b(?:b|t|l|s|c)\d{1,2}\b|\bper\s+day\b|\bx\s*\d+\s*(?:days?|doses?|weeks?)\b",
    re.I,
)


#: A number in words before a measure ("one gram"), and the sides of a sheet ("4 x 4 cm").
_IN_WORDS = re.compile(
    r"\b(?P<word>one|two|three|four|five|six|seven|eight|nine|ten|half a|half)"
    r"(?P<space>[ -]+)(?=(?:gm|gram|mg|milligram|mcg|microgram|million|mil|lit(?:er|re))s?\b)",
    re.I,
)
_SIDES = re.compile(
    rf"(?<![\w./])(?P<a>{NUMBER})\s*(?:cm\s*)?(?:x|\u00d7|by)\s*(?P<b>{NUMBER})\s*(?:cm|centimet(?:er|re)s?)\b"
    r"(?!\s*(?:\^?2|\u00b2))",
    re.I,
)
#: A strength before the name of one container: "60 syringe" is no sixty syringes.
_STRENGTH_OF_ONE = re.compile(
    r"(?<![\w./-])(?P<n>\d{2,4})\s+(?:syringe|pfs|prefilled|pen|vial|sdv|kit|auto-?injector)\b(?!s)",
    re.I,
)


#: How often a day, and for how many days.
_OFTEN = re.compile(
    r"\b(?P<latin>bid|b\.i\.d\.?|tid|t\.i\.d\.?|qid|q\.i\.d\.?)(?!\w)"
    r"|\bq\s?(?P<hours>\d{1,2})\s?(?:h|hrs?|hours?)\b|\bevery\s+(?P<every>\d{1,2})\s+(?:hrs?|hours?)\b"
    r"|\b(?P<count>\d{1,2}|two|three|four|five|six)\s*(?:x|times)\s*(?:/|a|per|each|every)?\s*(?:day|daily)\b"
    r"|\b(?P<twice>twice)\s+(?:a\s+day|daily|per\s+day)\b"
    r"|(?P<daily>\b(?:qd|daily|once\s+daily|(?:a|per|each|every)\s+day)\b|/\s*day\b)",
    re.I,
)
_LATIN = {"b": 2, "t": 3, "q": 4}
_DAYS = re.compile(
    r"(?<![\w./-])(?:x\s*)?(?P<days>\d{1,3})\s*-?\s*days?\b(?!\s*(?:old|ago|after|post|before))",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Said:
    """An amount as it was said: `amount` with a measure, or `bare`, a number that has none.
    `start`, `end`: where it stands."""

    start: int
    end: int
    amount: Amount | None = None
    bare: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """Containers of one size: how many, and how much is in each (None: not said)."""

    count: Decimal
    each: Said | None = None


@dataclass(frozen=True, slots=True)
class Doses:
    """What a text says of one drug's dose.

    - `given`: amounts that are said to be given, in order.
    - `other`: further amounts with a measure that no word explains.
    - `bare`: numbers that no word explains. `in_name`: those behind a hyphen, which belong to a name
      (Kenalog-40) and may be a strength.
    - `volumes`: given volumes.
    - `strength`: the amount in one mL, where a concentration is said; `labelled`: the amount and the
      volume of a concentration of more than one mL ("48 mg/6 mL").
    - `percent`: a strength in percent.
    - `rate`, `per`: the amount for each kg or m2.
    - `weight` in kg, `surface` in m2.
    - `opened`: the containers.
    - `lost`: the amount thrown away. `none_lost`: it is said that nothing was; `rest_lost`: that the
      rest was.
    - `multidose`, `single_dose`: what is said of the container.
    - `overfill`: whether an overfill is spoken of. `asks_of_waste`: whether waste, JW or JZ is.
    - `stated_unit`: the billing unit that the question itself names.
    - `times`: how many doses there are, where it says how often a day and for how many days.
    - `spans`: where all this stands in the text.
    """

    given: list[Said] = field(default_factory=list)
    other: list[Said] = field(default_factory=list)
    bare: list[Said] = field(default_factory=list)
    in_name: list[Said] = field(default_factory=list)
    volumes: list[Said] = field(default_factory=list)
    strength: Said | None = None
    labelled: tuple[Said, Decimal] | None = None
    percent: Decimal | None = None
    rate: Said | None = None
    per: str = ""
    weight: Decimal | None = None
    surface: Decimal | None = None
    opened: list[Opened] = field(default_factory=list)
    lost: Said | None = None
    none_lost: bool = False
    rest_lost: bool = False
    multidose: bool = False
    single_dose: bool = False
    overfill: bool = False
    asks_of_waste: bool = False
    stated_unit: Amount | None = None
    times: Decimal | None = None
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def tells_of_containers(self) -> bool:
        """Whether it says what was opened, or what became of it."""
        return bool(self.opened or self.lost or self.none_lost or self.rest_lost)

    @property
    def says_an_amount(self) -> bool:
        """Whether it has an amount of a drug with a measure, or containers."""
        return bool(
            (self.given and any(one.amount for one in self.given))
            or self.other or self.volumes or self.rate or self.labelled or self.opened
        )  # fmt: skip


def _of_one_size(opened: list[Opened]) -> list[Opened]:
    """The containers, with the size of one that is said apart: "4 vials, the vial is 100 mg"."""
    sized = [one for one in opened if one.each is not None and one.count == 1]
    counted = [one for one in opened if one.each is None]
    if len(opened) == 2 and len(sized) == len(counted) == 1:
        return [Opened(counted[0].count, sized[0].each)]
    return opened


def _in_figures(text: str) -> str:
    """The text with figures for the numbers in words before a measure; no place in it moves."""

    def figure(found: re.Match[str]) -> str:
        value = str(_WORDS[found["word"].lower()])
        return value.ljust(len(found[0]))

    return _IN_WORDS.sub(figure, text)


def _doses_in_all(text: str) -> Decimal | None:
    """How many doses are said: how often a day, times the days; None where one is not said."""
    often, days = _OFTEN.search(text), _DAYS.search(text)
    if not often or not days:
        return None
    if often["latin"]:
        a_day = Decimal(_LATIN[often["latin"][0].lower()])
    elif hours := often["hours"] or often["every"]:
        if not int(hours):
            return None
        a_day = Decimal(24) / Decimal(hours)
    elif often["count"]:
        a_day = _count(often["count"].lower())
    else:
        a_day = Decimal(2 if often["twice"] else 1)
    total = a_day * Decimal(days["days"])
    return total if total and total == total.to_integral() else None


class _Text:
    """A text, of which what was read is blanked out."""

    def __init__(self, text: str) -> None:
        self.left = text
        self.spans: list[tuple[int, int]] = []

    def take(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        while match := pattern.search(self.left):
            self.blank(match.start(), match.end())
            if re.search(r"[a-z%]", match[0], re.I):
                self.spans.append((match.start(), match.end()))
            yield match

    def blank(self, start: int, end: int) -> None:
        self.left = self.left[:start] + "\0" * (end - start) + self.left[end:]


def _a(name: str = "") -> str:
    return _A % (name, name, name)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


_PER_UNIT = _compiled(
    rf"(?:\b(?:code|descriptor|hcpcs|unit|billed|billing)\b[^.;?]{{0,18}}?\b(?:is|=|says|in|unit)\s+)?(?:\b(?:per|=|is)\s+)?{_a()}\s*(?:=|is|per)\s*(?:1|one|a)\s+(?:billing\s+)?unit\b"
    rf"|\b(?:1|one|each)\s+(?:billing\s+)?unit\s*(?:=|is|equals)\s*{_a('u')}"
    rf"|\b(?:code|descriptor|hcpcs|unit|billed|billing|[a-v]\d{{4}})\b[^.;?\0]{{0,14}}?\bper\s+{_a('p')}"
)
_CONCENTRATION = _compiled(rf"{_a()}\s*(?:/|\bper\s+|\bin\s+)\s*(?P<v>{NUMBER})?\s*(?:mls?|cc)\b")
_PERCENT = _compiled(rf"(?P<n>(?<![\w.]){NUMBER})\s*%")
_RATE = _compiled(
    rf"{_a()}\s*(?:/|\bper\s+)\s*(?P<per>kg|kilo(?:gram)?|m2|m\^2|m\u00b2|sq\s*m(?:eter)?|square\s+meter)\b"
)
_PER_POUND = _compiled(
    rf"\b(?:wt|weigh(?:t|s|ing|ed)?(?:\s+is)?)?\s*[:=]?\s*(?P<n>(?<![\w.]){NUMBER})\s*-?\s*(?P<u>kgs?|kilos?|kilograms?|lbs?|pounds?)\b"
)
_WEIGHT = _compiled(rf"\b(?:wt|weigh(?:t|s|ing|ed)?)\.?\s*(?:is|of|was|[:=])?\s*(?P<n>{NUMBER})\b")
_SURFACE = _compiled(
    rf"\bbsa\s*(?:is|of|was|[:=])?\s*(?P<n>{NUMBER})(?:\s*(?:m2|m\^2|m\u00b2))?"
    rf"|(?P<k>(?<![\w.]){NUMBER})\s*(?:m2\b|m\^2|m\u00b2)?\s*bsa\b|(?P<j>(?<![\w.]){NUMBER})\s*(?:m2\b|m\^2|m\u00b2)"
)
_LOST_AMOUNT = _compiled(
    rf"\b{_LOST}\b\s*(?:was|were|is|of|the|about|amount|[:=,])?\s*{_a()}"
    rf"|{_a('b')}\s*(?:was|were|is|got|of\s+it|of|had\s+to\s+be|in\s+the\s+vial)?\s*{_LOST}\b(?!\s*(?:was|were|is|of|[:=])?\s*\d)"
)
_SUM = _compiled(
    rf"(?:\b(?P<c>vials?|sdvs?|opened|used|open|cracked|mixed|from)\b[\s:(]*)?{_a()}(?P<more>(?:\s*(?:\+|\band\b|&)\s*(?:{_COUNT}(?:\s+|\s*x\s*))?{NUMBER}\s*(?:{MEASURE})?)+)\s*(?P<v>{_VESSEL})?"
)
#: One part of a sum, behind its sign: "+ two 50 mg".
_PART = _compiled(
    rf"(?:\+|\band\b|&)\s*(?:(?P<c>{_COUNT})(?:\s+|\s*x\s*))?(?P<n>{NUMBER})\s*(?P<m>{MEASURE})?"
)
_TIMES_EACH = _compiled(
    rf"(?<![\w./-])(?P<c>{_COUNT})\s*(?:[x\u00d7*]|@)\s*(?:the\s+)?{_a()}(?!\s*/)(?:\s*(?:/\s*\d*\s*ml\s*)?{_VESSEL})?"
)
_VESSELS_OF = _compiled(
    rf"(?<![\w./-])(?P<c>{_COUNT})\s*(?:of\s+the\s+)?{_VESSEL}\s*(?:x|\u00d7|of|at|@|\()\s*{_a()}"
)
_EACH_TIMES = _compiled(
    rf"{_a()}\s*(?:{_VESSEL})?\s*[x\u00d7*]\s*(?P<c>\d{{1,2}})(?![\d.]|\s*(?:kg|m2|mg|mcg|ml|lb|bsa|day|wk|week|h))(?:\s*{_VESSEL})?"
)
_COUNTED = _compiled(rf"(?<![\w./-])(?P<c>{_COUNT})\s+{_a()}\s*{_VESSEL}")
_ONE_OF = _compiled(
    rf"{_a()}\s*(?:/\s*{NUMBER}?\s*ml\s*)?{_VESSEL}"
    rf"|\b(?:out\s+of|from|of)\s+(?:a|an|the|one)?\s*{_a('o')}(?!\s*(?:{_LOST}))"
)
_VESSEL_HOLDS = _compiled(
    rf"\b{_VESSEL}\s*(?:is|are|holds?|has|contains?|comes?\s+in|size)\s+(?:an?\s+)?{_a()}"
)
_VESSELS = _compiled(
    rf"(?<![\w./-])(?:x\s*)?(?P<c>{_COUNT})\s*(?:full\s+|whole\s+|entire\s+|x\s+)?{_VESSEL}"
)
_GIVEN = _compiled(
    rf"(?:(?<!\w){_GAVE})\s*(?:about|the|a|of|only|was|is|[:=])?\s*{_a()}(?!\s*(?:vials?|doses?|x\b))"
    rf"|{_a('b')}\s*(?:was|were|of\s+it)?\s*(?:given|administered|infused|injected|used|instilled|total)\b"
)
_AMOUNT = _compiled(_a())
_EACH = _compiled(
    rf"{_a()}\s*each\b(?!\s+(?:side|knee|shoulder|hip|eye|ankle|elbow|wrist|foot|heel|breast|joint))"
)
_VESSELS_EACH = _compiled(rf"(?<![\w./-])(?P<c>{_COUNT})\s*{_VESSEL}\s*,?\s*{_a()}\s*each\b")


def read_doses(text: str) -> Doses:
    """What a text says of doses of one drug. The text is scrubbed."""
    text = _in_figures(text)
    left = _Text(text)
    said = Doses(
        none_lost=bool(_NONE_LOST.search(text)),
        rest_lost=bool(_THE_REST.search(text)),
        multidose=bool(_MULTIDOSE.search(text)),
        single_dose=bool(_SINGLE.search(text)),
        overfill=bool(_OVERFILL.search(text)),
        asks_of_waste=bool(_ASKS_OF_WASTE.search(text)),
        times=_doses_in_all(text),
    )
    for match in (*_OFTEN.finditer(text), *_DAYS.finditer(text)):
        if said.times:
            left.spans.append((match.start(), match.end()))
            left.blank(match.start(), match.end())
    for match in _NO_DOSE.finditer(text):
        left.blank(match.start(), match.end())
    for match in left.take(_PER_UNIT):
        for name in ("", "u", "p"):
            if one := _said(match, name):
                said = replace(said, stated_unit=one.amount or said.stated_unit)
    for pattern, read in _STEPS:
        for match in left.take(pattern):
            said = read(said, match)
    return replace(said, opened=_of_one_size(said.opened), spans=tuple(sorted(left.spans)))


def is_a_count(typed: str, text: str) -> bool:
    """Whether a word of a text is a count of containers ("3x100mg", "4 vials x100") and no code,
    which it may look like."""
    if re.fullmatch(r"\d{1,2}x\d{2,4}(?:mg|mcg|ml|u|g)?", typed, re.I):
        return True
    of_vessels = rf"{_VESSEL}\s*{re.escape(typed)}\b"
    return bool(re.fullmatch(r"x\d{2,4}", typed, re.I) and re.search(of_vessels, text, re.I))


def _said(match: re.Match[str], name: str = "") -> Said | None:
    groups = match.groupdict()
    typed = groups.get(f"n{name}")
    if not typed:
        return None
    measure, start, end = groups.get(f"m{name}"), match.start(f"n{name}"), match.end()
    if measure:
        end = match.end(f"m{name}")
        return Said(start, end, measured(typed, measure, groups.get(f"t{name}") or ""))
    value = number(typed)
    if times := groups.get(f"t{name}"):
        value = measured(typed, "units", times).value
    return Said(start, match.end(f"n{name}"), bare=value)


def _count(text: str) -> Decimal:
    return Decimal(_WORDS.get(text.casefold(), text))


def _concentration(said: Doses, match: re.Match[str]) -> Doses:
    one = _said(match)
    volume = number(match["v"]) if match["v"] else Decimal(1)
    if one is None or volume == 0 or (one.amount and one.amount.dimension == "volume"):
        return said
    if one.amount is None:
        per_ml = replace(one, bare=(one.bare or Decimal(0)) / volume)
    else:
        per_ml = replace(one, amount=replace(one.amount, value=one.amount.value / volume))
    labelled = (one, volume) if match["v"] and volume != 1 else said.labelled
    return replace(said, strength=said.strength or per_ml, labelled=labelled)


def _percent(said: Doses, match: re.Match[str]) -> Doses:
    return replace(said, percent=number(match["n"]))


def _rate(said: Doses, match: re.Match[str]) -> Doses:
    per = "kg" if match["per"].lower().startswith("k") else "m2"
    return replace(said, rate=said.rate or _said(match), per=said.per or per)


def _weight(said: Doses, match: re.Match[str]) -> Doses:
    value = number(match["n"])
    unit = match.groupdict().get("u") or "kg"
    return replace(said, weight=value * _POUND if unit[0].lower() in "lp" else value)


def _surface(said: Doses, match: re.Match[str]) -> Doses:
    return replace(said, surface=number(match["n"] or match["k"] or match["j"]))


def _lost(said: Doses, match: re.Match[str]) -> Doses:
    one = _said(match) or _said(match, "b")
    value = one and (one.amount.value if one.amount else one.bare)
    if not value:
        return replace(said, none_lost=True)
    return replace(said, lost=said.lost or one)


def _sum(said: Doses, match: re.Match[str]) -> Doses:
    first = _said(match)
    assert first is not None
    each = [first]
    counts = [Decimal(1)]
    for part in _PART.finditer(match["more"]):
        n, m = part["n"], part["m"]
        each.append(
            Said(match.start(), match.end(), measured(n, m)) if m
            else Said(match.start(), match.end(), bare=number(n))
        )  # fmt: skip
        counts.append(_count(part["c"].lower()) if part["c"] else Decimal(1))
    # The measure of the last stands for all: "150 + 75 mg".
    dimensions = [one.amount for one in each if one.amount]
    if dimensions and dimensions[0].dimension == "volume":
        return replace(said, volumes=[*said.volumes, *each])
    return replace(said, opened=[*said.opened, *map(Opened, counts, each)])


def _opened(said: Doses, match: re.Match[str]) -> Doses:
    one = _said(match) or _said(match, "o")
    count = match.groupdict().get("c")
    return replace(said, opened=[*said.opened, Opened(_count(count) if count else Decimal(1), one)])


def _given(said: Doses, match: re.Match[str]) -> Doses:
    one = _said(match) or _said(match, "b")
    assert one is not None
    if one.amount and one.amount.dimension == "volume":
        return replace(said, volumes=[*said.volumes, one])
    return replace(said, given=[*said.given, one])


def _amount(said: Doses, match: re.Match[str]) -> Doses:
    one = _said(match)
    assert one is not None
    if one.amount is None and re.search(r"\w-$", match.string[: match.start()]):
        return replace(said, in_name=[*said.in_name, one])
    if one.amount is None:
        return replace(said, bare=[*said.bare, one])
    if one.amount.dimension == "volume":
        return replace(said, volumes=[*said.volumes, one])
    return replace(said, other=[*said.other, one])


def _nothing(said: Doses, match: re.Match[str]) -> Doses:
    return said


def _sheet(said: Doses, match: re.Match[str]) -> Doses:
    area = Amount(number(match["a"]) * number(match["b"]), "area")
    return replace(said, other=[*said.other, Said(match.start(), match.end(), area)])


def _one_of_strength(said: Doses, match: re.Match[str]) -> Doses:
    one = Said(match.start("n"), match.end("n"), bare=number(match["n"]))
    return replace(said, opened=[*said.opened, Opened(Decimal(1), one)])


_STEPS: tuple[tuple[re.Pattern[str], Callable[[Doses, re.Match[str]], Doses]], ...] = (
    (_SIDES, _sheet),
    (_CONCENTRATION, _concentration),
    (_PERCENT, _percent),
    (_RATE, _rate),
    (_SURFACE, _surface),
    (_PER_POUND, _weight),
    (_WEIGHT, _weight),
    (_LOST_AMOUNT, _lost),
    (_VESSELS_EACH, _opened),
    (_EACH, _nothing),
    (_VESSELS_OF, _opened),
    (_COUNTED, _opened),
    (_TIMES_EACH, _opened),
    (_EACH_TIMES, _opened),
    (_SUM, _sum),
    (_STRENGTH_OF_ONE, _one_of_strength),
    (_VESSEL_HOLDS, _opened),
    (_VESSELS, _opened),
    (_ONE_OF, _opened),
    (_GIVEN, _given),
    (_AMOUNT, _amount),
)
