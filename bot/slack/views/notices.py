"""What must be known of an answer as a whole, in few words. What is loaded is told once in a
conversation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from bot.desk.answer import Answer
from bot.messages import message, values_of
from bot.slack.views.block_kit import escape
from bot.slack.views.phone_lines import CONTEXT_LINE, cut_to_lines
from bot.views.notices import edition_of, notices_to_say, told_by
from bot.views.report_words import shown_lines
from codesets.model import SYSTEM_NAMES

#: Advice that is under the button Rules only.
_FOLDED = ("load_the_edition",)
_MOST = 3


class _Notice(NamedTuple):
    """A notice as the answer has it, in fewer words where it is `of_editions`."""

    notice: str
    words: str
    of_editions: bool


def notice_texts(answer: Answer, told: Collection[str], most: int) -> list[str]:
    """The notices that the headline does not tell, each on `most` lines of a context; not those of
    what is loaded that were `told` before, or of a system that has no code in the answer."""
    return [escape(cut_to_lines(one.words, most, CONTEXT_LINE)) for one in _drawn(answer, told)]


def loaded_told(answer: Answer) -> list[str]:
    """Keys of what an answer tells of what is loaded, to be remembered as told."""
    return told_by(answer, [one.notice for one in _drawn(answer, ())])


def _drawn(answer: Answer, told: Collection[str]) -> list[_Notice]:
    found = [*_notices(answer, told)]
    # What is said of the question comes before what is said of editions, where there is no room.
    kept = sorted(found, key=lambda one: one.of_editions)[:_MOST]
    return [one for one in found if one in kept][:_MOST]


def _notices(answer: Answer, told: Collection[str]) -> Iterator[_Notice]:
    for notice in notices_to_say(answer, told):
        name, values = edition_of(notice)
        if name in _FOLDED or notice == conflict_in(answer):
            continue
        if name and _is_of_another(answer, values):
            continue
        # Editions have shorter words here.
        words = message(f"slack_answer.{name}", **values) if name else notice
        yield _Notice(notice, words, bool(name))


def conflict_in(answer: Answer) -> str | None:
    """The first notice that two codes of a report exclude each other, which is no small matter."""
    return next((one for one in answer.notices if values_of("report.conflict", one)), None)


def _is_of_another(answer: Answer, values: Mapping[str, str]) -> bool:
    """Whether a notice is about a system that no code of the answer is from: one that only has
    rivals, or that was searched in vain."""
    shown = {line.system for line in shown_lines(answer)}
    shown |= {verdict.system for verdict in answer.verdicts}
    if not shown and answer.outcome == "answered":
        shown = {candidate.system for candidate in answer.candidates}
    named = {SYSTEM_NAMES.get(system, "") for system in shown}
    return "system" in values and values["system"] not in named
