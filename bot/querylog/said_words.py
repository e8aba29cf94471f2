"""The words of a question that its answer repeats: the statement as it was read, and those of its
facts, lines and statements.

The log keeps them as a text of their own, so that a redaction of the question destroys them, too,
and keeps the codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: Fields of a logged answer that are such words: of an answer, and of each of its statements.
_SAID, _FACTS, _REPORT, _STATEMENTS = "said", "facts", "report", "statements"
_READ_AS = "read_as"


def take_out(answer: dict[str, Any]) -> dict[str, Any]:
    """Empty the words in a logged answer, and return them; {} where there are none."""
    words = [_taken(part) for part in _parts(answer)]
    return {"said": words} if any(map(_is_filled, words)) else {}


def put_back(answer: dict[str, Any], words: dict[str, Any] | None) -> dict[str, Any]:
    """The logged answer with its words, where they were not destroyed. `answer` is altered."""
    for part, taken in zip(_parts(answer), (words or {}).get("said", ()), strict=False):
        for name in (_SAID, _READ_AS):
            if name in part:
                part[name] = taken.get(name, "")
        part[_FACTS] = taken[_FACTS]
        for line, said in zip(part[_REPORT], taken[_REPORT], strict=False):
            line[_SAID] = said
    return answer


def _parts(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer and its statements; nothing of an older answer, which has no report."""
    if _REPORT in answer:
        yield answer
        yield from answer[_STATEMENTS]


def _taken(part: dict[str, Any]) -> dict[str, Any]:
    taken = {
        _FACTS: part[_FACTS],
        _REPORT: [line[_SAID] for line in part[_REPORT]],
    }
    for name in (_SAID, _READ_AS):
        if part.get(name):
            taken[name] = part[name]
            part[name] = ""
    part[_FACTS] = []
    for line in part[_REPORT]:
        line[_SAID] = ""
    return taken


def _is_filled(taken: dict[str, Any]) -> bool:
    return bool(taken.get(_SAID) or taken.get(_READ_AS) or taken[_FACTS] or any(taken[_REPORT]))
