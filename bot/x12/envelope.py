"""Tells whether a text is in ASC X12, and puts each transaction of it into an envelope of its own.

The library that reads the segments (pyx12) needs a whole interchange: ISA, GS, ST, SE, GE, IEA, of
fixed width. People paste parts of one, and Slack closes up the blanks of an ISA. The envelope is
therefore made anew (ASC X12 .5 and .6, Interchange Control Structures; HIPAA implementation guides
005010X222A1, X223A2 and X221A1, and their predecessors of 4010): it keeps the separators, and has
nothing of the old one, such as the names of sender and receiver. What the segments mean is left to
the library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.x12.errors import X12Unreadable

Kind = Literal["837P", "837I", "835"]

#: The kinds of transactions that are read -> functional group (GS01), and by version of the
#: interchange the implementation guide (GS08) whose map the library has.
_GUIDES: dict[Kind, tuple[str, dict[str, str]]] = {
    "837P": ("HC", {"00501": "005010X222A1", "00401": "004010X098A1"}),
    "837I": ("HC", {"00501": "005010X223A2", "00401": "004010X096A1"}),
    "835": ("HP", {"00501": "005010X221A1", "00401": "004010X091A1"}),
}
#: Segments that only X12 has, with enough elements to be no shorthand of a person.
_TELLING = re.compile(
    r"(?:^|[\s~`>])(?:ISA(?P<e>[^\w\s])\d\d(?P=e)"
    r"|(?:ST[*|](?:837|835|27\d|834|820|999|997)|GS[*|][A-Z]{2}|CLM[*|][^*|~\n]*[*|]\d|HI[*|]A?B[A-Z]\W"
    r"|SV1[*|][A-Z]{2}\W|SV2[*|]\d{3,4}[*|]|SVC[*|][A-Z]{2}\W|CLP[*|][^*|~\n]*[*|]\d"
    r"|CAS[*|](?:CO|OA|PI|PR|CR)[*|]|MOA[*|]|MIA[*|]|NM1[*|]\w{2,3}[*|]\d|LQ[*|]HE[*|]"
    r"|DMG[*|]D8[*|]))"
)
_ANY_SEGMENT = re.compile(r"(?:^|(?<=[\s~`>]))[A-Z][A-Z0-9]{1,2}[*|]")
_ISA = re.compile(r"ISA(?P<e>[^\w\s])(?:[^~]*?(?P=e)){14}\w?(?P=e)(?P<c>[^\w\s])[^\S\n]*(?P<t>\W)")
#: The separator within an element, as it is used behind a qualifier.
_USED = re.compile(
    r"(?:(?:SV1|SVC)[*|](?:HC|ER|IV|WK|AD|N4)|SV2[*|]\d*[*|](?:HC|HP|ER)|HI[*|]A?B[KFJNEGHI]"
    r"|CLM[*|][^~\n]*?[*|]\d\d(?=[^\w\s*|][AB][^\w\s]))(?P<c>[^\w\s*|])"
)
_ENVELOPE = frozenset({"ISA", "IEA", "GS", "GE", "TA1"})


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction in an envelope that the library reads.

    - `kind`: 837P, 837I or 835.
    - `text`: the interchange.
    - `whole`: False where its end is missing.
    - `pasted`: whether it was segments alone, to which a beginning was added.
    """

    kind: Kind
    text: str
    whole: bool
    pasted: bool = False


@dataclass(frozen=True, slots=True)
class _Separators:
    element: str
    component: str
    segment: str


def begins(text: str) -> int | None:
    """Where X12 begins in a text; None for a text without it.

    >>> begins("is this ok? CLM*26463774*100***11:B:1*Y*A*Y*I~HI*ABK:J0300~")
    12
    """
    telling = _TELLING.search(text)
    if telling is None:
        return None
    start = re.search(r"[A-Z]", text[telling.start() : telling.end()])
    at = telling.start() + (start.start() if start else 0)
    first = _ANY_SEGMENT.search(text)
    return min(at, first.start()) if first else at


