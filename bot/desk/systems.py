"""Tells which code systems the words of a question speak for.

A device is put in (a procedure), gives trouble or is looked after (a diagnosis), or is sent home (a
supply): the words around it decide. So words are sorted into kinds, and rules say what kinds that
stand together are worth. Both are data, in prompts/intents/systems.toml. What the search finds in
each system decides together with them (bot/desk/system_choice.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from bot.desk import icd11_mentions
from codesets.model import US_SYSTEMS, System
from index.pcs.phrases import operations_in, without_reason
from index.text.lexicon import DRUG, DRUG_CLASS, GOODS, ROUTE, Lexicon, Part
from index.text.resources import read_text
from index.text.tokens import STOPWORDS, plain_words

#: Names of systems in a question. "3 pcs" are three pieces.
_NAMES: dict[System, re.Pattern[str]] = {
    "icd10pcs": re.compile(r"icd-?\s?10-?\s?pcs|(?<!\d)(?<!\d )\bpcs\b"),
    "hcpcs": re.compile(r"\bhcpcs\b"),
    "cpt": re.compile(r"(?<!of )(?<!not )(?<!no )\bcpt\b"),
    "icd11": icd11_mentions.NAME,
}


#: A diagnosis that is asked for beside another system: "dx and cpt", "cpt/icd-10".
_A_DIAGNOSIS = r"(?:dx|diagnos[ie]s|icd-?\s?10(?:-?\s?cm)?|icd)(?:\s+codes?)?"
_ANOTHER = r"(?:the\s+)?(?:cpt|hcpcs|procedure\s+codes?)"
_JOINED = r"\s*(?:\band\b|\bplus\b|\bwith\b|&|\+|/|,|\bor\b)\s*"
_BOTH = re.compile(
    rf"\b{_A_DIAGNOSIS}{_JOINED}{_ANOTHER}\b|\b{_ANOTHER}(?:\s+codes?)?{_JOINED}{_A_DIAGNOSIS}\b"
)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(read_text("intents", "systems.toml"))


#: A word of a question: "s/p", "follow-up", "won't".
_WORD = re.compile(r"[a-z0-9]+(?:[/'&.-][a-z0-9]+)*")


@cache
def _kinds() -> dict[tuple[str, ...], frozenset[str]]:
    """Each phrase of the kinds, as its words -> the kinds that have it. A question is looked up in
    this by its words: patterns of all phrases would take ten times as long."""
    kinds: dict[tuple[str, ...], set[str]] = {}
    for name, phrases in _data()["kinds"].items():
        for phrase in phrases.split(","):
            if words := tuple(_WORD.findall(phrase)):
                kinds.setdefault(words, set()).add(name)
    return {words: frozenset(names) for words, names in kinds.items()}


@cache
def _beginnings() -> dict[str, int]:
    """The first word of each phrase -> the number of words of the longest one with it."""
    longest: dict[str, int] = {}
    for words in _kinds():
        longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return longest


@cache
def _known() -> frozenset[str]:
    """The words of all phrases."""
    return frozenset(word for words in _kinds() for word in words)


def _words_of(text: str) -> list[str]:
    """The words of a text in lower case. Words joined by a hyphen or a slash are taken apart unless
    the whole is in a phrase."""
    return [
        part
        for word in _WORD.findall(text)
        for part in ([word] if word in _known() else re.split(r"[/&.-]", word))
    ]


def _phrases_in(words: Sequence[str]) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Each phrase of the kinds in `words`, with an "s" or without: the place of its first word, of
    the word behind the last, and its kinds."""
    kinds, beginnings = _kinds(), _beginnings()
    for at, word in enumerate(words):
        longest = max(beginnings.get(word, 0), beginnings.get(word.removesuffix("s"), 0))
        for count in range(1, min(longest, len(words) - at) + 1):
            *first, last = words[at : at + count]
            for ending in {last, last.removesuffix("s")}:
                if found := kinds.get((*first, ending)):
                    yield at, at + count, found


@dataclass(frozen=True, slots=True)
class Said:
    """What the words of a question say about the system.

    - `named`: the systems that it names outright; () for none.
    - `kinds`: the kinds of words that it has (prompts/intents/systems.toml).
    - `points`: what the kinds that stand together are worth for each system, in log odds.
    """

    named: tuple[System, ...]
    kinds: frozenset[str]
    points: Mapping[System, float]

    @property
    def is_of_a_diagnosis(self) -> bool:
        """Whether nothing in the words speaks for any system but ICD-10-CM."""
        sold = frozenset(_data()["sold"].split())
        return not (self.named or self.kinds & (sold | _OF_PROCEDURES))

    @property
    def is_inpatient(self) -> bool:
        """Whether the words are about an inpatient."""
        return "inpatient" in self.kinds

    @property
    def speaks(self) -> bool:
        """Whether the words show that the question is about codes."""
        return any(kinds <= self.kinds for kinds in _speaking())


