"""The buttons under an answer, but for its rating."""

from __future__ import annotations

from slack_sdk.models.blocks import Block, ButtonElement

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog import UNLOGGED
from bot.slack.views.block_kit import actions, button

RULES, SHARE = "rules", "share"


def answer_buttons(
    answer: Answer, question_id: str, *, private: bool = False, shareable: bool = False
) -> list[Block]:
    """Rules, and Share for a private answer that may be shared."""
    if question_id == UNLOGGED or answer.outcome == "abstained":
        return []
    buttons: list[ButtonElement] = [button(RULES, message("slack_rules.open"), question_id)]
    if shareable:
        buttons.append(button(SHARE, message("slack.share"), question_id))
    return [actions(buttons)]
