"""What people ask, in shares as in use: single phrases, statements, checks of codes, doses,
denials, follow-ups in a thread, pasted lists. Drawn with a seed, so that two runs ask the same.

The texts come from the folder BENCH_DATA, in the layout that docs/EVALUATION.md describes, by the
columns that a file has; what it lacks, or all without such a folder, is in the lists below.
"""

from __future__ import annotations

import bisect
import csv
import itertools
import os
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("BENCH_DATA") or ROOT.parent / "shared" / "eval")

Kind = Literal["phrase", "statement", "verdict", "dose", "denial", "follow-up", "list"]
Surface = Literal["mention", "dm", "slash"]

#: The share of each kind, and of each surface. They are assumptions of ours: nobody has published
#: what coders ask of such a bot. `--shares` and `--surfaces` change them.
SHARES: dict[Kind, float] = {
    "phrase": 0.30,
    "statement": 0.20,
    "verdict": 0.25,
    "dose": 0.05,
    "denial": 0.05,
    "follow-up": 0.10,
    "list": 0.05,
}
SURFACES: dict[Surface, float] = {"mention": 0.4, "dm": 0.3, "slash": 0.3}

#: The exponent of Zipf's law for people and channels: the nth asks n**-0.6 as often as the first.
#: With more, the busiest channel alone would meet Slack's limit of a message a second.
EXPONENT = 0.6

BUILT_IN: dict[str, Sequence[str]] = {
    "phrase": (
        "left knee OA", "t2dm with ckd 3b", "copd exacerbation", "gout R great toe", "hyperkalemia",
        "carpal tunnel syndrome, right", "iron deficiency anemia", "acute appendicitis",
        "migraine with aura, not intractable", "closed fx distal radius left, initial",
        "hypothyroidism after thyroidectomy", "folding walker with wheels",
    ),
    "statement": (
        "htn and ckd 3b, no heart failure, which codes?",
        "t2dm with neuropathy, on lantus and metformin",
        "fell on ice in the driveway, closed fx distal radius right, ED today",
        "copd with acute bronchitis, still smokes a pack a day",
        "pneumonia due to e coli with sepsis, no shock",
        "fever and cough, flu ruled out, no pneumonia on xray",
    ),
    "verdict": (
        "E11.22", "E11.9", "I10", "I12.9", "N18.32", "J44.1", "J45.41", "S52.502A", "M17.11",
        "F33.1", "G43.109", "K57.32", "L03.116", "H40.1132", "Z12.31", "D50.0", "B18.2", "N39.0",
        "E11.2", "S52.502", "G35", "J1885", "E0143", "G0439",
    ),
    "dose": (
        "ceftriaxone 1 g im, units?", "ketorolac 60 mg im, code and units",
        "botox 155 units for chronic migraine, how many units to bill",
    ),
    "denial": (
        "CO-97 N19 on 20610-59", "CO-16 M76", "PR-1 deductible", "CO-50 N115 on G0439",
        "denied CO-11, 20610 with M17.11", "CO-18 duplicate", "CO-29 timely filing",
        "CO-4 modifier 25 missing on 99213",
    ),
}  # fmt: skip
_CONVERSATIONS = (
    ("left knee OA", "what about the right?"),
    ("ckd", "stage 3b"),
    ("sciatica", "left side"),
    ("anemia", "due to ckd stage 4"),
    ("closed fx distal radius", "left, initial encounter"),
)
_CHECKS = ("is {} billable", "{} valid dos 11/3/26?", "{}")


@dataclass(frozen=True, slots=True)
class Question:
    """A question to ask. `follow_up`: what the same person asks in the thread once it is answered;
    "" for nothing. `user` and `channel` are those of a workspace."""

    kind: Kind
    surface: Surface
    text: str
    user: str
    channel: str
    follow_up: str = ""
    #: The ts of the message that began the thread; "" outside threads.
    thread: str = ""


