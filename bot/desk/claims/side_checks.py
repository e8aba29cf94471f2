"""Checks the side that a line's modifiers say against the sides of the diagnoses that it points to.

The side of a modifier is read from its title in the loaded HCPCS file (LT, RT, E1 to E4, F1 to FA,
T1 to TA); that of a diagnosis from its title. Modifier 50 says both sides.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Pair
from bot.desk.claims.case import Case, Line, Listed, found
from bot.desk.reasons import reason
from codesets.model import Modifier
from codesets.store.code_store import CodeStore
from index.text.attributes import SIDE
from index.text.tokens import read

#: CPT's modifier of a bilateral procedure.
_BILATERAL = "50"
#: The sides of those that every claim knows, where no HCPCS file is loaded.
_ALWAYS = {"RT": "right", "LT": "left", _BILATERAL: "both"}


def side_checks(store: CodeStore, case: Case) -> Iterator[Pair]:
    titles = _modifier_titles(store, case)
    for line in case.lines:
        modifiers = {m: side for m in line.service.modifiers if (side := _side_of(m, titles))}
        said = set(modifiers.values())
        pointed = [(one, side) for one in case.pointed(line) if (side := _title_side(one))]
        theirs = {side for _, side in pointed}
        if not said or not theirs or "both" in theirs or {"left", "right"} <= theirs:
            continue
        if said == {"left", "right"} or "both" in said:
            key = "claims.side_both"
        elif said & theirs:
            continue
        else:
            key = "claims.side"
        yield _found(line, modifiers, pointed, key)


def _found(
    line: Line, modifiers: dict[str, str], pointed: list[tuple[Listed, str]], key: str
) -> Pair:
    first, side = pointed[0]
    why = reason(
        key,
        line=line.number,
        code=line.name,
        modifiers=", ".join(modifiers),
        dx=first.code.code,
        side=reason(f"claims.{side}"),
    )
    return found(
        [line.service.code, first.code.code],
        "side",
        "conflict",
        why,
        quote=first.code.title,
        place=first.code.code,
        release=first.release.label,
    )


def _modifier_titles(store: CodeStore, case: Case) -> dict[str, str]:
    used = sorted({m for line in case.lines for m in line.service.modifiers})
    if not used or "hcpcs" not in store.systems:
        return {}
    release = store.for_date("hcpcs", case.day).release
    return {row.code: row.title for row in store.rows(Modifier, release, code=used)}


def _side_of(modifier: str, titles: dict[str, str]) -> str:
    """The side that a modifier says; "" for none. Arteries of the heart are no sides."""
    title = titles.get(modifier, "")
    if modifier in _ALWAYS:
        return _ALWAYS[modifier]
    if "artery" in title.lower():
        return ""
    sides = SIDE.said(read(title))
    return next(iter(sides)) if len(sides) == 1 else ""


def _title_side(one: Listed) -> str:
    sides = SIDE.said(read(one.code.title))
    return next(iter(sides)) if len(sides) == 1 else ""
