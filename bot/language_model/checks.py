"""What an explanation must not have. Every check is mechanical: the text is taken as it is, or not
at all.

What is left after these checks are codes, sections and numbers of the answer, its words, and plain
words that join them. They cannot tell whether a sentence is true, so it is shown as the model's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from index.text.tokens import fold, stem

MOST_CHARACTERS = 400
_MOST_SENTENCES = 2
#: Signs that plain sentences have. No brackets, quotes, bars, stars, at signs, slashes in a row or
#: exclamation marks, so no markup, link, mention or placeholder.
_PLAIN = re.compile(r"[A-Za-z0-9 .,;:()%'\u2019/\u2013\u2014-]*")
_SENTENCE_END = re.compile(r"[.?](?=\s|$)")
_ADDRESS = re.compile(r"//|\bwww\b|[A-Za-z]{2,}\.[A-Za-z]{2,}|:\S", re.I)
#: A code, a section, a number or a word; signs within belong to it.
_TOKEN = re.compile(r"[^\W_]+(?:[.][^\W_]+)*")
#: What has the form of a code: of ICD-10-CM (also of a category), HCPCS, CPT, ICD-10-PCS, ICD-9-CM.
_CODE = re.compile(
    r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?|[A-Z]\d{4}|\d{4}[0-9A-Z]|(?=\w*\d)[0-9A-HJ-NP-Z]{7}"
    r"|[EV]?\d{2,3}\.\d{1,2}",
    re.I,
)
#: What has the form of a section of the guidelines: I.C.4.a, II.A, IV.
_SECTION = re.compile(r"(?:IV|I{1,3})(?:\.[A-Z0-9]+)*\.?|[IV]+(?:\.[A-Z0-9]+)+", re.I)
_AFTER_SECTION = re.compile(
    r"\b(?:sections?|guidelines?|chapters?)\s+([^\W_]+(?:[.][^\W_]+)*)", re.I
)
#: The names of the systems themselves.
_SYSTEMS = re.compile(r"\b(?:ICD-10(?:-CM|-PCS)?|HCPCS|CPT)\b")


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer has: its codes and their titles, the sections that it names, and all its other
    words."""

    codes: frozenset[str]
    titles: str
    sections: frozenset[str]
    words: str


def fault_of(text: str, found: Found, plain_words: Collection[str], claims: Collection[str]) -> str:
    """Why a text is no explanation of what was found; "" if it is one."""
    return (
        _fault_of_form(text)
        or _fault_of_codes(text, found)
        or _fault_of_sections(text, found)
        or _fault_of_words(text, found, plain_words, claims)
    )


def _fault_of_form(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        return "it is too long"
    if not _PLAIN.fullmatch(text):
        return "it has signs that plain sentences do not have"
    if _ADDRESS.search(text):
        return "it has something like an address"
    if len(_SENTENCE_END.findall(text)) > _MOST_SENTENCES:
        return "it has more than two sentences"
    return ""


def _fault_of_codes(text: str, found: Found) -> str:
    """A code that is not in the answer; or none at all, as then it explains nothing."""
    in_titles = {token.upper() for token in _TOKEN.findall(found.titles)}
    cited = set()
    for token in _TOKEN.findall(text):
        if token in found.codes:
            cited.add(token)
        elif _CODE.fullmatch(token) and token.upper() not in in_titles:
            return "it has a code that is not in the answer"
    return "" if cited else "it names no code of the answer"


def _fault_of_sections(text: str, found: Found) -> str:
    named = [token for token in _TOKEN.findall(text) if "." in token and _SECTION.fullmatch(token)]
    named += [
        after
        for after in _AFTER_SECTION.findall(text)
        if any(char.isdigit() for char in after) or re.fullmatch(r"[IVX]+(?:\.\w+)*", after)
    ]
    if all(section in found.sections for section in named):
        return ""
    return "it has a section that is not in the answer"


def _fault_of_words(
    text: str, found: Found, plain_words: Collection[str], claims: Collection[str]
) -> str:
    """A number, an abbreviation or a word that is neither in the answer nor a plain word."""
    material = f"{found.titles} {found.words}"
    tokens = {*_TOKEN.findall(material), *found.codes, *found.sections}
    known = {fold(token) for token in tokens}
    stems = {stem(word) for word in known} | {stem(word) for word in plain_words}
    for token in _TOKEN.findall(_SYSTEMS.sub(" ", text)):
        word = fold(token)
        if word in known:
            continue
        if any(char.isdigit() for char in token):
            return "it has a number that is not in the answer"
        if len(token) > 1 and token.isupper():
            return "it has an abbreviation that is not in the answer"
        if word in claims:
            return "it claims what the rules do not say"
        if stem(word) not in stems:
            return "it has words that are not in the answer"
    return ""
