"""The report of a statement, as it is shown and logged: what was put together (index/statement) or,
where nothing is put together, the best code that was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Because, Candidate, ReportLine, ShownFact, reason
from bot.desk.guidelines import GuidelineLookup
from bot.desk.headlines import of_report
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.stored_words import StoredWords
from bot.messages import message
from bot.views.wording import in_words
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.search.searcher import Found
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Assembled, Ground, Line, Role, Span, Statement

_MOST_ASKS = 2
_MOST_QUOTE = 200
#: The most characters between two spans of one line that are shown as one piece of text.
_BETWEEN = 12
#: Sections on which of several diagnoses is first.
_OUTPATIENT, _INPATIENT = "IV.G", "II.C"
#: First letters of HCPCS codes -> what they are. A0 are ambulances, and G, S and T services.
_HCPCS_ROLES: Mapping[str, Role] = {
    "J": "drug", "A0": "procedure",
    **dict.fromkeys("ABEKLQV", "supply"),
}  # fmt: skip


def assembled_for(
    statement: Statement, found: Found, candidates: Sequence[Candidate], books: Books
) -> Assembled | None:
    """What is to be reported for a statement: the best code of ICD-10-CM. None where the words ask
    for another system."""
    if not candidates or candidates[0].system != "icd10cm":
        return None
    best = candidates[0]
    spans = tuple(fact.span for fact in statement.facts if fact.status in ("affirmed", "past"))
    line = Line(
        code=best.code,
        title=best.title,
        system=best.system,
        role="first-listed",
        spans=spans or tuple(fact.span for fact in statement.facts),
        grounds=(),
        confidence=best.confidence,
        ask=best.reasons[0].key if best.reasons else "",
    )
    return Assembled((line,), statement.facts)


class Reports:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, guideline_lookup: GuidelineLookup) -> None:
        self._store = store
        self._guideline_lookup = guideline_lookup

    def reported(
        self, question: Question, answer: Answer, found: Found, releases: Sequence[Release]
    ) -> Answer:
        """The answer to a question in plain words with the report of what it states. A question
        about a rule gets one only if it states a case."""
        if answer.outcome == "guideline" and not _states_a_case(answer):
            return answer
        statement = read_statement(question.text)
        stored = StoredWords(question)
        assembled = None
        for release in releases:
            if release.system == "icd10cm":
                books = Books(self._store, release, question.day)
                assembled = assembled_for(statement, found, answer.candidates, books)
                if assembled is not None:
                    worded = _Worded(self, statement, stored, answer.candidates, release, books.day)
                    return _with_assembled(answer, assembled, worded, statement)
        if not answer.candidates:
            return answer
        facts = [ShownFact(stored.hide(f.said), f.kind, f.status) for f in statement.facts]
        line = replace(_one_line(answer.candidates[0]), said=stored.hide(statement.text))
        return _with_lines(replace(answer, facts=facts), [line])

    def because(self, ground: Ground, stored: StoredWords, day: dt.date) -> Because:
        """A ground in words, with its section where loaded guidelines have it."""
        text = message(ground.key, **ground.params)
        if ground.quote and ground.quote not in text:
            quote = " ".join(ground.quote.split())
            quote = quote if len(quote) <= _MOST_QUOTE else quote[: _MOST_QUOTE - 1] + "…"
            text = message("report.quoted", text=text, quote=quote)
        published = None
        if ground.section:
            published = self._guideline_lookup.section(ground.section, "icd10cm", day)
        release = published.release if published else None
        return Because(
            ground.rule,
            stored.hide(text),
            published.section if published else "",
            ground.release or release,
        )


class _Worded:
    """Makes the lines of one report."""

    def __init__(
        self,
        reports: Reports,
        statement: Statement,
        stored: StoredWords,
        candidates: Sequence[Candidate],
        release: Release,
        day: dt.date,
    ) -> None:
        self._reports = reports
        self._statement = statement
        self._stored = stored
        self._candidates = {one.code: one for one in candidates if one.system == "icd10cm"}
        self._release = release
        self._day = day

    def line(self, number: int, line: Line) -> ReportLine:
        candidate = self._candidates.get(line.code)
        grounds = [self._reports.because(one, self._stored, self._day) for one in line.grounds]
        if candidate:
            cited = {one.section for one in grounds}
            grounds += [
                replace(one, text=_in_words(one), reasons=[])
                for one in candidate.because
                if not one.section or one.section not in cited
            ]
        return ReportLine(
            line=number,
            code=line.code,
            system=line.system,
            title=line.title,
            billable=True,
            release=self._release.label,
            role=line.role,
            said=self._stored.hide(_said(self._statement.text, line.spans)),
            because=grounds,
            confidence=line.confidence,
            ask_back=_asked(line, candidate),
            alternatives=candidate.alternatives if candidate else [],
        )

    def fact(self, said: str) -> str:
        return self._stored.hide(said)

    def either_first(self, inpatient: bool) -> Because:
        """Why any of several lines may be first."""
        setting = "inpatient" if inpatient else "outpatient"
        section = _INPATIENT if inpatient else _OUTPATIENT
        ground = Ground("guideline", f"report.either_{setting}", section=section)
        return self._reports.because(ground, self._stored, self._day)


def _with_assembled(
    answer: Answer, assembled: Assembled, worded: _Worded, statement: Statement
) -> Answer:
    facts = [ShownFact(worded.fact(f.said), f.kind, f.status) for f in assembled.facts]
    lines = [worded.line(number, line) for number, line in enumerate(assembled.lines, 1)]
    if len(assembled.either_first) > 1 and lines:
        why = worded.either_first(statement.inpatient)
        lines[0] = replace(lines[0], because=[*lines[0].because, why])
    answer = noticed(
        replace(answer, facts=facts),
        *(reason("report.conflict", one=one, other=other) for one, other in assembled.conflicts),
    )
    return _with_lines(answer, lines, assembled.either_first)


def _with_lines(
    answer: Answer, lines: list[ReportLine], either_first: Sequence[str] = ()
) -> Answer:
    """The answer with its report. It is answered then, also where no code was found for the words
    as a whole; a question about a rule stays one."""
    asks = list(dict.fromkeys(line.ask_back for line in lines if line.ask_back))[:_MOST_ASKS]
    answer = replace(answer, report=lines, asks=asks)
    if answer.outcome == "guideline" or (answer.outcome == "abstained" and not lines):
        return answer
    return replace(answer, outcome="answered", headline=of_report(lines, either_first))


def _states_a_case(answer: Answer) -> bool:
    """Whether a question about a rule says what is to be coded, too."""
    return bool(answer.candidates) and answer.candidates[0].confidence == "high"


def _one_line(best: Candidate) -> ReportLine:
    asked = " ".join(in_words(one) for one in best.reasons)
    return ReportLine(
        line=1,
        code=best.code,
        system=best.system,
        title=best.title,
        billable=best.billable,
        release=best.release,
        role=role_of(best.system, best.code),
        because=[replace(one, text=_in_words(one), reasons=[]) for one in best.because],
        confidence=best.confidence,
        ask_back=asked or best.ask_back,
        alternatives=best.alternatives,
    )


def role_of(system: str, code: str) -> Role:
    """What a code is that is reported alone."""
    if system == "icd10cm":
        return "first-listed"
    if system != "hcpcs":
        return "procedure"
    return _HCPCS_ROLES.get(code[:2]) or _HCPCS_ROLES.get(code[:1], "procedure")


def _asked(line: Line, candidate: Candidate | None) -> str | None:
    """What is asked back about a line: the candidate of the same code has the choices."""
    if not line.ask:
        return None
    if candidate and any(one.key == line.ask for one in candidate.reasons):
        return " ".join(in_words(one) for one in candidate.reasons)
    return message(line.ask)


def _in_words(because: Because) -> str:
    return " ".join(in_words(one) for one in because.reasons) or because.text


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
