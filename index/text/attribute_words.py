"""Rewrites the attributes in a question as titles have them, before it is searched: the side, the
number of a fetus, type or degree, and the severity of a use disorder.

Encounter forms cut and join such words: "POAG,OD", "fts2", "stage3b", "mod/sev use d/o". What they
say of the encounter is left out, because it chooses among the codes of a family
(index/search/seventh_character.py) and no family has it in its title.
"""

from __future__ import annotations

import re

from index.text import not_injured
from index.text.encounter import without_encounter
from index.text.sides import spell_sides

_NUMBERED = r"(?:stage|stg|grade|type|typ|class|category|level|phase)"
_SEVERITY = r"(?:mod(?:erate)?(?:\s*[/-]\s*|\s+(?:to|or)\s+)sev(?:ere)?|mod(?:erate)?|severe|sev)"
_USE_DISORDER = r"use[ -](?:d/o|dis(?:order)?s?\b|do\b)"
#: What AC is of a shoulder, where it is not "acute".
_JOINT = r"(?:joint|jt|sep\w*|arthr\w*|sprain|disloc\w*|oa|djd|inj\w*|shldr|shoulder)\b"
#: DSM-5's use disorders by the substance, in one word.
_USE = {"aud": "alcohol", "oud": "opioid", "cud": "cannabis"}
_REWRITTEN = tuple(
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in (
        (r"\bf(?:e)?t(?:u)?s\.?\s*#?(\d)\b", r"fetus \1"),
        (r"\bf(?:e)?ts\b", "fetus"),
        (rf"\b({_NUMBERED})\.?[-#]?(\d[a-d]?)\b", r"\1 \2"),
        (r"\b(1st|2nd|3rd|4th)[ -]deg\b\.?", r"\1 degree"),
        (r"\bsec(?:ond)?[ -]deg(?:ree)?\b\.?", "second degree"),
        (r"\bdeg(?:ree)? ?(\d)\b", r"degree \1"),
        (r"\b(1st|2nd|3rd)[ -]tri(?:m|mest|mstr)?\b\.?", r"\1 trimester"),
        (r"\b(?:emer|emr|emger)\w* dep(?:t|artmt|artment)?\b", "emergency department"),
        (rf"\b({'|'.join(_USE)})\b", lambda match: f"{_USE[match[1].lower()]} use disorder"),
        # A mild use disorder is abuse, a moderate or severe one dependence (I.C.5.b; the
        # Alphabetic Index at "Disorder, alcohol use").
        (rf"\bmild[ ,-]+((?:\w+ )?){_USE_DISORDER}", r"\1abuse"),
        (rf"\b{_USE_DISORDER}[ ,(-]+mild\b\)?", "abuse"),
        (rf"\b{_SEVERITY}[ ,-]+((?:\w+ )?){_USE_DISORDER}", r"\1dependence"),
        (rf"\b{_USE_DISORDER}[ ,(-]+{_SEVERITY}\b\)?", "dependence"),
        (rf"\b(?:w/o|without|no) {_USE_DISORDER}", "use, unspecified"),
        (r"\bdisp(?:l|ld|lcd)?\b\.?(?=.*\b(?:fx|frac))", "displaced"),
        (r"\bn(?:on)?[ -]?disp(?:l|ld|lcd)?\b\.?", "nondisplaced"),
        (rf"^ac\b(?!.{{0,20}}\b{_JOINT})", "acute"),
        (r"\b(?:a/c|aoc|acute on chr(?:on)?)\b(?=.*\b\w)", "acute on chronic"),
    )
)
#: Mild tobacco use is coded as moderate use is, so the severity of its disorder says nothing.
_TOBACCO = re.compile(r"\b(?:tobacco|nicotine|cigarettes?|smok\w+)\b", re.IGNORECASE)


#: "Not elsewhere classified" at the end of a form's line: the code for other specified conditions
#: (I.A.6.a). In a newborn it is an enterocolitis.
_NEC = re.compile(r"(?<=\w)[ ,(-]+NEC\b(?=\s*(?:[,);]|$))")
_NEWBORN = re.compile(
    r"\b(?:newborns?|neonat\w*|preterm|premature|preemies?|nicu|nec stage)\b", re.I
)


#: What bleeds in titles "with hemorrhage". Colitis has "rectal bleeding", and a uterus "bleeding".
_ULCER = re.compile(r"\b(?:ulcers?|ulc|gastritis|duodenitis|diverticul\w+)\b", re.IGNORECASE)
_BLEED = re.compile(r"\b(with(?:out)?|w/o?|and|&|or) ?bleed(?:s|ing)?\b", re.IGNORECASE)

#: A heart failure of a stated type that got worse is acute on chronic (the Alphabetic Index at
#: "Failure, heart, decompensated").
_HEART_FAILURE = re.compile(
    r"(?=.*\b(?:chf|hf|adhf|hfref|hfpef|heart failure)\b)"
    r".*\b(?:systolic|diastolic|combined|hfref|hfpef)\b",
    re.IGNORECASE | re.DOTALL,
)
_WORSE = re.compile(
    r"\b(?:(?:in |with |w/ ?)?(?:acute(?:ly)? )?(?:exac\w*|decomp\w*))\b", re.IGNORECASE
)


def in_title_words(text: str) -> str:
    """A question with its attributes as titles have them, and without its encounter."""
    text = not_injured.in_title_words(spell_sides(without_encounter(text)))
    if not _NEWBORN.search(text):
        text = _NEC.sub(", other", text)
    if _ULCER.search(text):
        text = _BLEED.sub(r"\1 hemorrhage", text)
    if _HEART_FAILURE.match(text):
        text = _WORSE.sub("acute on chronic", text)
    tobacco = _TOBACCO.search(text)
    for pattern, words in _REWRITTEN:
        if not (tobacco and "use" in pattern.pattern):
            text = pattern.sub(words, text)
    return text
