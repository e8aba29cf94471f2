"""The codes that differ from a candidate in side or trimester alone, where the question did not say
which it is."""

from __future__ import annotations

from bot.answer import Candidate
from bot.words import say
from index.axes import SIDE, TRIMESTER
from index.words import read

#: Each axis, and how the codes that differ on it are headed.
_HEADINGS = ((SIDE, "sides.sides"), (TRIMESTER, "sides.trimesters"))
_MOST = 4


def others(candidate: Candidate, code: str = "{code}") -> str:
    """Other sides: M17.12 left · M17.10 unspecified; "" where there are none, or it was said.

    `code` is how a code is written. What is asked back is what was not said.
    """
    for axis, heading in _HEADINGS:
        if candidate.ask_back != axis.ask_back:
            continue
        own = axis.said(read(candidate.title))
        differing = [(c.code, axis.said(read(c.title))) for c in candidate.alternatives]
        told = [
            f"{code.format(code=name)} {' '.join(sorted(said)) or say('sides.unspecified')}"
            for name, said in differing
            if said != own
        ]
        if told:
            return say(heading, codes=" · ".join(told[:_MOST]))
    return ""
