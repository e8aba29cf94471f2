"""The report of a statement, as it is shown and logged: what was put together (index/statement) or,
where nothing is put together, the best code that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Candidate, ReportLine, ShownFact
from bot.desk.case_beside_codes import case_of, names_a_condition
from bot.desk.chatter import subject
from bot.desk.guidelines import GuidelineLookup
from bot.desk.headlines import of_report
from bot.desk.intent import asks_about_a_rule
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.reasons import reason
from bot.desk.report_lines import Shown
from bot.desk.stored_words import StoredWords
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.search.searcher import Found, Searcher
from index.statement.assembly import assemble
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Assembled, Fact, Role, Statement
from index.statement.part_search import Texts

#: Codes that are searched for each part of a statement.
_SEARCHED = 15
#: How the codes of HCPCS that are no services begin -> what they are. A0 are ambulances.
_HCPCS_ROLES: Mapping[str, Role] = {
    "A0": "procedure", "J": "drug", **dict.fromkeys("ABEKLQV", "supply"),
}  # fmt: skip


def assembled_for(
    statement: Statement,
    books: Books,
    searcher: Searcher,
    found: Found,
    candidates: Sequence[Candidate],
) -> Assembled | None:
    """What is to be reported for a statement; None where nothing of ICD-10-CM fits it. `found`:
    what the whole statement finds, of which `candidates` are made."""
    if not candidates:
        return None  # small talk, which may have a word of a condition in it
    is_of_diagnoses = any(candidate.system == "icd10cm" for candidate in candidates)
    if not is_of_diagnoses and len(_affirmed(statement)) < 2:
        return None  # one fact is what it is taken for: a supply, a procedure
    assembled = _assembled(statement, books, searcher, found)
    # Where the words as a whole lead to another system, what fits a part of them must be sure.
    return assembled if is_of_diagnoses or _is_sure(assembled) else None


def _assembled(statement: Statement, books: Books, searcher: Searcher, found: Found) -> Assembled:
    release = books.release

    def search(texts: Sequence[str]) -> Sequence[Found]:
        whole = found.query.asked.casefold()
        others = [text for text in texts if text.casefold() != whole]
        each = iter(searcher.search_many(others, [release], _SEARCHED) if others else [])
        return [found if text.casefold() == whole else next(each) for text in texts]

    texts = Texts(
        search,
        lambda words: searcher.is_name(words, release),
        lambda texts: searcher.says_together(texts, release),
        found,
    )
    return assemble(statement, books, texts)


class Reports:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, guideline_lookup: GuidelineLookup) -> None:
        self._store = store
        self._guideline_lookup = guideline_lookup

    def reported(
        self,
        question: Question,
        answer: Answer,
        searcher: Searcher,
        found: Found,
        releases: Sequence[Release],
    ) -> Answer:
        """The answer to a question in plain words with the report of what it states. A question
        about a rule gets one only if it states a case, and one in whose words a rule was found is
        a statement after all if it does. `found`: what its words find."""
        is_of_a_rule = answer.outcome == "guideline"
        statement = question.picked or read_statement(question.subject)
        stored = StoredWords(question)
        for release in releases:
            if release.system == "icd10cm" and _is_of_diagnoses(question, answer, statement):
                books = Books(self._store, release, question.day)
                assembled = assembled_for(statement, books, searcher, found, answer.candidates)
                if is_of_a_rule and not _states_a_case(question, assembled):
                    return answer
                if assembled is not None and (assembled.lines or not _affirmed(statement)):
                    if is_of_a_rule and not asks_about_a_rule(question.text):
                        answer = replace(answer, outcome="answered")
                    known = {c.code: c for c in answer.candidates if c.system == "icd10cm"}
                    shown = Shown(statement, stored, known, books, self._guideline_lookup)
                    return _with_assembled(answer, assembled, shown)
        if not answer.candidates:
            return answer
        line = _one_line(answer.candidates[0], stored.hide(statement.text))
        return _with_lines(answer, [line], _facts(statement.facts, stored))

    def beside_verdicts(
        self,
        question: Question,
        answer: Answer,
        searcher: Searcher,
        release: Release,
        case: str | None = None,
    ) -> Answer:
        """The verdicts on the codes of a question with the report of the case that it states
        besides (`case`, where its words are known); without one where it states none."""
        case = case_of(question) if case is None else subject(case)
        if not names_a_condition(case, lambda words: searcher.is_name(words, release)):
            return answer
        statement, stored = read_statement(case), StoredWords(question)
        books = Books(self._store, release, question.day)
        found = searcher.search(case, [release], _SEARCHED)
        assembled = _assembled(statement, books, searcher, found)
        shown = Shown(statement, stored, {}, books, self._guideline_lookup)
        lines = [shown.line(number, line) for number, line in enumerate(assembled.lines, 1)]
        return replace(answer, report=lines, facts=_facts(assembled.facts, stored))


def _with_assembled(answer: Answer, assembled: Assembled, shown: Shown) -> Answer:
    lines = [shown.line(number, line) for number, line in enumerate(assembled.lines, 1)]
    if len(assembled.either_first) > 1 and lines:
        lines[0] = replace(lines[0], because=[*lines[0].because, shown.either_first()])
    answer = noticed(
        answer,
        *(reason("report.conflict", one=one, other=other) for one, other in assembled.conflicts),
    )
    facts = _facts(assembled.facts, shown.stored)
    return _with_lines(answer, lines, facts, assembled.either_first)


def _facts(facts: Sequence[Fact], stored: StoredWords) -> list[ShownFact]:
    return [ShownFact(stored.hide(fact.said), fact.kind, fact.status) for fact in facts]


def _with_lines(
    answer: Answer,
    lines: list[ReportLine],
    facts: list[ShownFact],
    either_first: Sequence[str] = (),
) -> Answer:
    """The answer with its report. It is answered then, also where no code was found for the words
    as a whole; a question about a rule stays one."""
    if answer.outcome == "abstained" and not lines:
        return answer
    answer = replace(answer, report=lines, facts=facts)
    if answer.outcome == "guideline":
        return answer
    return replace(answer, outcome="answered", headline=of_report(lines, either_first))


def _is_of_diagnoses(question: Question, answer: Answer, statement: Statement) -> bool:
    """Whether a statement may be one of diagnoses. One whose words speak for another system
    ("screening colonoscopy, polyp removed") may, unless it names the system or says one thing
    only."""
    if answer.candidates and answer.candidates[0].system == "icd10cm":
        return True
    if not question.systems or "icd10cm" in question.systems:
        return True
    names_it = bool(question.limited_to) or (question.said is not None and question.said.named)
    return not names_it and len(_affirmed(statement)) > 1


def _affirmed(statement: Statement) -> list[Fact]:
    """What a statement says is so, without details of it."""
    return [f for f in statement.facts if f.status == "affirmed" and f.kind != "detail"]


def _states_a_case(question: Question, assembled: Assembled | None) -> bool:
    """Whether a question in whose words a rule was found says what is to be coded, too: for sure,
    where it asks about a rule in as many words."""
    if assembled is None:
        return False
    if asks_about_a_rule(question.text):
        return _is_sure(assembled)
    return any(line.confidence != "low" for line in assembled.lines)


def _is_sure(assembled: Assembled) -> bool:
    return any(line.confidence == "high" for line in assembled.lines)


def _one_line(best: Candidate, said: str) -> ReportLine:
    return ReportLine(
        line=1,
        code=best.code,
        system=best.system,
        title=best.title,
        billable=best.billable,
        release=best.release,
        role=role_of(best.system, best.code),
        said=said,
        because=best.because,
        confidence=best.confidence,
        alternatives=best.alternatives,
        reasons=best.reasons,
    )


def role_of(system: str, code: str) -> Role:
    """What a code is that is reported alone."""
    if system in ("icd10cm", "icd11"):
        return "first-listed"
    if system != "hcpcs":
        return "procedure"
    return _HCPCS_ROLES.get(code[:2]) or _HCPCS_ROLES.get(code[:1], "procedure")
