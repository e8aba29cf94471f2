"""Takes a message apart that may go on from the question before it: what it says, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.desk.chatter import subject
from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.outcomes import plain
from bot.desk.intent import courtesy
from index.statement.facts import is_detail
from index.text.resources import read_words
from index.text.tokens import plain_words

#: Where a clause ends. A sign within a word or number ends none.
_ENDS = re.compile(r"[,;.?!]+(?=\s|$)|\s[-\u2013\u2014]+\s|:\s|\n")
#: Asks whether a code is still so; "right" is no side here.
_IS_RIGHT = re.compile(
    r"(?i)(?:is|was|are|would)\s+(?:that|it|this|the)\s+(?:one\s+|code\s+)?(?:be\s+)?(?:still\s+)?"
    r"(?:right|correct|ok|okay|good|the right one|the right code)(?:\s+(?:then|now|still))?"
)
_LOOSE = " ,;:.?!-*()"


@dataclass(frozen=True, slots=True)
class Message:
    """A message without the words that only tie it to what was said before.

    - `clauses`: what is left of each of its clauses; () for nothing.
    - `is_new`: whether it says that it is about something else.
    - `thanks`: whether it begins with thanks, so that what follows is of its own.
    - `asks`: whether a clause only asks for a code.
    - `corrects`, `adds`: whether it puts something right, or adds something.
    - `instead`: whether what it says stands in place of the condition before ("just a sprain").
    - `denies`: whether it says that the condition before is ruled out.
    - `confirms`: whether it says that the condition before is no longer in doubt.
    - `over`: whether it says that the condition before is over.
    - `tested`: whether a test or another opinion speaks against the condition before.
    - `benign`: whether that test was of a tumor, and it is benign.
    - `finds`, `final`: whether somebody says what it is, or what it is in the end.
    - `ties`: whether any of these or other words tie it to what was said before.
    """

    clauses: tuple[str, ...] = ()
    is_new: bool = False
    thanks: bool = False
    asks: bool = False
    corrects: bool = False
    adds: bool = False
    instead: bool = False
    denies: bool = False
    confirms: bool = False
    over: bool = False
    tested: bool = False
    finds: bool = False
    final: bool = False
    benign: bool = False
    ties: bool = False

    @property
    def text(self) -> str:
        return ", ".join(self.clauses)


def read_message(text: str, *, dated: bool) -> Message:
    """Take a message apart. `dated`: whether it had a date of service, which is not in `text`."""
    found: set[str] = set()
    if is_new := phrases.new_topic().search(text) is not None:
        text = phrases.new_topic().sub(" , ", text)
    clauses = []
    for number, clause in enumerate(_ENDS.split(text)):
        if not number and clause.lstrip().startswith("*"):
            found.add("corrects")  # as chats mark what they mend: "*left"
        if not number and _thanks(clause):
            found.add("thanks")
            continue
        for part in _parts(clause, found):
            if left := _left(part, found, dated):
                clauses.append(left)
    return Message(
        tuple(clauses),
        is_new,
        ties=bool(found - {"thanks", "asks", "leads"}),
        **{name: name in found for name in ("thanks", "asks", *_KINDS)},
    )


_KINDS = (
    "corrects",
    "adds",
    "instead",
    "denies",
    "confirms",
    "over",
    "tested",
    "finds",
    "final",
    "benign",
)
_WHOLE = ("denies_all", "confirms", "over")


def _parts(clause: str, found: set[str]) -> list[str]:
    """A clause in plain words; as it is where it is a phrase of a list."""
    bare = clause.strip(_LOOSE)
    return (
        [clause]
        if any(map(lambda n: phrases.whole(n).fullmatch(bare), _WHOLE))
        else plain(clause, found)
    )


def _left(clause: str, found: set[str], dated: bool) -> str:
    """What is left of a clause without words that tie it; `found` gets the lists of those."""
    left = clause.strip(_LOOSE)
    if left.lower() in ("no", "nope"):
        found.add("corrects")
        return ""
    for name in _WHOLE:
        if phrases.whole(name).fullmatch(left):
            found.add("denies" if name == "denies_all" else name)
            return ""
    before, begun = set(found), True
    while begun:
        begun = False
        name, match = phrases.longest_at_start(("corrects", "adds", "instead", "leads"), left)
        if match is not None:
            found.add(name)
            left, begun = left[match.end() :], True
        if begun and phrases.whole("over").fullmatch(left):
            found.add("over")
            return ""
    if _only_asks(left):
        found.add("asks")
        return ""
    for name in ("adds", "corrects", "instead"):
        if match := phrases.at_end(f"{name}_after").search(left):
            found.add(name)
            left = left[: match.start()]
    if _is_detail(left):  # "left knee only" leaves the condition as it is
        found -= {"instead"} - before
    left = subject(left).strip(_LOOSE)
    if dated and phrases.words("of_dates").issuperset(plain_words(left)):
        return ""
    return left


def _is_detail(text: str) -> bool:
    sites = phrases.words("sites")
    return all(is_detail(word) or word in sites for word in plain_words(text))


def _thanks(clause: str) -> bool:
    """Whether a clause is thanks: "perfect thx"."""
    words = clause.split()
    return courtesy(clause) == "thanks" or (
        bool(words) and all(courtesy(word) == "thanks" for word in words)
    )


def _only_asks(clause: str) -> bool:
    """Whether a clause does nothing but ask for a code: "so what do i use then"."""
    if _IS_RIGHT.fullmatch(clause):
        return True
    said = plain_words(clause)
    asking = read_words("chatter")["asking"].split() + read_words("codes")["about"].split()
    openers = read_words("chatter")["openers"].split()
    opens = not {*said[:2]}.isdisjoint(openers)
    telling = phrases.words("of_validity")
    if phrases.words("also_clinical").issuperset(said):
        return False
    return (opens or not telling.isdisjoint(said)) and not set(said) - {
        *asking,
        *telling,
        *phrases.words("asking"),
    }
