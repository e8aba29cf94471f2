"""Words of denial codes that the terminal and Slack share."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.answer_denials import DenialCode
from bot.messages import message


def meaning(denial: DenialCode) -> str:
    """A code with its kind, what it means and whose words these are."""
    told = message(f"denials.kind_{denial.kind}", code=denial.code, text=denial.text)
    return f"{told} {message('denials.source', source=denial.source)}" if denial.source else told


def checks(line: Sequence[DenialCode]) -> list[str]:
    return [check for one in line for check in one.checks]


def next_steps(line: Sequence[DenialCode]) -> list[str]:
    """What usually follows for an adjustment, each step once. What a remark says is missing comes
    with its reason."""
    return list(dict.fromkeys(step for one in line for step in one.next_steps))
