"""Verdicts in Slack while searches wait."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest
from slack_support import ScriptedDesk, served, verdict, verdicts

from bot.desk.answer import Answer
from bot.desk.question import Question
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
    # Searches keep their order.
    assert desk.asked == [f"gout {number}" for number in range(waiting)]


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
    first, second = searches.run(slow), searches.run(slow)
    second.add_done_callback(lambda _: cancelled.set())
    assert begun.wait(30)
    closing = threading.Thread(target=searches.close)
    closing.start()
    assert cancelled.wait(30)
    go_on.set()
    closing.join(30)
    assert first.result(30) == Posted("delivered")
    assert second.cancelled()


def done(posted: Posted) -> Future[Posted]:
    future: Future[Posted] = Future()
    future.set_result(posted)
    return future