@lru_cache(maxsize=256)
def said(text: str) -> Said:
    """What the words of a question say about the code system that it means."""
    typed = " ".join(text.split())
    lowered = typed.lower()
    named = tuple(system for system, name in _NAMES.items() if name.search(lowered))
    if named and _BOTH.search(lowered):
        named = ("icd10cm", *named)
    kinds = frozenset(_kinds_in(typed, lowered))
    return Said(named, kinds, _points(kinds))


def _kinds_in(typed: str, lowered: str) -> Iterator[str]:
    lexicon = Lexicon.shipped()
    parts = lexicon.parts(lexicon.typed(typed))
    for _, _, kinds in _phrases_in(_words_of(lowered)):
        yield from kinds - _OF_THE_REST
    # In "wound vac" the wound is part of a supply, and in "tube for a leak" the leak is the reason.
    rest = " ".join(word for part in parts if part.kind not in GOODS for word in part.typed)
    words = _words_of(without_reason(rest) or rest)
    found = list(_phrases_in(words))
    devices = {at for first, end, kinds in found if "device" in kinds for at in range(first, end)}
    for first, end, kinds in found:
        if not devices.issuperset(range(first, end)):  # a pain pump is no pain
            yield from kinds & _OF_THE_REST
    if any(part.kind in GOODS for part in parts):
        yield "goods"
    if any(part.kind == DRUG and part.means for part in parts):
        yield "drug"
        if _only_a_drug(parts, lexicon):
            yield "drug_only"
    if any(part.kind == DRUG_CLASS for part in parts):
        yield "drug_class"
    if _doses().search(lowered):
        yield "dose"
    if _given().search(lowered) and re.search(r"\binject|\binfus", lowered):
        yield "given"
    if _OPERATING_ROOM.search(typed):
        yield "inpatient"
    if _SURGICAL.search(lowered):
        yield "surgical"
    yield from _operations(lowered)


#: Endings that only names of operations have.
_SURGICAL = re.compile(r"\w{3}(?:ectomy|otomy|ostomy|plasty|oscopy|centesis|pexy|rrhaphy)\b")
#: Kinds that are not looked for in the name of a supply.
_OF_THE_REST = frozenset({"state", "visit", "trouble", "condition", "behavior"})
#: "OR" in capitals is the operating room, unless the whole question is in capitals.
_OPERATING_ROOM = re.compile(r"\b(?:in|to|from|the|via)\s+(?:the\s+)?OR\b")


def _only_a_drug(parts: Sequence[Part], lexicon: Lexicon) -> bool:
    """Whether a text has only a drug and how it is given: "zofran iv 4mg", "procrit for esrd"."""
    how = {*_data()["doses"]["beside"].split(), *lexicon.words_of_drugs, *STOPWORDS}
    return all(part.kind in (DRUG, ROUTE) or how.issuperset(part.typed) for part in parts)


@cache
def _doses() -> re.Pattern[str]:
    units = "|".join(map(re.escape, _data()["doses"]["units"].split()))
    return re.compile(rf"\d\s*(?:{units})\b")


@cache
def _given() -> re.Pattern[str]:
    given = "|".join(_data()["doses"]["given"].split())
    return re.compile(rf"\b[a-z]{{4,}}\s+(?:{given})\b")


# Operations, and what is said of them

#: The words before an operation that say that it is past, that somebody comes for it, or that it is
#: the reason for something else; a comma ends their reach.
_MODES = {
    "past": re.compile(
        r"\b(?:after|following|post|since|from|s/p|sp|status|history of|hx of|hx|h/o|previous|prior"
        r"|old|complicat\w+|due to|d/t|2/2|secondary to|p)(?=\s|$)"
    ),
    "of": re.compile(r"\bof(?=\s)"),
    "planned": re.compile(
        r"\b(?:(?:here|in|presents?|presenting|comes?|came|coming|scheduled|cleared|clearance|preop"
        r"|pre-op|waiting|awaiting|candidate|consult|eval\w*|visit|counsel\w*)\s+(?:in\s+)?"
        r"(?:today\s+)?for|needs?|wants?|refus\w+|declin\w+|awaiting|planned)(?=\s|$)"
    ),
    "seen": re.compile(
        r"\b(?:on|by|per|shows?|showed|showing|seen on)"
        r"(?=\s+(?:ct|cxr|xr|x-?rays?|mri|us|ultrasound|echo|ekg|ecg|egd|colonoscopy|scan|imaging"
        r"|mammo\w*|bx|biopsy|pet|tee|tte|eeg|emg|cath|film)\b)"
    ),
    "reason": re.compile(r"\b(?:for|because of|bc|b/c)(?=\s|$)"),
}
_BREAKS = re.compile(r"[,;:.?!](?=\s|$)|\s-+\s")


