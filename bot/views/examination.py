"""What `codedesk doctor` prints: a screen for people, or JSON for programs."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.messages import message
from bot.operations.doctor import Examination
from bot.operations.findings import Finding
from bot.views.screen import WIDTH

_MARKS = {"ok": "ok    ", "look": "LOOK  ", "broken": "BROKEN"}
_INDENT = " " * 10


def as_text(found: Examination, *, everything: bool = True, width: int = WIDTH) -> str:
    """Groups with something broken first, then those with something to look at. `width`: the
    columns that a line may have."""
    groups = sorted(
        found.groups.items(), key=lambda group: min(map(_rank, group[1]), default=len(_MARKS))
    )
    lines: list[str] = []
    for name, findings in groups:
        shown = [one for one in findings if everything or one.state != "ok"]
        if shown:
            lines += ["", message(f"doctor.group_{name}")]
            for one, following in zip(shown, [*shown[1:], None], strict=True):
                lines += _drawn(one, width)
                # What several have in common to do stands once, under the last of them.
                if following is None or following.todo != one.todo:
                    lines += _remedy(one, width)
    counts = {state: found.count(state) for state in ("broken", "look", "ok")}
    return "\n".join([*lines[1:], "", message(f"doctor.result_{found.worst}", **counts)])


def _rank(finding: Finding) -> int:
    return {"broken": 0, "look": 1, "ok": 2}[finding.state]


def _drawn(finding: Finding, width: int) -> list[str]:
    return _wrapped(finding.text, f"  {_MARKS[finding.state]}  ", _INDENT, width)


def _remedy(finding: Finding, width: int) -> list[str]:
    return _wrapped(finding.todo, f"{_INDENT}→ ", f"{_INDENT}  ", width)


def _wrapped(text: str, first: str, other: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )


def as_dict(found: Examination) -> dict[str, Any]:
    """`result` (ok, look, broken), and `findings`, each with `group`, `state`, `key`, `text` and
    `todo`."""
    return {
        "result": found.worst,
        "findings": [
            {
                "group": name,
                "state": one.state,
                "key": one.key,
                "text": one.text,
                "todo": one.todo,
            }
            for name, findings in found.groups.items()
            for one in findings
        ],
    }
