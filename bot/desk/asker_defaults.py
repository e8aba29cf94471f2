"""What counts for an asker where the question does not say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.desk.question import Question
from bot.desk.systems import likeliest
from codesets.model import Setting, System


def with_defaults(question: Question, usual: Sequence[System], setting: Setting | None) -> Question:
    """The question, limited to the systems in which its asker usually codes, and in their setting.

    What it says itself comes first: a setting, a system by its name or by its words ("wheelchair"),
    codes of any system, or the systems that were chosen for this question alone.
    """
    if setting is not None and question.setting is None:
        question = replace(question, setting=setting)
    words = question.said
    if not usual or question.intent != "search" or question.limited_to or words is None:
        return question
    asked = likeliest(words)
    if asked and not set(asked) & set(usual):
        return question
    chosen = tuple(usual)
    return replace(question, limited_to=chosen, systems=chosen, said=None)
