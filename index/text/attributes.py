"""The axes on which titles differ: side, trimester, acuity, severity and so on.

A value that a question names must agree with the title. For an axis that it does not name, the
"unspecified" code is meant when one exists (Guidelines I.A.9.b, I.B.18; conventions NOS and NEC,
I.A.6), or the usual value where the conventions name one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from codesets import laterality
from index.text.tokens import Reading, read


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis. `values`: each value, with the word stems that name it. `usual`: the value that is
    meant when none is named, None where the conventions name none. Code Desk asks back about an
    axis with the message `ask.{name}` of prompts/, but not about CIRCUMSTANCES."""

    name: str
    values: Mapping[str, frozenset[str]]
    usual: str | None = None
    #: The stems of all values.
    stems: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stems", frozenset().union(*self.values.values()))

    def said(self, reading: Reading) -> frozenset[str]:
        """The values that a text names."""
        if self.stems.isdisjoint(reading.affirmed):
            return frozenset()
        return frozenset(value for value, stems in self.values.items() if stems & reading.affirmed)

    def bits(self, reading: Reading) -> int:
        """The values that a text names, as bits: bit n for the n-th of `values`."""
        if not (named := self.said(reading)):
            return 0
        return sum(1 << n for n, value in enumerate(self.values) if value in named)

    @property
    def usual_bits(self) -> int:
        """The usual value as a bit, 0 where there is none."""
        return sum(1 << n for n, value in enumerate(self.values) if value == self.usual)


def _axis(name: str, usual: str | None = None, /, **values: str) -> Axis:
    return Axis(name, {value: read(words).affirmed for value, words in values.items()}, usual)


#: Circumstances other than the plain diagnosis: another person, time or cause. None of them is
#: meant unless the question names it.
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
    # A fracture not indicated as open or closed is closed; one not indicated as displaced or
    # nondisplaced is displaced (I.C.19.c).
    _axis("openness", "closed", open="open", closed="closed"),
    _axis(
        "displacement",
        "displaced",
        displaced="displaced",
        nondisplaced="nondisplaced",
    ),
    _axis("origin", "primary", primary="primary", secondary="secondary"),
    # A poisoning is accidental unless another intent is documented (I.C.19.e.5.b).
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

#: Stems of titles for what is not specified further.
UNSPECIFIED = read("unspecified nos").affirmed
#: Stems of titles for what has no code of its own.
OTHER = read("other nec elsewhere classified").affirmed
#: Stems by which a question asks for such a code. "Classified elsewhere" does not: it is of
#: manifestations.
SAYS_OTHER = read("other nec").affirmed
#: Stems that do not tell titles apart, because titles of any kind may have them.
HOLLOW = (
    UNSPECIFIED
    | frozenset().union(*(axis.values[axis.usual] for axis in AXES if axis.usual))
    | read(
        "type site part organism cause specified condition disease disorder encounter uncomplicated"
    ).affirmed
)


#: The stems of all axes.
AXIS_STEMS = frozenset().union(*(stems for axis in AXES for stems in axis.values.values()))
#: Stems that do not count when texts are compared word for word. Injuries are traumatic unless the
#: Index says otherwise.
ASIDE = HOLLOW | read("traumatic").affirmed
#: Stems of attributes: a code may leave them out, or its title may have them without their being
#: said.
ATTRIBUTES = HOLLOW | AXIS_STEMS


@lru_cache(maxsize=8192)
def telling(text: str) -> frozenset[str]:
    """The stems of a text that tell what it is about: those that it affirms, without attributes;
    all of them where it has no others."""
    affirmed = read(text).affirmed
    return affirmed - ATTRIBUTES or affirmed
