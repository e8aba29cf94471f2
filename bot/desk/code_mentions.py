"""Finds the codes that a question names: diagnoses, procedures, modifiers, places of service,
NDCs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.desk import spreadsheet_damage
from bot.desk.code_ranges import read_ranges
from bot.desk.icd9_mentions import may_be_icd9, read_icd9
from bot.desk.icd11_mentions import without_codes, without_name
from bot.desk.known_codes import Known, Lookup, agreement, said, words_of
from bot.desk.spreadsheet_damage import Damage, with_its_zeros
from bot.desk.typing_slips import apart, letter_for_digit, look_alike, without_blanks
from codesets.code_format import (
    CPT,
    HCPCS,
    ICD10CM_CATEGORY,
    ICD10CM_DOTTED,
    ICD10CM_UNDOTTED,
    ICD10PCS,
    ICD10PCS_BEGUN,
    dot,
    undot,
)
from codesets.model import CodeKind, NamedSystem, System
from index.text.lexicon import Lexicon

_TOKEN = re.compile(r"(?<![\w.])[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?(?:\.?-(?!\w))?")
_CM_DOTTED = re.compile(ICD10CM_DOTTED)
_CM_UNDOTTED = re.compile(ICD10CM_UNDOTTED)
_CM_CATEGORY = re.compile(ICD10CM_CATEGORY)
#: With an X too many: T07XXXXD, S72.001XA.
_CM_TOO_LONG = re.compile(
    rf"{ICD10CM_CATEGORY}(?:[0-9A-Z]{{0,3}}X{{2,}}[A-Z]|\.(?=[0-9A-Z]*X)[0-9A-Z]{{5,6}})"
)
_HCPCS = re.compile(HCPCS)
_CPT = re.compile(CPT)
_PCS = re.compile(rf"(?=(?:.*\d){{2}}){ICD10PCS}")

#: The beginning of an ICD-10-PCS code. No other code begins with a digit and has letters so early.
#: "3pm" is a time and "10mg" a dose.
_PCS_BEGUN = re.compile(
    r"(?!\d+(?:ST|ND|RD|TH|[AP]M|MC?G|KG|G|M?L|CC|[CM]M|H|HRS?|D|WKS?|MOS?|Y[RO]S?|X|U)$)"
    rf"(?=\d.*[A-Z]){ICD10PCS_BEGUN}"
)

#: Qualifiers of diagnoses and procedures in the HI segment of a claim (ASC X12 837), of dates, and
#: whether a diagnosis was present on admission: "HI*ABK:E1165:::::::Y*ABF:I10~".
_OF_A_CLAIM = frozenset("hi abf abj abk abn apr bbq bbr bf bj bk bn bq br d8 pr n u w y".split())
_HI_SEGMENT = re.compile(r"\bHI\*A?[A-Z]{2}:", re.I)
#: Otherwise its number would be a word of its own.
_ICD_10 = re.compile(r"\bicd[- ]10(?:-?(cm|pcs))?\b", re.I)
_NAMES_PCS = re.compile(r"\bpcs\b|\bicd-?10-?pcs\b", re.I)

#: How a code was read that is not as it was typed: a typing slip; a digit for the first letter;
#: zeros that a spreadsheet took away; a number that may have lost such zeros;
#: described: it was not typed, but what it means; trip: where an ambulance went.
Reading = Literal["slip", "first_letter", "lost_zeros", "may_have_lost_zeros", "described", "trip"]


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
    - `kind`: code, range, modifier or place_of_service. The `code` of a range is both its ends
      with a hyphen.
    - `slip`: what was typed for `typed`, if that is a correction; "" if nothing was corrected.
    - `reading`: the kind of the correction.
    - `damage`: what a spreadsheet has made of a code, so that no code can be told: a number or a
      date; None for anything else.
    """

    typed: str
    code: str
    system: NamedSystem
    loaded: bool
    also: bool = False
    kind: CodeKind = "code"
    slip: str = ""
    reading: Reading = "slip"
    damage: Damage | None = None


