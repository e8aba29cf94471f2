"""The sentences of a language model under an answer that was posted without them."""

from __future__ import annotations

from bot.desk.answer import Explanation
from bot.slack.views.block_kit import Message, as_posted, context, escape
from bot.views.shared import explanation as in_words

#: https://docs.slack.dev/reference/block-kit/blocks
_MOST_BLOCKS = 50


def with_explanation(drawn: Message, explanation: Explanation) -> Message | None:
    """A message with an explanation at its end; None where it has no room."""
    if len(drawn.blocks) >= _MOST_BLOCKS:
        return None
    text = escape(in_words(explanation))
    block = as_posted([context(text)])
    plainer = drawn.plainer and [*drawn.plainer, *block]
    return Message(f"{drawn.text}\n{text}", [*drawn.blocks, *block], plainer)
