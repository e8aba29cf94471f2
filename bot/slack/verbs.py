"""What people write after /code: `help`, `check` codes, `diff` editions, or a question.

A word that begins so and goes on otherwise ("check if E11.9 is billable") is a question.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from bot.desk.question import setting_said
from bot.desk.service_dates import read_date
from bot.messages import message
from codesets.model import Setting, System


@dataclass(frozen=True, slots=True)
class Typed:
    """What /code is to do.

    - `verb`: help, check or ask.
    - `text`: the question; of `check`, the codes with blanks between.
    - `codes`, `day`, `systems`, `setting`: what `check` is about.
    """

    verb: Literal["help", "check", "ask"]
    text: str = ""
    codes: tuple[str, ...] = ()
    day: dt.date | None = None
    systems: tuple[System, ...] = ()
    setting: Setting | None = None


_SYSTEMS: dict[System, re.Pattern[str]] = {
    "icd10cm": re.compile(r"(?:icd-?10-?)?cm", re.I),
    "icd10pcs": re.compile(r"(?:icd-?10-?)?pcs", re.I),
    "hcpcs": re.compile(r"hcpcs", re.I),
    "cpt": re.compile(r"cpt", re.I),
}
#: What looks like a code: letters and digits, with a digit among the first characters.
_CODE = re.compile(r"(?=.{0,2}\d)[a-z0-9]{2,7}(?:\.[a-z0-9]{1,4})?(?:-[a-z0-9]{2})*", re.I)
_JOINING = frozenset({"and", "with", "on", "for", "dos", "in", "as", "of", "at", "&", "+", "?"})
_EDITION = re.compile(r"(?:FY\s?)?20\d\d(?:-(?:[a-z]+|\d\d?))?", re.I)


def read(text: str) -> Typed:
    """`text` is what was typed behind the command, cleaned.

    >>> read("check e11.9 2025-11-03").codes
    ('e11.9',)
    >>> read("diff FY2026 FY2027 diabetes").text
    'what changed from FY2026 to FY2027 in diabetes'
    """
    verb, _, rest = text.partition(" ")
    rest = rest.strip()
    if not text or text.lower() in ("help", "?"):
        return Typed("help")
    if verb.lower() == "check" and (checked := _check(rest)):
        return checked
    if verb.lower() == "diff":
        return Typed("ask", _diff(rest))
    return Typed("ask", text)


def _check(text: str) -> Typed | None:
    """What is to be checked; None when there are other words than codes, a date, a system and a
    setting, or more than one date."""
    date = read_date(text)
    if date.no_such_day or date.must_be_said:
        return None
    codes: list[str] = []
    systems: list[System] = []
    setting: Setting | None = None
    for word in re.split(r"[\s,;]+", date.rest):
        system = next((s for s, name in _SYSTEMS.items() if name.fullmatch(word)), None)
        if not word or word.lower() in _JOINING:
            continue
        if system:
            systems.append(system)
        elif said := setting_said(word):
            setting = said
        elif _CODE.fullmatch(word.rstrip("?.")):
            codes.append(word.rstrip("?."))
        else:
            return None
    if not codes:
        return None
    return Typed("check", " ".join(codes), tuple(codes), date.day, tuple(systems), setting)


def _diff(text: str) -> str:
    """The question about changes that `diff` stands for."""
    editions = _EDITION.findall(text)[:2]
    about = " ".join(_EDITION.sub(" ", text).split())
    if len(editions) > 1:
        before, after = editions
        question = message("slack_surfaces.diff_editions", before=before, after=after)
    else:
        about = text
        question = message("slack_surfaces.diff_last")
    if about:
        return message("slack_surfaces.diff_about", question=question, about=about)
    return question