def read_mentions(
    text: str, lookup: Lookup, systems: Sequence[str] = (), known: Known | None = None
) -> list[CodeMention]:
    """The codes that a question names: ranges first, those of ICD-9-CM last. `systems` limits the
    others to codes of these systems; () for all. `known`: what else is loaded; None for nothing."""
    lookup, known = limited(lookup, systems), known or Known()
    of_icd11 = [
        CodeMention(code, code, "icd11", loaded)
        for code, loaded in known.icd11(text, "icd11" in systems)
    ]
    text = without_codes(without_name(text), [mention.code for mention in of_icd11])
    text, ranges = read_ranges(_ICD_10.sub(r"icd10\1", text), lookup)
    mentions = [CodeMention(one.typed, one.name, one.system, True, kind="range") for one in ranges]
    without_numbers = spreadsheet_damage.without_numbers(text)
    only_codes = all(word.isdigit() for word in words_besides(without_numbers))
    if only_codes and (numbers := spreadsheet_damage.numbers(text)):
        mentions += [CodeMention(number, number, "", False, damage="number") for number in numbers]
        text = without_numbers
    text, blanks = without_blanks(apart(text, lookup), lookup, only_codes=only_codes)
    retired = _retired(text, known)
    typed = {mention.typed for mention in retired}
    for mention in _in_text(text, lookup, known):
        if mention.typed in typed or mention.slip in typed:
            continue
        if not systems or mention.system in systems:
            mentions.append(replace(mention, slip=mention.slip or blanks.get(mention.typed, "")))
    return [*of_icd11, *mentions, *retired]


def _retired(text: str, known: Known) -> list[CodeMention]:
    return [
        CodeMention(
            one.typed,
            one.code,
            "icd9cm",
            False,
            slip=one.typed if one.lost_zeros else "",
            reading="may_have_lost_zeros" if one.lost_zeros else "slip",
        )
        for one in read_icd9(text, known)
    ]


def words_besides(text: str) -> list[str]:
    """The words of a text, in lower case, that are neither about codes nor have the form of one."""
    about = words_of("about")
    if _HI_SEGMENT.search(text):
        about |= _OF_A_CLAIM
    return [
        word
        for word in (match[0].lower() for match in _TOKEN.finditer(text))
        if word not in about and not _like_a_code(word.rstrip("-").rstrip(".").upper())
    ]


def _in_text(text: str, lookup: Lookup, known: Known) -> list[CodeMention]:
    matches = list(_TOKEN.finditer(text))
    tokens = [match[0].rstrip("-").rstrip(".").upper() for match in matches]
    words = [match[0].lower() for match in matches]
    typed = [match[0].rstrip("-") for match in matches]
    of_pcs = _NAMES_PCS.search(text) is not None
    # What each token with the form of a slip is read as. Most words have no such form, so codes.db
    # is asked about the others alone.
    slips: dict[str, tuple[str, Reading]] = {}
    for word, token in zip(typed, tokens, strict=True):
        if (read := look_alike(word, lookup)) and not lookup(token):
            slips[token] = read, "slip"
        elif (of_pcs or len(token) == 6) and (code := with_its_zeros(token, lookup)):
            slips[token] = code, "lost_zeros"
    # "E11.9 and N18.31?": a text without other words asks about the codes in it.
    read_so = {*slips, *(token for token in tokens if _can_only_be_first_letter(token, lookup))}
    rest = [
        word for word in words_besides(text) if word.rstrip("-").rstrip(".").upper() not in read_so
    ]
    before, after = words_of("just_before"), words_of("just_after")
    mentions: list[CodeMention] = []
    for at, token in enumerate(tokens):
        if _WEEKS.fullmatch(token):
            continue
        asked_about = (
            not rest
            or (at > 0 and words[at - 1] in before)
            or (at + 1 < len(words) and words[at + 1] in after)
            or _whole_category(typed, words, at, lookup)
            or _cpt_beside(tokens, words, at)
        )
        may_be_first = token[0].isdigit() and ("." in token or at == 0)
        if may_be_first and (read := _first_letter(token, rest, lookup, known)):
            slips[token] = read, "first_letter"
            asked_about = True
        # In prose only a dot tells that letters for digits are meant as a code.
        slip = token in slips and (asked_about or "." in token)
        code, reading = slips[token] if slip else (token, "slip")
        for mention in _mention(code, asked_about, at == 0, lookup, alone=len(tokens) == 1):
            mention = replace(mention, slip=typed[at] if slip else "", reading=reading)
            if mention not in mentions:
                mentions.append(mention)
    return mentions


