"""The names of the months.

They are spelled out here, and not taken from `calendar`, which follows the locale of the machine.
"""

from __future__ import annotations

NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: The first month of each quarter.
QUARTER_STARTS = (1, 4, 7, 10)

_BEGINNINGS = tuple(name[:3].lower() for name in NAMES)
#: Every name and abbreviation, in lower case.
WORDS = frozenset({*map(str.lower, NAMES), *_BEGINNINGS, "sept"})

_WRITTEN = (
    "jan(?:uary)?",
    "feb(?:ruary)?",
    "mar(?:ch)?",
    "apr(?:il)?",
    "may",
    "june?",
    "july?",
    "aug(?:ust)?",
    "sept?(?:ember)?",
    "oct(?:ober)?",
    "nov(?:ember)?",
    "dec(?:ember)?",
)


def written(*numbers: int) -> str:
    """A regular expression, in lower case, for the names and abbreviations (without a full stop) of
    the months with these numbers (1 to 12), or of all months."""
    return "(?:" + "|".join(_WRITTEN[number - 1] for number in numbers or range(1, 13)) + ")"


#: Matches any month.
MONTH = written()


def number(name: str) -> int:
    """The number of a month, 1 to 12, by the first three letters of its name: April, apr, Sept.

    Raises ValueError when they begin the name of no month.
    """
    return _BEGINNINGS.index(name[:3].lower()) + 1


def quarter_start(quarter: int) -> int:
    """The first month of a quarter (1 to 4)."""
    return QUARTER_STARTS[quarter - 1]
