"""The sections of the Official Guidelines that govern a code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from codesets.code_format import undot
from codesets.formats.guidelines import named_codes
from codesets.model import CodeRange, Guideline

#: The most sections that are given for one code.
_MOST = 5
#: A range over this many tens of categories is nearly a whole chapter.
_BROAD = 3


class ByCategory:
    """Sections, to be looked up by the categories that they name."""

    def __init__(self, guidelines: Sequence[Guideline]) -> None:
        self._guidelines = guidelines
        self._named = [
            (reference.first[:3], reference.last[:3], place)
            for place, guideline in enumerate(guidelines)
            for reference in guideline.codes
        ]
        self.chapters = chapters(guidelines)

    def naming(self, category: str) -> list[Guideline]:
        """The sections that name a category, a code under it, or a range that includes it."""
        places = {place for first, last, place in self._named if first <= category <= last}
        return [self._guidelines[place] for place in sorted(places)]


def governs(
    guidelines: Sequence[Guideline],
    chapter: str | None,
    code: str,
    among: Sequence[Guideline] | None = None,
    headings: Sequence[tuple[str, CodeRange]] | None = None,
    on_chapter: Callable[[str], Sequence[Guideline]] | None = None,
) -> list[Guideline]:
    """The sections that govern an ICD-10-CM code, at most five, the most specific first.

    These are the sections that name the code, a code above it, or a range that includes it. Those
    of its own chapter come first, then those of other chapters, then the general ones. If none
    names it, they are the sections on its whole chapter.

    `chapter` is the number of its chapter; None: the headings of I.C decide. `among`: the result of
    ByCategory.naming for its category, `headings`: ByCategory.chapters, and `on_chapter`: a faster
    `on_the_chapter`, if the caller has them.
    """
    plain = undot(code.upper())
    if not chapter:
        chapter = _chapter_of(chapters(guidelines) if headings is None else headings, plain)
    own = f"I.C.{chapter}"
    ranked = []
    for order, guideline in enumerate(guidelines if among is None else among):
        near = max((nearness(reference, plain) for reference in guideline.codes), default=0)
        if near and guideline.text:
            elsewhere = 0 if _is_under(guideline.section, own) else 1
            general = not guideline.section.startswith("I.C.")
            ranked.append(((near < 3, elsewhere + general, -near, order), guideline))
    if ranked:
        return [guideline for _, guideline in sorted(ranked, key=lambda each: each[0])[:_MOST]]
    whole = on_chapter(own) if on_chapter else on_the_chapter(guidelines, own)
    return list(whole[:_MOST])


def nearness(reference: CodeRange, code: str) -> int:
    """How specifically a reference names a code: the number of the code's characters that it gives;
    2 for a range of categories; 0 if it does not include the code, or is a whole chapter."""
    if not reference.contains(code):
        return 0
    first, last = undot(reference.first), undot(reference.last)
    if first[:3] == last[:3]:
        return len(first) if first == last else max(3, len(first) - 1)
    return 2 if _is_narrow(first, last) else 0


def _is_narrow(first: str, last: str) -> bool:
    """Whether a range of categories is less than a chapter: within one letter and a few tens."""
    tens = int(last[1], 36) - int(first[1], 36)  # the second character of QA0 is a letter
    return first[0] == last[0] and tens < _BROAD


def chapters(guidelines: Sequence[Guideline]) -> list[tuple[str, CodeRange]]:
    """The number of each chapter with a range of codes in its heading: "Chapter 4: … (E00-E89)"."""
    return [
        (guideline.section.removeprefix("I.C."), reference)
        for guideline in guidelines
        if re.fullmatch(r"I\.C\.\d+", guideline.section)
        for reference in named_codes(guideline.title)
    ]


def _chapter_of(headings: Sequence[tuple[str, CodeRange]], code: str) -> str | None:
    """The chapter whose heading has a range that includes a code."""
    return next((chapter for chapter, named in headings if named.contains(code)), None)


def on_the_chapter(guidelines: Sequence[Guideline], own: str) -> list[Guideline]:
    """The sections of a chapter ("I.C.4") whose text names the chapter by number, else its own
    section. [] where it is "reserved for future guideline expansion"."""
    number = own.removeprefix("I.C.")
    names_it = re.compile(rf"\bchapter {re.escape(number)}\b", re.IGNORECASE)
    whole = [
        guideline
        for guideline in guidelines
        if _is_under(guideline.section, own) and names_it.search(guideline.text)
    ]
    head = [
        guideline
        for guideline in guidelines
        if guideline.section == own and not guideline.text.startswith("Reserved for future")
    ]
    return whole or head


def _is_under(section: str, other: str) -> bool:
    return section == other or section.startswith(other + ".")
