"""Finds the modifiers and places of service that a question names, or describes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache, lru_cache

from bot.desk.ambulance_trips import is_about_ambulances, trip
from bot.desk.code_mentions import CodeMention, Reading, is_shorthand, words_besides
from bot.desk.known_codes import Known
from bot.desk.modifier_search import asks_for_modifier, find_modifiers
from bot.desk.modifier_words import sections
from codesets.ambulance_places import places_of
from codesets.code_format import CPT, HCPCS, MODIFIER, PLACE_OF_SERVICE
from codesets.model import NamedSystem

#: Two characters of which one is a letter; of CPT also two digits.
_LEVEL2 = rf"(?!\d\d){MODIFIER}"
#: What joins several. Blanks alone do so before capitals: "modifiers GO GP", and not "modifier is".
_JOINED = r"(?:\s*(?:,|/|\+|&|\band\b|\bor\b|\bvs\.?|\bversus\b)\s*|\s+(?=(?-i:[A-Z0-9]{2})\b))"
_ONE = rf"-?{MODIFIER}(?![\w.])"
#: A number before one of these is none: "modifier 25 mg".
_NO_NUMBER = r"(?!\d\d\s*(?:mg|mcg|ml|units?|yo|y/o|yr|years?|%|days?|months?)\b)"
_MODIFIERS = re.compile(
    rf"\b(?P<word>modifiers?|mods?)\s+(?P<codes>{_NO_NUMBER}{_ONE}(?:{_JOINED}{_NO_NUMBER}{_ONE})*)",
    re.I,
)
#: "K0 or KO modifier", "59 or XS modifier", in capitals.
_BEFORE_THE_WORD = re.compile(
    rf"(?<![\w.-])((?-i:[A-Z0-9]{{2}})(?:{_JOINED}(?-i:[A-Z0-9]{{2}}))*)\s+modifiers?\b", re.I
)
#: "JW vs JZ": nothing else in the text.
_ALONE = re.compile(rf"\W*({_LEVEL2}(?:\s+(?:vs\.?|versus|or)\s+{_LEVEL2})+)\W*")
#: "TB or JG", in capitals, among other words.
_CHOICE = re.compile(
    r"(?<![\w.-])([A-Z][A-Z0-9])\s+(?:or|vs\.?|versus)\s+([A-Z][A-Z0-9])(?![\w.-])"
)
#: A place of service below 10 is typed without its zero, too.
_PLACE = rf"(?:{PLACE_OF_SERVICE}|\d)(?![\w./-])"
_PLACES = re.compile(
    rf"\b(?:pos|place of service)(?:\s+codes?)?\s*[:#]?\s*({_PLACE}"
    rf"(?:\s*(?:,|/|&|\band\b|\bor\b|\bvs\.?|\bversus\b)\s*{_PLACE})*)",
    re.I,
)
#: Words of two letters, in small letters, that may follow "modifier".
_NO_MODIFIERS = frozenset(
    "an at be by do for if in is it me my no of on or so to up us vs we".split()
)
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?(?:-[A-Za-z0-9]+)*|[^\w\s]")
_A_CODE = re.compile(rf"(?:{HCPCS}|{CPT})(?P<modifiers>(?:-{MODIFIER})*)", re.I)
#: Units of a line, which stand between a code and its modifiers: "48u", "x4", "qty 2".
_OF_UNITS = re.compile(r"x?\d{1,5}(?:u|un|units?|x)?|x|u|qty|units?|quantity", re.I)
_JOINS = frozenset(", / + & - and or vs versus w with plus mod mods modifier modifiers".split())
_SIDES = frozenset({"LT", "RT"})
#: "33 on it", "can I use 59".
_CPT_ASKED = re.compile(
    r"(?<![\w.-])(?:(\d\d)\s+on\s+(?:it|the|that|this|both|either|which)\b"
    r"|(?:use|add|append|using|adding|need|needs|attach|put|w/|without)\s+(?:a\s+|an\s+|the\s+)?-?(\d\d)"
    r"(?![\w./-])(?!\s*(?:units?|mg|mcg|ml|g|x|years?|yo|days?|months?|minutes?|min)\b))",
    re.I,
)


def beside_codes(text: str, known: Known | None = None) -> list[CodeMention]:
    """The modifiers and places of service that a text names: after or before the word "modifier",
    with a code ("99213-25", "E0601 RR or NU"), after "place of service".

    Modifiers of two digits are CPT's. Beside words that are not about codes they are left to
    `cpt_modifiers`, so that the words are searched."""
    loaded = _codes_of(tuple((known or Known()).modifiers()))
    typed = [code for codes in _BEFORE_THE_WORD.findall(text) for code in _each(codes)]
    for match in _MODIFIERS.finditer(text):
        full = match["word"].lower().startswith("modifier")
        # "Mod AS" is moderate aortic stenosis.
        typed += [
            code
            for code in _each(match["codes"])
            if full or not (is_shorthand(code) or code in _spoken())
        ]
    with_codes = _with_codes(text, loaded)
    typed += with_codes
    if alone := _ALONE.fullmatch(text):
        codes = re.findall(rf"\b{_LEVEL2}\b", alone[1])
        typed += codes if loaded.issuperset(codes) else []
    for one, other in () if text.isupper() else _CHOICE.findall(text):
        if {one, other} <= loaded and not (is_shorthand(one) and is_shorthand(other)):
            typed += [one, other]
    level2 = [code for code in typed if not code.isdigit()]
    of_cpt = [code for code in typed if code.isdigit()]
    named_codes = any(_A_CODE.fullmatch(token) for token in _TOKEN.findall(text))
    rest = words_besides(_MODIFIERS.sub(" ", text))
    if not (level2 or named_codes or not rest):
        of_cpt = []
    order = [code for code in dict.fromkeys(typed) if code in level2 or code in of_cpt]
    places = [
        CodeMention(code, code.zfill(2), "pos", True, kind="place_of_service")
        for codes in _PLACES.findall(text)
        for code in re.findall(r"\d+", codes)
    ]
    ambulances = is_about_ambulances(text)
    return [_modifier(code, trip=ambulances) for code in order] + places


@lru_cache(maxsize=4)
def _codes_of(modifiers: tuple[tuple[str, str], ...]) -> frozenset[str]:
    return frozenset(code for code, _ in modifiers)


def _each(codes: str) -> list[str]:
    found = re.findall(rf"(?<!\w){MODIFIER}(?!\w)", codes, re.I)
    return [code.upper() for code in found if code not in _NO_MODIFIERS]


def cpt_modifiers(text: str) -> list[CodeMention]:
    """The modifiers of CPT that a text names by "modifier", whatever else it says."""
    found = (code for match in _MODIFIERS.finditer(text) for code in _each(match["codes"]))
    return [_modifier(code) for code in dict.fromkeys(found) if code in sections()["cpt"]]


def _modifier(code: str, *, trip: bool = False) -> CodeMention:
    """`trip`: whether the text is about an ambulance, so that the letters may be its trip."""
    system: NamedSystem = "cpt" if code.isdigit() else "hcpcs"
    reading: Reading = "trip" if trip and places_of(code) else "slip"
    loaded = system == "hcpcs"
    return CodeMention(code, code, system, loaded, kind="modifier", reading=reading)


@cache
def _spoken() -> frozenset[str]:
    """Modifiers that are everyday abbreviations, too: ER, PT, PM."""
    return frozenset(sections()["modifiers"]["spoken"].split())


def _with_codes(text: str, loaded: frozenset[str]) -> list[str]:
    """The modifiers that stand with a code of HCPCS Level II or CPT, after its units or after one
    another. In a text of capitals that has other words, only those with a hyphen."""
    tokens = _TOKEN.findall(_PLACES.sub(" ; ", text))
    codes = [_A_CODE.fullmatch(token) for token in tokens]
    if not any(codes):
        return []
    shouted = text.isupper() and any(
        re.fullmatch(r"[A-Z]{3,}", token) for token in tokens if token.lower() not in _JOINS
    )
    numbers = frozenset(sections()["cpt"])
    found: list[str] = []
    # Whether a modifier may stand here, and whether a number may be one.
    opened = numbered = False
    for at, (token, code) in enumerate(zip(tokens, codes, strict=True)):
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if code and (any(map(str.isdigit, token))):
            found += _hyphenated(code["modifiers"], loaded, numbers)
            opened, numbered = not shouted, not shouted and token[0] in "0123456789GQ"
        elif opened and _is_modifier(token, following, loaded):
            found.append(token)
            numbered = True
        elif opened and numbered and token in numbers and _ends(following):
            found.append(token)
        elif not shouted and token in loaded - _spoken() and not is_shorthand(token):
            found.append(token)  # "so KJ too?"
            opened = numbered = True
        elif token.lower() in _JOINS:
            numbered = False
        else:
            opened = opened and _OF_UNITS.fullmatch(token) is not None
            numbered = False
    found += [one or other for one, other in _CPT_ASKED.findall(text) if {one, other} & numbers]
    return list(dict.fromkeys(found))


def _hyphenated(modifiers: str, loaded: Collection[str], numbers: Collection[str]) -> list[str]:
    each = re.findall(r"\w+", modifiers.upper())
    return [one for one in each if one in loaded or one in numbers]


def _is_modifier(token: str, following: str, loaded: Collection[str]) -> bool:
    """Whether a token in the place of a modifier is one. Shorthand before a word is none: in "J0885
    RA flare" it is a disease."""
    if token not in loaded or token in _spoken():
        return False
    return not is_shorthand(token) or token in _SIDES or _ends(following, loaded)


