"""The axes on which titles answer: side, trimester, acuity, severity, number and so on.

What a question says on an axis must agree with the title; what it leaves unsaid is "unspecified"
when such a code exists (Guidelines I.A.9.b, I.B.18; conventions NOS and NEC, I.A.6), or the usual
value where the conventions name one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesets import laterality
from index.text.tokens import Reading, read


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing a title can say: its name, its values, each with the word stems that say it, and
    the value that is meant when nothing is said, where the conventions name one. The question that
    is asked about it is `ask.{name}` of prompts/; CIRCUMSTANCES are not asked about."""

    name: str
    values: Mapping[str, frozenset[str]]
    usual: str | None = None

    def said(self, reading: Reading) -> frozenset[str]:
        return frozenset(value for value, stems in self.values.items() if stems & reading.affirmed)

    def bits(self, reading: Reading) -> int:
        """The values said, one bit each, in order."""
        said = self.said(reading)
        return sum(1 << n for n, value in enumerate(self.values) if value in said)

    @property
    def usual_bits(self) -> int:
        return sum(1 << n for n, value in enumerate(self.values) if value == self.usual)


def _axis(name: str, usual: str | None = None, /, **values: str) -> Axis:
    return Axis(name, {value: read(words).affirmed for value, words in values.items()}, usual)


#: Another condition, person or time than the plain diagnosis: not meant unless it is said.
CIRCUMSTANCES = _axis(
    "circumstances",
    subsequent="subsequent",
    sequela="sequela sequelae",
    history="history",
    family="family",
    newborn="newborn neonatal",
    congenital="congenital",
    pregnancy="pregnancy childbirth puerperium",
    induced="induced",
    underlying="underlying",
    procedure="postprocedural intraoperative postoperative",
    pathological="pathological",
    poisoning="poisoning toxic overdose",
    adverse="adverse underdosing",
    screening="screening",
    diabetes="diabetes diabetic",
)

SIDE = _axis("side", **laterality.words_by_side())
TRIMESTER = _axis("trimester", first="first", second="second", third="third")

AXES = (
    SIDE,
    TRIMESTER,
    _axis("acuity", acute="acute", chronic="chronic", subacute="subacute"),
    _axis(
        "severity",
        mild="mild",
        moderate="moderate",
        severe="severe",
        profound="profound",
    ),
    # Not indicated as open or closed is closed, as displaced or not is displaced (I.C.19.c).
    _axis("openness", "closed", open="open", closed="closed"),
    _axis(
        "displacement",
        "displaced",
        displaced="displaced",
        nondisplaced="nondisplaced",
    ),
    _axis("origin", "primary", primary="primary", secondary="secondary"),
    # A poisoning is accidental unless it is said to be otherwise (I.C.19.e.5.b).
    _axis(
        "intent",
        "accidental",
        accidental="accidental",
        intentional="harm suicide suicidal",
        assault="assault",
        undetermined="undetermined",
    ),
    _axis("recurrence", recurrent="recurrent", single="single"),
    CIRCUMSTANCES,
)

#: Stems that say a code is the general one of its kind.
UNSPECIFIED = read("unspecified nos").affirmed
OTHER = read("other nec elsewhere classified").affirmed
#: Stems that every member of a kind may carry; they explain nothing by being in a title.
HOLLOW = (
    UNSPECIFIED
    | frozenset().union(*(axis.values[axis.usual] for axis in AXES if axis.usual))
    | read(
        "type site part organism cause specified condition disease disorder encounter uncomplicated"
    ).affirmed
)
