"""What is typed into the desk of a terminal: a question, or one of its few words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.desk.answer import Answer
from bot.views.terminal.options import numbered

Verb = Literal["nothing", "help", "quit", "notes", "rules", "all", "right", "wrong", "used", "ask"]

#: "correct", as the button in Slack says, because "right" is a side: the right ankle.
WORDS: dict[str, Verb] = {
    "help": "help",
    "notes": "notes",
    "rules": "rules",
    "all": "all",
    "correct": "right",
    "wrong": "wrong",
    "used": "used",
    "quit": "quit",
    "exit": "quit",
}
#: `used` and what may be codes: words with a digit. "used a needle" is a question.
_USED = re.compile(r"used((?:[\s,;+]+(?=\S*\d)[^\s,;+]+)+)", re.I)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a line is to do. `text`: the question of "ask"; the codes of "used", "" for none."""

    verb: Verb
    text: str = ""


def read(line: str, answer: Answer | None) -> Typed:
    """`line`: as it was typed or pasted, so it may have several lines. `answer`: the one that it
    comes after, whose options have numbers; None for no answer.

    >>> read("used E11.9", None)
    Typed(verb='used', text='E11.9')
    """
    text = line.strip()
    if not text:
        return Typed("nothing")
    if text != "ALL" and (verb := WORDS.get(text.lower())):  # ALL is a leukemia
        return Typed(verb)
    if text == "?":
        return Typed("help")
    if used := _USED.fullmatch(text):
        return Typed("used", used[1].strip(" ,;+"))
    options = numbered(answer) if answer else []
    if re.fullmatch(r"[1-9]\d?", text) and int(text) <= len(options):
        return Typed("ask", options[int(text) - 1].words)
    return Typed("ask", text)
