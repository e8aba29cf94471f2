"""Finds the codes of ICD-11 that a question names, and tells whether it asks for ICD-11."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.desk.known_codes import words_of
from codesets.code_format import ICD11, ICD11_STEM

#: How ICD-11 is named in a question.
NAME = re.compile(r"\bicd[\s-]?11(?:[\s-]?mms)?\b", re.I)
#: A code, or several that are put together (postcoordination): 1A00&XN8P1, 2C25.Z/XH1234.
_WRITTEN = re.compile(rf"(?<![\w.&/]){ICD11}(?:[&/]{ICD11})*(?![\w&/]|\.\w)", re.I)
_STEM = re.compile(ICD11_STEM)
_WORD = re.compile(r"[\w.-]*\w")


def asks_for_icd11(text: str) -> bool:
    return NAME.search(text) is not None


def has_put_together(text: str) -> bool:
    """Whether a text has codes that are put together."""
    return any("&" in match[0] or "/" in match[0] for match in _WRITTEN.finditer(text))


def without_name(text: str) -> str:
    """A text without the name of ICD-11, whose number would be a word of its own."""
    return NAME.sub(" ", text) if asks_for_icd11(text) else text


def without_codes(text: str, codes: Sequence[str]) -> str:
    """A text without codes of ICD-11, as `read_icd11` found them."""
    for code in codes:
        text = re.sub(rf"(?<![\w.]){re.escape(code)}(?![\w.]*\w)", " ", text, flags=re.I)
    return text


def read_icd11(
    text: str,
    has: Callable[[str], bool],
    is_of_others: Callable[[str], bool],
    *,
    named: bool,
) -> list[tuple[str, bool]]:
    """The codes of ICD-11 that a text names, in order, and whether each is loaded; of codes that
    are put together, each.

    `has`: whether the loaded ICD-11 has a code; `is_of_others`: whether another loaded system has
    it, or codes that begin with it; `named`: whether ICD-11 is asked for. Where it is not, a code
    counts if no other system has it, and if it has a dot or the text has no other words than those
    about codes. Where it is, one with a dot counts even if it is not loaded.
    """
    found: dict[str, bool] = {}
    rest = [word.lower() for word in _WORD.findall(NAME.sub(" ", _WRITTEN.sub(" ", text)))]
    only_codes = all(word.isdigit() or word in words_of("about") for word in rest)
    for match in _WRITTEN.finditer(text):
        codes = re.split(r"[&/]", match[0].upper())
        first = codes[0]
        if not _STEM.fullmatch(first) and not named and len(codes) == 1:
            continue
        if is_of_others(first):
            continue
        typed_as_code = "." in first or only_codes
        loaded = has(first) and (named or typed_as_code)
        if loaded or (named and typed_as_code and any(map(str.isdigit, first))):
            found |= {code: has(code) for code in codes}
    return list(found.items())
