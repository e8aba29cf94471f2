"""From what was put together to the report of an answer: its lines, its headline and what is asked,
without a word that may not be stored."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from slack_support import candidate, diabetes, verdict, verdicts

from bot.desk import report
from bot.desk.answer import (
    Answer,
    Because,
    Changes,
    Headline,
    QuotedGuideline,
    ReportLine,
)
from bot.desk.case_beside_codes import case_of, names_a_condition
from bot.desk.code_mentions import CodeMention
from bot.desk.guidelines import GuidelineLookup
from bot.desk.headlines import headlined, of_report
from bot.desk.line_alternatives import alternatives
from bot.desk.question import Question
from bot.desk.reasons import reason
from bot.desk.report import Reports, role_of
from bot.desk.statement_answers import together
from bot.desk.stored_words import StoredWords
from bot.messages import message
from bot.views.wording import worded
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Assembled, Ground, Line, Span

DAY = dt.date(2026, 11, 29)
RELEASE = Release("icd10cm", "FY2027", DAY, DAY, "", ())
TEXT = "htn with ckd 3b, no proteinuria"


def one(code: str, *spans: tuple[int, int], **fields: Any) -> Line:
    given: dict[str, Any] = {
        "title": f"Title of {code}",
        "system": "icd10cm",
        "role": "first-listed",
        "spans": tuple(Span(*span) for span in spans),
        "grounds": (),
        "confidence": "high",
    }
    return Line(code, **(given | fields))


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[Reports]:
    store = CodeStore(tmp_path / "codes.db")
    yield Reports(store, GuidelineLookup(store))
    store.close()


def answered(
    reports: Reports,
    monkeypatch: pytest.MonkeyPatch,
    lines: Sequence[Line] | None,
    text: str = TEXT,
    answer: Answer | None = None,
    **fields: Any,
) -> Answer:
    """The answer with the report of these lines; None: nothing was put together."""
    question = Question(text, text, text=text, subject=text, day=DAY)
    question = replace(question, **fields.pop("question", {}))
    assembled = (
        None
        if lines is None
        else Assembled(tuple(lines), read_statement(question.subject).facts, **fields)
    )
    monkeypatch.setattr(report, "assembled_for", lambda *_: assembled)
    begun = answer or Answer(question.scrubbed, "2026-11-29", "answered")
    reported = reports.reported(question, begun, None, None, [RELEASE])  # type: ignore[arg-type]
    return worded(headlined(reported))


def test_the_lines_are_those_that_were_put_together(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Ground("code first", "report.code_first", {"owner": "N18"}, "hypertensive CKD", "",
                  "FY2027")  # fmt: skip
    lines = [
        one("I12.9", (0, 3), (9, 15)),
        one("N18.32", (9, 15), grounds=(note,), role="additional"),
    ]
    answer = answered(reports, monkeypatch, lines)
    first, second = answer.report
    assert (first.line, first.code, first.release, first.billable) == (1, "I12.9", "FY2027", True)
    assert (first.said, second.said) == ("htn with ckd 3b", "ckd 3b")
    assert second.because == [
        Because("code first", "N18 says to code first: “hypertensive CKD”", "", "FY2027",
                second.because[0].reasons)
    ]  # fmt: skip
    assert answer.headline.codes == ["I12.9", "N18.32"]
    assert (answer.headline.kind, answer.headline.text) == ("codes", "I12.9, then N18.32")
    assert [(fact.said, fact.status) for fact in answer.facts] == [
        ("htn", "affirmed"), ("ckd 3b", "affirmed"), ("no proteinuria", "denied"),
    ]  # fmt: skip
    assert Answer.from_dict(answer.as_dict()).report == [
        replace(line, because=[replace(b, reasons=[]) for b in line.because])
        for line in answer.report
    ]


def test_words_that_are_far_apart_are_shown_apart(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "htn for many years, seen by cardiology, uncontrolled"
    (line,) = answered(reports, monkeypatch, [one("I10", (0, 3), (40, 52))], text).report
    assert line.said == "htn … uncontrolled"


def test_two_questions_at_most_are_asked(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    # These codes are in no edition, so none of them would be an answer.
    monkeypatch.setattr("bot.desk.report_lines.has_answers", lambda *_: True)
    asks = ("ask.side", "ask.side", "", "ask.acuity", "ask.severity")
    lines = [one(f"M0{n}", ask=ask) for n, ask in enumerate(asks)]
    answer = answered(reports, monkeypatch, lines)
    assert answer.asks == ["Left, right or both?", "Acute or chronic?"]
    assert answer.report[2].ask_back is None
    assert answer.report[4].ask_back == "Mild, moderate or severe?"


def test_the_choices_are_those_of_the_candidate(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = reason("desk.ask_seventh", choices="A, D, S")
    found = replace(candidate(1, "M00", "Title"), reasons=[asked])
    given = Answer("", "2026-11-29", "answered", candidates=[found])
    lines = [one("M00", ask="desk.ask_seventh")]
    assert answered(reports, monkeypatch, lines, answer=given).asks == [
        "Which 7th character: A, D, S?"
    ]


@pytest.mark.parametrize(
    ("codes", "either", "text"),
    [
        (["A"], [], "A Title of A"),
        (["A", "B"], [], "A, then B"),
        (["A", "B", "C"], [], "A, then B, C"),
        (["A", "B"], ["A", "B"], "A, B (either may go first)"),
        (["A", "B", "C"], ["A", "B", "C"], "A, B, C (any may go first)"),
        (["A", "B", "C", "D"], ["A", "B", "C"], "A, B, C, D (A or B or C may go first)"),
    ],
)
def test_the_headline_says_the_order(
    reports: Reports,
    monkeypatch: pytest.MonkeyPatch,
    codes: list[str],
    either: list[str],
    text: str,
) -> None:
    lines = [one(code) for code in codes]
    answer = answered(reports, monkeypatch, lines, either_first=tuple(either))
    assert answer.headline.text == text
    why = [because.text for because in answer.report[0].because]
    assert any("No rule orders these" in words for words in why) == bool(either)


def test_a_conflict_that_stays_is_said(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [one("A00"), one("B00")]
    answer = answered(reports, monkeypatch, lines, conflicts=(("A00", "B00"),))
    assert "between A00 and B00" in answer.notices[0]


def test_nothing_that_is_so_is_nothing_to_report(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Answer("", "2026-11-29", "answered", candidates=[candidate(1, "R50.9", "Fever")])
    answer = answered(reports, monkeypatch, [], "no fever", given)
    assert (answer.report, answer.headline.kind) == ([], "none")
    # Where something is so, the best code is reported, however unsure.
    answer = answered(reports, monkeypatch, [], "fever", given)
    assert [line.code for line in answer.report] == ["R50.9"]


def test_what_is_not_stored_is_not_said(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search reads words that may be a drug or a name; the log must not have them."""
    ground = Ground("guideline", "report.code_first", {"owner": "Zebrix"})
    text = "rash from zebrix, 90 yo"
    question = {
        "scrubbed": "rash from [NAME], [AGE] yo", "removed": ("NAME", "AGE"), "text": text,
    }  # fmt: skip
    lines = [one("L27.0", (0, 16), grounds=(ground,))]
    answer = answered(reports, monkeypatch, lines, text, question=question)
    assert "zebrix" not in str(worded(answer).as_logged()).lower()
    assert [fact.said for fact in answer.facts] == ["rash", "[NAME]", "[AGE] yo"]
    assert answer.report[0].because[0].text.startswith("[NAME] says")


