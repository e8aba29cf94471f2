"""What the letters and numbers of the HCPCS Level II file mean.

The meanings are quoted from CMS's record layout document (`HCPCyyyy_recordlayout.txt`), in
`hcpcs_indicators.toml`: one table for each kind of indicator.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from codesets.model import Indicators


def decoded(indicators: Indicators) -> list[str]:
    """One line for each indicator that a code has: "Coverage C: Carrier judgment".

    A letter whose meaning is not known stands alone: "Coverage Q".
    """
    return [
        *_lines("coverage", indicators.coverage),
        *_lines("pricing", *indicators.pricing),
        *_lines("multiple_pricing", indicators.multiple_pricing),
        *_lines("type_of_service", *indicators.types_of_service),
        *_lines("betos", indicators.betos),
        *_lines("action", indicators.action),
    ]


def _lines(kind: str, *letters: str) -> list[str]:
    known = _meanings()[kind]
    return [
        f"{known['name']} {letter}: {known[letter]}" if letter in known
        else f"{known['name']} {letter}"
        for letter in letters
        if letter
    ]  # fmt: skip


@cache
def _meanings() -> dict[str, dict[str, str]]:
    text = resources.files("codesets.lookups").joinpath("hcpcs_indicators.toml").read_text("utf-8")
    return tomllib.loads(text)
