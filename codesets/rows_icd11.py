"""The row of WHO's maps between ICD-10 and ICD-11, as codes.db keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: From which classification to which a map leads: ICD-10 to ICD-11, or back.
Direction = Literal["10to11", "11to10"]


@dataclass(frozen=True, slots=True)
class Icd11Mapping:
    """A row of a map: the category of the other classification that a category is mapped to.

    The ICD-10 is WHO's, which is not ICD-10-CM. `target` is a code of ICD-10, or one of ICD-11
    with what is added to it (1A00&XN8P1); "" where the category is mapped to a block or a chapter,
    which have no code. `target_title` names it. `source_title` is the title in the classification
    that is mapped from.
    """

    direction: Direction
    source: str
    source_title: str
    target: str
    target_title: str
