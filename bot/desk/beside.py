"""What stands beside the official rules of an answer: coverage policies, and rules of the house."""

from __future__ import annotations

from collections.abc import Iterable

from bot.desk import policies
from bot.desk.answer import Answer
from bot.desk.coverage_answers import with_coverage
from bot.desk.policies import HousePolicies
from bot.desk.question import Question
from bot.phi import Scrubber
from bot.phi.spans import cleaned, replaced
from codesets.store.code_store import CodeStore

#: Kinds of identifiers that a rule may have, as it is about no patient: the day on which it
#: changes, an age for which it is, the page that it is from.
_OF_A_RULE = ("DATE", "AGE", "URL")


class Beside:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, scrubber: Scrubber) -> None:
        self._store = store
        self._scrubber = scrubber
        self._policies = HousePolicies(store, self._scrubbed)

    def added(self, question: Question, answer: Answer) -> Answer:
        """The answer with what coverage policies list and with the rules of the house."""
        if answer.outcome == "verdict":
            answer = with_coverage(self._store, question, answer)
        return self._policies.beside(question, answer)

    def _scrubbed(self, text: str) -> str:
        """The text of a rule without identifiers of patients."""
        seen = cleaned(text)
        spans = [span for span in self._scrubber.find(seen) if span.kind not in _OF_A_RULE]
        return replaced(seen, spans) if spans else text


def sources_of(answers: Iterable[Answer]) -> set[str]:
    """The keys of the references whose policies and rules these answers show."""
    each = list(answers)
    parts = {"A": "articles", "L": "lcds"}
    coverage = {
        f"hcpcs/coverage/{one.release}/{parts.get(one.policy[0], 'ncds')}"
        for answer in each
        for one in answer.coverage
        if one.policy
    }
    return coverage | policies.tables_of(each)
