"""Lanes: order, waiting and stopping, with real threads and no Slack."""

import threading
import time
from collections.abc import Callable

import pytest

from bot.slack import lanes
from bot.slack.lanes import Lanes
from bot.slack.web_api import NotTaken, Posted


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BETWEEN", 0.01)


class Slack:
    """Takes posts; some of them first meet a rate limit a number of times."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.taken: list[str] = []
        self.told: list[tuple[str, str]] = []

    def post(self, name: str, limits: int = 0, wait: float = 0.01) -> Callable[[], Posted]:
        left = [wait] * limits

        def send() -> Posted:
            self.tried.append(name)
            if left:
                raise NotTaken("rate limited", left.pop())
            self.taken.append(name)
            return Posted("delivered", name)

        return send

    def then(self, name: str) -> Callable[[Posted], None]:
        return lambda posted: self.told.append((name, posted.outcome))


def test_a_lane_keeps_its_order_through_any_number_of_limits() -> None:
    slack = Slack()
    with Lanes() as opened:
        for number in range(20):
            name = str(number)
            opened.send("C1", slack.post(name, number % 7), slack.then(name))
        opened.settle(30)
    assert slack.taken == [str(number) for number in range(20)]
    assert slack.told == [(str(number), "delivered") for number in range(20)]


def test_any_number_of_lanes_may_wait_while_another_goes_on() -> None:
    slack = Slack()
    with Lanes(at_once=2) as opened:
        for number in range(30):
            opened.send(f"C{number}", slack.post("limited", 1, 3600), slack.then("limited"))
        opened.send("D1", slack.post("free"), slack.then("free")).result(30)
    assert slack.taken == ["free"]
    assert ("free", "delivered") in slack.told


def test_a_lane_that_met_its_limit_is_paced_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "BETWEEN", 3600.0)
    slack = Slack()
    with Lanes() as opened:
        for name in ("a", "b", "c"):
            opened.send("C1", slack.post(name), slack.then(name))
        opened.settle(30)
        assert slack.taken == ["a", "b", "c"], "a short burst is allowed"
        opened.send("C2", slack.post("d", 1), slack.then("d"))
        opened.send("C2", slack.post("e"), slack.then("e"))
        opened.settle(0.2)
    assert slack.taken == ["a", "b", "c"]
    assert slack.told[3:] == [("d", "failed"), ("e", "failed")], "an hour is too late"


def test_closing_sends_what_need_not_wait_and_leaves_the_rest_in_order() -> None:
    slack, begun, go = Slack(), threading.Event(), threading.Event()

    def slow() -> Posted:
        begun.set()
        go.wait(30)
        return Posted("delivered")

    opened = Lanes(at_once=1)
    for name in ("a", "b"):
        opened.send("C1", slack.post(name, 1, 300), slack.then(name))
    opened.send("C2", slow, slack.then("slow"))
    opened.send("C2", slack.post("c"), slack.then("c"))
    assert begun.wait(30)
    closing = threading.Thread(target=opened.close)
    closing.start()
    go.set()
    closing.join(30)
    assert slack.taken == ["c"]
    expected = [("slow", "delivered"), ("c", "delivered"), ("a", "waiting"), ("b", "waiting")]
    assert slack.told == expected
    assert opened.send("C3", slack.post("d"), slack.then("d")).result(0).outcome == "waiting"
    assert slack.tried == ["a", "c"]


def test_an_error_in_one_post_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    slack, asked = Slack(), "the words of a question"

    def fails() -> Posted:
        raise ValueError(asked)

    def falls(posted: Posted) -> None:
        raise ValueError(asked)

    with Lanes(at_once=1) as opened:
        assert opened.send("C1", fails, slack.then("fails")).result(30).outcome == "unknown"
        opened.send("C1", slack.post("a"), falls).result(30)
        opened.send("C1", slack.post("b"), slack.then("b")).result(30)
    assert slack.told == [("fails", "unknown"), ("b", "delivered")]
    assert asked not in caplog.text


def test_nothing_is_kept_of_a_lane_that_is_empty() -> None:
    slack = Slack()
    with Lanes() as opened:
        for number in range(50):
            opened.send(f"https://slack/{number}", slack.post("a"), slack.then("a"))
        opened.settle(30)
        time.sleep(0.02)
        opened.send("last", slack.post("a"), slack.then("a")).result(30)
        assert len(opened._lanes) <= 1
