"""The lines of a report in words that may be shown and stored, each with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.answer import Because, Candidate, ReportLine
from bot.desk.guidelines import GuidelineLookup
from bot.desk.left_open import has_answers, left_open
from bot.desk.line_alternatives import alternatives
from bot.desk.reasons import Reason, reason
from bot.desk.stored_words import StoredWords
from index.statement.books import Books
from index.statement.model import Ground, Line, Span, Statement

_MOST_QUOTE = 200
#: The most characters between two spans of one line that are shown as one piece of text.
_BETWEEN = 12
#: Sections on which of several diagnoses is first.
_OUTPATIENT, _INPATIENT = "IV.G", "II.C"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of one statement: its lines and facts, in words that may be stored."""

    statement: Statement
    stored: StoredWords
    candidates: Mapping[str, Candidate]
    books: Books
    guideline_lookup: GuidelineLookup

    def line(self, number: int, line: Line) -> ReportLine:
        candidate = self.candidates.get(line.code)
        grounds = [self.because(ground) for ground in line.grounds]
        if candidate:
            cited = {one.section for one in grounds}
            grounds += [
                one for one in candidate.because if not one.section or one.section not in cited
            ]
        return ReportLine(
            line=number,
            code=line.code,
            system=line.system,
            title=line.title,
            billable=True,
            release=self.books.release.label,
            role=line.role,
            said=self.stored.hide(_said(self.statement.text, line.spans)),
            because=grounds,
            confidence=line.confidence,
            alternatives=(
                candidate.alternatives
                if candidate
                else alternatives(line.code, line.title, self.books)
            ),
            reasons=self._asked(line, candidate),
        )

    def because(self, ground: Ground) -> Because:
        """A ground, with its section where loaded guidelines have it."""
        why = reason(ground.key, **{n: self._hidden(v) for n, v in ground.params.items()})
        if ground.quote:
            quote = " ".join(ground.quote.split())
            quote = quote if len(quote) <= _MOST_QUOTE else quote[: _MOST_QUOTE - 1] + "…"
            why = reason("report.quoted", text=why, quote=quote)
        published = None
        if ground.section:
            published = self.guideline_lookup.section(
                ground.section, self.books.release.system, self.books.day
            )
        return Because(
            ground.rule,
            section=published.section if published else "",
            release=ground.release or (published.release if published else None),
            reasons=[why],
        )

    def _hidden(self, param: Any) -> Any:
        return self.stored.hide(param) if isinstance(param, str) else param

    def _asked(self, line: Line, candidate: Candidate | None) -> list[Reason]:
        """What is asked back about a line: the candidate of the same code has the choices. Nothing
        is asked to which no code is an answer."""
        if line.ask and has_answers(line.ask, line.code, self.books):
            if candidate and any(one.key == line.ask for one in candidate.reasons):
                return candidate.reasons
            return [reason(line.ask)]
        said = _said(self.statement.text, line.spans)
        asked = left_open(line.code, line.title, said, self.statement.text, self.books)
        return [asked] if asked else []

    def either_first(self) -> Because:
        """Why any of several lines may be first."""
        setting = "inpatient" if self.statement.inpatient else "outpatient"
        section = _INPATIENT if self.statement.inpatient else _OUTPATIENT
        return self.because(Ground("guideline", f"report.either_{setting}", section=section))


def _said(text: str, spans: Sequence[Span]) -> str:
    """The words of some spans, in the order of the text."""
    return " … ".join(text[start:end] for start, end in _joined(spans))


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Spans that are near each other as one."""
    last: Span | None = None
    for span in sorted(spans):
        if last is None:
            last = span
        elif span.start - last.end <= _BETWEEN:
            last = Span(last.start, max(last.end, span.end))
        else:
            yield last
            last = span
    if last is not None:
        yield last
