"""Changes bytes as somebody would who knows the format a little: lines, fields, numbers, tags and
JSON values, besides single bytes. All chance comes from the `Random` that is given, so a seed or
Hypothesis repeats a case."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

#: What readers of texts are known to trip over: signs that are digits elsewhere, dates that are
#: none, numbers without an end, characters that are half, unseen or of another direction.
ODD = [
    "", " ", "\0", "\t", "\r", "\n", "\r\n", "\x0b", "\x1c", "\x85", "\u2028", "\ufeff", "\u202e",
    "²", "٣", "Ⅷ", "½", "é", "ß", "İ", "😀", "\ud800", "0", "-1", "1e999", "NaN", "inf", "-0",
    "0x10", "1_000", "9" * 30, "9" * 5000, "00000000", "99999999", "20260231", "2026-02-30",
    "02/30/2026", "0000-01-01", "9999-12-31", "10000-01-01",
    "12/31/99", "A", "Z99.9", "E11.9", "M17-M16", "A00-",
    "99999", "J0000", "=1+1", '"', '""', "'", "\\", "%s", "{0}", "{x}", "<", ">", "&", "&amp;",
    "&#0;", "&#x110000;", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<!--", "]]>", "<![CDATA[", "..",
    "../../x", "/", "*", "~", ":", "^", "|", ";", ",", "(" * 500, "[" * 500, "{" * 500,
    "a" * 3000, " " * 3000, "1." * 800, "- " * 800, "<b>" * 300,
]  # fmt: skip
#: The most bytes of a case; no sample is longer.
MOST = 300_000
_NUMBER = re.compile(rb"\d+")
_FIELD = re.compile(rb"[^\t,|*~:;^]*[\t,|*~:;^]?")
_TAG = re.compile(rb"</?[A-Za-z][^<>]*>")


def odd(random: Random) -> bytes:
    return random.choice(ODD).encode("utf-8", "surrogatepass")


def mutated(data: bytes, random: Random) -> bytes:
    """`data` with one to six changes, and not longer than a case may be."""
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        data = random.choice(_CHANGES)(data, random)[:MOST]
    return data


def _bytes(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    end = min(len(data), at + random.choice((0, 1, 1, 2, 8, 200)))
    put = bytes(random.randint(0, 255) for _ in range(random.choice((0, 1, 1, 4))))
    return data[:at] + put + data[end:]


def _put_odd(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + odd(random) + data[at:]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _line(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    at = random.randint(0, len(lines) - 1)
    how = random.randint(0, 4)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(random.randint(0, len(lines)), lines[at])
    elif how == 2:
        other = random.randint(0, len(lines) - 1)
        lines[at], lines[other] = lines[other], lines[at]
    elif how == 3:
        lines[at] = lines[at] * random.choice((2, 50))
    else:
        lines[at] = _field(lines[at], random)
    return b"".join(lines)


def _field(line: bytes, random: Random) -> bytes:
    fields = [field for field in _FIELD.findall(line) if field]
    if not fields:
        return line + odd(random)
    at = random.randint(0, len(fields) - 1)
    end = fields[at][-1:] if re.match(rb"[\t,|*~:;^]", fields[at][-1:]) else b""
    how = random.randint(0, 3)
    if how == 0:
        del fields[at]
    elif how == 1:
        fields[at] = odd(random) + end
    elif how == 2:
        fields.insert(at, fields[at])
    else:
        fields[at] = random.choice(fields)
    return b"".join(fields)


def _number(data: bytes, random: Random) -> bytes:
    return _replaced(data, _NUMBER, odd(random), random)


def _tag(data: bytes, random: Random) -> bytes:
    return _replaced(data, _TAG, random.choice((b"", odd(random), b"<x>", b"</x>")), random)


def _replaced(data: bytes, what: re.Pattern[bytes], put: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    found = what.search(data, start) or what.search(data)
    return data[: found.start()] + put + data[found.end() :] if found else data


def _json(data: bytes, random: Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _put_odd(data, random)
    return json.dumps(changed(value, random)).encode()


_CHANGES: list[Callable[[bytes, Random], bytes]] = [
    _bytes, _put_odd, _cut, _line, _line, _line, _number, _number, _tag, _json, _json,
]  # fmt: skip


# JSON


def changed(value: Any, random: Random) -> Any:
    """A JSON value with another value, no value or a new name somewhere in it."""
    places = list(_places(value))
    if not places:
        return _other(value, random)
    holder, key = random.choice(places)
    how = random.randint(0, 9)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, list):
        holder.insert(key, holder[key])
    elif how == 1:
        holder[str(_other(key, random))[:50]] = holder.pop(key)
    else:
        holder[key] = _other(holder[key], random)
    return value


def _places(value: Any) -> Any:
    """Each holder of a value (an object or an array) with the key of the value."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _other(value: Any, random: Random) -> Any:
    nested: Any = "x"
    for _ in range(50):
        nested = [nested]
    others: list[Any] = [
        None, True, False, 0, -1, 5, 1.5, 10**30, "", [], {}, [value], {"x": value}, [[]], [None],
        nested, random.choice(ODD), random.choice(ODD),
    ]  # fmt: skip
    if isinstance(value, str):
        text = _put_odd(value.encode("utf-8", "surrogatepass"), random)
        others += [text.decode("utf-8", "replace"), value * 20, value[: len(value) // 2]]
    return random.choice(others)
