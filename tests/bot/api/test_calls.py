"""Calls of programs, on both databases of the log."""

from __future__ import annotations

from typing import cast

import pytest

from bot.api.calls import Calls
from bot.api.clients import SCOPES, Client
from bot.api.errors import StillAnswering
from bot.desk.desk import Desk
from bot.logged_desk import Answers, LoggedDesk
from bot.querylog import NoSuchQuestion, QueryLog, QuestionRecord, retention

ON_BOTH = True

LIMS = Client("lims", frozenset(SCOPES))
OTHER = Client("other", frozenset(SCOPES))


@pytest.fixture
def calls(desk: Desk, log: QueryLog) -> Calls:
    return Calls(LoggedDesk(cast(Answers, desk), log), "api")


def test_a_key_is_one_question_of_one_client(calls: Calls, log: QueryLog) -> None:
    first = calls.ask(LIMS, "htn with ckd 3b", key="a", on_behalf_of="u-1")
    again = calls.ask(LIMS, "htn with ckd 3b", key="a")
    assert again.id == first.id
    assert again.as_dict()["report"] == first.as_dict()["report"]
    assert calls.ask(OTHER, "htn with ckd 3b", key="a").id != first.id
    checked = calls.check(LIMS, ["I10", "E11.9"], key="b")
    assert calls.check(LIMS, ["I10", "E11.9"], key="b").id == checked.id
    asked = list(log.questions())
    assert [one.user for one in asked] == ["lims", "other", "lims"]
    assert asked[0].options["on_behalf_of"] == "u-1"
    assert {one.surface for one in asked} == {"api"}


def test_a_key_without_an_answer_says_so(calls: Calls, log: QueryLog) -> None:
    answered = calls.ask(LIMS, "htn", key="a")
    retention.redact(log, answered.id, "a name", "R. Officer", answer=True)
    with pytest.raises(StillAnswering):
        calls.ask(LIMS, "htn", key="a")


def test_only_own_questions_of_programs_are_shown_or_followed(calls: Calls, log: QueryLog) -> None:
    mine = calls.ask(LIMS, "ankle sprain")
    assert calls.stored(calls.own(LIMS, mine.id)).id == mine.id
    assert calls.ask(LIMS, "left", after=mine.id).refines == mine.id
    # A person of that name at the terminal is somebody else.
    typed = log.ask(QuestionRecord("htn", "cli", user="lims"))
    assert typed is not None
    for client, asked in ((OTHER, mine.id), (LIMS, typed), (LIMS, "0" * 12)):
        with pytest.raises(NoSuchQuestion):
            calls.own(client, asked)
        with pytest.raises(NoSuchQuestion):
            calls.ask(client, "left", after=asked)
