"""Codes that were typed with a slip: a letter for a digit or a digit for the first letter, a blank
beside the dot, another mark in its place.

A text is read as another code only where no loaded release has it as typed and one has the other;
the answer then says how it was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from codesets.code_format import ICD10CM, ICD10CM_CATEGORY

#: Letters that look like digits. A small L is one only after a capital or beside a dot: "l4l5" are
#: vertebrae.
_LOOK_ALIKES = str.maketrans("OoIl", "0011")
#: Letters that a digit in the first place looks like.
_FIRST_LETTERS = {"0": "O", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B"}
#: "E11. 65 yo" is a sentence that ends, and a patient.
_AMOUNT = (
    r"(?!\s*-?\s*(?:y/?o|y\.o|yrs?|years?|mos?|months?|wks?|weeks?|days?|mg|ml|mcg|units?|%|x"
    r"|[mf]|male|female)\b)"
)
_BLANK_BESIDE_DOT = re.compile(
    rf"\b({ICD10CM_CATEGORY})(?:\s+\.\s*|\.\s+|\.{{2,}}\s*)(\d[0-9A-Z]{{0,3}})\b{_AMOUNT}", re.I
)
_BLANK_AFTER_LETTER = re.compile(r"(?<![\w.-])([A-Z])\s+(\d[0-9A-Z])\.([0-9A-Z]{1,4})(?![\w.])")
#: Only in a text that is about codes and nothing else: "S12-3" may be vertebrae, and "E11 65" a
#: diagnosis and an age.
_MARK_FOR_DOT = re.compile(
    rf"(?<![\w.])({ICD10CM_CATEGORY})[,:_\u00b7 -](\d[0-9A-Z]{{0,3}})(?![\w.-])", re.I
)


def look_alike(typed: str, is_loaded: Callable[[str], object]) -> str | None:
    """The code that is meant by a word of the form of a code with letters for digits, in capitals;
    None if it is no such word, or no loaded release has that code. `is_loaded`: gives what counts
    as true for a code that one has.

    >>> look_alike("I1O", {"I10"}.__contains__), look_alike("ZO1.810", {"Z01.810"}.__contains__)
    ('I10', 'Z01.810')
    """
    first, rest = typed[:1], typed[1:]
    if not first.isalpha() or not any(character.isdigit() for character in rest):
        return None
    if "." not in typed and len(typed) < 5 and (not rest[0].isdigit() or first.islower()):
        return None  # CO2 is a gas, and h2o water.
    if first.islower() and "." not in typed:
        rest = rest.replace("l", "L")
    read = first.upper() + rest.translate(_LOOK_ALIKES).upper()
    return read if read != typed.upper() and is_loaded(read) else None


def letter_for_digit(typed: str, is_loaded: Callable[[str], object]) -> list[str]:
    """The codes of ICD-10-CM that are meant if the first digit of a text is a letter; [] if no
    loaded release has one.

    >>> letter_for_digit("120.0", {"I20.0"}.__contains__)
    ['I20.0']
    """
    codes = (letter + typed[1:].upper() for letter in _FIRST_LETTERS.get(typed[:1], ""))
    return [code for code in codes if re.fullmatch(ICD10CM, code) and is_loaded(code)]


def without_blanks(
    text: str, is_loaded: Callable[[str], object], *, only_codes: bool = False
) -> tuple[str, dict[str, str]]:
    """The text with the blanks inside codes taken out, and each such code -> as typed: "Z01. 818"
    is Z01.818. `only_codes`: whether the text is about codes and nothing else; then "E11,9" and
    "E11 9" are E11.9, too."""
    typed: dict[str, str] = {}

    def joined(match: re.Match[str]) -> str:
        *head, tail = match.groups()
        code = f"{''.join(head)}.{tail}".upper()
        if not is_loaded(code):
            return match[0]
        typed[code] = match[0]
        return code

    forms = [_BLANK_BESIDE_DOT, _BLANK_AFTER_LETTER, *([_MARK_FOR_DOT] if only_codes else [])]
    for form in forms:
        text = form.sub(joined, text)
    return text, typed


#: Two codes with nothing between them: E11.9N18.31.
_RUN_TOGETHER = re.compile(
    rf"(?<![\w.])({ICD10CM_CATEGORY}\.[0-9A-Z]{{1,4}}?)(?={ICD10CM_CATEGORY}\.)", re.I
)


def apart(text: str, is_loaded: Callable[[str], object]) -> str:
    """The text with a blank after each code that another follows without one."""
    return _RUN_TOGETHER.sub(lambda m: f"{m[0]} " if is_loaded(m[0].upper()) else m[0], text)
