"""The shape of a denial or adjustment code in an answer (`Answer.denials`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.desk.reasons import Reason

#: group: who bears the amount (CO, PR …). carc: why. rarc: the remark.
DenialKind = Literal["group", "carc", "rarc"]
#: How the keys of the reasons begin from which `checks` are worded.
CHECK = "denials.check_"


@dataclass(frozen=True, slots=True)
class DenialCode:
    """A code of a remittance: who bears an adjustment, why it was made, or a remark on it.

    - `line`: the adjustment that it belongs to, 1 for the first of the question.
    - `kind`: group (CO, PR, OA, PI, CR), carc (claim adjustment reason code) or rarc (remittance
      advice remark code).
    - `code`: as X12 and CMS write it: CO, 97, MA01.
    - `known`: whether the desk, or the list that was imported, has it.
    - `text`: what it means, or why that is not known, in a sentence.
    - `source`: whose words `text` has: "Code Desk", or the imported list with its edition; "" where
      the desk's list does not have the code.
    - `categories`: the kinds of reasons that it is of (bundling, modifier, diagnosis …); of a code
      that does not exist, "unknown code"; [] for a group, and for a code that the desk's list does
      not have.
    - `next_steps`: what usually follows, in order; [] for a group and an unknown code.
    - `checks`: what the desk's own checks say of the codes of the same line; [] for nothing.
    - `did_you_mean`: codes that exist and are similar, for one that does not; [] for none.
    - `reasons`: what `text` and `checks` (`CHECK`) are worded from; not in the JSON.
    """

    line: int
    kind: DenialKind
    code: str
    known: bool
    text: str = ""
    source: str = ""
    categories: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    did_you_mean: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)


def adjustments(denials: Iterable[DenialCode]) -> list[list[DenialCode]]:
    """The codes of each adjustment, in order."""
    by_line: dict[int, list[DenialCode]] = {}
    for denial in denials:
        by_line.setdefault(denial.line, []).append(denial)
    return list(by_line.values())


def named(line: Sequence[DenialCode]) -> str:
    """The codes of an adjustment: "CO-97 N19", "PR-1 PR-2"."""
    group = ""
    names = []
    for one in line:
        if one.kind == "group":
            group = one.code
        else:
            names.append(f"{group}-{one.code}" if one.kind == "carc" and group else one.code)
    return " ".join(names) or group
