"""Reasons become words once. An answer without its date of service does not reveal it."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from paths import TEST_DATA as DATA

from bot.desk.answer import Answer, Candidate, Equivalent, Pair, ReportWith, Verdict
from bot.desk.desk import Desk
from bot.desk.reasons import Reason, reason
from bot.settings import Settings
from bot.views.wording import in_words, undated, worded
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from index.text.attributes import AXES, CIRCUMSTANCES

# Reasons in words

BILLABLE = reason("verdict.billable", code="I10", label="FY2026")
LAST_DAY = reason("verdict.last_day", date=dt.date(2026, 9, 30))

WORDS = [
    (reason("ask.side"), "Left, right or both?"),
    (BILLABLE, "I10 is valid and billable in FY2026."),
    (LAST_DAY, "Its last day is 2026-09-30."),
    # The day is that of the answer.
    (reason("desk.bad_date"),
     "I read a date of service in your question, but there is no such day; the answer is for "
     "2024-03-05."),
    # A param that is a reason, and one that is a list of reasons.
    (reason("desk.not_loaded", system="ICD-10-CM", how=reason("load.icd10cm")),
     "ICD-10-CM is not loaded. Run `codedesk setup`."),
    (reason("verdict.not_covered", told=[BILLABLE, LAST_DAY]),
     "Not known for 2024-03-05; the nearest edition says: I10 is valid and billable in FY2026. "
     "Its last day is 2026-09-30."),
    # Nested reasons get the day, too. Braces in a value are left as they are.
    (reason("desk.refused", why=[reason("desk.bad_date"), "{day}"]),
     "I read a date of service in your question, but there is no such day; the answer is for "
     "2024-03-05. {day}"),
    (reason("verdict.place", code="11", label="2026", facility="", description="Office."),
     "Place of service 11, 2026: Office."),
]  # fmt: skip


@pytest.mark.parametrize(("why", "words"), WORDS)
def test_a_reason_in_words(why: Reason, words: str) -> None:
    assert in_words(why, "2024-03-05") == words


def test_the_date_of_service_is_no_param() -> None:
    with pytest.raises(TypeError):
        in_words(reason("desk.bad_date", day="2024-03-05"), "2024-03-05")


def answer(as_of: str = "2024-03-05") -> Answer:
    """An answer with one of every part that has reasons."""
    why = reason("desk.bad_date")
    candidate = Candidate(
        1, "icd10cm", "I10", "", True, "FY2026", 1.0, "high", [],
        report_with=[ReportWith("I11", "", "any", reasons=[why])], reasons=[why, why],
    )  # fmt: skip
    equivalents = [Equivalent("401.9", "", reasons=[why])]
    return Answer(
        "", as_of, "answered",
        candidates=[candidate],
        verdicts=[Verdict("I10", "icd10cm", "billable", "", None, reasons=[why],
                          equivalents=equivalents)],
        pairs=[Pair(["I10"], "mue", "", "", "", "caution", reasons=[why])],
        reasons=[why, LAST_DAY],
    )  # fmt: skip


def all_words(told: Answer) -> list[str]:
    (candidate,), (verdict,), (pair,) = told.candidates, told.verdicts, told.pairs
    return [
        *told.notices, candidate.ask_back or "", candidate.report_with[0].because, verdict.why,
        verdict.equivalents[0].says, pair.says,
    ]  # fmt: skip


def test_every_part_of_an_answer_is_worded() -> None:
    told = worded(answer())
    bad_date = WORDS[3][1]
    last_day, twice = WORDS[2][1], f"{bad_date} {bad_date}"
    assert all_words(told) == [bad_date, last_day, twice, *[bad_date] * 4]
    assert worded(told) == told


def test_an_answer_without_a_date_says_that_it_had_one() -> None:
    """Also if it was worded with its date before."""
    for given in (answer(), worded(answer()), answer(as_of="")):
        told = undated(given)
        assert told.as_of == ""
        assert "2024-03-05" not in json.dumps(told.as_logged())
        assert sum("the answer is for the date of service." in words for words in all_words(told))
        assert told.notices[1] == "Its last day is 2026-09-30."


def test_words_out_of_the_log_stay() -> None:
    stored = Answer.from_dict(worded(answer()).as_logged())
    assert all_words(stored) == all_words(worded(answer()))
    assert worded(stored) == stored
    assert "reasons" not in json.dumps(stored.as_logged())


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis is not CIRCUMSTANCES])
def test_every_axis_has_its_question(axis: Any) -> None:
    assert in_words(reason(f"ask.{axis.name}")).endswith("?")


# An answer of the desk, without its date


@pytest.fixture(scope="module")
def checking(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a HCPCS quarter, edits, places of service and a crosswalk of drugs, too."""
    home = tmp_path_factory.mktemp("wording")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    references = [DATA / "books" / "ccipra-v320r0-f1.TXT"]
    references += [DATA / "books" / "MCR_MUE_PractitionerServices_Eff_01-01-2026.csv"]
    references += [DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"]
    references += [DATA / "hcpcs" / "april_2026_asp_ndc_hcpcs_crosswalk.csv"]
    import_files(copy, references)
    import_files(copy, [DATA / "edits" / "place-of-service-codes.csv"], "2026")
    copy.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


def stored(given: Answer) -> str:
    return json.dumps(undated(given).as_logged() | {"elapsed_ms": 0}, ensure_ascii=False)


#: Two days that lead to the same editions; the second is a date in these.
ANSWERS = [
    ("E11.9 E11.22 N18.31", "2024-03-05", "2024-09-30"),  # billable, and what excludes what
    ("E11 I10", "2026-05-01", "2026-04-01"),  # a header
    ("E11.A", "2024-03-05", "2024-09-30"),  # not yet valid
    ("F32.A", "2019-03-05", "2018-01-01"),  # before every edition
    ("E66.81 Z99.99", "2031-03-05", "2032-10-01"),  # after every edition, and in none
    ("0DTJ0ZZ 0DTJ", "2031-03-05", "2032-10-01"),
    ("0DTJ0ZZ", "2024-03-05", "2024-09-30"),
    ("250.00 V10.1", "2024-03-05", "2024-09-30"),  # retired
    ("99213 nonsense", "2024-03-05", "2024-09-30"),
    ("E0143 E0156", "2026-02-01", "2026-03-31"),  # edits of NCCI
    ("E0144 E0156", "2026-02-01", "2026-01-01"),  # deleted on 2025-12-31
    ("E0143 E0163", "2026-02-01", "2026-03-30"),  # from 2026-04-01 on
    ("E0143 E0156 J0897", "2026-05-01", "2026-04-02"),  # of another quarter
    ("A4397", "2030-03-10", "2031-01-01"),  # discontinued
    ("A2030", "2025-01-10", "2025-02-11"),  # not yet effective
]


@pytest.mark.parametrize(("codes", "day", "other"), ANSWERS)
def test_a_checked_answer_is_stored_alike_whatever_its_date(
    checking: Desk, codes: str, day: str, other: str
) -> None:
    """Nothing in the words shows which of the days with the same editions it was."""
    one, two = (checking.check(codes.split(), day=dt.date.fromisoformat(d)) for d in (day, other))
    assert day in json.dumps(one.as_dict())
    assert day not in stored(one)
    assert stored(one) == stored(two)


ASKED = [
    "is E11.A billable on {}?",
    "modifier KX on {}",
    "modifier QQ and place of service 11 on {}",
    "place of service 98 on {}",
    "ndc 55513-0710-01 on {}",
    "ndc 99999-0710-01 on {}",
    "what is new in hcpcs since {}?",
    "0DTJ0ZZ, but percutaneous endoscopic, on {}",
    "¿tengo dolor? {}",
]


@pytest.mark.parametrize("question", ASKED)
@pytest.mark.parametrize(
    ("day", "other"), [("2024-03-05", "2024-09-29"), ("2031-03-05", "2032-04-06")]
)
def test_an_answer_about_codes_is_stored_alike(
    checking: Desk, question: str, day: str, other: str
) -> None:
    one, two = (checking.ask(question.format(d)) for d in (day, other))
    assert day not in stored(one)
    assert stored(one) == stored(two)


@pytest.mark.parametrize(
    "question",
    ["left knee pain {}", "ankle sprain", "gout", "can i code both copd and asthma", "cpt for tkr",
     "wheelchair", "hello there", "insulin pump", "lap appy inpatient"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("day", "other"), [("2024-03-05", "2024-09-30"), ("2031-03-05", "2032-04-06")]
)
def test_an_answer_in_plain_words_is_stored_alike(
    desk: Desk, question: str, day: str, other: str
) -> None:
    one, two = (desk.ask(question.format(d), day=dt.date.fromisoformat(d)) for d in (day, other))
    assert day not in stored(one)
    assert stored(one) == stored(two)


def test_all_that_the_desk_says_is_made_of_reasons(checking: Desk, desk: Desk) -> None:
    """Words without a reason would keep the date of service in the log."""
    day = dt.date(2031, 3, 5)
    answers = [checking.check(codes.split(), day=day) for codes, *_ in ANSWERS]
    answers += [checking.ask(question.format("2031-03-05")) for question in ASKED]
    answers += [desk.ask(words, day=day) for words in ("ankle sprain", "t2dm with ckd", "hello")]
    for told in answers:
        assert len(told.notices) == len(told.reasons)
        for part, words in worded_parts(told):
            assert bool(words) == bool(part.reasons), part


def worded_parts(told: Answer) -> Iterator[tuple[Any, str | None]]:
    for candidate in told.candidates:
        yield candidate, candidate.ask_back
        yield from ((one, one.because) for one in candidate.report_with)
    for verdict in told.verdicts:
        yield verdict, verdict.why
        yield from ((one, one.says) for one in verdict.equivalents)
    yield from ((pair, pair.says) for pair in told.pairs)


def test_a_published_date_stays(checking: Desk) -> None:
    """The last day of an edition is published, so it stays, even if the service was on that day."""
    (pair,) = [
        pair
        for pair in undated(checking.check(["E0144", "E0156"], day=dt.date(2025, 12, 31))).pairs
        if pair.rule == "ncci_ptp"
    ]
    assert "deleted 2025-12-31" in pair.says


# Every message that the code names exists, with its places filled


def messages() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (ROOT / "prompts" / "messages").glob("*.toml"):
        for section, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found |= {f"{section}.{key}": text for key, text in texts.items()}
    return found


MESSAGES = messages()


def named(node: ast.expr) -> list[re.Pattern[str]]:
    """The names that a message may have, as far as they can be read from the code."""
    if isinstance(node, ast.IfExp):
        return [*named(node.body), *named(node.orelse)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.compile(re.escape(node.value))]
    if isinstance(node, ast.JoinedStr):
        parts = [
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
            for part in node.values
        ]
        return [re.compile("".join(parts))]
    return []


def calls() -> list[tuple[str, ast.Call]]:
    found = []
    for path in sorted((ROOT / "bot").glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id in ("reason", "message", "say"):
                found.append((f"{path.relative_to(ROOT)}:{node.lineno}", node))
    return found


CALLS = calls()


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_messages_that_the_code_names_are_there() -> None:
    assert len(CALLS) > 200
    for where, call in CALLS:
        for pattern in named(call.args[0]):
            assert any(pattern.fullmatch(key) for key in MESSAGES), f"{where}: {pattern.pattern}"


def test_the_places_of_a_message_are_filled() -> None:
    """Where the code tells which message it is; one of several that are named by a pattern."""
    for where, call in CALLS:
        if any(keyword.arg is None for keyword in call.keywords):
            continue  # **values
        filled = {keyword.arg for keyword in call.keywords}
        if isinstance(call.func, ast.Name) and call.func.id == "reason":
            assert "day" not in filled, f"{where}: the day is the answer's own"
            filled.add("day")
        for pattern in named(call.args[0]):
            wanted = [places(text) for key, text in MESSAGES.items() if pattern.fullmatch(key)]
            assert any(one <= filled for one in wanted), f"{where}: {pattern.pattern}"


#: desk.py puts the other modules' reasons into words, and has the message for a missing code set.
_DECIDE = [path for path in sorted((ROOT / "bot" / "desk").glob("*.py")) if path.stem != "desk"]


@pytest.mark.parametrize("path", _DECIDE, ids=lambda path: path.stem)
def test_what_decides_an_answer_knows_no_words(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^from bot\.(?:messages|views)\b", text, re.M)


def test_the_words_of_a_part_are_not_told_twice() -> None:
    """Scripts and the log get words and no reasons."""
    told = replace(worded(answer()), releases={"icd10cm/FY2026": "FY2026"})
    assert "reasons" not in json.dumps(told.as_dict())
