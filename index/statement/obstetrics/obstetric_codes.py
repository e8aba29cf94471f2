"""Chooses a code of chapter 15 below its beginning: the trimester, childbirth or the puerperium,
the fetus, and the words of the titles.

The rows of prompts/statements/obstetric_conditions.toml and the families of obstetrics.toml name
beginnings; the titles of the loaded release say the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code
from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span
from index.statement.obstetrics.phrases import table
from index.statement.obstetrics.pregnancy import TRIMESTERS, Period, Pregnancy, Trimester
from index.text.tokens import read

_CHILDBIRTH = re.compile(r"childbirth|during delivery|\blabor\b|preterm delivery|term delivery")
_PUERPERIUM = re.compile(r"puerperium|lactation|postpartum|following delivery|immediately after")
_TRIMESTER = re.compile(r"(first|second|third|unspecified) trimester")
_IN_PREGNANCY = re.compile(r"\b(?:in|complicating|during|with) pregnancy\b(?!, childbirth)")
#: A note that asks for the code of the condition itself, and not for an organism, a drug or a week.
_ASKS_FOR_CONDITION = re.compile(
    r"specific (?:infectious|condition|disorder|disease)|identify (?:the )?(?:condition|neoplasm|"
    r"injury|cause|sepsis|infection|type of|carrier)|injury or poisoning|deep vein|superficial|"
    r"manifestation|from I1[1-5]|hepatic obstruction|identify the specific",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Family:
    """Where chapter 15 puts the conditions whose codes begin in one way (I.C.15.a.1)."""

    code: str
    postpartum: str
    beside: bool
    section: str


@cache
def _families() -> dict[str, Family]:
    return {
        beginning: Family(
            row["code"],
            row.get("postpartum", row["code"]),
            row.get("beside", True),
            row.get("section", "I.C.15.a.1"),
        )
        for row in table("obstetrics")["family"]
        for beginning in row["of"].split()
    }


def family_of(code: str) -> Family | None:
    """The family of chapter 15 for a condition with this code; None where it has none. The longest
    beginning decides."""
    families = _families()
    for length in range(len(code), 0, -1):
        if found := families.get(code[:length]):
            return found if found.code else None
    return None


def maternal_code(
    code: str, pregnancy: Pregnancy, books: Books, said: str, spans: tuple[Span, ...]
) -> Proposal | None:
    """The code of chapter 15 that goes before the code of a condition in a pregnancy: J45.909 in
    the second trimester is O99.512. None where there is none, or the pregnancy is incidental.

    `settles` tells whether the code of the condition is left out: I10 is said by O10.01-.
    """
    if pregnancy.incidental is not None or pregnancy.period == "abortive":
        return None
    family = family_of(code)
    if family is None:
        return None
    stem = family.postpartum if pregnancy.period == "postpartum" else family.code
    found = complete(books, stem, pregnancy, said)
    if found is None:
        return None
    ground = Ground("guideline", "report.chapter_15_first", section=family.section)
    return Proposal(
        found.code,
        spans,
        "first-listed",
        "condition",
        (ground,),
        settles=not family.beside,
    )


def reports_condition_too(books: Books, code: str) -> bool:
    """Whether the notes of a code of chapter 15 ask for the code of the condition beside it: those
    of O99.51- do, those of O26.85- do not."""
    return _asks_for_condition(books.undated, code)


@lru_cache(maxsize=1024)
def _asks_for_condition(books: Books, code: str) -> bool:
    found = books.code(code)
    if found is None:
        return False
    return any(
        note.kind == "use_additional_code"
        and note.owner_kind == "code"
        and _ASKS_FOR_CONDITION.search(note.text)
        for note in notes_of(books.store, books.release, found)
    )


def complete(books: Books, stem: str, pregnancy: Pregnancy, said: str = "") -> Code | None:
    """The code below a beginning that fits a pregnancy and what is said of it; None when none
    does."""
    left = _fitting(books.undated, stem, pregnancy.period, pregnancy.trimester, pregnancy.fetus)
    if len(left) < 2:
        return left[0] if left else None
    words = read(said[:200])

    def agrees(code: Code) -> float:
        title = read(code.title)
        shared = len(title.affirmed & words.affirmed) - 2 * len(title.affirmed & words.denied)
        usual = "unspecified" in title.words or "NOS" in code.title
        return shared + 0.5 * usual - 0.01 * len(title.affirmed)

    return max(left, key=agrees)


@lru_cache(maxsize=2048)
def _fitting(
    books: Books, stem: str, period: Period, trimester: Trimester | None, fetus: str
) -> tuple[Code, ...]:
    """The codes below a beginning that fit a period, a trimester and a fetus best."""
    fits = [
        (fit, code)
        for code in books.below(stem)
        if (fit := _fit(code, period, trimester)) is not None
    ]
    if not fits:
        return ()
    best = max(fit for fit, _ in fits)
    left = [code for fit, code in fits if fit == best]
    return tuple(code for code in left if not _names_fetus(code) or code.code[-1] == fetus) or (
        tuple(left)
    )


def _names_fetus(code: Code) -> bool:
    return len(code.code) == 8 and bool(
        re.search(r"fetus \d|other fetus|not applicable", code.title)
    )


def _fit(code: Code, period: Period, trimester: Trimester | None) -> int | None:
    """How well the title of a code fits a period and a trimester; None where it does not."""
    title = code.title.lower()
    of_puerperium = bool(_PUERPERIUM.search(title))
    of_childbirth = bool(_CHILDBIRTH.search(title)) and not of_puerperium
    trimesters = set(_TRIMESTER.findall(title))
    if period == "postpartum":
        if trimesters - {"unspecified"} or _IN_PREGNANCY.search(title) or of_childbirth:
            return None if not of_puerperium else 2
        return 2 if of_puerperium else 1 if not trimesters else 0
    if trimesters:
        said = {TRIMESTERS[trimester].split()[0]} if trimester else {"unspecified"}
        if trimesters != said:
            return 0 if trimesters == {"unspecified"} else None
        return 2
    if period == "delivery" and of_childbirth:
        return 3
    if period == "pregnancy" and of_childbirth and "without delivery" not in title:
        return -1
    return -1 if of_puerperium else 1
