"""Verdicts in Slack while searches wait."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
from slack_server import SlackServer
from slack_support import ScriptedDesk, served, verdict, verdicts, wait_until

from bot.desk.answer import Answer
from bot.desk.question import Question
from bot.querylog import QueryLog, Record
from bot.slack.searches import Searches
from bot.slack.web_api import Posted


class SlowSearches(ScriptedDesk):
    """Answers what names E11.9 at once; while `open` is not set, searches take forever."""

    def take(self, asked: str, **options: Any) -> Question:
        question = super().take(asked, **options)
        intent = "codes" if "E11.9" in asked else "search"
        return Question(question.asked, question.scrubbed, intent=intent)

    def ask(self, question: Question, **options: Any) -> Answer:
        if question.intent == "codes":
            return verdicts(verdict("E11.9", "billable"))
        return super().ask(question, **options)


@pytest.mark.parametrize("waiting", [1, 20])
def test_a_verdict_does_not_wait_behind_searches(slack, log, tmp_path, waiting) -> None:
    desk = SlowSearches()
    desk.open.clear()
    with served(slack, tmp_path, desk, log):
        for number in range(waiting):
            slack.send_slash(text=f"gout {number}", user=f"U{number}").wait_ack(10)
        desk.begun.acquire(timeout=10)
        slack.send_slash(text="check E11.9", user="UX").wait_ack(10)
        try:
            (first,) = slack.wait_for("response_url")
        finally:
            desk.open.set()
        slack.wait_for("response_url", count=waiting + 1)
    assert "E11.9" in first.args["text"]
    # People keep the order in which they came.
    assert desk.asked == [f"gout {number}" for number in range(waiting)]


def test_one_person_asking_much_does_not_hold_up_another(slack, log, tmp_path) -> None:
    desk = SlowSearches()
    desk.open.clear()
    with served(slack, tmp_path, desk, log):
        try:
            many = [f"gout {number}" for number in range(200)]
            for text in many:
                slack.send_event(slack.direct_message(text)).wait_ack(10)
            for text in ("copd", "asthma"):
                slack.send_event(slack.direct_message(text, user="U2", channel="D2")).wait_ack(10)
            slack.send_event(slack.direct_message("flu", user="U3", channel="D3")).wait_ack(10)
            wait_until(lambda: len(log.recent(300)) == 203)
            desk.begun.acquire(timeout=10)
        finally:
            desk.open.set()
        slack.wait_for("chat.postMessage", count=203, timeout=120)
    assert desk.asked[:6] == ["gout 0", "gout 1", "copd", "flu", "gout 2", "asthma"]
    # Each person's in their order, but for those that listeners read at the same moment.
    in_turn = [many.index(text) for text in desk.asked if text in many]
    assert sorted(in_turn) == list(range(200))
    assert max(abs(place - number) for place, number in enumerate(in_turn)) < 8


def test_a_verdict_does_not_wait_behind_searches_in_modals(slack, log, tmp_path) -> None:
    desk = SlowSearches()
    desk.open.clear()
    with served(slack, tmp_path, desk, log):
        slack.open_home().wait_ack(10)
        slack.wait_for("views.publish")
        for number in range(10):
            slack.send_view_action("home_try_1").wait_ack(10)
            slack.send_interactive(slack.shortcut("ask_code_desk")).wait_ack(10)
            form = slack.modal()
            slack.send_view({"statement": f"gout {number}"}, view=form).wait_ack(10)
        desk.begun.acquire(timeout=10)
        slack.send_slash(text="check E11.9", user="UX").wait_ack(10)
        try:
            (first,) = slack.wait_for("response_url")
        finally:
            desk.open.set()
        slack.wait_for("views.update", count=20)
    assert "E11.9" in first.args["text"]
    assert len(desk.asked) == 20


def test_a_search_that_was_not_begun_is_cancelled_when_the_desk_stops() -> None:
    begun, go_on, cancelled = threading.Event(), threading.Event(), threading.Event()

    def slow() -> Future[Posted]:
        begun.set()
        go_on.wait(30)
        return done(Posted("delivered"))

    searches = Searches()
    first, second = searches.run(slow, "U1"), searches.run(slow, "U2")
    second.add_done_callback(lambda _: cancelled.set())
    assert begun.wait(30)
    closing = threading.Thread(target=searches.close)
    closing.start()
    assert cancelled.wait(30)
    go_on.set()
    closing.join(30)
    assert first.result(30) == Posted("delivered")
    assert second.cancelled()


def test_with_two_workers_two_people_are_served_at_once_and_each_in_order() -> None:
    go_on, begun = threading.Semaphore(0), threading.Semaphore(0)
    order: list[str] = []

    def slow(name: str) -> Future[Posted]:
        order.append(name)
        begun.release()
        go_on.acquire(timeout=30)
        return done(Posted("delivered"))

    with Searches(lambda: 2) as searches:
        asked = [searches.run(partial(slow, f"U1 {number}"), "U1") for number in range(3)]
        asked += [searches.run(partial(slow, f"U2 {number}"), "U2") for number in range(3)]
        asked.append(searches.run(partial(slow, "U3 0"), "U3"))
        for _ in range(2):
            assert begun.acquire(timeout=30)
        assert order == ["U1 0", "U2 0"]
        assert searches.wait("U4").before == 7 - 2
        assert searches.wait("U1").before == 2 + 2 + 1 + 2
        for _ in asked:
            go_on.release()
        for future in asked:
            assert future.result(30) == Posted("delivered")
    # Whoever comes last waits for one more question of each at most.
    assert order.index("U3 0") < min(order.index("U1 2"), order.index("U2 2"))
    for person in ("U1", "U2"):
        assert [name for name in order if person in name] == [f"{person} {n}" for n in range(3)]


def test_who_will_wait_long_is_told_at_once_and_answered_later(slack, log, tmp_path) -> None:
    desk = SlowSearches()
    desk.open.clear()
    with served(slack, tmp_path, desk, log):
        for number in range(40):
            slack.send_slash(text=f"gout {number}", user=f"U{number}").wait_ack(10)
        desk.begun.acquire(timeout=10)
        slack.send_event(slack.direct_message("copd", user="UX", channel="DX")).wait_ack(10)
        try:
            wait_until(lambda: any("before yours" in text for text in told(slack, "DX")))
            (text,) = told(slack, "DX")
        finally:
            desk.open.set()
        slack.wait_for("response_url", count=40)
        wait_until(lambda: len(told(slack, "DX")) == 2)
        wait_until(lambda: of("copd", log).deliveries)
    assert re.fullmatch(r"\d+ questions are before yours; I answer it in about \d+ seconds.", text)
    assert [d["kind"] for d in of("copd", log).deliveries] == ["answer"]


def test_a_question_that_cannot_be_taken_is_told_so_and_on_record(
    slack, log, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("bot.slack.searches.MOST_WAITING", 3)
    desk = SlowSearches()
    desk.open.clear()
    with served(slack, tmp_path, desk, log):
        for number in range(4):
            slack.send_slash(text=f"gout {number}", user=f"U{number}").wait_ack(10)
            if number == 0:
                desk.begun.acquire(timeout=10)
        slack.send_event(slack.direct_message("copd", user="UX", channel="DX")).wait_ack(10)
        try:
            wait_until(lambda: told(slack, "DX"))
        finally:
            desk.open.set()
        slack.wait_for("response_url", count=4)
    (text,) = told(slack, "DX")
    record = of("copd", log)
    assert "too busy" in text
    assert record.id in text
    assert [(d["kind"], d["outcome"]) for d in record.deliveries] == [("answer", "abandoned")]
    assert "copd" not in desk.asked


def told(slack: SlackServer, channel: str) -> list[str]:
    """What arrived in a channel, for all or for one."""
    return [call.args["text"] for call in slack.messages(channel)]


def of(text: str, log: QueryLog) -> Record:
    (record,) = [record for record in log.recent(100) if record.text == text]
    return record


def done(posted: Posted) -> Future[Posted]:
    future: Future[Posted] = Future()
    future.set_result(posted)
    return future
