"""Puts together the code of a transport accident (V01-V89) from the words of a statement.

A code says who was injured (in the vehicle, on the cycle, on foot), what the vehicle met, which
place the person had in it, and whether it was on a public road. The words of each are in
prompts/statements/transport.toml. The notes of V00-V99 say what is meant where a word is missing: a
public road, unless the vehicle is made for other ground.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.statement.cause_words import any_of
from index.statement.model import Span
from index.text.resources import read_text

_OTHER_BEFORE = re.compile(
    r"(?:\b(?:by|vs|versus|v|against|into|with|w/|hit|struck|met|from|under|over)\s+|/\s*|another"
    r"\s+|other\s+|oncoming\s+)"
    r"(?:(?:a|an|the|another|other|oncoming|parked|large|moving|passing|speeding|stopped|slow"
    r"|turning|big|small|fast)\s+)*$"
)
#: What makes the vehicle after it the person's own, whatever stands before it.
_OWN_BEFORE = re.compile(
    r"\b(?:driver|passenger|psgr|occupant|rider|operator|riding|driving|drove|rode|rides|fell off"
    r"|fell from|fall from|fall off|fell off of|thrown from|thrown off|ejected from|flipped|crashed"
    r"|wrecked|laid down|rolled|came off|out of|into|off|getting on|getting in|exiting|boarding)\s+"
    r"(?:of\s+|in\s+|on\s+|from\s+|off\s+)?(?:(?:a|an|the|his|her|their|my|own|moving|restrained)"
    r"\s+)*$"
)
_ON_FOOT = re.compile(
    r"\b(?:walking|crossing|on foot|jogging|running|standing|stepped (?:in front|into)|pushed)\b"
)
_RUN_DOWN = re.compile(r"\b(?:hit|struck|run over|ran over|clipped|hit and run)\b")
#: Vehicles that are made for other ground than a public road.
_OFF_ROAD = ("V83", "V84", "V85", "V86")
#: The driver's, passenger's, outside and unspecified digit, off and on a public road.
_ROLES = ("driver", "passenger", "outside", "unspecified")
_CYCLE = {
    False: dict(zip(_ROLES, "0122", strict=True)),
    True: dict(zip(_ROLES, "4599", strict=True)),
}
_CAR = {False: dict(zip(_ROLES, "0123", strict=True)), True: dict(zip(_ROLES, "5679", strict=True))}
_SPECIAL = {
    False: dict(zip(_ROLES, "5679", strict=True)),
    True: dict(zip(_ROLES, "0123", strict=True)),
}


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport accident: its code without the seventh character, and the words that tell it."""

    stem: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    kind: str
    span: Span
    is_other: bool


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(read_text("statements", "transport.toml"))


@cache
def _pattern(section: str, name: str) -> re.Pattern[str]:
    return any_of(_table()[section][name])


@cache
def _vehicle_pattern() -> re.Pattern[str]:
    kinds = _table()["vehicles"]
    each = {" ".join(w.split()): kind for kind in kinds for w in kinds[kind]["words"].splitlines()}
    words = "|".join(re.escape(w).replace(r"\ ", " ") for w in sorted(each, key=len, reverse=True))
    return re.compile(rf"(?<![\w'-])(?:{words})(?![\w'-])")


@cache
def _kind_of() -> dict[str, str]:
    kinds = _table()["vehicles"]
    return {w: kind for kind in kinds for w in kinds[kind]["words"].splitlines()}


#: Words with a vehicle in them that are none.
_NOT_A_VEHICLE = re.compile(
    r"\b(?:car seat|carseat|car door|car window|exercise bike|stationary bike|car sick\w*"
    r"|truck driver|bus driver|bike rack|bike pump|auto ?immune|water ?cycle|wall ?cycle"
    r"|hit (?:a |the )?wall|punched|door|in car seat|parked car)\b"
)


