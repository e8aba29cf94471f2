"""What the codes of each system look like, and the dot of ICD-10-CM.

A shape is a regular expression for one code in capitals, without what surrounds it: callers add
word boundaries for a sentence, or a tab for a file. A text of this shape may be a code; whether it
is one, only a loaded release can tell.

A shape can be followed by a quantifier or joined with others as it is: none has a bare "|".
"""

from __future__ import annotations

# ICD-10-CM

#: Three characters: a letter, a digit, a digit or letter; or a letter, an A and a digit (QA0). One
#: of the last two is always a digit, which distinguishes a category from a word of three letters.
ICD10CM_CATEGORY = r"[A-Z](?:\d[0-9A-Z]|A\d)"
#: What follows the dot.
_SUBDIVISION = r"[0-9A-Z]{1,4}"
#: As printed: E11, E11.9, S13.4XXA.
ICD10CM = rf"{ICD10CM_CATEGORY}(?:\.{_SUBDIVISION})?"
#: As printed, but no category: E11.9, and not E11.
ICD10CM_DOTTED = rf"{ICD10CM_CATEGORY}\.{_SUBDIVISION}"
#: Without its dot, as in most files: E11, E119, S134XXA. The beginning of a code matches, too.
ICD10CM_UNDOTTED = rf"{ICD10CM_CATEGORY}(?:{_SUBDIVISION})?"
#: With its dot or without.
ICD10CM_EITHER = rf"{ICD10CM_CATEGORY}(?:\.?{_SUBDIVISION})?"

# ICD-10-PCS: no I and no O, which look like digits (Official Guidelines A1)

#: The first character: sections 0-9, B-D, F-H and X.
_ICD10PCS_SECTION = "[0-9BCDFGHX]"
_ICD10PCS_VALUE = "[0-9A-HJ-NP-Z]"
ICD10PCS = rf"{_ICD10PCS_SECTION}{_ICD10PCS_VALUE}{{6}}"
#: The three characters that head a table: 0DT.
ICD10PCS_TABLE = rf"{_ICD10PCS_SECTION}{_ICD10PCS_VALUE}{{2}}"
#: The first three to six characters of a code.
ICD10PCS_BEGUN = rf"{_ICD10PCS_SECTION}{_ICD10PCS_VALUE}{{2,5}}"

# HCPCS Level II and CPT

HCPCS = r"[A-V]\d{4}"
#: Five digits, or four digits and the letter of a category (codesets/formats/cpt.py lists them).
CPT = r"\d{4}[0-9AFMTU]"
#: A code of either system, as the NCCI edits print it. Any letter is allowed: a new one of the AMA
#: must not make a quarter's file unreadable.
HCPCS_OR_CPT = r"[0-9A-Z]\d{3}[0-9A-Z]"
#: Of HCPCS Level II (RT, E1) and of CPT (50).
MODIFIER = r"[0-9A-Z]{2}"
PLACE_OF_SERVICE = r"\d{2}"

# ICD-9-CM, volumes 1 and 2 (diagnoses)

ICD9CM_DOTTED = r"(?:\d{3}\.\d{1,2}|V\d{2}\.\d{1,2}|E\d{3}\.\d)"
#: Procedures (volume 3) have 3 or 4 digits and match as well.
ICD9CM_UNDOTTED = r"(?:\d{3,5}|V\d{2,4}|E\d{3,4})"

# ICD-11 for Mortality and Morbidity Statistics: no I and no O. The second character is a letter and
# the third a digit (WHO, ICD-11 Reference Guide, on the coding scheme).

_ICD11_CHARACTER = "[0-9A-HJ-NP-Z]"
#: A category: 5A11, CA40.0Z.
ICD11_STEM = rf"[1-9A-HJ-NP-WYZ][A-HJ-NP-Z]\d{_ICD11_CHARACTER}(?:\.{_ICD11_CHARACTER}{{1,2}})?"
#: An extension code of chapter X, which is added to a category: XN8P1.
ICD11_EXTENSION = rf"X{_ICD11_CHARACTER}{{3,5}}"
ICD11 = rf"(?:{ICD11_STEM}|{ICD11_EXTENSION})"

# National Drug Code: labeler, product, package

#: Ten digits as 4-4-2, 5-3-2 or 5-4-1; eleven as 5-4-2.
NDC_DASHED = r"(?:\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d{1,2})"
#: Eleven digits. Ten digits without dashes are ambiguous: they fit all three forms.
NDC_UNDASHED = r"\d{11}"


def is_icd11_extension(code: str) -> bool:
    """Whether a code of ICD-11 is one of chapter X, which never stands alone."""
    return code.startswith("X")


def dot(code: str) -> str:
    """`E119` -> `E11.9`: a dot after the third character, unless the code ends there or has one."""
    return code if len(code) <= 3 or "." in code else f"{code[:3]}.{code[3:]}"


def undot(code: str) -> str:
    """`E11.9` -> `E119`."""
    return code.replace(".", "")


def extend(stem: str, character: str) -> str:
    """`stem` with a seventh character, filled up with the placeholder X (Guidelines I.A.4).

    >>> extend("S13.4", "A"), extend("S52.521", "A"), extend("T07", "A")
    ('S13.4XXA', 'S52.521A', 'T07.XXXA')
    """
    return dot(undot(stem).ljust(6, "X") + character)
