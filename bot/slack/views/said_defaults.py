"""Says under an answer that a default of the asker limited it."""

from __future__ import annotations

from dataclasses import replace

from bot.slack.views.block_kit import Message, as_posted, context, escape


def with_said(drawn: Message, said: str) -> Message:
    """The message with a line in small letters below its footer; above its buttons where it has no
    footer."""
    line = as_posted([context(escape(said))])
    small = [n for n, block in enumerate(drawn.blocks, 1) if block["type"] == "context"]
    pressed = [n for n, block in enumerate(drawn.blocks) if "actions" in block["type"]]
    place = (small[-1:] or pressed[:1] or [len(drawn.blocks)])[0]
    return replace(drawn, blocks=[*drawn.blocks[:place], *line, *drawn.blocks[place:]])
