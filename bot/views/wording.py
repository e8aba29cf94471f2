"""Puts an answer into words, once, from the reasons that its parts have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from bot.desk.answer import (
    Answer,
    AskOption,
    Because,
    Candidate,
    Headline,
    Pair,
    ReportLine,
    StatementReport,
    Verdict,
)
from bot.desk.answer_coverage import Coverage
from bot.desk.answer_denials import CHECK, DenialCode
from bot.desk.answer_flags import Flag
from bot.desk.answer_policies import HousePolicy
from bot.desk.reasons import Reason
from bot.messages import message

Said = TypeVar("Said", Coverage, HousePolicy)

#: Questions that are asked back about one report.
_MOST_ASKS = 2


def worded(answer: Answer) -> Answer:
    """The answer in words, which are the same in the terminal, Slack, JSON and the log. A part
    without reasons keeps its words; so does every part of an answer out of the log."""
    day = answer.as_of or message("desk.date_of_service")
    return replace(
        answer,
        headline=_headline(answer.headline, day),
        report=[_line(line, day) for line in answer.report],
        asks=_asks([_line(line, day) for line in answer.report]) or answer.asks,
        ask_options=[_option(one, day) for one in answer.ask_options],
        statements=[_statement(one, day) for one in answer.statements],
        notices=_each(answer.reasons, day) or answer.notices,
        candidates=[_candidate(one, day) for one in answer.candidates],
        verdicts=[_verdict(one, day) for one in answer.verdicts],
        pairs=[_pair(one, day) for one in answer.pairs],
        coverage=[_says(one, day) for one in answer.coverage],
        policies=[_says(one, day) for one in answer.policies],
        denials=[_denial(one, day) for one in answer.denials],
    )


def undated(answer: Answer) -> Answer:
    """The answer in words without its date of service, which may identify a patient. `as_of` is "",
    and "the date of service" stands wherever the words would have the date; the editions that the
    date led to are kept. Words without a reason are not changed, so they must not have the date."""
    return worded(replace(answer, as_of=""))


def _headline(headline: Headline, day: str) -> Headline:
    return replace(headline, text=_together(headline.reasons, day) or headline.text)


def _statement(statement: StatementReport, day: str) -> StatementReport:
    lines = [_line(line, day) for line in statement.report]
    return replace(
        statement,
        headline=_headline(statement.headline, day),
        report=lines,
        asks=_asks(lines) or statement.asks,
    )


def _line(line: ReportLine, day: str) -> ReportLine:
    return replace(
        line,
        because=_because(line.because, day),
        ask_back=_together(line.reasons, day) or line.ask_back,
        flags=_flags(line.flags, day),
    )


def _asks(lines: Iterable[ReportLine]) -> list[str]:
    """What is asked back about a report, each question once."""
    return list(dict.fromkeys(line.ask_back for line in lines if line.ask_back))[:_MOST_ASKS]


def _option(option: AskOption, day: str) -> AskOption:
    label = _together(option.reasons, day) or option.label
    return replace(option, label=label, words=option.words or label.casefold())


def _because(grounds: Iterable[Because], day: str) -> list[Because]:
    return [replace(one, text=_together(one.reasons, day) or one.text) for one in grounds]


def _candidate(candidate: Candidate, day: str) -> Candidate:
    return replace(
        candidate,
        ask_back=_together(candidate.reasons, day) or candidate.ask_back,
        report_with=[
            replace(one, because=_together(one.reasons, day) or one.because)
            for one in candidate.report_with
        ],
        because=_because(candidate.because, day),
    )


def _verdict(verdict: Verdict, day: str) -> Verdict:
    return replace(
        verdict,
        why=_together(verdict.reasons, day) or verdict.why,
        equivalents=[
            replace(one, says=_together(one.reasons, day) or one.says)
            for one in verdict.equivalents
        ],
        flags=_flags(verdict.flags, day),
        who_equivalents=[
            replace(one, says=_together(one.reasons, day) or one.says)
            for one in verdict.who_equivalents
        ],
    )


def _flags(flags: Iterable[Flag], day: str) -> list[Flag]:
    """The first reason of a flag is that of its label."""
    return [
        replace(
            one,
            label=_together(one.reasons[:1], day) or one.label,
            says=_together(one.reasons[1:], day) or one.says,
        )
        for one in flags
    ]


def _pair(pair: Pair, day: str) -> Pair:
    return replace(pair, says=_together(pair.reasons, day) or pair.says)


def _says(one: Said, day: str) -> Said:
    return replace(one, says=_together(one.reasons, day) or one.says)


def _denial(denial: DenialCode, day: str) -> DenialCode:
    checks = [why for why in denial.reasons if why.key.startswith(CHECK)]
    text = [why for why in denial.reasons if why not in checks]
    return replace(
        denial,
        text=_together(text, day) or denial.text,
        checks=_each(checks, day) or denial.checks,
    )


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
