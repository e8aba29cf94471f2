"""Measures how long an asker in Slack waits: `python bench/slack_latency.py [--faults]`.

`codedesk run` serves the code sets and the index of CODEDESK_HOME to a loopback Slack. Users ask at
the same time, each in a channel of their own, and each asks again when answered. A wait is from the
sending of Slack's envelope until the answer arrives at the Web API or the response_url. Printed are
tables in Markdown. The first question of each user is asked before, and not measured.

With `--faults` Slack fails in the ways that its documentation tells of, and a table says what
reached the asker.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import statistics
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from slack_faults import fault_rows
from slack_serving import PATIENCE, ROOT, TimedSlack, home_of_its_own, serving

USERS = (1, 20, 100)
#: Codes that are checked, on a date of service.
CODES = (
    "E11.22 E11.9 I10 I12.9 N18.32 J44.1 J45.41 S52.502A M17.11 F33.1 G43.109 K57.32 L03.116 "
    "H40.1132 O13.3 Z12.31 C50.412 D50.0 B18.2 R10.31 I50.32 M54.32 N39.0 T22.211A"
).split()

Ask = Callable[[TimedSlack, str, int], float]


def statements() -> list[str]:
    """What the statements ask that the weights are fitted to, by set in turn."""
    asked = []
    for path in sorted((ROOT / "tests/data/statements/fit").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            asked.append([row["query"] for row in rows])
    return [text for texts in itertools.zip_longest(*asked) for text in texts if text]


STATEMENTS = statements()


def mention(slack: TimedSlack, user: str, number: int) -> float:
    """Ask in a channel; the seconds until the answer arrived."""
    channel = f"C{user[1:]}"
    awaited = slack.expect(channel)
    text = STATEMENTS[number % len(STATEMENTS)]
    sent = slack.send_event(slack.app_mention(text, user=user, channel=channel)).sent
    return _seconds(awaited, sent)


def command(slack: TimedSlack, user: str, number: int) -> float:
    return _slash(slack, user, STATEMENTS[number % len(STATEMENTS)])


def check(slack: TimedSlack, user: str, number: int) -> float:
    return _slash(slack, user, f"check {CODES[number % len(CODES)]} 2026-11-03")


def _slash(slack: TimedSlack, user: str, text: str) -> float:
    url = slack.new_response_url()
    awaited = slack.expect(urlsplit(url).path)
    sent = slack.send_slash(text=text, user=user, channel=f"C{user[1:]}", response_url=url).sent
    return _seconds(awaited, sent)


def _seconds(awaited, sent: float) -> float:
    if not awaited.came.wait(PATIENCE):
        raise SystemExit(f"no answer after {PATIENCE} s")
    return awaited.calls[0][0] - sent


def waits(
    slack: TimedSlack, ask: Ask, users: int, rounds: int, name: str, until: threading.Event | None
) -> list[float]:
    """The seconds that each of `users` waited, `rounds` times; or until `until` is set."""

    def use(user: int) -> list[float]:
        numbers = itertools.count(user * 7)
        me = f"U{name}{user}"
        ask(slack, me, next(numbers))  # A first contact may take more.
        start.wait(PATIENCE)
        if until is None:
            return [ask(slack, me, number) for number in itertools.islice(numbers, rounds)]
        going_on = itertools.takewhile(lambda _: not until.is_set(), numbers)
        return [ask(slack, me, number) for number in going_on]

    start = threading.Barrier(users)
    with ThreadPoolExecutor(users) as pool:
        return [seconds for of_one in pool.map(use, range(users)) for seconds in of_one]


def rows(slack: TimedSlack, users: tuple[int, ...], rounds: int) -> Iterator[str]:
    """The rows of the table, as they are measured."""
    yield "| asked by | users at once | answers | median, ms | 99th percentile, ms | longest, ms |"
    yield "| --- | --- | --- | --- | --- | --- |"
    surfaces: dict[str, Ask] = {"mention": mention, "/code": command, "/code check": check}
    for place, (name, ask) in enumerate(surfaces.items()):
        for count in users:
            turns = max(2, rounds // count)
            yield _row(name, count, waits(slack, ask, count, turns, f"{place}N{count}N", None))
    yield _row("/code check, while 20 others ask by mention", 20, _beside(slack, rounds))


def _beside(slack: TimedSlack, rounds: int) -> list[float]:
    done = threading.Event()
    others = threading.Thread(target=waits, args=(slack, mention, 20, 0, "OTHERS", done))
    others.start()
    measured = waits(slack, check, 20, max(2, rounds // 20), "BESIDE", None)
    done.set()
    others.join()
    return measured


def _row(name: str, users: int, seconds: list[float]) -> str:
    ms = sorted(1000 * one for one in seconds)
    most = statistics.quantiles(ms, n=100, method="inclusive")[98] if len(ms) > 1 else ms[0]
    figures = f"{statistics.median(ms):,.0f} | {most:,.0f} | {ms[-1]:,.0f}"
    return f"| {name} | {users} | {len(ms)} | {figures} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, nargs="+", default=USERS, help="how many at once")
    parser.add_argument("--rounds", type=int, default=200, help="answers to a row, at least")
    parser.add_argument("--faults", action="store_true", help="what reaches the asker in faults")
    given = parser.parse_args()
    with home_of_its_own() as home, TimedSlack() as slack:
        if given.faults:
            for row in fault_rows(slack, home):
                print(row, flush=True)
            return
        with serving(slack, home):
            for row in rows(slack, tuple(given.users), given.rounds):
                print(row, flush=True)
        if slack.violations:
            raise SystemExit("\n".join(slack.violations[:20]))


if __name__ == "__main__":
    main()
