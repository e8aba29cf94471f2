"""An answer in a modal. Pure functions.

What stands around the answer (its frame) is kept in the outbox with the answer, so it is JSON. An
answer has at most 50 blocks, a modal 100: https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.messages import message
from bot.slack.views.block_kit import as_posted, escape, plain_text, section
from bot.slack.views.feedback import RATING, RIGHT, WRONG

#: What a rating is thanked with needs a message, which a modal is not.
_RATINGS = {RATING, RIGHT, WRONG}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around an answer in a modal.

    - `title`, `close`: its title and the label that closes it, as keys of messages.
    - `callback`, `metadata`: its callback_id and private_metadata; "" for none.
    - `above`, `below`: blocks as JSON.
    - `pressable`: whether the answer keeps its buttons. A modal that is on top of another one has
      none: Slack stacks three at most (https://docs.slack.dev/surfaces/modals).
    """

    title: str
    close: str
    callback: str = ""
    metadata: str = ""
    above: Sequence[dict[str, Any]] = ()
    below: Sequence[dict[str, Any]] = ()
    pressable: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Frame:
        return cls(**fields)


def answer_view(
    frame: Frame, blocks: Sequence[dict[str, Any]], external_id: str = ""
) -> dict[str, Any]:
    """The modal with the blocks of an answer, or of a sentence. By `external_id` it is found while
    its id is not known."""
    kept = [block for block in blocks if _fits(block, pressable=frame.pressable)]
    given = {
        "callback_id": frame.callback,
        "private_metadata": frame.metadata,
        "external_id": external_id,
    }
    return {
        "type": "modal",
        "title": plain_text(message(frame.title)).to_dict(),
        "close": plain_text(message(frame.close)).to_dict(),
        "blocks": [*frame.above, *kept, *frame.below],
        **{name: value for name, value in given.items() if value},
    }


def waiting_view(frame: Frame, question_id: str) -> dict[str, Any]:
    """While the question is answered. By the id of the question the answer finds it, and only once
    it is there."""
    wait = as_posted([section(message("slack_modals.wait"))])
    return answer_view(frame, wait, question_id)


def sentence_view(frame: Frame, text: str) -> dict[str, Any]:
    return answer_view(frame, as_posted([section(escape(text))]))


def _fits(block: Mapping[str, Any], *, pressable: bool) -> bool:
    if block["type"] not in ("actions", "context_actions"):
        return True
    return pressable and not _actions(block) & _RATINGS


def _actions(block: Mapping[str, Any]) -> set[str]:
    return {element.get("action_id", "") for element in block["elements"]}