def transactions(text: str) -> Iterator[Transaction | X12Unreadable]:
    """The transactions of a text that begins with X12, and in place of one that cannot be read what
    is wrong with it."""
    separators, version = _separators(text), "00501"
    guide, open_ = "", False
    body: list[str] = []
    for segment in _split(text, separators):
        name, *elements = segment.split(separators.element)
        if name == "ISA":
            version = elements[11] if len(elements) > 11 else version
        elif name == "GS":
            guide = elements[7] if len(elements) > 7 else ""
        elif name == "ST":
            if body:
                yield _tried(body, separators, version, guide, whole=not open_)
            body, open_ = [segment], True
        elif name == "SE":
            yield _tried(body, separators, version, guide, whole=True)
            body, open_ = [], False
        elif name not in _ENVELOPE:
            body.append(segment)
    if body:
        yield _tried(body, separators, version, guide, whole=not open_)


def _separators(text: str) -> _Separators:
    element, component, terminator = "*", ":", "~" if "~" in text else "\n"
    if isa := _ISA.search(text):
        element, component = isa["e"], isa["c"]
        terminator = "\n" if isa["t"] == "\r" else isa["t"]
    elif "*" not in text and "|" in text:
        element = "|"
    # Files exist whose segments do not keep to the separator of their ISA.
    if used := _USED.search(text):
        component = used["c"]
    return _Separators(element, component, terminator)


def _split(text: str, separators: _Separators) -> Iterator[str]:
    if separators.segment != "\n":
        text = re.sub(r"[\r\n]+", "", text)
    for segment in text.split(separators.segment):
        segment = segment.strip(" \t\r\n`")
        if re.match(rf"[A-Z][A-Z0-9]{{1,2}}{re.escape(separators.element)}", segment):
            yield segment


def _tried(body: Sequence[str], *rest: Any, whole: bool) -> Transaction | X12Unreadable:
    try:
        return _transaction(body, *rest, whole=whole)
    except X12Unreadable as error:
        return error


def _transaction(
    body: Sequence[str], separators: _Separators, version: str, guide: str, *, whole: bool
) -> Transaction:
    e = separators.element
    names = [segment.split(e, 1)[0] for segment in body]
    version = version if version in ("00401", "00501") else "00501"
    if names[:1] == ["ST"]:
        _, number, *rest = body[0].split(e)
        guide = (rest[1] if len(rest) > 1 else "") or guide
        kind = _kind(number, guide, names)
        return Transaction(kind, _interchange(kind, body[1:], separators, version), whole)
    kind = _kind("835" if {"CLP", "SVC", "MOA", "MIA"} & {*names} else "", guide, names)
    pasted = _remittance(body, e) if kind == "835" else _claims(body, kind, e, separators.component)
    return Transaction(kind, _interchange(kind, pasted, separators, version), whole, pasted=True)


def _kind(number: str, guide: str, names: Sequence[str]) -> Kind:
    """Raises X12Unreadable for a transaction that is not read."""
    if number and number not in ("837", "835"):
        raise X12Unreadable("other_kind", re.sub(r"\W", "", number)[:3])
    if number == "835" or (not number and "CAS" in names and not {"CLM", "SV1", "SV2"} & {*names}):
        return "835"
    if "X224" in guide or "X097" in guide or ("SV3" in names and "SV1" not in names):
        raise X12Unreadable("dental")
    institutional = "X223" in guide or "X096" in guide or "SV2" in names
    return "837I" if institutional else "837P"


