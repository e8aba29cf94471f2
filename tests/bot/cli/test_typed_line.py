"""What a line is to do that is typed into the desk of a terminal."""

from __future__ import annotations

import pytest

from bot.cli.typed_line import Typed, read
from bot.desk.answer import Answer, AskOption


def asking_back(*words: str) -> Answer:
    options = [AskOption(f"X{number}", one, one) for number, one in enumerate(words)]
    return Answer("asked", "2026-05-01", "answered", ask_options=options)


SIDES = asking_back("right", "left")
STAGES = asking_back("unstageable", "stage 1", "stage 2")
TRIMESTERS = asking_back("second trimester", "third trimester")

LINES = [
    # typed, after which answer, verb, text
    ("", None, "nothing", ""),
    (" \n\t", SIDES, "nothing", ""),
    ("help", None, "help", ""),
    ("?", None, "help", ""),
    (" Quit ", None, "quit", ""),
    ("exit", SIDES, "quit", ""),
    ("notes", SIDES, "notes", ""),
    ("RULES", SIDES, "rules", ""),
    ("all", SIDES, "all", ""),
    ("ALL", SIDES, "ask", "ALL"),
    ("correct", SIDES, "right", ""),
    ("wrong", SIDES, "wrong", ""),
    # a side, never a rating
    ("right", SIDES, "ask", "right"),
    ("used", SIDES, "used", ""),
    ("used e11.9", SIDES, "used", "e11.9"),
    ("Used E11.9, I10", SIDES, "used", "E11.9, I10"),
    ("used needle", SIDES, "ask", "used needle"),
    ("used a needle twice in 2025", SIDES, "ask", "used a needle twice in 2025"),
    ("used 2 puffs of albuterol", SIDES, "ask", "used 2 puffs of albuterol"),
    ("1", SIDES, "ask", "right"),
    (" 2 ", SIDES, "ask", "left"),
    ("3", SIDES, "ask", "3"),
    ("0", SIDES, "ask", "0"),
    ("²", SIDES, "ask", "²"),
    ("1", None, "ask", "1"),
    # "2" is the stage and not the second option
    ("2", STAGES, "ask", "2"),
    ("2", TRIMESTERS, "ask", "2"),
    ("notes of the visit", SIDES, "ask", "notes of the visit"),
    ("help me code gout", None, "ask", "help me code gout"),
    ("knee OA\nleft\n", None, "ask", "knee OA\nleft"),
    ("1\n2", SIDES, "ask", "1\n2"),
]


@pytest.mark.parametrize(("typed", "answer", "verb", "text"), LINES)
def test_what_a_line_is_to_do(typed: str, answer: Answer | None, verb: str, text: str) -> None:
    line = read(typed, answer)
    assert (line.verb, line.text) == (verb, text)
    assert isinstance(line, Typed)