def test_a_text_without_identifiers_is_shown_as_typed() -> None:
    assert StoredWords(Question("GOUT", "GOUT", text="GOUT")).hide("GOUT, 90") == "GOUT, 90"


# Where nothing is put together


ROLES = [
    ("icd10cm", "I10", "first-listed"),
    ("icd10pcs", "0DTJ4ZZ", "procedure"),
    ("cpt", "99213", "procedure"),
    ("hcpcs", "J0587", "drug"),
    ("hcpcs", "E0143", "supply"),
    ("hcpcs", "A4253", "supply"),
    ("hcpcs", "A0428", "procedure"),
    ("hcpcs", "G0439", "procedure"),
]


@pytest.mark.parametrize(("system", "code", "role"), ROLES)
def test_another_system_has_one_line(
    reports: Reports, monkeypatch: pytest.MonkeyPatch, system: str, code: str, role: str
) -> None:
    found = [candidate(1, code, "Title", system=system), candidate(2, "X", "Other", system=system)]
    given = Answer("", "2026-11-29", "answered", candidates=found)
    answer = answered(reports, monkeypatch, None, answer=given)
    assert [(line.code, line.role) for line in answer.report] == [(code, role)]
    assert role_of(system, code) == role
    assert answer.headline.text == (code if system == "cpt" else f"{code} Title")