def _mentions(text: str) -> Iterator[_Mention]:
    for match in _vehicle_pattern().finditer(text):
        around = _NOT_A_VEHICLE.search(text, max(0, match.start() - 12), match.end() + 8)
        if around and around.start() <= match.start() < around.end():
            continue
        before = text[: match.start()]
        kind = _kind_of()[match[0]]
        own = _OWN_BEFORE.search(before)
        other = bool(_OTHER_BEFORE.search(before)) and not own
        yield _Mention(kind, Span(match.start(), match.end()), other)


def find_transport(text: str) -> Transport | None:
    """The transport accident that a folded text tells of; None when it tells of none."""
    accident = _pattern("accident", "any").search(text)
    boarding = _pattern("roles", "boarding").search(text)
    if not accident and not boarding:
        return None
    motor = _pattern("accident", "motor").search(text)
    mentions = list(_mentions(text))
    if not mentions and not motor:
        return None
    kinds = _table()["vehicles"]
    own = next((m for m in mentions if not m.is_other and kinds[m.kind]["own"]), None)
    others = [m for m in mentions if m is not own]
    other = others[0] if others else None
    if own and own.kind == "pedestrian":
        other = next((m for m in others if m.kind != "pedestrian"), None)
    elif other and other.kind == "pedestrian" and _RUN_DOWN.search(text) is None:
        own, other = other, own
    role = _role(text)
    on_road = _on_road(text)
    stem = ""
    if own is None or own.kind == "pedestrian":
        if own or (other and _is_pedestrian(text, motor, role)):
            stem = _on_foot(other, on_road)
        elif motor or role != "unspecified" and other:
            stem = _in_some_vehicle(text, other, role, on_road, bool(motor))
    elif _tells_accident(text, own, other, accident, boarding):
        stem = _in(text, own, other, role, on_road, boarding)
    if not stem:
        return None
    spans = [m.span for m in mentions]
    for section, name in (("accident", "any"), ("accident", "motor"), ("roles", "details")):
        spans += [Span(*m.span()) for m in _pattern(section, name).finditer(text)]
    for name in ("driver", "passenger", "outside", "boarding"):
        spans += [Span(*m.span()) for m in _pattern("roles", name).finditer(text)]
    return Transport(stem, tuple(_merged(spans, text)))


def _tells_accident(
    text: str,
    own: _Mention,
    other: _Mention | None,
    accident: re.Match[str] | None,
    boarding: re.Match[str] | None,
) -> bool:
    """Whether the words of an accident belong to the vehicle: "hit" and "fell from" are of many
    things."""
    if boarding and 0 <= own.span.start - boarding.end() <= 14:
        return bool(re.search(r"\b(?:fell|fall|slip\w*|trip\w*|twist\w*|missed)\b", text))
    if accident is None:
        return False
    weak = re.compile(r"hit|struck|hit by|struck by|v|hit and|acc|accident|fell|fall|came off")
    if not weak.match(accident[0]) or accident[0] in ("accident", "accidents", "hit and run"):
        return True
    if other is not None:
        return True
    near = text[max(0, own.span.start - 26) : own.span.end + 26]
    return bool(
        re.search(r"\b(?:fell|fall|falling|thrown|came|flew|ejected)\s+(?:off|from|on|out)\b", near)
        or re.search(r"\bacc\b|\baccident", near)
    )


def _is_pedestrian(text: str, motor: re.Match[str] | None, role: str) -> bool:
    if role in ("driver", "passenger", "outside") or (motor and not _ON_FOOT.search(text)):
        return False
    return bool(_RUN_DOWN.search(text) or _ON_FOOT.search(text))


def _role(text: str) -> str:
    for name in ("outside", "passenger", "driver"):
        if _pattern("roles", name).search(text):
            return name
    return "unspecified"


def _on_road(text: str) -> bool | None:
    """Whether it was on a public road; None where no word says so."""
    if _pattern("accident", "nontraffic").search(text):
        return False
    return True if _pattern("accident", "traffic").search(text) else None


def _on_foot(other: _Mention | None, on_road: bool | None) -> str:
    where = {None: "9", False: "0", True: "1"}[on_road]
    digit = _table()["vehicles"][other.kind]["other"] if other else "9"
    if digit == "9" or digit == "0" or digit == "7":
        return {None: "V09.20", False: "V09.00", True: "V09.20"}[on_road] if other else "V09.9"
    return f"V0{digit}.{where}0"


