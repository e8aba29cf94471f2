"""Reading a question as people write it: the date of service, the codes it names, its kind."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.phi.spans import PLACEHOLDER
from bot.words import word_set
from codesets import months
from codesets.asp import normal_ndc
from codesets.code_format import (
    CPT,
    HCPCS,
    ICD9CM_DOTTED,
    ICD10CM_CATEGORY,
    ICD10CM_DOTTED,
    ICD10CM_UNDOTTED,
    ICD10PCS,
    ICD10PCS_BEGUN,
    MODIFIER,
    NDC_DASHED,
    NDC_UNDASHED,
    PLACE_OF_SERVICE,
    dot,
    undot,
)
from codesets.model import Setting

#: Misspellings too, "Febuary": the first three letters tell.
_MONTH = rf"(?P<month>{months.MONTH})[a-z]*\.?"
#: What may stand before a date and belongs to it.
_CUE = r"(?:\b(?:on|dos|date of service|seen|as of|for|dated|from)\b[:\s]*)*"
_DATES = [
    re.compile(_CUE + r"(?<!\d)(?P<year>\d{4})-(?P<m>\d{1,2})-(?P<day>\d{1,2})(?!\d)", re.I),
    re.compile(
        _CUE + r"(?<![\d/])(?P<m>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})(?![\d/])", re.I
    ),
    re.compile(
        _CUE + rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.I
    ),
    re.compile(
        _CUE + rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b", re.I
    ),
]

#: Before a date that is none of service.
_BIRTH = re.compile(
    r"\b(?:dob|d\.o\.b|born|birth ?(?:day|date)?|date of birth)\.?(?:\s+(?:is|was|on))*[\s:=(-]*$",
    re.I,
)
#: Characters before a date in which a word says what it is the date of.
_NEAR = 40
#: Places of identifiers with the words that name them, or tie a patient to the case, and say
#: nothing of the case: "code for pt [NAME], dob [DATE], with".
_REMOVED = re.compile(
    r"(?:\b(?:for|on|of|re|dos|date of service|seen|as of|dated|from)\b[:\s]+"
    r"(?=(?:\S+[\s.]+)?\[[A-Z]))*"
    r"(?:\b(?:dob|d\.o\.b|born|mrns?|ssn|npi|dea|mbi|acct|account|member id|phone|fax|email|zip|mr"
    r"|mrs|ms|dr|pt|patient)\b[\s.:#=(-]{0,4})?"
    + PLACEHOLDER.pattern
    + r"(?:(?<=\[NAME\])\s+(?:(?:who )?(?:has|had)\b"
    r"|(?:presents |presented |came in )?(?:with\b|w/(?!o))))?",
    re.I,
)

_TOKEN = re.compile(r"(?<![\w.])[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?(?:\.?-(?!\w))?")
_CM_DOTTED = re.compile(ICD10CM_DOTTED)
_CM_UNDOTTED = re.compile(ICD10CM_UNDOTTED)
_CM_CATEGORY = re.compile(ICD10CM_CATEGORY)
_HCPCS = re.compile(HCPCS)
_CPT = re.compile(CPT)
_PCS = re.compile(rf"(?=(?:.*\d){{2}}){ICD10PCS}")

#: The beginning of one: nothing else that is a code begins with a digit and has letters so early.
_PCS_BEGUN = re.compile(rf"(?!\d+(?:ST|ND|RD|TH)$)(?=\d.*[A-Z]){ICD10PCS_BEGUN}")

#: Words around codes that ask about them, or join them, and are no clinical question themselves.
_ABOUT_CODES = frozenset(
    """a an and any are be bill billable billed can code codes compare convert could cpt crosswalk
    deleted describe description did do does dos dx equivalent explain for gem gems hcpcs header i
    icd icd9 icd-9 icd10 icd-10 icd10cm icd-9-cm icd9cm in invalid map mapping maps
    is it its list look lookup mean meaning means me of ok on or payable pcs please replaced
    replacement replaces report reportable right show still tell that the them these this to
    together up use using valid versus vs was what what's whats when with you""".split()
)
_JUST_BEFORE = frozenset("is are code codes icd dx icd10 icd-10 cpt hcpcs".split())
_JUST_AFTER = frozenset("billable valid invalid reportable deleted header".split())


