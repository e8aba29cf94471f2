"""What people chose: kept in slack.db, for each person of a team alone."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.database import DatabaseError
from bot.desk.question import Question
from bot.logged_desk import LoggedQuestion
from bot.querylog import QuestionRecord
from bot.slack.people import (
    MOST_FAVOURITES,
    Defaults,
    Favourite,
    People,
    defaults_for,
    is_for_asker_alone,
    said_of_defaults,
)
from bot.slack.state import State
from bot.slack.views.block_kit import plain_message
from bot.slack.views.said_defaults import with_said

DAY = dt.date(2025, 11, 3)
CHOSEN = Defaults(("icd10cm", "hcpcs"), "dme", DAY, private=True)
E11 = Favourite("icd10cm", "E11.9")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "slack.db")
    yield opened
    opened.close()


def test_defaults_are_those_of_one_person_of_a_team(state: State) -> None:
    people = People(state)
    people.set_defaults("T1", "U1", CHOSEN)
    people.set_defaults("T1", "U1", CHOSEN)
    assert people.defaults_of("T1", "U1") == CHOSEN
    assert people.defaults_of("T2", "U1") == people.defaults_of("T1", "U2") == Defaults()
    assert People(state).defaults_of("T1", "U1") == CHOSEN, "also for another process"
    people.set_defaults("T1", "U1", Defaults())
    assert people.defaults_of("T1", "U1") == Defaults()


def test_favourites(state: State) -> None:
    people = People(state)
    assert people.keep("T1", "U1", E11)
    assert people.keep("T1", "U1", E11)
    assert people.keep("T1", "U1", Favourite("hcpcs", "J0585"))
    assert people.favourites_of("T1", "U1") == [Favourite("hcpcs", "J0585"), E11]
    assert people.favourites_of("T1", "U2") == people.favourites_of(None, "U1") == []
    people.let_go("T1", "U1", E11)
    people.let_go("T1", "U1", E11)
    assert people.favourites_of("T1", "U1") == [Favourite("hcpcs", "J0585")]


def test_no_more_favourites_than_the_most_however_many_press(state: State) -> None:
    people = People(state)

    def press(start: int) -> None:
        for number in range(start, start + 30):
            people.keep("T1", "U1", Favourite("icd10cm", f"A{number}"))

    pressing = [threading.Thread(target=press, args=(start,)) for start in (0, 20, 40)]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()
    assert len(people.favourites_of("T1", "U1")) == MOST_FAVOURITES
    kept = people.favourites_of("T1", "U1")[0]
    assert people.keep("T1", "U1", kept), "one that is kept already"
    assert not people.keep("T1", "U1", Favourite("icd10cm", "B1"))


@pytest.mark.parametrize(
    "row",
    [
        "'[\"icd11\", \"icd10cm\"]', 'moon', null, 0",
        "'[\"icd10cm\"]', null, null, 0",
    ],
)
def test_what_a_newer_version_wrote_is_left_out(state: State, row: str) -> None:
    people = People(state)
    with state.writing() as db:
        db.execute(f"insert into defaults values ('T1', 'U1', {row})")
    assert people.defaults_of("T1", "U1") == Defaults(("icd10cm",))


@pytest.mark.parametrize("row", ["'no json', null, null, 0", "'[]', null, 'someday', 0"])
def test_defaults_that_cannot_be_read_do_not_stop_a_question(state: State, row: str) -> None:
    people = People(state)
    with state.writing() as db:
        db.execute(f"insert into defaults values ('T1', 'U1', {row})")
    assert defaults_for(people, "T1", "U1") == Defaults()


def test_a_state_that_is_gone_does_not_stop_a_question(tmp_path: Path) -> None:
    state = State(tmp_path / "slack.db")
    people = People(state)
    state.close()
    assert defaults_for(people, "T1", "U1") == Defaults()
    assert defaults_for(people, "T1", None) == Defaults()
    with pytest.raises(DatabaseError):
        people.favourites_of("T1", "U1")


def test_how_a_question_is_read_and_logged() -> None:
    asked = QuestionRecord("", "mention", "U1")
    assert Defaults().reading() == {}
    assert Defaults().on(asked).options == {}
    assert CHOSEN.reading() == {"usual": ("icd10cm", "hcpcs"), "setting": "dme", "day": DAY}
    logged = CHOSEN.on(asked)
    assert logged.options == {
        "usual": ["icd10cm", "hcpcs"],
        "setting": "dme",
        "day": "2025-11-03",
        "private": True,
    }
    assert is_for_asker_alone(logged)
    # An option of the question itself comes first; only a mention is public at all.
    dm = CHOSEN.on(QuestionRecord("", "dm", "U1", options={"setting": "outpatient"}))
    assert (dm.options or {})["setting"] == "outpatient"
    assert not is_for_asker_alone(dm)
    assert not is_for_asker_alone(asked)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"limited_to": ("icd10cm", "hcpcs")}, ["only ICD-10-CM, HCPCS Level II searched"]),
        ({"limited_to": ("hcpcs",)}, []),
        ({"service_date": DAY}, ["for 2025-11-03"]),
        ({"service_date": dt.date(2024, 1, 1)}, []),
        ({"intent": "greeting", "service_date": DAY}, []),
    ],
)
def test_an_answer_says_which_defaults_limited_it(
    question: dict[str, Any], told: list[str]
) -> None:
    asked = CHOSEN.on(QuestionRecord("", "dm", "U1"))
    said = said_of_defaults(LoggedQuestion("1", asked, Question("", "", **question)))
    assert bool(said) == bool(told)
    assert all(words in said for words in told)


def test_it_is_said_below_the_footer_or_above_the_buttons() -> None:
    def kinds(*before: str) -> list[str]:
        drawn = plain_message("x")
        blocks = [{"type": kind} for kind in before]
        said = with_said(type(drawn)("x", blocks), "By your defaults: <x>").blocks
        return ["said" if "elements" in block else block["type"] for block in said]

    assert kinds("section", "context", "actions") == ["section", "context", "said", "actions"]
    assert kinds("section", "actions", "context_actions") == [
        "section",
        "said",
        "actions",
        "context_actions",
    ]
    assert kinds("section") == ["section", "said"]