#: Weeks and days of a pregnancy: 38w2d.
_WEEKS = re.compile(r"\d{1,2}W\d?D?")


def _whole_category(typed: Sequence[str], words: Sequence[str], at: int, lookup: Lookup) -> bool:
    """Whether a token is a category that no codes divide, typed as a code beside a word that asks
    about codes, or beside another code: "O80 alone", "I10 with N18.31". N95 is a mask."""
    token = typed[at].upper()
    if not _CM_CATEGORY.fullmatch(token) or not lookup(token):
        return False
    others = [each.upper() for n, each in enumerate(typed) if n != at]
    with_codes = any(_CM_DOTTED.fullmatch(each) for each in others)
    if any(lookup(f"{token}.{character}") for character in "0123456789A"):
        return False
    if typed[at].isupper() == with_codes:
        return with_codes
    asks = words_of("beside_category")
    following = words[at + 1] if at + 1 < len(words) else ""
    if following in asks or (at == 0 and asks.intersection(words)):
        return True
    # "pt with G35 mask" is about a mask.
    before = words[at - 1] if at else ""
    return before in asks and (not following or before not in ("with", "w"))


#: What is counted, or was said before a number that is none of CPT's.
_COUNTED = frozenset(
    "units unit mg mcg ml iu u x cc mph steps cells qty quantity zip zipcode zip-code box suite apt"
    " unit(s) miles feet".split()
)


def _cpt_beside(tokens: Sequence[str], words: Sequence[str], at: int) -> bool:
    """Whether a number of five digits stands beside codes that can be nothing else, and counts
    nothing: "G0008 w 90662", "70450-26"."""
    if not (_CPT.fullmatch(tokens[at]) and tokens[at].isdigit()):
        return False
    following = words[at + 1] if at + 1 < len(words) else ""
    if following in _COUNTED or (at and words[at - 1] in _COUNTED):
        return False
    others = (token for n, token in enumerate(tokens) if n != at)
    return any(
        _HCPCS.fullmatch(token)
        or _CM_DOTTED.fullmatch(token)
        or (n == 0 and _CPT.fullmatch(token) and token.isdigit())
        for n, token in enumerate(others)
    )


#: 120.0, 572.001A, 110: a code of ICD-10-CM but for its first character. 120.0 may be of ICD-9-CM.
_DIGIT_FIRST = re.compile(r"\d\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?")


def _can_only_be_first_letter(token: str, lookup: Lookup) -> bool:
    """Whether a token is a code of ICD-10-CM but for its first character, and has the form of
    nothing else: 572.001A."""
    shape = _DIGIT_FIRST.fullmatch(token) and "." in token and not may_be_icd9(token)
    return bool(shape and letter_for_digit(token, lookup))


def _first_letter(token: str, rest: Sequence[str], lookup: Lookup, known: Known) -> str | None:
    """The code whose first letter was typed as the digit that looks like it, if it is loaded and
    the words of the question agree with it, or if the token has the form of nothing else."""
    if not _DIGIT_FIRST.fullmatch(token):
        return None
    codes = letter_for_digit(token, lookup)
    if not codes or _can_only_be_first_letter(token, lookup):
        return codes[0] if codes else None
    if words_of("measured").intersection(rest):
        return None
    stems = said(word for word in rest if word.upper() != token)
    best = max(codes, key=lambda code: agreement(stems, known.title(code)))
    return best if agreement(stems, known.title(best)) else None