@dataclass(frozen=True, slots=True)
class CodeMention:
    """A code in a question: as typed, in the form its system publishes it, and that system.

    `loaded` says that a loaded edition has it; otherwise `system` is what its shape belongs to.
    `also` says that another system has it, too, and comes first: G0439 is a code of HCPCS Level II
    as it is typed, and G04.39 without its dot.
    """

    typed: str
    code: str
    system: str
    loaded: bool
    also: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart. `text` is what is searched: what is left of it when identifiers and
    dates are taken out."""

    asked: str
    text: str
    day: dt.date | None = None
    not_a_date: str | None = None
    codes: list[CodeMention] = field(default_factory=list)


#: Tells which of the loaded systems have a code, given as typed without its dot or with it.
Lookup = Callable[[str], list[tuple[str, str]]]


def read_question(asked: str, scrubbed: str, lookup: Lookup) -> Question:
    """Take a question apart: its date as it was typed, all else from the `scrubbed` text, so that
    no name steers the search and no record number is taken for a code. `lookup` gives (system,
    published form) for each loaded system that has the code."""
    _, day, wrong = _take_date(asked)
    text = without_places(scrubbed)
    return Question(asked, text, day, wrong, _mentions(text, lookup))


def without_places(scrubbed: str) -> str:
    """A scrubbed question without the places of identifiers. An age over 89 is 90: it is one still.

    >>> without_places("pt [NAME], [AGE] yo, dob [DATE], seen [DATE] with gout")
    ', 90 yo, , with gout'
    """
    text = _REMOVED.sub(lambda place: " 90" if place[1] == "AGE" else " ", scrubbed)
    return _take_date(" ".join(text.split()))[0]


def is_of_birth(text: str, at: int) -> bool:
    """Whether a date that stands there is one of birth, and none of service."""
    return _BIRTH.search(text, max(0, at - _NEAR), at) is not None


def day_in(asked: str) -> dt.date | None:
    """The date of service that a question tells."""
    return _take_date(asked)[1]


def _take_date(asked: str) -> tuple[str, dt.date | None, str | None]:
    for pattern in _DATES:
        found = pattern.finditer(asked)
        match = next((m for m in found if not is_of_birth(asked, m.start())), None)
        if match is None:
            continue
        parts = match.groupdict()
        month = int(parts["m"]) if "m" in parts else months.number(parts["month"])
        year = int(parts["year"])
        rest = " ".join((asked[: match.start()] + " " + asked[match.end() :]).split())
        try:
            return (
                rest,
                dt.date(year + 2000 if year < 100 else year, month, int(parts["day"])),
                None,
            )
        except ValueError:
            return rest, None, match[0].split()[-1]
    return asked, None, None


def _mentions(text: str, lookup: Lookup) -> list[CodeMention]:
    matches = list(_TOKEN.finditer(text))
    tokens = [match[0].rstrip("-").rstrip(".").upper() for match in matches]
    words = [match[0].lower() for match in matches]
    # "E11.9 and N18.31?" is all codes; what else stands there is talk about them.
    rest = [
        word
        for word, token in zip(words, tokens, strict=True)
        if word not in _ABOUT_CODES and not _like_a_code(token)
    ]
    found: list[CodeMention] = []
    for at, token in enumerate(tokens):
        asked_about = (
            not rest
            or (at > 0 and words[at - 1] in _JUST_BEFORE)
            or (at + 1 < len(words) and words[at + 1] in _JUST_AFTER)
        )
        for mention in _mention(token, asked_about, at == 0, lookup):
            if mention not in found:
                found.append(mention)
    return found


def _like_a_code(token: str) -> bool:
    return any(
        shape.fullmatch(token)
        for shape in (_CM_DOTTED, _CM_UNDOTTED, _HCPCS, _CPT, _PCS, _PCS_BEGUN)
    )


def _mention(token: str, asked_about: bool, first: bool, lookup: Lookup) -> list[CodeMention]:
    # In prose N95 is a mask and T14 a vertebra.
    if _CM_CATEGORY.fullmatch(token) and not asked_about:
        return []
    if _like_a_code(token) or (asked_about and _CM_UNDOTTED.fullmatch(undot(token))):
        loaded = [
            CodeMention(token, code, system, True, also=at > 0)
            for at, (system, code) in enumerate(lookup(token))
        ]
        if loaded and not (_CPT.fullmatch(token) and not asked_about and not first):
            return loaded
    if _CM_DOTTED.fullmatch(token):
        return [CodeMention(token, token, "icd10cm", False)]
    if _PCS.fullmatch(token) and not token.isdigit():
        return [CodeMention(token, token, "icd10pcs", False)]
    if _CPT.fullmatch(token) and (asked_about or first):
        return [CodeMention(token, token, "cpt", False)]
    if _HCPCS.fullmatch(token):
        return [CodeMention(token, token, "hcpcs", False)]
    if asked_about and _PCS_BEGUN.fullmatch(token):
        return [CodeMention(token, token, "icd10pcs", False)]
    # CA125 is a laboratory test unless a release has it.
    if asked_about and _CM_UNDOTTED.fullmatch(token) and token[1].isdigit():
        return [CodeMention(token, dot(token), "icd10cm", False)]
    return []


def may_be_hcpcs(mention: CodeMention) -> bool:
    """Whether a code of another system was typed as HCPCS Level II writes its own: E0840 is E08.40
    and a traction frame."""
    return mention.system != "hcpcs" and _HCPCS.fullmatch(mention.typed) is not None


def named_code(
    typed: str, lookup: Lookup, systems: Sequence[str] | None = None
) -> list[CodeMention]:
    """What `codedesk check` was given: taken as a code whatever it looks like, of each system that
    has it or of those in `systems`, the form as typed first."""
    token = typed.strip().upper().rstrip("-").rstrip(".")
    if systems:
        found = _mention(token, True, True, limited(lookup, systems))
        own = [mention for mention in found if mention.system in systems]
        form = dot(token) if systems[0] == "icd10cm" else token
        return own or [CodeMention(token, form, systems[0], False)]
    if found := _mention(token, True, True, lookup):
        return found
    if _CM_UNDOTTED.fullmatch(token):
        return [CodeMention(token, dot(token), "icd10cm", False)]
    return [CodeMention(token, token, "", False)]


def limited(lookup: Lookup, systems: Sequence[str] | None) -> Lookup:
    """The same in these systems only; in all, when none are named."""
    if not systems:
        return lookup
    return lambda typed: [one for one in lookup(typed) if one[0] in systems]


_ICD9 = re.compile(rf"(?<![\w.]){ICD9CM_DOTTED}(?![\w.]*\w)", re.I)
_ASKS_ICD9 = re.compile(r"\bicd-?\s?9(?:-?cm)?\b", re.I)


def asks_for_icd9(text: str) -> bool:
    return _ASKS_ICD9.search(text) is not None


def icd9_codes(text: str) -> list[CodeMention]:
    """Codes of ICD-9-CM, where it is named or nothing else is asked: 101.5 is a temperature too.

    A code that ICD-10-CM could have (V10.1) is taken for one only where ICD-9 is named.
    """
    named = asks_for_icd9(text)
    found = {match[0].upper(): match[0].upper() for match in _ICD9.finditer(text)}
    if named:
        plain = re.findall(r"(?<![\w.])\d{5}(?![\w.]*\w)", text)
        found |= {code: f"{code[:3]}.{code[3:]}" for code in plain}
    rest = [
        word
        for word in re.findall(r"[\w.-]+", _ICD9.sub(" ", text).lower())
        if word not in _ABOUT_CODES
    ]
    if not named and (rest or not all(code[0].isdigit() for code in found)):
        return []
    return [CodeMention(typed, code, "", False) for typed, code in found.items()]


def may_be_icd9(code: str) -> bool:
    return _ICD9.fullmatch(code) is not None


_MODIFIER = re.compile(rf"\bmodifiers?\s+-?((?!\d){MODIFIER})(?![\w.])", re.I)
_PLACE = re.compile(
    rf"\b(?:pos|place of service)(?:\s+code)?\s+({PLACE_OF_SERVICE})(?![\w./-])", re.I
)


def modifiers(text: str) -> list[str]:
    """HCPCS Level II modifiers that are asked about by that name. Two digits are a modifier of
    CPT, which is the AMA's."""
    return [code.upper() for code in _MODIFIER.findall(text)]


