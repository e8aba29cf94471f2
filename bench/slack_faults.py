"""What reaches an asker when Slack fails, or the desk: the rows of `slack_latency.py --faults`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from slack_serving import PATIENCE, Awaited, Call, TimedSlack, serving

QUESTION = "htn with ckd 3b"
#: Seconds that a second answer is waited for.
_SETTLED = 3.0


@dataclass(frozen=True, slots=True)
class Asked:
    sent: float
    awaited: Awaited


def asks(slack: TimedSlack, number: int, text: str = QUESTION, times: int = 1) -> Asked:
    """One mention, delivered so many times; each asker has a channel."""
    user, channel = f"U{number}F", f"C{number}F"
    awaited = slack.expect(channel, user, f"D{number}F")
    event = slack.app_mention(text, user=user, channel=channel)
    first = slack.send_event(event)
    for again in range(1, times):
        slack.send_event(event, first.event_id, again, "timeout")
    return Asked(first.sent, awaited)


def commands(slack: TimedSlack, number: int) -> Asked:
    user, url = f"U{number}F", slack.new_response_url()
    channel = f"C{number}F"
    awaited = slack.expect(urlsplit(url).path, channel, user, f"D{number}F")
    sent = slack.send_slash(text=QUESTION, user=user, channel=channel, response_url=url).sent
    return Asked(sent, awaited)


def plain(slack: TimedSlack, number: int) -> Asked:
    return asks(slack, number)


def failing(method: str, ask: Callable[[TimedSlack, int], Asked] = plain, **how: object):
    """A case in which the next calls of a method fail: the options of `fail_next`."""

    def case(slack: TimedSlack, number: int) -> Asked:
        slack.fail_next(method, **how)
        return ask(slack, number)

    return case


def reconnect(slack: TimedSlack, number: int) -> Asked:
    asked = asks(slack, number)
    slack.disconnect()
    return asked


def cut(slack: TimedSlack, number: int) -> Asked:
    asked = asks(slack, number)
    slack.disconnect(abrupt=True)
    return asked


def removed(slack: TimedSlack, number: int) -> Asked:
    slack.leave(f"C{number}F")
    return asks(slack, number)


def resent(slack: TimedSlack, number: int) -> Asked:
    return asks(slack, number, times=4)


CASES: dict[str, Callable[[TimedSlack, int], Asked]] = {
    "none": plain,
    "the event is sent four times": resent,
    "Slack asks to reconnect": reconnect,
    "the socket is cut": cut,
    "429, Retry-After 2": failing("chat.postMessage", status=429, retry_after=2),
    "HTTP 500, three times": failing("chat.postMessage", status=500, times=3),
    "HTTP 503, once": failing("chat.postMessage", status=503),
    "the connection is reset before the post": failing("chat.postMessage", drop_connection=True),
    "the connection is reset after the post": failing(
        "chat.postMessage", drop_connection=True, after_effect=True
    ),
    "Slack takes 5 s to answer": failing("chat.postMessage", delay=5.0),
    "the bot was removed from the channel": removed,
    "invalid_blocks": failing("chat.postMessage", error="invalid_blocks"),
    "the response_url has expired": failing(
        "response_url", commands, status=404, error="expired_url"
    ),
    "HTTP 500 of the response_url": failing("response_url", commands, status=500),
}


def fault_rows(slack: TimedSlack, home: Path) -> Iterator[str]:
    """The rows of the table, one a case, as they are seen."""
    yield "| fault | reached the asker | after, s |"
    yield "| --- | --- | --- |"
    with serving(slack, home):
        for number, (name, case) in enumerate(CASES.items(), 1):
            yield _row(name, case(slack, number))
            # What this case did not use up is none of the next.
            slack.forgive()
        yield _busy(slack)
    yield from _killed(slack, home)


def _row(name: str, asked: Asked, patience: float = 60.0) -> str:
    asked.awaited.came.wait(patience)
    time.sleep(_SETTLED)
    calls = asked.awaited.calls
    if not calls:
        return f"| {name} | nothing | |"
    texts = [str(call.args.get("text")).partition("\n")[0][:30] for _, call in calls]
    how = "; ".join(f"{_to(call)} ({text} …)" for (_, call), text in zip(calls, texts, strict=True))
    return f"| {name} | {len(calls)}: {how} | {calls[0][0] - asked.sent:.1f} |"


def _to(call: Call) -> str:
    """Where a post went."""
    if call.method == "chat.postMessage":
        return "channel" if str(call.args["channel"]).startswith("C") else "direct message"
    return "to the asker alone" if call.method == "chat.postEphemeral" else "response_url"


def _busy(slack: TimedSlack) -> str:
    """30 at once in a channel that takes a message a second."""
    slack.limit_messages(1.0)
    awaited = slack.expect("CBUSY")
    first = time.monotonic()
    for number in range(30):
        slack.send_event(slack.app_mention(QUESTION, user=f"UB{number}", channel="CBUSY"))
    until = time.monotonic() + PATIENCE
    while len(awaited.calls) < 30 and time.monotonic() < until:
        time.sleep(0.2)
    slack.limit_messages(0.0)
    last = awaited.calls[-1][0] - first if awaited.calls else float("nan")
    return f"| 30 mentions at once in a channel | {len(awaited.calls)} of 30 | {last:.1f} (last) |"


def _killed(slack: TimedSlack, home: Path) -> Iterator[str]:
    """The desk is killed when it has acknowledged a question, and started again."""
    with serving(slack, home) as process:
        awaited = slack.expect("CK", "UK")
        slack.fail_next("chat.postMessage", status=429, retry_after=5)
        delivery = slack.send_event(slack.app_mention(QUESTION, user="UK", channel="CK"))
        delivery.wait_ack(30)
        process.kill()
        process.wait(PATIENCE)
    with serving(slack, home):
        yield _row("the desk is killed, and started again", Asked(delivery.sent, awaited))
