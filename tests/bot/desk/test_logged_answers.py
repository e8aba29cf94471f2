"""An answer out of the log is shown, and compared, as it was given."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator

import msgspec
import pytest
from paths import TEST_DATA

from bot.audit.replay import compare
from bot.desk.answer import Answer, Verdict
from bot.desk.desk import Desk
from bot.settings import Settings
from bot.views.shared import status_word
from codesets.loading.importer import import_files
from codesets.model import CodeKind
from codesets.store.code_store import CodeStore

DAY = dt.date(2026, 5, 1)
QUESTION = "E0155, modifier A1 and place of service 11"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk without an index: a HCPCS quarter and the places of service."""
    home = tmp_path_factory.mktemp("kinds")
    store = CodeStore(home / "codes.db")
    import_files(store, [TEST_DATA / "hcpcs" / "HCPC2026_APR_ANWEB.txt"], partial=True)
    import_files(store, [TEST_DATA / "edits" / "place-of-service-codes.csv"], "2026")
    store.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


def without_kind(answer: Answer) -> dict[str, object]:
    """As a log holds it from before verdicts had a kind."""
    stored = copy.deepcopy(answer.as_logged())
    for verdict in stored["verdicts"]:
        del verdict["kind"]
    return stored


def test_an_answer_from_before_verdicts_had_a_kind(desk: Desk) -> None:
    answer = desk.ask(QUESTION, day=DAY)
    read = Answer.from_dict(without_kind(answer))
    assert [(v.code, v.kind, status_word(v)) for v in read.verdicts] == [
        ("E0155", "code", "billable"),
        ("A1", "modifier", "valid"),
        ("11", "place_of_service", "valid"),
    ]
    assert compare(read, answer, dated=True) == []


def test_a_modifier_that_was_checked_as_a_code(desk: Desk) -> None:
    answer = desk.check(["A1"], day=DAY, systems=["hcpcs"])
    read = Answer.from_dict(without_kind(answer))
    assert [(v.typed, v.status, v.kind) for v in read.verdicts] == [("A1", "unknown", "code")]
    assert compare(read, answer, dated=True) == []


@pytest.mark.parametrize("kind", ["code", "modifier", "place_of_service"])
def test_a_kind_that_was_logged_stays(kind: CodeKind) -> None:
    verdict = Verdict("A1", "hcpcs", "billable", "", None, kind=kind)
    stored = Answer("A1", "2026-05-01", "verdict", verdicts=[verdict]).as_logged()
    assert Answer.from_dict(stored).verdicts == [verdict]


@pytest.mark.parametrize(
    "stored", [{}, {"question": "A1"}, {"question": "", "as_of": "", "outcome": "", "verdicts": 1}]
)
def test_what_is_no_answer_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        Answer.from_dict(stored)
