"""What must be known of an answer as a whole, in few words. What is loaded is told once in a
conversation."""

from __future__ import annotations

from collections.abc import Collection

from bot.desk.answer import Answer
from bot.slack.views.block_kit import escape
from bot.slack.views.phone_lines import CONTEXT_LINE, cut_to_lines
from bot.views.notices import notices_in_short, told_by

_MOST = 3


def notice_texts(answer: Answer, told: Collection[str], most: int) -> list[str]:
    """The notices that the headline does not tell, each on `most` lines of a context; not those of
    what is loaded that were `told` before, or of a system that has no code in the answer."""
    return [
        escape(cut_to_lines(one.words, most, CONTEXT_LINE))
        for one in notices_in_short(answer, told, _MOST)
    ]


def loaded_told(answer: Answer) -> list[str]:
    """Keys of what an answer tells of what is loaded, to be remembered as told."""
    return told_by(answer, [one.notice for one in notices_in_short(answer, (), _MOST)])
