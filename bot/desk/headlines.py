"""The first line of an answer: what it says, in one line, without words of the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Headline, ReportLine, StatementReport, Verdict, reason
from bot.messages import message
from bot.views.shared import news_counts, news_heading, status_word

_MOST_SENTENCE = 240


def headlined(answer: Answer) -> Answer:
    """The answer with its headline. One that it has already is kept: what decides about codes
    together sets it before."""
    if answer.headline.text or answer.headline.reasons:
        return answer
    return replace(answer, headline=_of(answer))


def _of(answer: Answer) -> Headline:
    if answer.statements:
        return of_statements(answer.statements)
    if answer.outcome == "guideline":
        return _of_rule(answer)
    if answer.outcome == "changes" and answer.changes:
        counts = news_counts(answer.changes) or message("news.nothing")
        heading = news_heading(answer.changes)
        return Headline("changes", [], message("headline.changes", heading=heading, counts=counts))
    if answer.outcome == "verdict":
        return of_verdicts(answer.verdicts)
    if answer.outcome == "answered":
        return of_report(answer.report)
    if answer.reasons:
        return Headline("none", reasons=answer.reasons[-1:])
    return Headline("none", text=answer.notices[-1] if answer.notices else message("headline.none"))


def of_report(lines: Sequence[ReportLine], either_first: Sequence[str] = ()) -> Headline:
    """The codes of a report in their order; of one line its title, too. CPT has no titles here: a
    headline is logged, and the log keeps none of them. `either_first`: codes any of which may be
    first."""
    if not lines:
        return Headline("none", text=message("headline.nothing"))
    codes = [line.code for line in lines]
    if len(lines) == 1:
        (line,) = lines
        if line.system == "cpt" or not line.title:
            return Headline("codes", codes, line.code)
        return Headline("codes", codes, message("headline.one", code=line.code, title=line.title))
    if len(either_first) > 1:
        either = message("headline.or").join(either_first)
        text = message("headline.either", codes=", ".join(codes), either=either)
    else:
        text = message("headline.codes", first=codes[0], others=", ".join(codes[1:]))
    return Headline("codes", codes, text)


def of_statements(statements: Sequence[StatementReport]) -> Headline:
    """The codes of each of several statements."""
    each = [
        message("headline.several_and").join(one.headline.codes) or message("headline.several_none")
        for one in statements
    ]
    codes = dict.fromkeys(code for one in statements for code in one.headline.codes)
    told = message("headline.several_next").join(each)
    text = message("headline.several", count=len(statements), codes=told)
    return Headline("codes" if codes else "none", [*codes], text)


def of_verdicts(verdicts: Iterable[Verdict]) -> Headline:
    """What is true of each code, as it was typed."""
    firsts: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        firsts.setdefault((verdict.typed, "" if verdict.typed else verdict.code), verdict)
    codes = [verdict.code for verdict in firsts.values() if verdict.code]
    if len(firsts) == 1:
        (verdict,) = firsts.values()
        return Headline("verdict", codes, verdict.why, verdict.reasons[:1])
    words = (
        message(
            "headline.verdict",
            code=verdict.code or verdict.typed,
            status=message(f"headline.status_{status_word(verdict)}"),
        )
        for verdict in firsts.values()
    )
    return Headline("verdict", codes, "; ".join(words) or message("headline.none"))


def _of_rule(answer: Answer) -> Headline:
    best = answer.guidelines[0]
    text = message(
        "headline.rule",
        section=best.section,
        title=best.title,
        sentence=_first_sentence(best.text),
    )
    return Headline("rule", [line.code for line in answer.report], text)


def _first_sentence(text: str) -> str:
    text = " ".join(text.split())
    end = re.search(r"[.!?](?=\s+[A-Z“\"(]|$)", text)
    sentence = text[: end.end()] if end else text
    return sentence if len(sentence) <= _MOST_SENTENCE else sentence[: _MOST_SENTENCE - 1] + "…"
