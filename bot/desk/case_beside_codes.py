"""What a question states besides the codes that it names: "copd w/ acute bronchitis, is J44.9
right?" states a case."""

from __future__ import annotations

from collections.abc import Callable

from bot.desk.chatter import subject
from bot.desk.literals import put
from bot.desk.question import Question
from index.statement.facts import among, read_statement
from index.text.lexicon import Lexicon


def case_of(question: Question) -> str:
    """The words of a question without the codes that it names and without those that ask."""
    words = question.text
    for mention in question.mentions:
        words = put(words, mention.slip or mention.typed, " ")
    return subject(" ".join(words.split()))


def names_a_condition(case: str, is_name: Callable[[str], bool]) -> bool:
    """Whether a fact that is so is the name of a condition. `is_name` takes words spelled out."""
    lexicon = Lexicon.shipped()
    for fact in among(read_statement(case).facts, "affirmed"):
        parts = lexicon.parts(lexicon.typed(fact.text))
        if fact.kind != "detail" and is_name(" ".join(part.means for part in parts if part.typed)):
            return True
    return False