def _like_a_code(token: str) -> bool:
    return any(map(str.isdigit, token)) and any(
        shape.fullmatch(token)
        for shape in (_CM_DOTTED, _CM_UNDOTTED, _CM_TOO_LONG, _HCPCS, _CPT, _PCS, _PCS_BEGUN)
    )


def _mention(
    token: str, asked_about: bool, first: bool, lookup: Lookup, *, alone: bool = True
) -> list[CodeMention]:
    """The readings of a token. `alone`: whether the text has no other."""
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
    if _CM_TOO_LONG.fullmatch(token):
        return [CodeMention(token, dot(undot(token)), "icd10cm", False)]
    # CA125 is a laboratory test unless a release has it, H1N1 a virus, and T1DM is shorthand.
    shape = asked_about and _CM_UNDOTTED.fullmatch(token) and token[1].isdigit()
    if shape and (alone or lookup(token[:3])) and not is_shorthand(token):
        return [CodeMention(token, dot(token), "icd10cm", False)]
    return []


def is_shorthand(token: str) -> bool:
    lexicon = Lexicon.shipped()
    return any(part.kind is not None for part in lexicon.parts(lexicon.typed(token)))


def may_be_hcpcs(mention: CodeMention) -> bool:
    """Whether a code of another system was typed in the form of HCPCS Level II: E0840 is E08.40,
    and also a traction frame."""
    return mention.system != "hcpcs" and _HCPCS.fullmatch(mention.typed) is not None


def named_code(
    typed: str, lookup: Lookup, systems: Sequence[System] = (), known: Known | None = None
) -> list[CodeMention]:
    """The readings of a text that must be a code, as in `codedesk check`: one for each system that
    has it, the form as typed first. `systems` limits them; () for all. It is read with the same
    corrections as a code in a question."""
    token = typed.strip().upper().rstrip("-").rstrip(".")
    readings = _mention(token, True, True, limited(lookup, systems))
    own = [mention for mention in readings if not systems or mention.system in systems]
    if any(mention.loaded for mention in own):
        return own
    if corrected := _corrected(typed.strip(), limited(lookup, systems), known or Known()):
        return corrected
    if systems:
        form = dot(token) if systems[0] == "icd10cm" else token
        return own or [CodeMention(token, form, systems[0], False)]
    if readings:
        return readings
    if _CM_UNDOTTED.fullmatch(token):
        return [CodeMention(token, dot(token), "icd10cm", False)]
    return [CodeMention(token, token, "", False)]


def made_a_date(asked: str, scrubbed: str) -> list[CodeMention]:
    """What a spreadsheet makes of a code that looks like a day and a month, if a text as typed has
    nothing else; else []. The scrubber may have taken it for a date of a patient."""
    if not spreadsheet_damage.date_in(asked):
        return []
    if words_besides(spreadsheet_damage.without_dates(asked)):
        return []
    shown = spreadsheet_damage.date_in(scrubbed) or "[DATE]"
    return [CodeMention(shown, shown, "", False, damage="date")]


def _corrected(typed: str, lookup: Lookup, known: Known) -> list[CodeMention]:
    """The mentions in a text that must be a code, if it was typed with a slip, is a range, or was
    changed by a spreadsheet; else []."""
    if re.search(r"[^\W\d_]{4}", typed):
        return []  # A word.
    mentions = read_mentions(typed, lookup, (), known)
    telling = [m for m in mentions if m.slip or m.kind == "range" or m.damage]
    return mentions if telling and len(telling) == len(mentions) else []


def limited(lookup: Lookup, systems: Sequence[str]) -> Lookup:
    """A lookup in these systems only; in all, when `systems` is empty."""
    if not systems:
        return lookup
    return lambda typed: [(system, form) for system, form in lookup(typed) if system in systems]
