"""The words of a message that somebody points at. It may be a bot's, which has its words in blocks
or attachments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.slack.message_text import clean


def text_of(message: Mapping[str, Any]) -> str:
    """What the message says, cleaned; "" when it says nothing in words.

    https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    text = message.get("text")
    if isinstance(text, str) and clean(text):
        return clean(text)
    attached = [
        str(attachment.get(name) or "")
        for attachment in message.get("attachments") or []
        for name in ("pretext", "title", "text")
    ]
    words = [*_texts(message.get("blocks")), *attached]
    return clean("\n".join(word for word in words if word.strip()))


def _texts(node: Any) -> Iterator[str]:
    """The texts in blocks, without the labels of their buttons."""
    if isinstance(node, Mapping):
        if node.get("type") in ("actions", "context_actions", "button"):
            return
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
