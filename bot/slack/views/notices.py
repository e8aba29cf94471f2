"""What must be known of an answer as a whole, in few words. What says which edition was used is
told once in a conversation."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from bot.desk.answer import Answer
from bot.messages import message, values_of
from bot.slack.views.block_kit import escape
from bot.slack.views.phone_lines import CONTEXT_LINE, cut_to_lines
from bot.views.report_words import shown_lines, untold_notices
from codesets.model import SYSTEM_NAMES

#: Notices about editions, which have shorter words here.
_OF_EDITIONS = ("not_covered", "served", "edits_not_covered", "load_the_edition")
#: Advice that is under the button Rules only.
_FOLDED = ("load_the_edition",)
_MOST = 3


def notice_texts(answer: Answer, told: Collection[str], most: int) -> list[str]:
    """The notices that the headline does not tell, each on `most` lines of a context; not those of
    editions that were `told` before, or of a system that has no code in the answer."""
    texts: list[tuple[bool, str]] = []
    for notice in untold_notices(answer):
        name, values = _of_edition(notice)
        if name in _FOLDED or notice == conflict_in(answer):
            continue
        if name and (key_of(notice) in told or _is_of_another(answer, values)):
            continue
        words = message(f"slack_answer.{name}", **values) if name else notice
        texts.append((bool(name), escape(cut_to_lines(words, most, CONTEXT_LINE))))
    # What is said of the question comes before what is said of editions, where there is no room.
    kept = sorted(texts, key=lambda one: one[0])[:_MOST]
    return [one[1] for one in texts if one in kept][:_MOST]


def conflict_in(answer: Answer) -> str | None:
    """The first notice that two codes of a report exclude each other, which is no small matter."""
    return next((one for one in answer.notices if values_of("report.conflict", one)), None)


def edition_notices(answer: Answer) -> list[str]:
    """Keys of the notices about editions that an answer tells, to be remembered as told."""
    return [key_of(notice) for notice in untold_notices(answer) if _of_edition(notice)[0]]


def key_of(notice: str) -> str:
    return hashlib.sha256(notice.encode()).hexdigest()[:16]


def _of_edition(notice: str) -> tuple[str, dict[str, str]]:
    """Which notice about an edition it is, and what fills it; "" for another one."""
    for name in _OF_EDITIONS:
        values = values_of(f"desk.{name}", notice)
        if values is not None:
            return name, values
    return "", {}


def _is_of_another(answer: Answer, values: Mapping[str, str]) -> bool:
    """Whether a notice is about a system that no code of the answer is from: one that only has
    rivals, or that was searched in vain."""
    shown = {line.system for line in shown_lines(answer)}
    shown |= {verdict.system for verdict in answer.verdicts}
    if not shown and answer.outcome == "answered":
        shown = {candidate.system for candidate in answer.candidates}
    named = {SYSTEM_NAMES.get(system, "") for system in shown}
    return "system" in values and values["system"] not in named
