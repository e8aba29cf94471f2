"""The Home tab: what a person sees there, and what its buttons do."""

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_server import SlackServer
from slack_server.judge import block_breaches
from slack_support import ScriptedDesk, served, wait_for_records

from bot.desk.desk import Desk
from bot.querylog import LogUnavailable, QueryLog, QuestionRecord
from bot.querylog.retention import redact
from bot.querylog.verify import verify
from bot.settings import Settings
from bot.slack.home_facts import Asked, ForAuditors, HomeFacts, Kept, Loaded, Upkeep
from bot.slack.people import Defaults, Favourite, People
from bot.slack.state import State
from bot.slack.views.home import contact_shown, home_view
from bot.slack.views.home_modals import (
    Misfit,
    add_modal,
    defaults_modal,
    defaults_sent,
    help_modal,
    load_modal,
)

HOSTILE = (
    "*b* _i_ ~s~ `c` <!channel> <@U1> & \u202eright to left \U0001f600 :smile:\n> quoted " * 40
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    opened = QueryLog(tmp_path / "log.db")
    yield opened
    assert verify(opened.path).bad is None
    opened.close()


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def desk_of() -> Iterator[Callable[[Path], Desk]]:
    """The real desk of a home."""
    made: list[Desk] = []

    def make(home: Path) -> Desk:
        made.append(Desk(Settings(home=home)))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """What people chose, beside the log, where a served desk reads it."""
    state = State(tmp_path / "slack.db")
    yield People(state)
    state.close()


def opened(slack: SlackServer, user: str = "U1") -> dict[str, Any]:
    """Open the Home tab; gives it as it was published for that."""
    before = len([c for c in slack.calls if c.method == "views.publish"])
    slack.open_home(user).wait_ack(10)
    slack.wait_for("views.publish", before + 1)
    home = slack.home(user)
    assert home is not None
    return home


def until(slack: SlackServer, wanted: str, user: str = "U1") -> dict[str, Any]:
    """Wait until a Home says something."""
    deadline = time.monotonic() + 20
    while wanted not in json.dumps(home := slack.home(user) or {}, ensure_ascii=False):
        assert time.monotonic() < deadline, f"no {wanted!r} in {home}"
        time.sleep(0.01)
    return home


def modal_with(slack: SlackServer, wanted: str) -> dict[str, Any]:
    """Wait until the last modal says something."""
    deadline = time.monotonic() + 20
    while wanted not in json.dumps(modal := slack.modal() or {}, ensure_ascii=False):
        assert time.monotonic() < deadline, f"no {wanted!r} in {modal}"
        time.sleep(0.01)
    return modal


def said(view: dict[str, Any]) -> str:
    """All texts of a view."""
    return json.dumps(view["blocks"], ensure_ascii=False)


def ask(slack: SlackServer, log: QueryLog, words: str, user: str = "U1") -> str:
    """Ask in a direct message; gives the id of the question."""
    count = sum(1 for _ in log.records(kinds=["delivery"]))
    slack.send_event(slack.direct_message(words, user, f"D{user[1:]}")).wait_ack(10)
    wait_for_records(log, "delivery", count + 1)
    return log.recent(1)[0].id


def buttons(view: dict[str, Any], action: str) -> list[str]:
    """The values of the buttons with this action."""
    elements = [
        element
        for block in view["blocks"]
        for element in [*block.get("elements", []), block.get("accessory") or {}]
    ]
    return [e["value"] for e in elements if e.get("action_id") == action]


# What it shows


def test_a_newcomer_learns_who_it_is_what_to_try_and_whom_to_ask(
    slack, log, desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log, contact="C0HELPDESK"):
        home = opened(slack)
    assert home["type"] == "home"
    assert buttons(home, "home_try_1") == ["1"]
    assert "Leave out who the patient is" in said(home)
    assert "<#C0HELPDESK>" in said(home)
    assert "What you asked lately" not in said(home)


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("", "whoever runs Code Desk here"),
        ("  ", "whoever runs Code Desk here"),
        ("#coding-help", "#coding-help"),
        ("#C012ABCDE", "<#C012ABCDE>"),
        ("<@U012ABCDE>", "<@U012ABCDE>"),
        ("Ann <b> & Bob", "Ann &lt;b&gt; &amp; Bob"),
        ("<!channel>", "!channel"),
    ],
)
def test_the_contact_is_a_link_only_if_it_is_an_id(contact: str, shown: str) -> None:
    assert contact_shown(contact) == shown