def places(text: str) -> list[str]:
    """Place of service codes that are asked about by that name."""
    return _PLACE.findall(text)


_NDC = re.compile(rf"(?<![\w-])(?:{NDC_DASHED}|{NDC_UNDASHED})(?![\w-])")


def ndcs(text: str) -> list[str]:
    """National Drug Codes, each in the form 5-4-2."""
    return [ndc for found in _NDC.findall(text) if (ndc := normal_ndc(found))]


_SETTINGS: dict[Setting, re.Pattern[str]] = {
    "practitioner": re.compile(r"\b(?:practitioner|physician|pro-?fee|professional)\b", re.I),
    "outpatient": re.compile(r"\b(?:outpatient|opps|facility)\b", re.I),
    "dme": re.compile(r"\b(?:dme|dmepos|supplier)\b", re.I),
}


def setting_said(text: str) -> Setting | None:
    """Where the service was given, if the question says so; None when it does not, or says two."""
    said = [setting for setting, words in _SETTINGS.items() if words.search(text)]
    return said[0] if len(said) == 1 else None


_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def is_wordless(text: str) -> bool:
    """No letters and no digits: empty, punctuation or emoji only."""
    return re.search(r"\w", text) is None or not any(c.isascii() or c.isalpha() for c in text)


def is_foreign(text: str) -> bool:
    """Not English, as far as script and little words tell."""
    letters = _LETTERS.findall(text)
    if letters and sum(bool(_LATIN.match(letter)) for letter in letters) < len(letters) / 2:
        return True
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign, in_names, english = (
        word_set(f"language.{name}")
        for name in ("foreign_words", "foreign_words_in_names", "english_words")
    )
    if any(word in english for word in words) or not any(word in foreign for word in words):
        return False
    return sum(word in foreign | in_names for word in words) >= 0.2 * len(words)
