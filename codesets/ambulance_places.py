"""Ambulance modifiers: two letters, the first for the origin and the second for the destination.

Source: CMS, Medicare Claims Processing Manual (Pub. 100-04), chapter 15 (Ambulance), section 30
(General Billing Guidelines), "origin and destination modifiers". They are in no file of codes.
"""

from __future__ import annotations

SOURCE = "CMS, Medicare Claims Processing Manual, ch. 15 §30"

#: Letter -> the place that it stands for.
PLACES = {
    "D": "diagnostic or therapeutic site other than P or H",
    "E": "residential, domiciliary or custodial facility that is no skilled nursing facility",
    "G": "hospital-based ESRD facility",
    "H": "hospital",
    "I": "site of transfer between ambulances, such as an airport or helicopter pad",
    "J": "freestanding ESRD facility",
    "N": "skilled nursing facility",
    "P": "physician's office",
    "R": "residence",
    "S": "scene of accident or acute event",
    "X": "intermediate stop at a physician's office on the way to the hospital",
}  # fmt: skip

#: X is a destination only.
_NO_ORIGIN = "X"


def places_of(modifier: str) -> tuple[str, str] | None:
    """Origin and destination of an ambulance modifier; None for another text.

    >>> places_of("RH")
    ('residence', 'hospital')
    >>> places_of("XH") is None
    True
    """
    if len(modifier) != 2 or modifier[0] == _NO_ORIGIN or not set(modifier) <= set(PLACES):
        return None
    return PLACES[modifier[0]], PLACES[modifier[1]]
