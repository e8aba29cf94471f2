"""First contact: who Code Desk is, what to try, what not to paste, how to reach a person. Pure
functions."""

from __future__ import annotations

from typing import Any

from bot.messages import message
from bot.slack.views.block_kit import (
    Message,
    actions,
    as_posted,
    button,
    context,
    cut,
    escape,
    section,
)
from bot.slack.views.home import contact_shown

#: The buttons that ask an example; the value is the example.
TRY = "try"
EXAMPLES = (1, 2, 3)
_PROMPTS = (1, 2, 3, 4)


def welcome_message(contact: str | None, above: str = "") -> Message:
    """`contact`: how to reach a person, as the operator wrote it. `above`: what is said first."""
    text = above or message("slack_surfaces.welcome_text")
    return Message(escape(text), [*_above(above), *welcome_blocks(contact)])


def welcome_blocks(contact: str | None) -> list[dict[str, Any]]:
    examples = [message(f"slack_surfaces.try_{number}") for number in EXAMPLES]
    told = [message("slack_surfaces.welcome_private")]
    if contact:
        told.append(message("slack_surfaces.contact", contact=contact_shown(contact)))
    return as_posted(
        [
            section(message("slack_surfaces.welcome")),
            section(message("slack_surfaces.welcome_try")),
            actions(
                [
                    button(f"{TRY}_{number}", example, example)
                    for number, example in zip(EXAMPLES, examples, strict=True)
                ]
            ),
            section(message("slack_surfaces.welcome_ways")),
            context("\n".join(told)),
        ]
    )


def added_message(contact: str | None) -> Message:
    """For whoever added Code Desk to a channel."""
    return welcome_message(contact, message("slack_surfaces.added"))


def help_message(contact: str | None) -> Message:
    """What /code does."""
    heading = message("slack_surfaces.code_help")
    lines = message("slack_surfaces.code_help_lines")
    told = [message("slack_surfaces.welcome_private")]
    if contact:
        told.append(message("slack_surfaces.contact", contact=contact_shown(contact)))
    blocks = as_posted([section(f"{heading}\n{lines}"), context("\n".join(told))])
    return Message(f"{heading}\n{lines}", blocks)


def prompts() -> list[dict[str, str]]:
    """The prompts of the agent's conversation, at most four:
    https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts"""
    return [
        {
            "title": message(f"slack_surfaces.prompt_{number}_title"),
            "message": message(f"slack_surfaces.prompt_{number}"),
        }
        for number in _PROMPTS
    ]


def with_note(drawn: Message, note: str) -> Message:
    """A message with a line under it."""
    under = as_posted([context(cut(escape(note), 300))])
    plainer = drawn.plainer and [*drawn.plainer, *under]
    return Message(drawn.text, [*drawn.blocks, *under], plainer)


def _above(text: str) -> list[dict[str, Any]]:
    return as_posted([section(escape(text))]) if text else []
