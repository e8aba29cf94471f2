"""What a text says of the encounter: active treatment, care afterwards or a sequela, and of a
fracture how it heals and whether it is open.

Questions and titles are read by the same rules, so that the ending of a title ("subsequent
encounter for open fracture type I or II with nonunion") can be compared with the shorthand of an
encounter form ("subsq, open type II, nonunion"). Official Guidelines I.C.19.a and I.C.19.c.1 say
which seventh character is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.text.tokens import fold

Phase = Literal["initial", "subsequent", "sequela"]
Healing = Literal["routine", "delayed", "nonunion", "malunion"]
#: "open" is type I or II of Gustilo, and an open fracture of no stated type; "open III" is type
#: IIIA, IIIB or IIIC (I.C.19.c.1).
Openness = Literal["closed", "open", "open III"]

_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


def _is_cut(word: str, whole: str, head: str) -> bool:
    """Whether a word is what is left of `whole` when letters are dropped but for its head."""
    if not word.startswith(head):
        return False
    rest = iter(whole)
    return all(letter in rest for letter in word)


@lru_cache(maxsize=4096)
def _marker(word: str) -> str:
    """Which word of an encounter a word is cut from or misspells: initial, subsequent, sequela or
    encounter; "" for any other word."""
    if _is_cut(word, "initial", "ini") or word in ("intial", "inital", "intl"):
        return "initial"
    if _is_cut(word, "subsequent", "subs") or _is_cut(word, "subsequent", "sbsq"):
        return "subsequent"
    if word[0] == "s" and "q" in word and "l" in word and len(word) <= 9:
        return "sequela" if set(word) <= set("sequelae") else ""
    if _is_cut(word, "encounter", "enc") or word == "encnter":
        return "encounter"
    return ""


#: What is cut to "subs" besides "subsequent": "drug/meds/bio subs" are substances.
_SUBSTANCE = frozenset("bio biol biological drug drugs med meds chem toxic other oth".split())
#: Care after active treatment (I.C.19.a): follow-up, or an aid or stitch that is looked at or
#: taken away. To suture or cast a wound is active treatment.
_AFTERWARDS = re.compile(
    r"\b(?:f/u|fu|f-u|flup|follow(?:ing)?[ -]?up|followup|re-?check(?:ed|s)?|re-?eval\w*|aftercare"
    r"|rehab(?:ilitation)?|recover(?:y|ing)|(?:wound|healing|cast|splint) (?:check|ck|chk)"
    r"|(?:suture|staple|stitch|cast|splint|pin|hardware)s? (?:change|removal|removed|off|out)"
    r"|(?:remove|removal of|change of) (?:the )?(?:suture|staple|stitch|cast|splint)(?:s|es)?"
    r"|in (?:a )?cast|casted|(?:weeks?|wks?|months?|mos?) (?:out|post injury|after injury))\b"
)
#: Active treatment, whoever sees the patient for it.
_ACTIVE = re.compile(
    r"\b(?:(?:still )?(?:under|in|on|receiving|getting|undergoing )?active (?:treatment|tx|trtmt)"
    r"|1st (?:visit|encounter|enc)|first (?:visit|encounter|enc)|new injury)\b"
)
_SEQUELA = re.compile(r"\b(?:late[ -]?eff(?:ect)?s?|residuals?|residual effects?)\b")
#: A condition of long ago. "Old" beside an age, or in "3 yo old man", says nothing of it.
_OLD = re.compile(
    r"(?<!year )(?<!years )(?<!yr )(?<!yrs )(?<!y )(?<!yo )(?<!month )(?<!months )(?<!mo )"
    r"(?<!week )(?<!weeks )(?<!wk )(?<!wks )(?<!day )(?<!days )(?<!year-)(?<!yr-)(?<!month-)"
    r"(?<!week-)(?<!day-)(?<!d )\bold\b"
    r"(?! (?:man|woman|male|female|lady|gentleman|age|pt|patient)\b)"
)
_HEALING: Sequence[tuple[Healing, re.Pattern[str]]] = (
    ("nonunion", re.compile(r"\b(?:non-?union|not united|failed to unite|ununited)\b")),
    ("malunion", re.compile(r"\b(?:mal-?union|malunited)\b")),
    (
        "delayed",
        re.compile(r"\bdel(?:ayed)? (?:heal(?:ing)?|union)\b|\bslow (?:to heal|healing)\b"),
    ),
    ("routine", re.compile(r"(?<!non-)(?<!non )(?<!not )\bheal(?:ing|s)?\b|\bhealed well\b")),
)
_TYPE_III = re.compile(r"\b(?:type|grade|gr|gustilo|class)\s*(?:iii|3)\s*[abc]?\b|\biii[abc]\b")
_OPEN = re.compile(
    r"\bopen\b(?! reduction| treatment| approach|[ -]angle)|\bcompound\b|\bgustilo\b"
)
_CLOSED = re.compile(r"\bclosed\b(?! reduction| treatment| head|[ -]angle)")


@dataclass(frozen=True, slots=True)
class Encounter:
    """What a text says of the encounter. None: it does not say."""

    phase: Phase | None = None
    healing: Healing | None = None
    openness: Openness | None = None

    @property
    def says(self) -> bool:
        return self != _NOTHING


_NOTHING = Encounter()


@lru_cache(maxsize=4096)
def read_encounter(text: str) -> Encounter:
    """Read the encounter out of a question or the ending of a title. "Post op" says nothing:
    active treatment of a complication of surgery is an initial encounter (I.C.19.a)."""
    text = fold(text)
    healing = next((kind for kind, pattern in _HEALING if pattern.search(text)), None)
    return Encounter(_phase(text, healing), healing, _openness(text))


def _phase(text: str, healing: Healing | None) -> Phase | None:
    """A word of the form decides, the last of several; then what happens at the encounter; then
    how the fracture heals; then "old"."""
    said: Phase | None = None
    before = ""
    for word in _WORD.findall(text):
        marker = _marker(word)
        if marker == "subsequent" and before in _SUBSTANCE and word == "subs":
            marker = ""
        if marker == "initial" or marker == "subsequent" or marker == "sequela":
            said = marker  # type: ignore[assignment]
        before = word
    if said:
        return said
    if _ACTIVE.search(text):
        return "initial"
    if _SEQUELA.search(text):
        return "sequela"
    if healing or _AFTERWARDS.search(text):
        return "subsequent"
    return "sequela" if _OLD.search(text) else None


def _openness(text: str) -> Openness | None:
    if _OPEN.search(text):
        return "open III" if _TYPE_III.search(text) else "open"
    return "closed" if _CLOSED.search(text) else None


#: Words of a fracture, whose healing belongs to the encounter and not to what is broken.
_FRACTURE = re.compile(r"\b(?:fxs?|frac\w*|fxr|physeal|physl|collapsed vert\w*)\b")
_HEALING_SAID = re.compile(
    r"(?i)[,;]?\s*(?:\bw/\s?|\bwith )?\b(?:(?:del(?:ayed)?|rout(?:ine)?|rt|rtn) heal(?:ing)?"
    r"|non-?union|mal-?union|healing)\b"
)


def without_encounter(text: str) -> str:
    """A text without the words that only say which encounter it is ("init encntr", "subsq"), for
    the search of a family of codes, whose titles do not have them.

    "Sequela" stays, because it may be a condition of its own. So do "initial" and "subsequent" in
    full, unless "encounter" follows ("subsequent MI", "pills, initial"). Returns the text itself
    when nothing else is in it.
    """
    kept: list[str] = []
    at = 0
    words = list(_WORD.finditer(fold(text))) if len(fold(text)) == len(text) else []
    markers = [_marker(word[0]) for word in words]
    skip = False
    for place, (word, marker) in enumerate(zip(words, markers, strict=True)):
        after = markers[place + 1] if place + 1 < len(words) else ""
        before = words[place - 1][0] if place else ""
        if skip:
            skip, drop = False, True
        elif marker in ("initial", "subsequent"):
            drop = after == "encounter" or word[0] not in ("initial", "subsequent")
            drop = drop and not (word[0] == "subs" and before in _SUBSTANCE)
            skip = after == "encounter"
        else:
            drop = False
        if drop:
            kept.append(text[at : word.start()])
            at = word.end()
    rest = "".join([*kept, text[at:]])
    if _FRACTURE.search(fold(text)):
        rest = _HEALING_SAID.sub("", rest)
    rest = rest.strip(" ,;:-")
    return rest if _WORD.search(rest) else text
