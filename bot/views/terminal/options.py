"""The answers to what is asked back, as they are typed."""

from __future__ import annotations

import re

from bot.desk.answer import Answer, AskOption
from bot.messages import message

#: A number in the words of an option: of a stage, a trimester, a fetus.
_NUMBER = re.compile(r"\d|\b(?:first|second|third|fourth|fifth)\b", re.I)


def numbered(answer: Answer) -> list[AskOption]:
    """The options that can be chosen by their place, from 1. Those that have numbers of their own
    cannot: "2" may then mean stage 2, where the second option is stage 1."""
    if any(_NUMBER.search(one.words) for one in answer.ask_options):
        return []
    return answer.ask_options


def option_words(answer: Answer, *, by_number: bool = False) -> list[str]:
    """The answers to what is asked back: the words to type, and the code of each. `by_number`: with
    the number that chooses it, where there is one."""
    words = [
        message("terminal.option", words=one.words, code=one.code) for one in answer.ask_options
    ]
    if by_number and numbered(answer):
        return [f"{number} {each}" for number, each in enumerate(words, 1)]
    return words