def _in_some_vehicle(
    text: str, other: _Mention | None, role: str, on_road: bool | None, motor: bool
) -> str:
    """The vehicle is not said. With a counterpart or a place in it, it is taken as a car; else it
    is a motor-vehicle accident and no more (Index: Accident, motor vehicle NOS)."""
    if other is None and role == "unspecified":
        return "V89.0" if on_road is False else "V89.2"
    return _in_car("V4", text, other, role, on_road is not False)


def _in(
    text: str,
    own: _Mention,
    other: _Mention | None,
    role: str,
    on_road: bool | None,
    boarding: re.Match[str] | None,
) -> str:
    kind = _table()["vehicles"][own.kind]
    start: str = kind["own"]
    at_door = boarding is not None and 0 <= own.span.start - boarding.end() <= 14
    if start == "V81":
        return "V81.4" if at_door else "V81.9"
    if start[:3] in _OFF_ROAD:
        road = on_road is True
        digit = "4" if at_door else _SPECIAL[road][role]
        return f"{start[:3]}.{digit}{start[4:]}"
    road = on_road is not False
    if start in ("V1", "V2"):
        return _on_cycle(start, own.kind == "ebike", text, other, role, road, at_door)
    if at_door and (other is None):
        return f"{start}8.4"
    return _in_car(start, text, other, role, road)


def _on_cycle(
    start: str, electric: bool, text: str, other: _Mention | None, role: str, road: bool, door: bool
) -> str:
    named = role
    # Who rides a pedal cycle operates it, unless the words say passenger.
    rides = r"\b(?:riding|rode|his|her|fell|fall|laid|crashed|wrecked|handlebars|thrown|flipped)\b"
    if role == "unspecified" and (re.search(rides, text) or (start == "V1" and other)):
        named = "driver"
    digit = _CYCLE[road][named]
    met = _met(other, text)
    kind = "" if start == "V1" else "1" if electric else "9"
    if met == "9":
        if other is None and not _pattern("accident", "collision").search(text):
            return f"{start}9.{'9' if road else '3'}{kind}"
        kind = "" if start == "V1" else "1" if electric else "8"
        return f"{start}9.{_unnamed(named, road)}0{kind}"
    return f"{start}{met}.{'3' if door else digit}{kind}"


def _in_car(start: str, text: str, other: _Mention | None, role: str, road: bool) -> str:
    met = _met(other, text)
    if met == "9":
        collided = other is not None or _pattern("accident", "collision").search(text)
        if not collided and role == "unspecified":
            return f"{start}9.{'9' if road else '3'}"
        return f"{start}9.{_unnamed(role, road)}0"
    detail = ""
    if start == "V4" and met == "3" and other:
        detail = _table()["vehicles"][other.kind].get("detail", "2")
    return f"{start}{met}.{_CAR[road][role]}{detail}"


def _unnamed(role: str, road: bool) -> str:
    """The digit of a collision with a motor vehicle that is not named."""
    return {"driver": "04", "passenger": "15"}.get(role, "26")[road]


def _met(other: _Mention | None, text: str) -> str:
    """The digit of the counterpart: 8 for none ("rollover"), 9 for one that is not named."""
    if other is not None:
        digit: str = _table()["vehicles"][other.kind]["other"]
        return digit
    if _pattern("accident", "noncollision").search(text):
        return "8"
    return "9"


def _merged(spans: list[Span], text: str) -> Iterator[Span]:
    """Spans in order, those that only blanks and small words part made one."""
    last: Span | None = None
    for span in sorted(set(spans)):
        if last is None:
            last = span
        elif span.start <= last.end or re.fullmatch(
            r"\W*(?:(?:a|an|the|by|of|in|on|his|her|their|was|got|and|with|w/|another|from|off|to"
            r"|other|into|vs|v|while|when|who)\b\W*)*",
            text[last.end : span.start],
        ):
            last = Span(last.start, max(last.end, span.end))
        else:
            yield last
            last = span
    if last:
        yield last
