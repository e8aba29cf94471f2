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

_Marker = Literal["initial", "subsequent", "sequela", "encounter"]

_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


def _is_cut(word: str, whole: str, head: str) -> bool:
    """Whether a word is what is left of `whole` when letters are dropped but for its head."""
    if not word.startswith(head):
        return False
    rest = iter(whole)
    return all(letter in rest for letter in word)


@lru_cache(maxsize=4096)
def _marker(word: str) -> _Marker | None:
    """Which word of an encounter a word is cut from or misspells; None for any other word."""
    if _is_cut(word, "initial", "ini") or word in ("intial", "inital", "intl"):
        return "initial"
    if _is_cut(word, "subsequent", "subs") or _is_cut(word, "subsequent", "sbsq"):
        return "subsequent"
    if word[0] == "s" and "q" in word and "l" in word and len(word) <= 9:
        return "sequela" if set(word) <= set("sequelae") else None
    if _is_cut(word, "encounter", "enc") or word == "encnter":
        return "encounter"
    return None


#: What is cut to "subs" besides "subsequent": "drug/meds/bio subs" are substances.
_SUBSTANCE = re.compile(r"(?:bio|biol|biological|drugs?|meds?|chem|toxic|oth|other)[ /]$")


def _markers(text: str) -> list[tuple[re.Match[str], _Marker | None]]:
    """The words of a folded text, each with the word of an encounter that it is cut from."""
    words = list(_WORD.finditer(text))
    markers = [_marker(word[0]) for word in words]
    for at, word in enumerate(words):
        is_encounter = at + 1 < len(words) and markers[at + 1] == "encounter"
        if word[0] == "subs" and not is_encounter and _SUBSTANCE.search(text[: word.start()]):
            markers[at] = None
        elif word[0] == "sub" and is_encounter:
            markers[at] = "subsequent"
    return list(zip(words, markers, strict=True))


#: Care after active treatment (I.C.19.a): follow-up, or an aid or stitch that is looked at or
#: taken away. To suture or cast a wound is active treatment.
_AFTERWARDS = re.compile(
    r"\b(?:f/u|fu|f-u|flup|follow(?:ing)?[ -]?up|followup|re-?check(?:ed|s)?|re-?eval\w*|aftercare"
    r"|rehab(?:ilitation)?|recover(?:y|ing)|(?:wound|healing|cast|splint) (?:check|ck|chk)"
    r"|(?:suture|staple|stitche?|cast|splint|pin|hardware)s? (?:change|removal|removed|off|out)"
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
    (
        "nonunion",
        re.compile(
            r"\b(?:non-?union|no union|not united|failed to unite|ununited|not? heal(?:ed|ing)?)\b"
        ),
    ),
    ("malunion", re.compile(r"\b(?:mal-?union|malunited)\b")),
    (
        "delayed",
        re.compile(r"\bdel(?:ayed)? (?:heal(?:ing)?|union)\b|\bslow(?:ly)? (?:to heal|healing)\b"),
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
    said = [marker for _, marker in _markers(text) if marker]
    for phase in reversed(said):
        if phase != "encounter":
            return phase
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


#: Words of a fracture. Its healing, and whether it is open, choose the seventh character.
_FRACTURE = re.compile(r"\b(?:fxs?|frac\w*|fxr|physeal|physl|collapsed vert\w*)\b")
_OF_A_FRACTURE = re.compile(
    r"(?i)[,;]?\s*(?:\bw/\s?|\bwith )?\b(?:(?:del(?:ayed)?|rout(?:ine)?|rt|rtn) heal(?:ing)?"
    r"|non-?union|mal-?union|(?:open|closed|compound)\b(?! reduction| treatment)"
    r")\b"
)
_TYPE = re.compile(
    r"(?i)\b(?:gustilo )?(?:anderson )?(?:type|grade|gr) (?:i{1,3}|[123])[ -]?[abc]?\b|\bgustilo\b"
)
#: Injuries, whose care afterwards is told by the seventh character and not by a code for
#: follow-up (I.C.19.a, I.C.21.c.7).
_INJURY = re.compile(
    r"\b(?:fxs?|frac\w*|fxr|sprain\w*|strain\w*|lac|lacs|lacer\w*|lacrtn|dislocation|disloc"
    r"|contusion|abrasion|burns?|puncture|inj(?:ury|uries)?|wound)\b"
)
_FOLLOW_UP = re.compile(
    r"(?i)\b(?:f/u|fu|follow[ -]?up|re-?check|re-?eval)(?: (?:visit|exam|appt|of|for|on))*\b"
    r"|\bhealing(?: (?:well|fine|ok|good|nicely|appropriately))?\b"
    r"|\b(?:first|1st) (?:visit|encounter|enc)\b"
)


#: Services, whose titles say whether they are initial or subsequent.
_SERVICE = re.compile(
    r"consult|\b(?:mins?|minutes?|hospital care|telehealth|assessment|evaluation)\b"
)


def without_encounter(text: str) -> str:
    """A text without the words that only say which encounter it is ("init encntr", "subsq"), for
    the search of a family of codes, whose titles do not have them.

    "Sequela" stays, because it may be a condition of its own. So do "initial" and "subsequent" in
    full, unless "encounter" follows ("subsequent MI", "pills, initial"). Returns the text itself
    when nothing else is in it.
    """
    folded = fold(text)
    if _SERVICE.search(folded):
        return text
    kept: list[str] = []
    at = 0
    # Where folding changes the length of a text, its places are not those of the words.
    words = _markers(folded) if len(folded) == len(text) else []
    after = [*(marker for _, marker in words[1:]), None][: len(words)]
    dropped = False
    for (word, marker), following in zip(words, after, strict=True):
        is_cut = word[0] not in ("initial", "subsequent")
        dropped = (marker == "encounter" and dropped) or (
            marker in ("initial", "subsequent") and (is_cut or following == "encounter")
        )
        if dropped:
            kept.append(text[at : word.start()])
            at = word.end()
    rest = "".join([*kept, text[at:]])
    if _FRACTURE.search(folded):
        rest = _OF_A_FRACTURE.sub(" ", rest)
        if _OPEN.search(folded) and "salter" not in folded:
            rest = _TYPE.sub(" ", rest)
    if _INJURY.search(folded):
        rest = _FOLLOW_UP.sub(" ", rest)
    rest = rest.strip(" ,;:-")
    return rest if _WORD.search(rest.lower()) else text
