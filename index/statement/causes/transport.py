"""Puts together the code of a transport accident (V01-V89) from the words of a statement.

A code says who was injured (in the vehicle, on the cycle, on foot), what the vehicle met, which
place the person had in it, and whether it was on a public road. The words of each are in
prompts/statements/transport.toml. The notes of V00-V99 say what is meant where a word is missing: a
public road, unless the vehicle is made for other ground.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.statement.causes.transport_words import Mention, mentions, merged, pattern, vehicles
from index.statement.model import Span

_ON_FOOT = re.compile(
    r"\b(?:walking|crossing|on foot|jogging|running|standing|stepped (?:in front|into)|pushed)\b"
)
_RUN_DOWN = re.compile(r"\b(?:hit|struck|run over|ran over|clipped|hit and run)\b")
#: What a vehicle does to a person who is not in it.
_RUNS_OVER = re.compile(
    r"\W+(?:ran|run|rolled|backed|drove|rolled back) (?:over|into|onto)\W+(?:(?:his|her|their|pts?"
    r"|the|lt|rt|left|right|l|r)\W+)*(?:foot|feet|legs?|toes?|him|her|pt|ankle|child|hand|arm|kid|baby)\b"
)
_MEET = re.compile(r"\b(?:hit|struck|vs|versus|v|collid\w*|collision|ran over|between|mv[ac])\b|/")
#: Vehicles that are made for other ground than a public road.
_OFF_ROAD = ("V83", "V84", "V85", "V86")


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport accident: its code without the seventh character, and the words that tell it."""

    stem: str
    spans: tuple[Span, ...]


#: The driver's, passenger's, outside and unspecified digit, off and on a public road.
_ROLES = ("driver", "passenger", "outside", "unspecified")


def _digits(off_road: str, on_road: str) -> dict[bool, dict[str, str]]:
    return {
        False: dict(zip(_ROLES, off_road, strict=True)),
        True: dict(zip(_ROLES, on_road, strict=True)),
    }


_CYCLE = _digits("0122", "4599")
_CAR = _digits("0123", "5679")
_SPECIAL = _digits("5679", "0123")


def find_transport(text: str) -> Transport | None:
    """The transport accident that a folded text tells of; None when it tells of none."""
    accident = pattern("accident", "any").search(text)
    boarding = pattern("roles", "boarding").search(text)
    if not accident and not boarding:
        return None
    motor = pattern("accident", "motor").search(text)
    named = list(mentions(text))
    if not named and not motor:
        return None
    kinds = vehicles()
    own = next((m for m in named if not m.is_other and kinds[m.kind]["own"]), None)
    others = [m for m in named if m is not own and (m.is_other or not own or m.kind != own.kind)]
    others.sort(key=lambda m: (not m.is_other, m.kind == "vehicle"))
    other = others[0] if others else None
    if own and other and not other.is_other and not _MEET.search(text):
        # "truck driver, semi overturned": one vehicle, named twice.
        own, other = (other if vehicles()[other.kind]["own"] else own), None
    if own and own.kind == "pedestrian":
        other = next((m for m in others if m.kind != "pedestrian"), None)
    elif other and other.kind == "pedestrian" and _role(text) == "unspecified":
        own, other = other, own
    if own and other and own.kind == "train" and other.kind not in ("pedestrian", "fixed"):
        own, other = other, own
    run_over = own is not None and _RUNS_OVER.match(text, own.span.end) is not None
    if own and run_over:
        own, other = None, own
    role = _role(text)
    on_road = _on_road(text)
    stem = ""
    if own is None or own.kind == "pedestrian":
        if (
            (own and (other or _RUN_DOWN.search(text)))
            or run_over
            or (own is None and other and _is_pedestrian(text, other, motor, role))
        ):
            stem = _on_foot(other, on_road)
        elif motor or (role != "unspecified" and other):
            stem = _in_some_vehicle(text, other, role, on_road, bool(motor))
    elif _tells_accident(text, own, other, accident, boarding):
        stem = _in(text, own, other, role, on_road, boarding)
    if not stem:
        return None
    spans = [m.span for m in named]
    for section, name in (("accident", "any"), ("accident", "motor"), ("roles", "details")):
        spans += [Span(*m.span()) for m in pattern(section, name).finditer(text)]
    for name in ("driver", "passenger", "outside", "boarding"):
        spans += [Span(*m.span()) for m in pattern("roles", name).finditer(text)]
    return Transport(stem, tuple(merged(spans, text)))