class Texts:
    """The texts of each kind."""

    def __init__(self, folder: Path | None = DATA) -> None:
        self.of: dict[str, list[str]] = {kind: [] for kind in BUILT_IN}
        self.conversations: list[tuple[str, str]] = []
        for path in sorted(folder.glob("*.tsv")) if folder and folder.is_dir() else ():
            with path.open(encoding="utf-8", newline="") as file:
                self._read(list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)))
        self.built_in = not self.of["phrase"]
        for kind, texts in BUILT_IN.items():
            self.of[kind] = self.of[kind] or list(texts)
        self.conversations = self.conversations or list(_CONVERSATIONS)

    def _read(self, rows: Sequence[Mapping[str, str]]) -> None:
        columns = set(rows[0]) if rows else set()
        if {"turn1", "turn2"} <= columns:
            self.conversations += [(r["turn1"], r["turn2"]) for r in rows if r["turn2"]]
        elif "units" in columns:
            self.of["dose"] += [row["query"] for row in rows]
        elif {"query", "codes"} <= columns and ("first" in columns or "not" in columns):
            self.of["statement"] += [row["query"] for row in rows]
        elif {"query", "codes"} <= columns:
            self.of["phrase"] += [row["query"] for row in rows]
            codes = [row["codes"].split("|")[0].split("/")[0] for row in rows]
            self.of["verdict"] += [code for code in codes if 3 <= len(code) <= 8]


class Mix:
    """Questions without end, by people of one workspace. `answered` tells it that a conversation
    may go on."""

    def __init__(
        self,
        texts: Texts,
        seed: int = 1,
        *,
        shares: Mapping[Kind, float] = SHARES,
        surfaces: Mapping[Surface, float] = SURFACES,
        people: int = 5_000,
        channels: int = 800,
    ) -> None:
        self._random = random.Random(seed)
        self._texts = texts
        self._kinds, self._shares = list(shares), list(itertools.accumulate(shares.values()))
        self._surfaces, self._uses = list(surfaces), list(itertools.accumulate(surfaces.values()))
        self._people, self._channels = zipf(people), zipf(channels)
        self._waiting: deque[Question] = deque()

    def __iter__(self) -> Iterator[Question]:
        while True:
            yield self.next()

    def next(self) -> Question:
        kind = self._drawn(self._kinds, self._shares)
        if kind == "follow-up":
            return self._waiting.popleft() if self._waiting else self._first_turn()
        surface: Surface = self._drawn(self._surfaces, self._uses)
        if kind == "list":
            # A slash command is one line.
            surface = "dm" if surface == "slash" else surface
            rows = self._random.sample(self._texts.of["phrase"], k=self._random.randint(3, 6))
            return self._asked(kind, surface, "\n".join(rows))
        text = self._random.choice(self._texts.of[kind])
        if kind == "verdict":
            check = "check {} 2026-11-03"
            text = (check if surface == "slash" else self._random.choice(_CHECKS)).format(text)
        return self._asked(kind, surface, text)

    def answered(self, question: Question, ts: str) -> None:
        """A question was answered; `ts`: of its message. What follows it is asked in due time."""
        if question.follow_up:
            asked = question.follow_up, question.user, question.channel
            self._waiting.append(Question("follow-up", question.surface, *asked, thread=ts))

    def _first_turn(self) -> Question:
        """With none that may go on, a conversation begins."""
        surface: Surface = self._random.choice(("mention", "dm"))
        first, second = self._random.choice(self._texts.conversations)
        return self._asked("phrase", surface, first, second)

    def _asked(self, kind: Kind, surface: Surface, text: str, then: str = "") -> Question:
        number = self._at(self._people)
        user = f"U{number:05d}"
        channel = f"D{number:05d}" if surface == "dm" else f"C{self._at(self._channels):04d}"
        return Question(kind, surface, text, user, channel, then)

    def _at(self, weights: Sequence[float]) -> int:
        place = self._random.random() * weights[-1]
        return min(bisect.bisect(weights, place), len(weights) - 1)

    def _drawn(self, names: Sequence, weights: Sequence[float]):
        return names[self._at(weights)]


def zipf(count: int, exponent: float = EXPONENT) -> list[float]:
    """The cumulated weights of `count` ranks."""
    return list(itertools.accumulate((rank + 1) ** -exponent for rank in range(count)))
