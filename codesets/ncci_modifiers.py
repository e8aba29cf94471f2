"""The modifiers by which a PTP edit with the modifier indicator 1 is bypassed.

Source: CMS, National Correct Coding Initiative Policy Manual for Medicare Services, chapter I,
section E ("NCCI PTP-associated modifiers"): anatomic modifiers, modifiers of the global surgery
package, and others.
"""

from __future__ import annotations

_ANATOMIC = (
    "E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LT RT LC LD RC LM RI"
)
_GLOBAL_SURGERY = "24 25 57 58 78 79"
_OTHER = "27 59 91 XE XS XP XU"

PTP_ASSOCIATED = frozenset(f"{_ANATOMIC} {_GLOBAL_SURGERY} {_OTHER}".split())