def _ends(following: str, loaded: Collection[str] = ()) -> bool:
    """Whether no word follows that goes on with what stands before it."""
    return (
        not following[:1].isalnum()
        or following.lower() in _JOINS
        or following in loaded
        or (any(map(str.isdigit, following)) and not re.match(r"\d+(?:mg|ml)", following))
        or following.lower() in ("dx", "pos", "too", "on", "for", "denied", "same", "ok")
    )


def described_modifiers(
    text: str, known: Known, named: Sequence[CodeMention] = ()
) -> list[CodeMention]:
    """The modifiers that a question describes, the best first: of HCPCS Level II, of CPT by number,
    and of ambulances. If it does not ask for one, only beside codes of procedures, supplies or
    drugs that are `named`, and only by words that tell by themselves."""
    asked = asks_for_modifier(text)
    typed = {mention.code for mention in named if mention.kind == "modifier"}
    typed |= {mention.code for mention in cpt_modifiers(text)}
    billed = any(mention.system in ("hcpcs", "cpt") for mention in named)
    if typed and not (asked and re.search(r"\b(?:which|what)\b", text, re.I)):
        return []
    if not asked and not billed:
        return []
    found = find_modifiers(text, known.modifiers(), known.near, asked=asked)
    return [described(code, text) for code in found if code not in typed]


def described(code: str, text: str) -> CodeMention:
    """A modifier that was found by what `text` says."""
    system: NamedSystem = "cpt" if code.isdigit() else "hcpcs"
    reading: Reading = "trip" if code == trip(text) else "described"
    return CodeMention(code, code, system, system == "hcpcs", kind="modifier", reading=reading)
