"""What `codedesk doctor` prints: a screen for people, or JSON for programs."""

from __future__ import annotations

import textwrap
from typing import Any

from bot.messages import message
from bot.operations.doctor import Examination
from bot.operations.findings import Finding

_MARKS = {"ok": "ok    ", "look": "LOOK  ", "broken": "BROKEN"}
_WIDTH = 100


def as_text(found: Examination, *, everything: bool = True) -> str:
    """Groups with something broken first, then those with something to look at."""
    groups = sorted(
        found.groups.items(), key=lambda group: min(map(_rank, group[1]), default=len(_MARKS))
    )
    lines: list[str] = []
    for name, findings in groups:
        shown = [one for one in findings if everything or one.state != "ok"]
        if shown:
            lines += ["", message(f"doctor.group_{name}")]
            lines += [line for one in shown for line in _drawn(one)]
    counts = {state: found.count(state) for state in ("broken", "look", "ok")}
    return "\n".join([*lines[1:], "", message(f"doctor.result_{found.worst}", **counts)])


def _rank(finding: Finding) -> int:
    return {"broken": 0, "look": 1, "ok": 2}[finding.state]


def _drawn(finding: Finding) -> list[str]:
    indent = " " * 10
    mark = f"  {_MARKS[finding.state]}  "
    lines = textwrap.wrap(
        finding.text, _WIDTH, initial_indent=mark, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    if finding.todo:
        lines += textwrap.wrap(
            finding.todo, _WIDTH, initial_indent=f"{indent}→ ", subsequent_indent=f"{indent}  ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return lines


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