def test_a_rule_has_no_report_unless_a_case_is_stated(
    reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = QuotedGuideline("IV.D", "Symptoms", "Code them. Or not.", None, 1.0, "FY2026")
    asked = "when do we code hypertension first?"
    for confidence, codes in (("low", []), ("high", ["I10"])):
        found = candidate(1, "I10", "Hypertension", confidence=confidence)
        given = Answer("", "2026-11-29", "guideline", candidates=[found], guidelines=[rule])
        line = replace(one("I10"), confidence=confidence)
        answer = answered(reports, monkeypatch, [line], answer=given, text=asked)
        assert [line.code for line in answer.report] == codes
        assert (answer.outcome, answer.headline.kind) == ("guideline", "rule")
        assert answer.headline.text == "IV.D Symptoms: Code them."


# Headlines of what is no statement


def headline(answer: Answer) -> Headline:
    return worded(headlined(answer)).headline


def test_a_verdict_is_the_headline() -> None:
    told = headline(verdicts(verdict("E11.9", "billable")))
    assert (told.kind, told.codes) == ("verdict", ["E11.9"])
    assert told.text == "E11.9 is billable in FY2026-April."


def test_several_verdicts_are_told_in_a_line() -> None:
    given = [verdict("E11.9", "billable", typed="E11.9"), verdict("E11", "header", typed="E11"),
             verdict("KX", "billable", kind="modifier")]  # fmt: skip
    told = headline(verdicts(*given))
    assert told.text == "E11.9 is billable; E11 is a header; KX: Title of KX"
    assert told.codes == ["E11.9", "E11", "KX"]


def test_changes_are_counted() -> None:
    counts = {"added": 3, "deleted": 1, "retitled": 0}
    changes = Changes("icd10cm", "FY2026", "FY2027", "obesity", counts, [])
    told = headline(Answer("", "2026-11-29", "changes", changes=changes))
    assert told.kind == "changes"
    assert told.text == 'ICD-10-CM FY2026 to FY2027, about "obesity": added: 3, deleted: 1'


def test_what_is_declined_says_why() -> None:
    assert headline(Answer("", "", "abstained", ["Because."])).text == "Because."
    told = headline(Answer("", "2026-11-29", "abstained", reasons=[reason("desk.thanks")]))
    assert (told.kind, told.text) == ("none", message("desk.thanks"))


def test_a_headline_that_is_there_is_kept() -> None:
    no = Headline("no", ["E11.9"], "Not together.")
    assert headlined(replace(diabetes(), headline=no)).headline == no


# Several statements


def part(text: str, *codes: str, **fields: Any) -> Answer:
    lines = [ReportLine(n, c, "icd10cm", "", True, "FY2027", "additional")
             for n, c in enumerate(codes, 1)]  # fmt: skip
    outcome: Any = "answered" if codes else "abstained"
    told = of_report(lines) if codes else Headline("none")
    return Answer(text, "2026-11-29", outcome, report=lines, headline=told, **fields)


def test_statements_are_put_together() -> None:
    question = Question("1. hm 2. htn 3. ckd w/ gout", "1. hm 2. htn 3. ckd w/ gout")
    date = reason("desk.date_several")
    begun = Answer("", "2026-11-29", "abstained", reasons=[date])
    why = [reason("desk.off_topic")]
    parts = [
        part("hm", reasons=why), part("htn", "I10", elapsed_ms=2.0), part("ckd w/ gout", "N18.9",
        "M10.9", elapsed_ms=3.0),
    ]  # fmt: skip
    answer = worded(headlined(together(question, begun, parts)))
    assert answer.question == question.scrubbed
    assert (answer.outcome, answer.elapsed_ms) == ("answered", 5.0)
    assert [line.code for line in answer.report] == ["I10"]
    assert [one.said for one in answer.statements] == ["hm", "htn", "ckd w/ gout"]
    assert answer.statements[0].headline.text == message("desk.off_topic")
    assert answer.headline.text == "3 statements: – · I10 · N18.9 + M10.9"  # noqa: RUF001
    assert answer.headline.codes == ["I10", "N18.9", "M10.9"]
    assert answer.notices == [message("desk.date_several", day="2026-11-29")]


# Words


def test_the_words_of_every_ground_are_there() -> None:
    """Every message that a module of index/statement names, and every row of the order."""
    named = set()
    for path in (ROOT / "index" / "statement").glob("*.py"):
        named |= set(
            re.findall(r'"((?:report\w*|sequencing)\.(?!toml\b)\w+)"', path.read_text("utf-8"))
        )
    rows = tomllib.loads((ROOT / "prompts/statements/sequencing.toml").read_text("utf-8"))["rule"]
    named |= {f"sequencing.{row['name']}" for row in rows}
    named |= {f"report.{kind}" for kind in ("code_first", "use_additional_code", "code_also")}
    assert len(named) > 20
    known = set()
    for path in (ROOT / "prompts" / "messages").glob("*.toml"):
        for section, texts in tomllib.loads(path.read_text("utf-8")).items():
            known |= {f"{section}.{key}" for key in texts}
    assert named - known == set()


# Codes that differ in side alone


@pytest.mark.parametrize(
    ("code", "others"),
    [
        ("M17.11", ["M17.10", "M17.12"]),
        ("S93.401A", ["S93.402A", "S93.409A"]),
        ("M25.562", ["M25.561", "M25.569"]),
        ("I10", []),
        ("E11.9", []),
        # The title of both eyes does not say "eye".
        ("H40.1111", ["H40.1121", "H40.1191"]),
    ],
)
def test_codes_that_differ_in_side_alone(
    store: CodeStore, april: Release, code: str, others: list[str]
) -> None:
    books = Books(store, april, dt.date(2026, 5, 1))
    found = books.code(code)
    assert found is not None
    assert [one.code for one in alternatives(code, found.title, books)] == others


# A case beside codes


@pytest.mark.parametrize(
    ("text", "codes", "case", "states"),
    [
        ("copd w/ bronchitis, is J44.9 right?", ["J44.9"], "copd w/ bronchitis", True),
        ("is E11.9 billable today", ["E11.9"], "", False),
        ("why was Z79.4 rejected", ["Z79.4"], "", False),
        ("no copd, J44.9?", ["J44.9"], "no copd", False),
    ],
)
def test_a_case_beside_codes(text: str, codes: list[str], case: str, states: bool) -> None:
    mentions = tuple(CodeMention(code, code, "icd10cm", True) for code in codes)
    found = case_of(Question(text, text, text=text, mentions=mentions))
    assert found.startswith(case)
    names = {"chronic obstructive pulmonary disease", "bronchitis"}
    assert names_a_condition(found, names.__contains__) is states
