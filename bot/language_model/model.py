"""What the desk asks of a language model, and what the log keeps of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeVar

from bot.desk.answer import Answer, Explanation
from bot.desk.question import Question
from bot.desk.taken_apart import Phrase, is_in_doubt, taken_apart, with_sure
from bot.language_model import explain, facts
from bot.language_model.client import Client, NoReply
from bot.language_model.prompts import prompt

T = TypeVar("T")

Task = Literal["facts", "explain"]
#: used: it is in the answer. not used: it holds, and the answer without it stands. dropped: it does
#: not hold. failed: there was no reply.
Use = Literal["used", "not used", "dropped", "failed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a call of the model.

    - `task`, `model`, `prompt`: what was asked of whom; `prompt` is the version of its words.
    - `use`: what became of the reply; `why`: of one that is not used.
    - `elapsed_ms`: how long it took.
    - `said`: the reply; "" where there was none.
    - `phrases`: what was taken of a note; () for an explanation.
    - `question`: the question to ask again by these phrases; None for none.
    - `explanation`: what is shown; None for nothing.
    """

    task: Task
    model: str
    prompt: str
    use: Use
    why: str = ""
    elapsed_ms: float = 0.0
    said: str = ""
    phrases: tuple[Phrase, ...] = ()
    question: Question | None = None
    explanation: Explanation | None = None

    def not_used(self, why: str) -> Asked:
        return replace(self, use="not used", why=why)

    def body(self) -> dict[str, Any]:
        """What the log keeps that has no words of anybody."""
        names = ("task", "model", "prompt", "use", "why", "elapsed_ms")
        return {name: getattr(self, name) for name in names}

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The phrases as the log keeps them. They stand in the scrubbed question."""
        return [asdict(phrase) for phrase in self.phrases]


@dataclass(slots=True)
class LanguageModel:
    """A model that may help. Safe to use from many threads. Nothing is raised here: without a reply
    of use the answer stands as it is."""

    client: Client
    clock: Callable[[], float] = field(default=time.perf_counter)

    def takes_apart(self, question: Question, answer: Answer) -> Asked | None:
        """The question read by phrases that the model picked; None where the desk is not in doubt,
        or the model was not asked."""
        if not is_in_doubt(question, answer):
            return None
        scrubbed = question.statement

        def read(said: str) -> tuple[Question, list[Phrase]]:
            phrases = with_sure(facts.read_reply(said, scrubbed), question, answer)
            again = taken_apart(question, phrases, self.client.model)
            if again is None:
                raise NoReply("its phrases state nothing", said)
            return again, phrases

        asked, result = self._asked("facts", facts.asked_of(scrubbed), read)
        if asked is None or result is None:
            return asked
        return replace(asked, question=result[0], phrases=tuple(result[1]))

    def explains(self, answer: Answer) -> Asked | None:
        """An explanation of an answer; None where it has nothing to explain, or the model was not
        asked."""
        data = explain.asked_of(answer)
        if data is None:
            return None
        asked, text = self._asked("explain", data, lambda said: explain.read_reply(said, data))
        if asked is None or text is None:
            return asked
        return replace(asked, explanation=Explanation(text, asked.model, asked.prompt))

    def _asked(
        self, task: Task, data: dict[str, Any], read: Callable[[str], T]
    ) -> tuple[Asked | None, T | None]:
        words = prompt(task)
        started = self.clock()
        use: Use = "failed"
        said, why, result = "", "", None
        try:
            said = self.client.ask(words, data)
            use = "dropped"
            result = read(said)
            use = "used"
        except NoReply as error:
            if not error.was_called:
                return None, None
            why = str(error)
        self.client.counts(was_of_use=use == "used")
        elapsed_ms = round((self.clock() - started) * 1000, 2)
        return Asked(task, self.client.model, words.version, use, why, elapsed_ms, said), result
