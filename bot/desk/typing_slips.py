"""Codes that were typed with a slip: a letter for a digit, a blank beside the dot.

A text is read as another code only where no loaded release has it as typed and one has the other;
the answer then says how it was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from codesets.code_format import ICD10CM_CATEGORY

#: Letters that look like digits. A small L is one only after a capital: "l4l5" are vertebrae.
_LOOK_ALIKES = str.maketrans("OoIl", "0011")
_BLANK_BESIDE_DOT = re.compile(
    rf"\b({ICD10CM_CATEGORY})(?:\s+\.\s*|\.\s+)(\d[0-9A-Z]{{0,3}})\b"
    # "E11. 65 yo" is a sentence that ends, and a patient.
    r"(?!\s*-?\s*(?:y/?o|y\.o|yrs?|years?|mos?|months?|wks?|weeks?|days?|mg|ml|mcg|units?|%)\b)",
    re.I,
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
    if "." not in typed and (not rest[0].isdigit() or first.islower()):
        return None  # CO2 is a gas.
    if first.islower():
        rest = rest.replace("l", "L")
    read = first.upper() + rest.translate(_LOOK_ALIKES).upper()
    return read if read != typed.upper() and is_loaded(read) else None


def without_blanks(text: str, is_loaded: Callable[[str], object]) -> tuple[str, dict[str, str]]:
    """The text with the blanks beside the dots of codes taken out, and each such code -> as typed:
    "Z01. 818" is Z01.818."""
    typed: dict[str, str] = {}

    def joined(match: re.Match[str]) -> str:
        code = f"{match[1]}.{match[2]}".upper()
        if not is_loaded(code):
            return match[0]
        typed[code] = match[0]
        return code

    return _BLANK_BESIDE_DOT.sub(joined, text), typed
