"""What a statement is taken apart into, and what is put together from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "condition", "cause", "drug", "status", "history", "external cause", "place", "encounter",
    "device", "supply", "procedure", "habit", "finding", "detail", "chatter",
]  # fmt: skip
#: affirmed: it is so. denied: it is not. uncertain: it may be. past: it was. chatter: it says
#: nothing of the case.
Status = Literal["affirmed", "denied", "uncertain", "past", "chatter"]
_DOUBTING: tuple[Status, ...] = ("denied", "uncertain")
Role = Literal[
    "first-listed", "additional", "manifestation", "external cause", "drug", "status", "history",
    "supply", "procedure",
]  # fmt: skip
#: How a fact is joined to the one before it.
Join = Literal["and", "with", "due to", "after"]
RuleKind = Literal[
    "index", "index with", "tabular", "table", "code first", "use additional code", "code also",
    "note", "guideline", "billing unit", "discarded drug",
]  # fmt: skip


class Span(NamedTuple):
    """Characters of a statement, from `start` to before `end`."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a statement.

    - `said`: the words that it came from, as typed.
    - `text`: the words that are searched: `said` without "hx of", "no", "r/o".
    - `span`: where `said` stands in the statement.
    - `kind`, `status`: what it is, and whether it is so.
    - `join`: how it is joined to the fact before it.
    """

    said: str
    text: str
    span: Span
    kind: Kind = "condition"
    status: Status = "affirmed"
    join: Join = "and"

    @property
    def words(self) -> Span:
        """Where `text` stands in the statement."""
        start = self.span.start + max(self.said.rfind(self.text), 0)
        return Span(start, start + len(self.text))


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was read.

    - `text`: as typed, with blanks between words.
    - `folded`: the same in lower case, without accents, and as long.
    - `facts`: in the order in which they stand.
    - `inpatient`: whether it says that it is of an inpatient stay.
    """

    text: str
    folded: str
    facts: tuple[Fact, ...]
    inpatient: bool = False

    def status_of(self, span: Span) -> Status:
        """The status of the fact that stands there; affirmed where none does. Words that reach into
        what is denied or uncertain are so; else the first of several facts decides."""
        said = [fact.status for fact in self.facts if fact.span.overlaps(span)]
        doubted = (status for status in _DOUBTING if status in said)
        return next(doubted, said[0] if said else "affirmed")

    def is_affirmed(self, span: Span) -> bool:
        return self.status_of(span) == "affirmed"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a code is reported, or why it stands where it stands.

    - `rule`: the kind of rule.
    - `key`: names a message of prompts/messages/; `params` fill its places.
    - `quote`: the note or the entry of an index or table, as published; "" for none.
    - `section`: the section of the Official Guidelines (I.C.4.a); "" for none.
    - `release`: label of the edition of the quote; "" for none.
    """

    rule: RuleKind
    key: str
    params: Mapping[str, Any] = field(default_factory=dict)
    quote: str = ""
    section: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A code that the words of a statement call for.

    - `code`: a billable code of the release.
    - `spans`: the words that call for it.
    - `role`: what it is in the report, wherever it stands.
    - `kind`: what its words are.
    - `grounds`: the rules that put it there.
    - `settles`: whether its words need no other code: "on eliquis" is Z79.01 and nothing else. The
      words of an injury and its cause ("dog bite") are not settled by the code of the cause.
    - `excludes`: beginnings of codes that must not be reported beside it, because they say the same
      less well: a stage of pregnancy beside an incidental pregnancy.
    - `sure`: how sure it is, 0 to 1.
    """

    code: str
    spans: tuple[Span, ...]
    role: Role
    kind: Kind
    grounds: tuple[Ground, ...] = ()
    settles: bool = True
    excludes: tuple[str, ...] = ()
    sure: float = 0.9


@dataclass(frozen=True, slots=True)
class Wording:
    """Other words to search for what a part of a statement says: "pregnancy complicated by
    spotting, second trimester" for "spotting" in a statement about a pregnancy. `only`: beginnings
    of the codes that may be found by it; () for any."""

    text: str
    spans: tuple[Span, ...]
    only: tuple[str, ...] = ()


Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report.

    - `code`, `title`: a billable code of `system` in force on the day.
    - `role`: what it is beside the others; the first line is "first-listed".
    - `spans`: the words of the statement that it reports.
    - `grounds`: the rules that put it there, the most telling first.
    - `ask`: the name of the detail left open that would change the code (`ask.side`); "" for none.
    """

    code: str
    title: str
    system: str
    role: Role
    spans: tuple[Span, ...]
    grounds: tuple[Ground, ...]
    confidence: Confidence
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Assembled:
    """The report of a statement.

    - `lines`: in the order in which they are reported.
    - `facts`: what was understood, each with its kind and status.
    - `either_first`: codes any of which may be first-listed, as no rule orders them; () where a
      rule does, or there is one line.
    - `conflicts`: pairs of codes of the report that an Excludes1 note names, and that stay in it,
      because the note lets them ("unless …") or the words do not decide.
    """

    lines: tuple[Line, ...]
    facts: tuple[Fact, ...]
    either_first: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
