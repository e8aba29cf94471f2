"""The words of an answer, made once, of the reasons that its parts carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.desk.answer import Answer, Candidate, Pair, Reason, Verdict
from bot.messages import message


def worded(answer: Answer) -> Answer:
    """The answer with its words: those for the terminal, Slack, JSON and the log. A part without
    reasons, as all are in an answer out of the log, keeps the words that it has."""
    day = answer.as_of or message("desk.date_of_service")
    return replace(
        answer,
        notices=_each(answer.reasons, day) or answer.notices,
        candidates=[_candidate(one, day) for one in answer.candidates],
        verdicts=[_verdict(one, day) for one in answer.verdicts],
        pairs=[_pair(one, day) for one in answer.pairs],
    )


def undated(answer: Answer) -> Answer:
    """The answer without its date of service, which may identify a patient: the editions that it
    led to stand for it, and words wherever the answer repeats it. `as_of` is then "". Words that
    were made without a reason stay as they are, so they must never tell the date."""
    return worded(replace(answer, as_of=""))


def _candidate(candidate: Candidate, day: str) -> Candidate:
    return replace(
        candidate,
        ask_back=_together(candidate.reasons, day) or candidate.ask_back,
        report_with=[
            replace(one, because=_together(one.reasons, day) or one.because)
            for one in candidate.report_with
        ],
    )


def _verdict(verdict: Verdict, day: str) -> Verdict:
    return replace(
        verdict,
        why=_together(verdict.reasons, day) or verdict.why,
        equivalents=[
            replace(one, says=_together(one.reasons, day) or one.says)
            for one in verdict.equivalents
        ],
    )


def _pair(pair: Pair, day: str) -> Pair:
    return replace(pair, says=_together(pair.reasons, day) or pair.says)


def _together(reasons: Iterable[Reason], day: str) -> str:
    return " ".join(_each(reasons, day))


def _each(reasons: Iterable[Reason], day: str) -> list[str]:
    return [in_words(reason, day) for reason in reasons]


def in_words(reason: Reason, day: str = "") -> str:
    """A reason in words. A list is worded one after the other, with blanks between. `day` is what
    stands for `{day}`."""

    def value(param: Any) -> Any:
        if isinstance(param, Reason):
            return in_words(param, day)
        if isinstance(param, list | tuple):
            return " ".join(str(value(one)) for one in param)
        return param

    return message(
        reason.key, **{name: value(param) for name, param in reason.params.items()}, day=day
    )
