"""Finds the codes that a question names: diagnoses, procedures, modifiers, places of service,
NDCs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.desk.typing_slips import look_alike, without_blanks
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
from codesets.formats.asp_ndc import normal_ndc
from codesets.model import CodeKind, NamedSystem, System
from index.text.lexicon import Lexicon

_TOKEN = re.compile(r"(?<![\w.])[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?(?:\.?-(?!\w))?")
_CM_DOTTED = re.compile(ICD10CM_DOTTED)
_CM_UNDOTTED = re.compile(ICD10CM_UNDOTTED)
_CM_CATEGORY = re.compile(ICD10CM_CATEGORY)
#: With a placeholder X too many: T07XXXXD.
_CM_TOO_LONG = re.compile(rf"{ICD10CM_CATEGORY}[0-9A-Z]{{0,3}}X{{2,}}[A-Z]")
_HCPCS = re.compile(HCPCS)
_CPT = re.compile(CPT)
_PCS = re.compile(rf"(?=(?:.*\d){{2}}){ICD10PCS}")

#: The beginning of an ICD-10-PCS code. No other code begins with a digit and has letters so early.
_PCS_BEGUN = re.compile(rf"(?!\d+(?:ST|ND|RD|TH)$)(?=\d.*[A-Z]){ICD10PCS_BEGUN}")

#: Words around codes that ask about them or join them, and are not clinical.
_ABOUT_CODES = frozenset(
    """a an and any are be bill billable billed can code codes compare convert could cpt crosswalk
    deleted denial denied describe description did do does dos dx equivalent explain for gem gems
    hcpcs header i icd icd9 icd-9 icd10 icd-10 icd10cm icd-9-cm icd9cm in invalid is it its list
    look lookup map mapping maps mean meaning means me of ok on or payable pcs please reject
    rejected rejection replaced replacement replaces report reportable right show still tell that
    the them these this to together up use using valid versus vs was what what's whats when with
    you""".split()
)

_JUST_BEFORE = frozenset("is are code codes icd dx icd10 icd-10 cpt hcpcs".split())

_JUST_AFTER = frozenset("billable valid invalid reportable deleted header denied rejected".split())

#: Qualifiers of diagnoses in the HI segment of a claim (ASC X12 837): "HI*ABK:E1165*ABF:I10~".
_OF_A_CLAIM = frozenset("hi abf abj abk abn apr bf bj bk bn pr".split())
_HI_SEGMENT = re.compile(r"\bHI\*A?[A-Z]{2}:", re.I)


@dataclass(frozen=True, slots=True)
class CodeMention:
    """A code in a question.

    - `typed`: as typed, in capitals.
    - `code`: as its system publishes it.
    - `system`: one of SYSTEM_NAMES; "icd9cm" for a code of ICD-9-CM, "pos" for a place of service,
      "" for text that no system's codes look like.
    - `loaded`: whether a loaded edition has it. If none has, its shape decides on `system`.
    - `also`: whether another system has it as typed, so that this is the second reading: G0439 is a
      code of HCPCS Level II and, without its dot, G04.39.
    - `kind`: code, modifier or place_of_service.
    - `slip`: what was typed for `typed`, if that is a correction; "" if nothing was corrected.
    """

    typed: str
    code: str
    system: NamedSystem
    loaded: bool
    also: bool = False
    kind: CodeKind = "code"
    slip: str = ""


#: From a code, typed with or without its dot, to (system, published form) for each loaded system
#: that has it.
Lookup = Callable[[str], list[tuple[System, str]]]


def read_mentions(text: str, lookup: Lookup, systems: Sequence[str] = ()) -> list[CodeMention]:
    """The codes that a question names, those of ICD-9-CM last. `systems` limits the others to codes
    of these systems; () for all."""
    lookup = limited(lookup, systems)
    retired = icd9_codes(text)
    typed = {mention.typed for mention in retired}
    joined, blanks = without_blanks(text, lookup)
    current = [
        replace(mention, slip=mention.slip or blanks.get(mention.typed, ""))
        for mention in _in_text(joined, lookup)
        if mention.typed not in typed and (not systems or mention.system in systems)
    ]
    return current + retired


def _in_text(text: str, lookup: Lookup) -> list[CodeMention]:
    matches = list(_TOKEN.finditer(text))
    tokens = [match[0].rstrip("-").rstrip(".").upper() for match in matches]
    words = [match[0].lower() for match in matches]
    slips = {
        token: read
        for match, token in zip(matches, tokens, strict=True)
        # Most words do not have the form of a slip, so codes.db is asked about the others alone.
        if (read := look_alike(match[0].rstrip("-"), lookup)) and not lookup(token)
    }
    about_codes = _ABOUT_CODES | (_OF_A_CLAIM if _HI_SEGMENT.search(text) else frozenset())
    # "E11.9 and N18.31?": a text without other words asks about the codes in it.
    rest = [
        word
        for word, token in zip(words, tokens, strict=True)
        if word not in about_codes and token not in slips and not _like_a_code(token)
    ]
    mentions: list[CodeMention] = []
    for at, token in enumerate(tokens):
        asked_about = (
            not rest
            or (at > 0 and words[at - 1] in _JUST_BEFORE)
            or (at + 1 < len(words) and words[at + 1] in _JUST_AFTER)
        )
        # In prose only a dot tells that letters for digits are meant as a code.
        slip = token if token in slips and (asked_about or "." in token) else ""
        for mention in _mention(slips[token] if slip else token, asked_about, at == 0, lookup):
            mention = replace(mention, slip=slip)
            if mention not in mentions:
                mentions.append(mention)
    return mentions


def _like_a_code(token: str) -> bool:
    return any(
        shape.fullmatch(token)
        for shape in (_CM_DOTTED, _CM_UNDOTTED, _CM_TOO_LONG, _HCPCS, _CPT, _PCS, _PCS_BEGUN)
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
    if _CM_TOO_LONG.fullmatch(undot(token)):
        return [CodeMention(token, dot(undot(token)), "icd10cm", False)]
    # CA125 is a laboratory test unless a release has it, and T1DM is shorthand.
    shape = asked_about and _CM_UNDOTTED.fullmatch(token) and token[1].isdigit()
    if shape and not _is_shorthand(token):
        return [CodeMention(token, dot(token), "icd10cm", False)]
    return []


def _is_shorthand(token: str) -> bool:
    lexicon = Lexicon.shipped()
    return any(part.kind is not None for part in lexicon.parts(lexicon.typed(token)))


def may_be_hcpcs(mention: CodeMention) -> bool:
    """Whether a code of another system was typed in the form of HCPCS Level II: E0840 is E08.40,
    and also a traction frame."""
    return mention.system != "hcpcs" and _HCPCS.fullmatch(mention.typed) is not None


def named_code(typed: str, lookup: Lookup, systems: Sequence[System] = ()) -> list[CodeMention]:
    """The readings of a text that must be a code, as in `codedesk check`: one for each system that
    has it, the form as typed first. `systems` limits them; () for all."""
    token = typed.strip().upper().rstrip("-").rstrip(".")
    if systems:
        readings = _mention(token, True, True, limited(lookup, systems))
        own = [mention for mention in readings if mention.system in systems]
        form = dot(token) if systems[0] == "icd10cm" else token
        return own or [CodeMention(token, form, systems[0], False)]
    if readings := _mention(token, True, True, lookup):
        return readings
    if _CM_UNDOTTED.fullmatch(token):
        return [CodeMention(token, dot(token), "icd10cm", False)]
    return [CodeMention(token, token, "", False)]


def limited(lookup: Lookup, systems: Sequence[str]) -> Lookup:
    """A lookup in these systems only; in all, when `systems` is empty."""
    if not systems:
        return lookup
    return lambda typed: [(system, form) for system, form in lookup(typed) if system in systems]


_ICD9 = re.compile(rf"(?<![\w.]){ICD9CM_DOTTED}(?![\w.]*\w)", re.I)
_ASKS_ICD9 = re.compile(r"\bicd-?\s?9(?:-?cm)?\b", re.I)


def asks_for_icd9(text: str) -> bool:
    return _ASKS_ICD9.search(text) is not None


def icd9_codes(text: str) -> list[CodeMention]:
    """Codes of ICD-9-CM, if the text names ICD-9 or has no other words: 101.5 may be a temperature.

    A code that ICD-10-CM could have (V10.1) counts only if the text names ICD-9.
    """
    named = asks_for_icd9(text)
    codes = {match[0].upper(): match[0].upper() for match in _ICD9.finditer(text)}
    if named:
        plain = re.findall(r"(?<![\w.])\d{5}(?![\w.]*\w)", text)
        codes |= {code: f"{code[:3]}.{code[3:]}" for code in plain}
    rest = [
        word
        for word in re.findall(r"[\w.-]+", _ICD9.sub(" ", text).lower())
        if word not in _ABOUT_CODES
    ]
    if not named and (rest or not all(code[0].isdigit() for code in codes)):
        return []
    return [CodeMention(typed, code, "icd9cm", False) for typed, code in codes.items()]


def may_be_icd9(code: str) -> bool:
    return _ICD9.fullmatch(code) is not None


_ONE_MODIFIER = rf"-?(?!\d){MODIFIER}(?![\w.])"
_MODIFIERS = re.compile(
    rf"\bmodifiers?\s+({_ONE_MODIFIER}(?:\s*(?:,|/|\band\b|\bor\b|\bvs\.?|\bversus\b)\s*{_ONE_MODIFIER})*)",
    re.I,
)
#: A place of service below 10 is typed without its zero, too.
_PLACE = re.compile(
    rf"\b(?:pos|place of service)(?:\s+code)?\s+({PLACE_OF_SERVICE}|\d)(?![\w./-])", re.I
)


def beside_codes(text: str) -> list[CodeMention]:
    """The codes that follow "modifier" or "place of service": modifiers of HCPCS Level II, and
    places of service. A modifier of two digits is left out: it is CPT's, which belongs to the
    AMA."""
    modifiers = [
        CodeMention(code, code.upper(), "hcpcs", True, kind="modifier")
        for codes in _MODIFIERS.findall(text)
        for code in re.findall(rf"(?<!\w){MODIFIER}(?!\w)", codes, re.I)
        if code.lower() not in ("or", "vs")
    ]
    places = [
        CodeMention(code, code.zfill(2), "pos", True, kind="place_of_service")
        for code in _PLACE.findall(text)
    ]
    return modifiers + places


_NDC = re.compile(rf"(?<![\w-])(?:{NDC_DASHED}|{NDC_UNDASHED})(?![\w-])")


def ndcs(text: str) -> list[str]:
    """National Drug Codes, each in the form 5-4-2."""
    return [ndc for typed in _NDC.findall(text) if (ndc := normal_ndc(typed))]
