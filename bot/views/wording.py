"""Puts an answer into words, once, from the reasons that its parts have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.desk.answer import Answer, Candidate, Headline, Pair, Reason, Verdict
from bot.messages import message


def worded(answer: Answer) -> Answer:
    """The answer in words, which are the same in the terminal, Slack, JSON and the log. A part
    without reasons keeps its words; so does every part of an answer out of the log."""
    day = answer.as_of or message("desk.date_of_service")
    return replace(
        answer,
        headline=_headline(answer.headline, day),
        notices=_each(answer.reasons, day) or answer.notices,
        candidates=[_candidate(one, day) for one in answer.candidates],
        verdicts=[_verdict(one, day) for one in answer.verdicts],
        pairs=[_pair(one, day) for one in answer.pairs],
    )


def undated(answer: Answer) -> Answer:
    """The answer in words without its date of service, which may identify a patient. `as_of` is "",
    and "the date of service" stands wherever the words would have the date; the editions that the
    date led to are kept. Words without a reason are not changed, so they must not have the date."""
    return worded(replace(answer, as_of=""))


def _headline(headline: Headline, day: str) -> Headline:
    return replace(headline, text=_together(headline.reasons, day) or headline.text)


def _candidate(candidate: Candidate, day: str) -> Candidate:
    return replace(
        candidate,
        ask_back=_together(candidate.reasons, day) or candidate.ask_back,
        report_with=[
            replace(one, because=_together(one.reasons, day) or one.because)
            for one in candidate.report_with
        ],
        because=[
            replace(one, text=_together(one.reasons, day) or one.text) for one in candidate.because
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
    """A reason in words. The items of a list are joined by blanks. `day` fills `{day}`."""

    def value(param: Any) -> Any:
        if isinstance(param, Reason):
            return in_words(param, day)
        if isinstance(param, list | tuple):
            return " ".join(str(value(one)) for one in param)
        return param

    return message(
        reason.key, **{name: value(param) for name, param in reason.params.items()}, day=day
    )