def _operations(lowered: str) -> Iterator[str]:
    """The kinds operation, past, planned, seen, reason and opens, of a question in lower case."""
    for clause in _BREAKS.split(lowered):
        cuts = sorted(
            (match.start(), match.end(), mode)
            for mode, pattern in _MODES.items()
            for match in pattern.finditer(clause)
        )
        mode, start, some = "operation", 0, False
        for begin, end, after in [*cuts, (len(clause), len(clause), "")]:
            if begin >= start:
                named = _named(clause[start:begin])
                # Something of a bypass is told of it, but not a revision of a bypass.
                mode = ("operation" if some else "past") if mode == "of" else mode
                some = some or bool(named)
                if "operation" in named or (named and mode == "past"):
                    yield mode
                if named:
                    yield "opens"
                mode, start = after, end


def _named(text: str) -> set[str]:
    """What is named in a text: an operation, or a device that may be its object."""
    words = plain_words(text.replace("b/l", "bilateral"))
    phrases = {" ".join(words[first:last]) for first, last in operations_in(words)}
    phrases -= _listed("conditions")
    devices = phrases & _listed("devices")
    return ({"operation"} if phrases - devices else set()) | ({"device"} if devices else set())


@cache
def _listed(name: str) -> frozenset[str]:
    """A list of phrases of vocabulary/procedures.tsv that are no operations by themselves."""
    return frozenset(" ".join(plain_words(phrase)) for phrase in _data()[name].split(","))


# What the kinds are worth

#: A system that is this far behind another one by the words is not searched.
_BEHIND = 6.0
#: Systems that are ahead by this much are what the words ask for.
_AHEAD = 3.0
#: From these points on, the words speak for a system.
_SPEAKS = 1.5
#: Kinds without which a question is about no procedure.
_OF_PROCEDURES = frozenset("operation past planned seen reason opens manner inpatient".split())
_PROCEDURES: frozenset[System] = frozenset({"icd10pcs", "cpt"})


@cache
def _speaking() -> list[frozenset[str]]:
    return [frozenset(kinds.split()) for kinds in _data()["speaks"]]


@cache
def _rules() -> list[tuple[frozenset[str], frozenset[str], dict[System, float]]]:
    return [
        (frozenset(rule["when"].split()), frozenset(rule.get("unless", "").split()), rule["points"])
        for rule in _data()["rules"]
    ]


def _points(kinds: frozenset[str]) -> dict[System, float]:
    """The points of each system that the question may be about."""
    of_procedures = bool(kinds & _OF_PROCEDURES)
    points: dict[System, float] = {
        system: 0.0 for system in US_SYSTEMS if of_procedures or system not in _PROCEDURES
    }
    if "cpt" in kinds:
        points["cpt"] = 0.0
    for when, unless, worth in _rules():
        if when <= kinds and not unless & kinds:
            for system, value in worth.items():
                if system in points:
                    points[system] += value
    return points


def asked_for(words: Said) -> list[System]:
    """The systems that the words of a question ask for; [] for all, where they do not decide."""
    if words.named:
        return list(words.named)
    best = max(words.points.values())
    ahead = [system for system, value in words.points.items() if value > best - _AHEAD]
    return ahead if len(ahead) < len(words.points) and best >= _AHEAD else []


def likeliest(words: Said) -> list[System]:
    """The systems that the words speak for most; [] where they speak for none."""
    if words.named:
        return list(words.named)
    best = max(words.points.values())
    return [s for s, value in words.points.items() if value >= best] if best >= _SPEAKS else []


def to_search(words: Said, loaded: Sequence[System]) -> list[System]:
    """The loaded systems to search, the likeliest by the words first. ICD-10-PCS is searched only
    where a procedure may be meant: its 79,000 titles would crowd out everything else."""
    if words.named:
        return [system for system in loaded if system in words.named]
    points = {system: words.points[system] for system in loaded if system in words.points}
    if not points:
        return list(loaded)
    best = max(points.values())
    return sorted((s for s in points if points[s] > best - _BEHIND), key=lambda s: -points[s])


def missing(asked: Sequence[System], loaded: Container[str]) -> Sequence[System]:
    """The systems in `asked`, if none of them is loaded; else []."""
    return [] if any(system in loaded for system in asked) else asked
