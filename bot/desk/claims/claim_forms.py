"""The forms of the parts of a claim, as billers type them.

Items are named as on the CMS-1500 (NUCC, 1500 Claim Form Reference Instruction Manual: 21
diagnoses, 24B place of service, 24D procedures and modifiers, 24E pointers, 24G units) and the
UB-04 (NUBC: type of bill, revenue code).
"""

from __future__ import annotations

import re

_DATE = r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d\d)|\[DATE\]"
SERVICE = r"(?:[A-V]\d{4}|\d{4}[0-9FTUM])"
ICD10 = r"[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4}|[0-9A-Z]{1,4})?"
_ICD9 = r"(?:\d{3}|V\d\d)(?:\.\d{1,2})?|E\d{3}(?:\.\d)?"
#: Two characters, and neither a number of units (X1) nor the word before diagnoses.
_MODIFIER = r"(?!X\d|DX)[A-Z0-9]{2}"
#: Modifiers of CPT that are told from other numbers where a blank stands before them.
_CPT_MODIFIER = r"2[2-7]|33|5[0-9]|6[26]|7[6-9]|8[0-2]|9[0159]"
_SEX = r"f(?:emale)?|m(?:ale)?|woman|man|girl|boy"
#: In this order: the first form that fits a place of the text is read there.
FORMS = re.compile(
    rf"""
    (?P<place>\b(?:pos|place\ of\ service)[\s:#]*(?P<pos>\d{{1,2}})\b)
  | (?P<bill>\b(?:type\ of\ bill|bill\ type|tob)[\s:#]*0?(?P<tob>\d{{2}}[0-9A-Z])\b)
  | (?P<revenue>\brev(?:enue)?(?:\ code)?[\s:#]*(?P<rev>\d{{3,4}})\b)
  | (?P<pointed>(?:\b(?:ptrs?|pointers?|points?\ to)\b|->)[\s:=#]*
        (?P<ptr>[A-L]{{1,4}}\b|[A-L](?:\s*[,&/]\s*[A-L]\b)*|\d{{1,2}}(?:\s*[,&/:]\s*\d{{1,2}}\b)*(?!\d)))
  | (?P<pointed_dx>\bdx\s*\#?\s*(?P<ptr_dx>(?:[1-9]|1[0-2])(?:\s*[,&/]\s*(?:[1-9]|1[0-2]))*)
        (?![\w.:=]|\s*[:=]|\s*[).]\s*[A-Z]\d))
  | (?P<label>\b(?:(?:(?P<adm>admitting|admit)|(?P<first>principal|primary|first[\s-]listed|prin)
        |(?P<then>secondary|sec|other))\s+)?(?:dx['\u2019]?s?|diag(?:nos[ei]s)?|icd-?10(?:-?cm)?
        (?:\s+codes?)?|pdx|sdx)(?:\s*\#?\d{{1,2}}(?![\d.]))?(?:\s+codes?)?\s*[:=.)]?(?=\s*[\(\[]?[A-Z0-9]))
  | (?P<cause>\bexternal\ causes?(?:\ codes?)?\b[\s:]*)
  | (?P<visit>\breason\ for\ visit\b[\s:]*)
  | (?P<procedure_label>\bprocedures?(?:\ codes?)?[\s:]+(?=[0-9A-HJ-NP-Z]{{7}}\b))
  | (?P<dates>(?:\b(?:dos|dates?\ of\ service|on|from|seen|admitted|adm|admit|discharged|dc|d/c
        |through|thru|to)\b[\s:]*|-\s*)?(?:{_DATE})(?!\d))
  | (?P<age>(?<![\w.-])(?:age[d]?[\s:]*)?(?P<years>\d{{1,3}}|\[AGE\])[\s-]*
        (?:y/?o|yrs?(?:[\s-]olds?)?|years?(?:[\s-]olds?)?)(?:[\s,-]*(?P<sex>{_SEX}))?\b)
  | (?P<age_label>\bage[d]?[\s:]*(?P<years_label>\d{{1,3}}|\[AGE\])\b)
  | (?P<age_sex>(?<![\w.-])(?P<years_sex>\d{{1,3}})\s?(?P<sex_short>[FM])\b(?!\d))
  | (?P<sexed>\b(?:sex|gender)[\s:]*(?P<sex_label>{_SEX})\b|\b(?P<sex_word>female|male)\b
        |(?P<sex_letter>(?<=,\ )[FM](?=\s*(?:,|$))))
  | (?P<units>(?<![\w.])(?:[x\u00d7*]\s*(?P<times>\d{{1,5}}(?:\.\d+)?)\b(?!\s*(?:mg|mcg|ml|g)\b)
            (?P<after>(?:[\s,-]+(?=(?-i:[A-Z][A-Z0-9])\b){_MODIFIER}\b)+)?
        |(?:qty|quantity)[\s:]*(?P<qty>\d{{1,5}})\b|(?P<counted>\d{{1,5}}(?:\.\d+)?)\s*units?\b
        |units?[\s:]+(?P<unit_label>\d{{1,5}})\b))
  | (?P<poa>\(?\bPOA[\s:=-]*(?P<present>[YNUW1])\b\)?)
  | (?P<dotted>\b(?:[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{{1,4}})\b)
  | (?P<code>(?<![\w.])(?P<service>{SERVICE})(?![\w.])
        (?P<modifiers>(?:\s?[-:]\s?{_MODIFIER}\b
            (?:(?:\s?[-/:]\s?|[\s,]+(?=(?-i:[A-Z0-9]{{2}})\b)){_MODIFIER}\b
            (?!\s*(?:units?|y/?o|yrs?)\b))*
        |(?:[\s,]+(?=(?-i:[A-Z][A-Z0-9])\b){_MODIFIER}\b)+
        |\s(?:{_CPT_MODIFIER})\b(?=\s*(?:[,;/]|$|x\s?\d|dx|ptr)))?))
  | (?P<pcs>(?<![\w.])[0-9A-HJ-NP-Z]{{7}}(?![\w.]))
  | (?P<cut>\bclaim\ cut\ off\b)
  | (?P<item>(?<![\w.])(?:{ICD10}|{_ICD9})(?![\w]))
  | (?P<removed>\[[A-Z_ ]+\])
  | (?P<word>[^\W\d_][\w'/]*)
    """,
    re.X | re.I,
)

#: The groups that say which form it is.
KINDS = (
    "place", "bill", "revenue", "pointed", "pointed_dx", "label", "cause", "visit",
    "procedure_label", "dates", "age", "age_label", "age_sex", "sexed", "units", "poa", "dotted",
    "code", "pcs", "cut", "item", "removed", "word",
)  # fmt: skip