def _tells_accident(
    text: str,
    own: Mention,
    other: Mention | None,
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
        or re.search(r"\bacc\b|\baccident|over (?:the )?handlebars", near)
        or re.match(r"\W+(?:fall|fell|crash)\b", text[own.span.end :])
    )


def _is_pedestrian(text: str, other: Mention, motor: re.Match[str] | None, role: str) -> bool:
    if other.kind in ("animal", "fixed", "pedestrian"):
        return False
    if role in ("driver", "passenger", "outside") or (motor and not _ON_FOOT.search(text)):
        return False
    return bool(_RUN_DOWN.search(text) or _ON_FOOT.search(text))


def _role(text: str) -> str:
    for name in ("outside", "passenger", "driver"):
        if pattern("roles", name).search(text):
            return name
    return "unspecified"


def _on_road(text: str) -> bool | None:
    """Whether it was on a public road; None where no word says so."""
    if pattern("accident", "nontraffic").search(text):
        return False
    return True if pattern("accident", "traffic").search(text) else None


def _on_foot(other: Mention | None, on_road: bool | None) -> str:
    if other and vehicles()[other.kind]["own"][:3] in _OFF_ROAD and on_road is not True:
        return "V09.09"
    where = {None: "9", False: "0", True: "1"}[on_road]
    digit = vehicles()[other.kind]["other"] if other else "9"
    if digit == "9" or digit == "0" or digit == "7":
        return {None: "V09.20", False: "V09.00", True: "V09.20"}[on_road] if other else "V09.9"
    return f"V0{digit}.{where}0"


def _in_some_vehicle(
    text: str, other: Mention | None, role: str, on_road: bool | None, motor: bool
) -> str:
    """The vehicle is not said. With a counterpart or a place in it, it is taken as a car; else it
    is a motor-vehicle accident and no more (Index: Accident, motor vehicle NOS)."""
    if other is None and role == "unspecified":
        return "V89.0" if on_road is False else "V89.2"
    return _in_car("V4", text, other, role, on_road is not False)


def _in(
    text: str,
    own: Mention,
    other: Mention | None,
    role: str,
    on_road: bool | None,
    boarding: re.Match[str] | None,
) -> str:
    kind = vehicles()[own.kind]
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
    start: str, electric: bool, text: str, other: Mention | None, role: str, road: bool, door: bool
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
        if other is None and not pattern("accident", "collision").search(text):
            return f"{start}9.{'9' if road else '3'}{kind}"
        kind = "" if start == "V1" else "1" if electric else "8"
        return f"{start}9.{_unnamed(named, road)}0{kind}"
    return f"{start}{met}.{'3' if door else digit}{kind}"


def _in_car(start: str, text: str, other: Mention | None, role: str, road: bool) -> str:
    met = _met(other, text)
    if met == "9":
        collided = other is not None or pattern("accident", "collision").search(text)
        if not collided and role == "unspecified":
            return f"{start}9.{'9' if road else '3'}"
        return f"{start}9.{_unnamed(role, road)}0"
    detail = ""
    if start == "V4" and met == "3" and other:
        detail = vehicles()[other.kind].get("detail", "2")
    return f"{start}{met}.{_CAR[road][role]}{detail}"


def _unnamed(role: str, road: bool) -> str:
    """The digit of a collision with a motor vehicle that is not named."""
    return {"driver": "04", "passenger": "15"}.get(role, "26")[road]


def _met(other: Mention | None, text: str) -> str:
    """The digit of the counterpart: 8 for none ("rollover"), 9 for one that is not named."""
    if other is not None:
        digit: str = vehicles()[other.kind]["other"]
        return digit
    if pattern("accident", "noncollision").search(text):
        return "8"
    return "9"
