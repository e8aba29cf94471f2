"""The shape of what WHO's maps between ICD-10 and ICD-11 say of a code, in an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.desk.reasons import Reason


@dataclass(frozen=True, slots=True)
class WhoEquivalent:
    """A code of the other of ICD-10 and ICD-11, by WHO's map. The ICD-10 is WHO's, and no
    ICD-10-CM.

    - `system`: icd11, or icd10 (WHO's).
    - `code`: as published; of ICD-11 with what is added to it (1A00&XN8P1); "" where the map leads
      to a block or a chapter, which have no code.
    - `title`: as WHO's map has it.
    - `mapped_from`: the code that the map has: the code itself, or what it begins with where it is
      divided in ICD-10-CM only.
    - `release`: label of the map.
    - `says`: the map, and what is to be known of the mapping, in a sentence.
    - `reasons`: what `says` is worded from; not in the JSON.
    """

    system: str
    code: str
    title: str
    mapped_from: str
    release: str
    says: str = ""
    reasons: list[Reason] = field(default_factory=list)
