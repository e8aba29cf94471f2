"""Words of a question as the log may keep them. A search reads words that may be a new drug or a
name ("Scrubbed.searched"); what is shown and stored has them only if the stored question has."""

from __future__ import annotations

import re

from bot.desk.question import Question
from index.text.tokens import fold

_WORD = re.compile(r"[^\W_]+")
_PLACE = re.compile(r"\[[A-Z ]+\]")
_TWICE = re.compile(r"(\[[A-Z ]+\])(?:[\s-]+\1)+")


class StoredWords:
    """Hides what the stored text of a question does not have."""

    def __init__(self, question: Question) -> None:
        self._hidden: frozenset[str] = frozenset()
        if question.removed:
            stored = _words(_PLACE.sub(" ", question.statement))
            self._hidden = _words(f"{question.text} {question.subject}") - stored

    def hide(self, text: str) -> str:
        """The text with a placeholder for each word that is not stored. An age over 89 is read as
        90."""
        if not self._hidden:
            return text

        def shown(word: re.Match[str]) -> str:
            if fold(word[0]) not in self._hidden:
                return word[0]
            return "[AGE]" if word[0] == "90" else "[NAME]"

        return _TWICE.sub(r"\1", _WORD.sub(shown, text))


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _WORD.findall(text))
