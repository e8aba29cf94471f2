"""Finds the codes of ICD-9-CM that a question names.

A number such as 101.5 may be a temperature, and V76.2 is a code of ICD-9-CM and of ICD-10-CM. So
the words around it decide: those that name ICD-9, those that ask to convert a code, and those that
agree with what the mappings (GEMs) say that the code means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.desk.known_codes import Known, agreement, said, words_of
from codesets.code_format import ICD9CM_DOTTED, ICD9CM_UNDOTTED, ICD10CM_DOTTED

_END = r"(?![\w.]*\w)"
_DOTTED = re.compile(rf"(?<![\w.]){ICD9CM_DOTTED}{_END}", re.I)
#: As published, without its dot (4019), or without the zeros that it begins with: 1882 for 018.82,
#: 38.9 for 038.9.
_ANY = re.compile(
    rf"(?<![\w.])(?:{ICD9CM_DOTTED}|{ICD9CM_UNDOTTED}|\d{{1,2}}\.\d{{1,2}}){_END}", re.I
)
#: The HI segment of a claim (ASC X12 837) has other qualifiers for ICD-10 (ABK, ABF, ABJ).
_HI_SEGMENT = re.compile(r"\bHI\*B[FJKN]:|\bHI\*PR:", re.I)
_IN_SEGMENT = re.compile(r"\b(?:B[FJKN]|PR):([0-9EV]\d{2,4})\b", re.I)
_NAMED = re.compile(r"\bicd-?\s?9(?:-?cm)?\b", re.I)
_ICD10_FOR = re.compile(r"\bicd-?\s?10(?:-?cm)?\b.{0,20}\b(?:for|of|from)\b", re.I)
_CURRENT = re.compile(ICD10CM_DOTTED, re.I)
_WORD = re.compile(r"[\w.'-]*\w")


class Icd9Mention(NamedTuple):
    """A code of ICD-9-CM in a text: as typed in capitals, with its dot, and whether zeros were put
    before it."""

    typed: str
    code: str
    lost_zeros: bool = False


def asks_for_icd9(text: str) -> bool:
    return _NAMED.search(text) is not None


def may_be_icd9(code: str) -> bool:
    return _DOTTED.fullmatch(code) is not None


def read_icd9(text: str, known: Known) -> list[Icd9Mention]:
    """The codes of ICD-9-CM that a text names, in order.

    Without "ICD-9" in the text, a number counts if nothing but words about codes is there, or if
    the other words agree with what it means. A code that ICD-10-CM could have (V76.2) needs such
    words, or a question for its equivalent.
    """
    if asks_for_icd9(text):
        found = (_forms(m[0].upper(), known) for m in _ANY.finditer(_NAMED.sub(" ", text)))
        mentions = (mention for forms in found for mention in forms)
        return list({mention.code: mention for mention in mentions}.values())
    if _HI_SEGMENT.search(text):
        codes = (match[1].upper() for match in _IN_SEGMENT.finditer(text))
        return [Icd9Mention(code, _dotted(code)) for code in dict.fromkeys(codes)]
    typed = [match[0].upper() for match in _DOTTED.finditer(text)]
    if not typed:
        return []
    words = [word.lower() for word in _WORD.findall(_DOTTED.sub(" ", text))]
    asks_to_convert = bool(_ICD10_FOR.search(text) or words_of("converts") & set(words))
    return [
        Icd9Mention(code, code)
        for code in dict.fromkeys(typed)
        if _is_meant(code, words, asks_to_convert, known)
    ]


def _is_meant(code: str, words: list[str], asks_to_convert: bool, known: Known) -> bool:
    """Whether a code is meant as one of ICD-9-CM by these words, none of which is "ICD-9"."""
    may_be_current = _CURRENT.fullmatch(code) is not None
    clinical = [word for word in words if word not in words_of("about")]
    if not clinical and not may_be_current:
        return True
    titles = known.icd9(code)
    if titles is None or (not may_be_current and words_of("measured") & set(words)):
        return False
    if code[0] == "E":
        return True  # No code of ICD-10-CM has four characters before its dot.
    stems = said(clinical)
    agrees = max((agreement(stems, title) for title in titles), default=0)
    agrees_today = agreement(stems, known.title(code)) if may_be_current else 0
    return agrees > agrees_today or (asks_to_convert and not agrees_today)


def _forms(typed: str, known: Known) -> Iterator[Icd9Mention]:
    """The codes that a number is in a text that names ICD-9. A dotted one, or one of five digits,
    is a code whether a mapping has it or not."""
    if may_be_icd9(typed):
        yield Icd9Mention(typed, typed)
        return
    plain = typed.replace(".", "")
    own = "" if "." in typed else _dotted(plain)
    if own and (known.icd9(own) is not None or re.fullmatch(r"\d{5}", plain)):
        yield Icd9Mention(typed, own)
    if not plain.isdigit() or len(plain) > 4:
        return
    zeros = 3 - typed.index(".") if "." in typed else 1
    padded = _dotted("0" * zeros + plain)
    if known.icd9(padded) is not None:
        yield Icd9Mention(typed, padded, lost_zeros=True)


def _dotted(plain: str) -> str:
    place = 4 if plain[0] == "E" else 3
    return f"{plain[:place]}.{plain[place:]}" if len(plain) > place else plain