def _interchange(kind: Kind, body: Sequence[str], separators: _Separators, version: str) -> str:
    """These segments between fixed ones."""
    e, c, t = separators.element, separators.component, "~" if separators.element != "~" else "\n"
    group, guides = _GUIDES[kind]
    number = "835" if kind == "835" else "837"
    repetition = "^" if version == "00501" else "U"
    blank, party = " " * 10, "X".ljust(15)
    isa = ["ISA", "00", blank, "00", blank, "ZZ", party, "ZZ", party, "260101", "0000", repetition,
           version, "000000001", "0", "P", c]  # fmt: skip
    gs = ["GS", group, "X", "X", "20260101", "0000", "1", "X", guides[version]]
    inner = [f"ST{e}{number}{e}0001", *body, f"SE{e}{len(body) + 2}{e}0001"]
    segments = [e.join(isa), e.join(gs), *inner, f"GE{e}1{e}1", f"IEA{e}1{e}000000001"]
    return "".join(segment.replace(t, "") + t for segment in segments)


# Segments that were pasted without the beginning of their transaction


def _claims(body: Sequence[str], kind: Kind, e: str, c: str) -> list[str]:
    """Segments of claims with the loops above them. Of what stands before a claim, only DMG is of
    use: it gives age and sex. All names stay out."""
    made = [
        e.join(["BHT", "0019", "00", "1", "20260101", "0000", "CH"]),
        e.join(["NM1", "41", "2", "X", "", "", "", "", "46", "X"]),
        e.join(["PER", "IC", "X", "TE", "0000000000"]),
        e.join(["NM1", "40", "2", "X", "", "", "", "", "46", "X"]),
        e.join(["HL", "1", "", "20", "1"]),
        e.join(["NM1", "85", "2", "X", "", "", "", "", "XX", "0000000000"]),
    ]
    number = 1
    for about, claim in _each_claim(body, e):
        number += 1
        made += [
            e.join(["HL", str(number), "1", "22", "0"]),
            e.join(["SBR", "P", "18", "", "", "", "", "", "", "CI"]),
            e.join(["NM1", "IL", "1", "X", "X", "", "", "", "MI", "X"]),
            *about[-1:],
            e.join(["NM1", "PR", "2", "X", "", "", "", "", "PI", "X"]),
        ]
        if not claim[0].startswith(f"CLM{e}"):
            qualifier = "A" if kind == "837I" else "B"
            made.append(e.join(["CLM", "1", "0", "", "", c.join(["", qualifier, "1"])]))
        made += _numbered(claim, e)
    return made


def _each_claim(body: Sequence[str], e: str) -> Iterator[tuple[list[str], list[str]]]:
    """The segments about the patient that stand before a claim, and those of the claim."""
    about: list[str] = []
    claim: list[str] = []
    for segment in body:
        name = segment.split(e, 1)[0]
        if name in ("CLM", "HL") and claim:
            yield about, claim
            about, claim = about if name == "CLM" else [], []
        if name == "DMG":
            about.append(segment)
        elif name == "CLM" or claim or name in ("HI", "LX", "SV1", "SV2"):
            claim.append(segment)
    if claim:
        yield about, claim
    elif about or body:
        raise X12Unreadable("no_claim")


def _numbered(claim: Sequence[str], e: str) -> Iterator[str]:
    """The segments of a claim, with a line number before each service that has none."""
    number, has_number = 0, False
    for segment in claim:
        name = segment.split(e, 1)[0]
        if name in ("LX", "SV1", "SV2"):
            if name == "LX" or not has_number:
                number += 1
                yield f"LX{e}{number}"
            has_number = name == "LX"
            if name == "LX":
                continue
        yield segment


def _remittance(body: Sequence[str], e: str) -> list[str]:
    """Segments of a remittance with the loops above them. All names stay out."""
    kept = ("CLP", "CAS", "MIA", "MOA", "SVC", "DTM", "LQ")
    body = [segment for segment in body if segment.split(e, 1)[0] in kept]
    made = [
        e.join(["BPR", "I", "0", "C", "NON", *[""] * 11, "20260101"]),
        e.join(["TRN", "1", "1", "1000000000"]),
        e.join(["N1", "PR", "X"]),
        e.join(["N1", "PE", "X", "XX", "0000000000"]),
        f"LX{e}1",
    ]
    if not body[0].startswith(f"CLP{e}"):
        made.append(e.join(["CLP", "1", "1", "0", "0", "", "12", "1"]))
    return made + body
