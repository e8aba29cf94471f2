"""Whether a text says that a tear, a rupture or a bleeding is of no injury. Such a one has its code
in the chapter of its organ, and none of chapter 19 (the Alphabetic Index at "Tear, rotator cuff
(nontraumatic)" and "Rupture, tendon, nontraumatic")."""

from __future__ import annotations

import re

_NOT = re.compile(
    r"\b(?:non-? ?traumatic|a-?traumatic|not (?:a |due to |from |caused by )?(?:trauma|injury)\w*"
    r"|(?:no|without|w/o|denies) (?:any |known |hx of |history of |recent )*(?:trauma|injury))\b",
    re.I,
)
#: What comes by itself or with age: said of a tear or rupture, and of nothing else.
_BY_ITSELF = r"(?:degenerative|degenerated|spontaneous|chronic|old|attritional)"
_TEAR = r"(?:tear|tears|torn|rupture|ruptures|ruptured)"
_TORN = re.compile(rf"\b{_TEAR}\b", re.I)
_WORN = re.compile(
    rf"\b{_BY_ITSELF}\b(?:[ ,/-]+[\w/]+){{0,5}}[ ,]+{_TEAR}\b"
    rf"|\b{_TEAR}\b[ (-]+(?:\w+ ){{0,4}}{_BY_ITSELF}\b",
    re.I,
)
#: What may be of an injury or not. A fracture without trauma is none of these.
_MAY_BE = re.compile(
    rf"\b(?:{_TEAR}|rotator|sdh|sah|h(?:a)?ematoma|hemorrhage|compartment|dissection)\b", re.I
)
#: A perineum is torn in delivery, and the aorta and eardrum by themselves: no search needs help.
_ELSEWHERE = re.compile(r"\b(?:fx|frac\w*|perine\w*|obstetric\w*|deliver\w*)\b", re.I)


def is_not_of_injury(text: str) -> bool:
    """Whether a text tells of something that is torn or bleeds, and says that no injury did it."""
    if not _MAY_BE.search(text) or _ELSEWHERE.search(text):
        return False
    return bool(_NOT.search(text) or _WORN.search(text))


#: A worn meniscus is deranged by an old tear (the Alphabetic Index at "Tear, meniscus, old").
_MENISCUS = re.compile(r"\bmenisc\w*|\b(?:mmt|lmt)\b", re.I)
_KIND = re.compile(rf"\b(?:non-? ?traumatic|a-?traumatic|{_BY_ITSELF})\b[ ,-]*", re.I)
_TENDON = re.compile(r"\b(?:tendon\w*|achilles|biceps|quad\w*|extensor|flexor|patellar)\b", re.I)
#: Tendons by what titles of M66 call them.
_AS_TITLES = tuple(
    (re.compile(pattern, re.I), words)
    for pattern, words in (
        (r"\bachilles(?: tendon)?\b", "other tendon lower leg"),
        (r"\bbiceps(?: tendon)?\b", "other tendon upper arm"),
        (r"\bquad\w*(?: tendon)?\b", "extensor tendon thigh"),
        (r"\bpatellar?(?: tendon)?\b", "extensor tendon lower leg"),
    )
)


def in_title_words(text: str) -> str:
    """A text of a tear without injury in the words of titles, other texts as they are."""
    if not is_not_of_injury(text) or not _TORN.search(text):
        return text
    if _MENISCUS.search(text):
        return "derangement due to old " + _KIND.sub("", _NOT.sub("", text)).strip(" ,;")
    if _TENDON.search(text) and "rotator" not in text.lower():
        rest = _TORN.sub("rupture", _KIND.sub("", _NOT.sub("", text)), count=1)
        for tendon, words in _AS_TITLES:
            rest = tendon.sub(words, rest)
        return "spontaneous " + rest.strip(" ,;")
    return text