def test_a_person_sees_their_own_questions_alone(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        mine = ask(slack, log, "t2dm with ckd")
        theirs = ask(slack, log, "gout of the big toe", "U2")
        log.ask(QuestionRecord("of another team", "dm", "U1", "T2", "D1"))
        home = opened(slack)
        assert buttons(home, "home_open") == [mine]
        assert "t2dm with ckd" in said(home)
        assert "gout" not in said(home)
        assert "another team" not in said(home)
        # Nor do they get another's answer by a button that they make up.
        pressed = slack.view_actions(slack.home(), "home_open", value=mine)
        pressed["actions"][0]["value"] = theirs
        slack.send_interactive(pressed).wait_ack(10)
        modal = modal_with(slack, "not among your questions")
    assert "gout" not in said(modal)


def test_what_was_redacted_is_not_shown(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        kept = ask(slack, log, "t2dm with ckd")
        gone = ask(slack, log, "gout of the big toe")
        home = opened(slack)
        assert buttons(home, "home_open") == [gone, kept]
        redact(log, gone, "by request", "U9")
        slack.send_view_action("home_open", gone, view=home).wait_ack(10)
        modal_with(slack, "no longer have that answer")
        assert buttons(opened(slack), "home_open") == [kept]


def test_identifiers_are_not_shown_again(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        ask(slack, log, "Jane Doe 123-45-6789 has gout")
        assert "123-45-6789" not in said(opened(slack))


def test_an_answer_opens_again(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        question = ask(slack, log, "t2dm with ckd")
        opened(slack)
        slack.send_view_action("home_open", question).wait_ack(10)
        modal = modal_with(slack, "E11.22")
        assert modal["type"] == "modal"
        assert "t2dm with ckd" in said(modal)
        slack.send_view_action("rules", question, view=modal).wait_ack(10)
        modal_with(slack, "gestational diabetes")


def test_home_at_the_limits() -> None:
    """Everything as long and as hostile as it can be."""
    facts = HomeFacts(
        contact=HOSTILE,
        asked=[Asked(str(n), "2026-11-30T10:00:00+00:00", HOSTILE, HOSTILE) for n in range(50)],
        favourites=[
            Kept(Favourite("icd10cm", f"E11.{n}" * 10), HOSTILE, "deleted", (HOSTILE,) * 9)
            for n in range(50)
        ],
        defaults=Defaults(("icd10cm", "cpt"), "dme", dt.date(2025, 3, 5), private=True),
        loaded=Loaded((HOSTILE,), (HOSTILE,) * 9, (HOSTILE,) * 9),
        audit=ForAuditors(None),
        upkeep=Upkeep(False, (HOSTILE,) * 9),
    )
    view = home_view(facts)
    assert len(view["blocks"]) == 100
    assert block_breaches(view["blocks"], most=100, private=True) == []
    for mention in ("<!channel>", "<@U1>"):
        assert mention not in said(view)


@pytest.mark.parametrize(
    "status",
    [
        "billable",
        "valid",
        "header",
        "range",
        "not_covered",
        "billable_nearest",
        "header_nearest",
        "not_yet_valid",
        "deleted",
        "unknown",
        "not_loaded",
        "",
    ],
)
def test_every_status_of_a_favourite_has_words(status: str) -> None:
    facts = HomeFacts(favourites=[Kept(Favourite("icd10cm", "E11.9"), "Title", status)])
    assert block_breaches(home_view(facts)["blocks"], most=100, private=True) == []


@pytest.mark.parametrize(
    "view",
    [defaults_modal(Defaults()), add_modal(), load_modal(), help_modal("")],
    ids=["defaults", "add", "load", "help"],
)
def test_the_modals_are_within_the_limits(view: dict[str, Any]) -> None:
    assert block_breaches(view["blocks"], most=100, private=True) == []
    for name in ("title", "submit", "close"):
        assert len(view.get(name, {}).get("text", "")) <= 24


def test_the_log_cannot_be_read(slack, log, desk, tmp_path, monkeypatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise LogUnavailable("the disk is gone")

    with served(slack, tmp_path, desk, log, auditors="U1"):
        monkeypatch.setattr(QueryLog, "select", fails)
        monkeypatch.setattr(QueryLog, "access", fails)
        home = opened(slack)
        monkeypatch.undo()
    assert "your questions are not shown" in said(home)
    assert "The log cannot be read" in said(home)
    assert "Your favourites" in said(home)


# For some


def test_auditors_see_the_headlines_and_each_look_is_on_record(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log, auditors="U9"):
        question = ask(slack, log, "t2dm with ckd")
        log.feedback(question, "wrong", by="U1")
        log.ask(QuestionRecord("never answered", "dm", "U2", "T1", "D2"))
        assert "The log" not in said(opened(slack, "U1"))
        home = opened(slack, "U9")
        assert "Today *2* questions, this week *2*" in said(home)
        assert "Abstained or unanswered *1*, rated wrong or another code used *1*" in said(home)
        assert "no checkpoints yet" in said(home)
        looks = [entry.body for entry in log.records(kinds=["access"])]
    assert [(look["what"], look["by"]) for look in looks] == [("view", "U9")]


def test_administrators_see_what_is_missing(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log, admins="U8"):
        assert buttons(opened(slack, "U1"), "home_load") == []
        home = opened(slack, "U8")
        assert buttons(home, "home_load") == ["load"]
        assert "Not loaded: ICD-10-CM" in said(home)


# Trouble at Slack


def test_a_limit_is_waited_out(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.fail_next("views.publish", status=429, retry_after=1)
        slack.open_home().wait_ack(10)
        first, second = slack.wait_for("views.publish", 2)
        # Answers do not wait for it.
        ask(slack, log, "t2dm with ckd")
    assert second.time - first.time >= 1
    assert slack.home("U1") is not None


@pytest.mark.parametrize("error", ["not_enabled", "view_too_large", "hash_conflict"])
def test_a_refusal_is_dropped_and_the_next_opening_publishes(
    slack, log, desk, tmp_path, error: str
) -> None:
    with served(slack, tmp_path, desk, log):
        slack.fail_next("views.publish", error=error)
        slack.open_home().wait_ack(10)
        slack.wait_for("views.publish")
        ask(slack, log, "t2dm with ckd")
        assert "t2dm with ckd" in said(opened(slack))


def test_openings_in_quick_succession_end_with_the_last_state(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.fail_next("views.publish", delay=0.3)
        for _ in range(5):
            slack.open_home().wait_ack(10)
        ask(slack, log, "t2dm with ckd")
        slack.open_home().wait_ack(10)
        until(slack, "t2dm with ckd")
    assert len(slack.wait_for("views.publish")) <= 5


def test_the_messages_tab_is_not_home(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"}
        slack.send_event(event | {"event_ts": "1.2"})
        opened(slack, "U2")
    assert slack.home("U1") is None


# Asking from Home


def test_what_to_try_is_asked_logged_and_shown(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack)
        slack.send_view_action("home_try_1").wait_ack(10)
        modal = modal_with(slack, "E11.22")
        until(slack, "What you asked lately")
        (record,) = log.recent()
    assert (record.surface, record.user, record.team) == ("button", "U1", "T1")
    assert record.delivery == "delivered"
    assert modal["private_metadata"] == record.id


def test_a_trigger_that_expired(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack)
        slack.fail_next("views.open", error="expired_trigger_id")
        slack.send_view_action("home_try_1").wait_ack(10)
        wait_for_records(log, "delivery")
        (record,) = log.recent()
        (answer,) = slack.messages()
    assert record.delivery == "delivered"
    assert "E11.22" in answer.args["text"]


def test_a_desk_that_fails_is_told_in_the_modal(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack)
        desk.fails = RuntimeError("no")
        slack.send_view_action("home_try_1").wait_ack(10)
        modal_with(slack, "Something went wrong here")
        (record,) = log.recent()
    assert record.delivery == "failed"


def test_nothing_is_answered_that_cannot_be_logged(slack, log, desk, tmp_path, monkeypatch) -> None:
    def fails(*_: Any) -> Any:
        raise LogUnavailable("the disk is full")

    with served(slack, tmp_path, desk, log):
        opened(slack)
        monkeypatch.setattr(log, "ask_many", fails)
        slack.send_view_action("home_try_1").wait_ack(10)
        modal_with(slack, "I do not answer what I cannot log")
        monkeypatch.undo()
    assert desk.asked == []


# Favourites


def test_a_code_of_an_answer_is_kept_and_let_go(slack, log, desk, tmp_path, people) -> None:
    with served(slack, tmp_path, desk, log):
        question = ask(slack, log, "t2dm with ckd")
        opened(slack)
        slack.send_view_action("home_open", question).wait_ack(10)
        modal = modal_with(slack, "☆ Keep")
        slack.send_view_action("home_keep_0", view=modal).wait_ack(10)
        kept = modal_with(slack, "★ Kept")
        until(slack, "billable today")
        assert buttons(slack.home("U1"), "home_code") == ["icd10cm E11.22"]
        # Pressed again on the old view: the hash does not match, the person is not confused.
        slack.send_view_action("home_keep_0", view=kept).wait_ack(10)
        until(slack, "keep them here")
    assert people.favourites_of("T1", "U1") == []


def test_a_typed_code_is_kept_once_and_nonsense_is_not(slack, log, desk, tmp_path, people) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack)

        def typed(code: str) -> Any:
            slack.send_view_action("home_add").wait_ack(10)
            return slack.send_view({"typed": code}, view=slack.modal()).wait_ack(10).payload

        assert not typed("e11.22")
        assert not typed(" E11.22 ")
        for code in ("zebra", "99213", "<!channel>"):
            assert typed(code)["response_action"] == "errors"
        until(slack, "billable today")
    assert people.favourites_of("T1", "U1") == [Favourite("icd10cm", "E11.22")]


def test_the_most_favourites(slack, log, desk, tmp_path, people) -> None:
    for number in range(50):
        assert people.keep("T1", "U1", Favourite("icd10cm", f"A00.{number}"))
    with served(slack, tmp_path, desk, log):
        home = opened(slack)
        assert len(buttons(home, "home_code")) == 50
        slack.send_view_action("home_add").wait_ack(10)
        sent = slack.send_view({"typed": "E11.22"}, view=slack.modal()).wait_ack(10)
    assert "the most I keep" in sent.payload["errors"]["typed"]


def test_a_favourite_opens_its_verdict(slack, log, desk, tmp_path, people) -> None:
    people.keep("T1", "U1", Favourite("icd10cm", "E11.22"))
    with served(slack, tmp_path, desk, log):
        opened(slack)
        slack.send_view_action("home_code").wait_ack(10)
        modal_with(slack, "★ Kept")
        (record,) = log.recent()
    assert record.options == {"systems": ["icd10cm"]}
    assert record.text == "E11.22"


# Defaults


def test_defaults_are_chosen_shown_and_used(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack)
        slack.send_view_action("home_defaults").wait_ack(10)
        chosen = {
            "systems": ["icd10cm", "hcpcs"],
            "setting": "dme",
            "day": "fixed",
            "date": "2025-11-03",
            "private": "yes",
        }
        assert not slack.send_view(chosen, view=slack.modal()).wait_ack(10).payload
        home = until(slack, "2025-11-03, until you change it")
        assert "*ICD-10-CM, HCPCS Level II*" in said(home)
        assert "for you alone" in said(home)
        # They are there when the modal is opened again, and it may be sent as it is.
        slack.send_view_action("home_defaults").wait_ack(10)
        assert defaults_sent(slack.view_submission({}, view=slack.modal())["view"]) == Defaults(
            ("icd10cm", "hcpcs"), "dme", dt.date(2025, 11, 3), private=True
        )
        # A mention is answered privately; the log has the options, and not the date.
        slack.send_event(slack.app_mention("t2dm with ckd")).wait_ack(10)
        (answer,) = slack.wait_for("chat.postEphemeral")
        (record,) = log.recent()
    assert (answer.args["channel"], answer.args["user"]) == ("C1", "U1")
    assert record.options == {"usual": ["icd10cm", "hcpcs"], "setting": "dme", "private": True}
    assert "2025-11-03" not in json.dumps(record.options)
    assert not [call for call in slack.messages("C1") if call.method == "chat.postMessage"]


def test_after_a_crash_a_private_answer_stays_private(slack, log, desk, tmp_path) -> None:
    asked = QuestionRecord("t2dm with ckd", "mention", "U1", "T1", "C1", "1.2")
    log.ask(Defaults(("icd10cm",), private=True).on(asked))
    with served(slack, tmp_path, desk, log):
        (answer,) = slack.wait_for("chat.postEphemeral")
    assert answer.args["user"] == "U1"
    assert not [call for call in slack.messages("C1") if call.method == "chat.postMessage"]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"day": "fixed"}, "date"),
        ({"day": "fixed", "date": "1066-10-14"}, "date"),
        ({"day": "fixed", "date": "2999-01-01"}, "date"),
    ],
)
def test_defaults_that_do_not_fit(slack, log, desk, tmp_path, sent, error: str) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack)
        slack.send_view_action("home_defaults").wait_ack(10)
        refused = slack.send_view(sent, view=slack.modal()).wait_ack(10)
    assert list(refused.payload["errors"]) == [error]


def test_a_date_that_is_left_over_does_not_count_for_today() -> None:
    view = defaults_modal(Defaults(day=dt.date(2025, 11, 3)))
    values = {
        "systems": {"systems": {"selected_options": []}},
        "setting": {"setting": {"selected_option": {"value": "made up"}}},
        "day": {"day": {"selected_option": {"value": "today"}}},
        "date": {"date": {"selected_date": "2025-11-03"}},
        "private": {"private": {"selected_option": None}},
    }
    assert defaults_sent(view | {"state": {"values": values}}) == Defaults()
    values["day"]["day"]["selected_option"] = {"value": "fixed"}
    values["date"]["date"]["selected_date"] = None
    with pytest.raises(Misfit):
        defaults_sent(view | {"state": {"values": values}})


# With the real desk


def test_the_real_desk_says_when_a_default_limited_it(slack, log, home, desk_of) -> None:
    state = State(home / "slack.db")
    People(state).set_defaults("T1", "U1", Defaults(("icd10cm",), None, dt.date(2026, 3, 5)))
    state.close()
    with served(slack, home, desk_of(home), log):
        slack.send_slash(text="copd exacerbation").wait_ack(20)
        limited = slack.wait_for("response_url")[-1].args["blocks"]
        slack.send_slash(text="icd-10-pcs for toe amputation 2024-02-01").wait_ack(20)
        other = slack.wait_for("response_url", 2)[-1].args["blocks"]
        shown = opened(slack)
    assert "By your defaults: only ICD-10-CM searched, for 2026-03-05" in json.dumps(limited)
    assert "By your defaults" not in json.dumps(other)
    assert "Out of date" in said(shown)
