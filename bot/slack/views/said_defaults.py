"""Says under an answer that a default of the asker limited it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.views.block_kit import Message, as_posted, context, escape


def with_said(drawn: Message, said: str) -> Message:
    """The message with a line in small letters below its footer; above its buttons where it has no
    footer."""
    line = as_posted([context(escape(said))])
    plainer = drawn.plainer and _placed(drawn.plainer, line)
    return Message(drawn.text, _placed(drawn.blocks, line), plainer)


def _placed(blocks: Sequence[dict[str, Any]], line: list[dict[str, Any]]) -> list[dict[str, Any]]:
    small = [n for n, block in enumerate(blocks, 1) if block["type"] == "context"]
    pressed = [n for n, block in enumerate(blocks) if "actions" in block["type"]]
    place = (small[-1:] or pressed[:1] or [len(blocks)])[0]
    return [*blocks[:place], *line, *blocks[place:]]
