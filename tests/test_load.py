"""The load generator (bench/load): its arithmetic, its Slack, and a rehearsal of all of it."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from bench.load import busy
from bench.load.arithmetic import Case, Measured, markdown, needed
from bench.load.asked import Asked
from bench.load.busy import pattern
from bench.load.figures import milliseconds, percentile, shown, slope, table
from bench.load.http_wire import Response, served
from bench.load.log_check import seen
from bench.load.pace import Pace
from bench.load.processes import cpu_seconds, memory
from bench.load.questions import SHARES, Mix, Question, Texts
from bench.load.serving import environment
from bench.load.slack_side import BOT_TOKEN, SECRET, SlackSide


def question(text: str = "left knee OA", surface: Any = "mention", **changes: Any) -> Question:
    given = {"kind": "phrase", "user": "U00001", "channel": "C0001"}
    return Question(surface=surface, text=text, **(given | changes))


# Arithmetic


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([1.0, 2.0], 50, 1.5),
        ([float(n) for n in range(1, 102)], 99, 100.0),
        ([5.0], 99, 5.0),
        ([1.0, 9.0], 100, 9.0),
    ],
)
def test_a_percentile(values: list[float], part: float, expected: float) -> None:
    assert percentile(values, part) == pytest.approx(expected)


def test_nothing_has_no_percentile() -> None:
    assert math.isnan(percentile([], 50))
    assert milliseconds([], 50, 99) == [None, None]
    assert milliseconds([0.5, 1.5], 50, 100) == [1000.0, 1500.0]


def test_a_slope_by_least_squares() -> None:
    line = slope([(t, 100 + 2.5 * t) for t in range(10)])
    assert (line.rate, line.error) == (pytest.approx(2.5), pytest.approx(0.0, abs=1e-9))
    assert not line.flat


def test_a_slope_leaves_the_warm_up_out() -> None:
    points = [(0.0, 0.0), (1.0, 50.0), *((float(t), 100.0) for t in range(2, 12))]
    assert slope(points, after=2.0).rate == pytest.approx(0.0)
    assert slope(points, after=2.0).points == 10


def test_noise_is_no_growth() -> None:
    assert slope([(float(t), 100 + (-1) ** t) for t in range(40)]).flat


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 3.0)]])
def test_too_few_points_have_no_slope(points: list[tuple[float, float]]) -> None:
    assert math.isnan(slope(points).rate)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "-"), (math.nan, "-"), (1234.4, "1,234"), (0.5, "0.5"), (12345, "12,345"), ("a", "a")],
)
def test_a_cell(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_a_table() -> None:
    assert table(["a", "b"], [[1, None]]) == "| a | b |\n| --- | --- |\n| 1 | - |"


def test_what_this_process_takes() -> None:
    assert cpu_seconds(os.getpid()) > 0
    own = memory(os.getpid())
    assert own.rss >= own.pss >= own.uss > 1
    assert cpu_seconds(2**22 + 1) == 0


# Questions


def test_the_same_seed_asks_the_same() -> None:
    texts = Texts(None)
    first, again, other = (Mix(texts, seed) for seed in (1, 1, 2))
    asked = [[mix.next() for _ in range(50)] for mix in (first, again, other)]
    assert asked[0] == asked[1] != asked[2]


def test_kinds_have_their_shares() -> None:
    mix = Mix(Texts(None), seed=3)
    kinds = Counter(mix.next().kind for _ in range(4_000))
    assert kinds["verdict"] / 4_000 == pytest.approx(SHARES["verdict"], abs=0.03)
    # Nothing was answered, so conversations only begin.
    assert kinds["follow-up"] == 0
    assert kinds["phrase"] / 4_000 == pytest.approx(0.4, abs=0.03)


def test_a_follow_up_comes_in_the_thread_by_the_same_person() -> None:
    mix = Mix(Texts(None), shares={"follow-up": 1.0})
    first = mix.next()
    mix.answered(first, "1700000000.000100")
    second = mix.next()
    assert (second.kind, second.text) == ("follow-up", first.follow_up)
    assert (second.user, second.channel) == (first.user, first.channel)
    assert second.thread == "1700000000.000100"


def test_some_people_ask_more_than_others() -> None:
    mix = Mix(Texts(None), people=100)
    users = Counter(mix.next().user for _ in range(3_000)).most_common()
    assert users[0][1] > 4 * users[-1][1]


def test_questions_of_a_folder(tmp_path: Path) -> None:
    rows = {
        "phrases.tsv": "query\tcodes\nknee pain\tM25.569\n",
        "statements.tsv": "query\tcodes\tfirst\nhtn and ckd\tI12.9|N18.9\tI12.9\n",
        "units.tsv": "query\tcode\tunits\nbotox 100 units\tJ0585\t100\n",
        "talks.tsv": "turn1\tturn2\nckd\t3b\n",
    }
    for name, text in rows.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    texts = Texts(tmp_path)
    assert texts.of["phrase"] == ["knee pain"]
    assert texts.of["statement"] == ["htn and ckd"]
    assert texts.of["dose"] == ["botox 100 units"]
    assert texts.of["verdict"] == ["M25.569"]
    assert texts.conversations == [("ckd", "3b")]
    assert texts.of["denial"]  # built in


# What is started


def test_the_load_leaves_a_desk_in_use_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEDESK_DATABASE_URL", "postgresql://in.use/log")
    monkeypatch.setenv("CODEDESK_CHECKPOINT_CHANNEL", "C123")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-in-use")
    monkeypatch.setenv("CODEDESK_WORKERS", "3")
    env = environment("http://127.0.0.1:1/api/", tmp_path, 3000)
    assert not {"CODEDESK_DATABASE_URL", "CODEDESK_CHECKPOINT_CHANNEL", "SLACK_APP_TOKEN"} & {*env}
    assert (env["CODEDESK_WORKERS"], env["SLACK_BOT_TOKEN"]) == ("3", BOT_TOKEN)


# What many need


def test_the_arithmetic_of_many_coders() -> None:
    of = Measured(
        app_ms=60, database_ms=6, records=3, log_bytes=10_000, front_mb=600, worker_mb=100,
        appends=2_000,
    )  # fmt: skip
    found = needed(Case("50,000 coders", 50_000, 50), of)
    assert found["a_day"] == 1_000_000
    assert found["peak"] == pytest.approx(104.2, abs=0.1)
    assert found["cores"] == pytest.approx(10.4, abs=0.1)
    assert found["machines"] == 2
    assert found["memory"] == pytest.approx(1.4)
    assert found["records"] == pytest.approx(312.5)
    assert found["of_appends"] == pytest.approx(0.156, abs=0.001)
    assert found["log_a_year"] == pytest.approx(2_500)
    assert found["events"] == pytest.approx(0.0875)


def test_without_appends_that_row_is_left_out() -> None:
    of = Measured(60, 0, 3, 10_000, 600, 0)
    assert "one chain appends" not in markdown(of)
    assert "questions a day" in markdown(of)


# Slack


class App:
    """An app that answers Slack with these statuses in turn, the last again and again."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self._statuses = list(statuses)

    def __call__(self, path: str, headers: dict[str, str], body: bytes) -> Response:
        self.requests.append((headers, body))
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return status, {}, b""

    def again(self) -> list[tuple[str | None, str | None]]:
        return [
            (headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason"))
            for headers, _ in self.requests
        ]


def with_slack(
    app: App, use: Callable[[SlackSide], Coroutine[Any, Any, Any]], **options: Any
) -> SlackSide:
    """Use a Slack that sends to this app."""

    async def run() -> SlackSide:
        server, port = await served(app)
        slack = SlackSide(**({"resend_after": (0.0, 0.01, 0.02)} | options))
        await slack.start()
        slack.send_to([port])
        await use(slack)
        await slack.stop()
        server.close()
        return slack

    return asyncio.run(run())


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.005)


def test_an_event_is_signed_and_acknowledged() -> None:
    app = App(200)

    async def use(slack: SlackSide) -> None:
        asked = slack.ask(question())
        await until(lambda: asked.acknowledged)

    with_slack(app, use)
    ((headers, body),) = app.requests
    given = headers["x-slack-request-timestamp"], headers["x-slack-signature"]
    assert SignatureVerifier(SECRET).is_valid(body, *given)
    assert json.loads(body)["event"]["text"] == "<@UBOT> left knee OA"
    assert app.again() == [(None, None)]


def test_an_event_is_sent_again_until_it_is_acknowledged() -> None:
    app = App(503, 500, 200)

    async def use(slack: SlackSide) -> None:
        asked = slack.ask(question())
        await until(lambda: asked.acknowledged)
        assert (asked.again, asked.refused, asked.gone) == (2, ["http_error"] * 2, False)

    with_slack(app, use)
    assert app.again() == [(None, None), ("1", "http_error"), ("2", "http_error")]
    ids = {json.loads(body)["event_id"] for _, body in app.requests}
    assert len(ids) == 1


def test_an_event_is_given_up_after_three_more_times() -> None:
    app = App(500)

    async def use(slack: SlackSide) -> None:
        asked = slack.ask(question())
        await until(lambda: asked.gone)
        assert asked.ended

    slack = with_slack(app, use)
    assert len(app.requests) == 4
    assert seen(slack.asked) == {"asked": 1, "posted_twice": 0, "failed": 0, "not_posted": 1}


def test_a_command_is_sent_once() -> None:
    app = App(500)

    async def use(slack: SlackSide) -> None:
        asked = slack.ask(question(surface="slash"))
        await until(lambda: asked.gone)

    slack = with_slack(app, use)
    assert len(app.requests) == 1
    assert seen(slack.asked) == {"asked": 1, "posted_twice": 0, "failed": 1, "not_posted": 0}


def post(slack: SlackSide, method: str, **args: Any) -> dict[str, Any]:
    """As the desk calls Slack; to be called in a thread."""
    client = WebClient(BOT_TOKEN, slack.api_url, retry_handlers=[])
    return client.api_call(method, json=args).data


def posting(*messages: dict[str, Any], method: str = "chat.postMessage") -> Asked:
    """A question, after these messages have come to its thread."""

    async def use(slack: SlackSide) -> None:
        asked = slack.ask(question())
        for message in messages:
            place = {"channel": "C0001", "thread_ts": asked.ts}
            await asyncio.to_thread(post, slack, method, **place, **message)
        await until(lambda: asked.acknowledged)

    (asked,) = with_slack(App(200), use).asked
    return asked


def test_an_answer_is_noticed_with_its_id() -> None:
    metadata = {"event_type": "codedesk_answer", "event_payload": {"question": "abc"}}
    asked = posting({"text": "M17.12", "metadata": metadata})
    assert (asked.posts, asked.ids, asked.ended) == (1, {"abc"}, True)


def test_a_second_answer_is_noticed() -> None:
    asked = posting({"text": "M17.12"}, {"text": "M17.12"})
    assert seen([asked])["posted_twice"] == 1


def test_who_is_told_that_there_will_be_no_answer_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(busy, "REFUSED", re.compile("too busy"))
    asked = posting({"text": "I am too busy. Please ask again."})
    assert (asked.busy, asked.posts, asked.ended) == (True, 0, True)
    assert seen([asked])["not_posted"] == 0


def test_who_is_told_to_wait_still_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy, "WAIT", re.compile("before yours"))
    words = {"text": "12 questions are before yours.", "user": "U00001"}
    asked = posting(words, method="chat.postEphemeral")
    assert (asked.told_to_wait, asked.busy, asked.ended) == (True, False, False)


def test_busy_is_known_by_the_words_of_the_desk(tmp_path: Path) -> None:
    path = tmp_path / "slack.toml"
    path.write_text('[slack]\ntoo_busy = "No: {number} wait (really)."\n', encoding="utf-8")
    assert pattern(("too_busy",), "x", path).fullmatch("No: 7 wait (really).")
    assert pattern(("busy",), "otherwise", path).pattern == "otherwise"


def test_a_notice_for_the_asker_is_no_answer() -> None:
    asked = posting({"text": "I took a name out.", "user": "U1"}, method="chat.postEphemeral")
    assert (asked.notices, asked.posts, asked.ended) == (1, 0, False)


def test_a_channel_takes_a_burst_and_then_one_a_second() -> None:
    pace = Pace(3)
    assert [pace.wait("C1", 10.0) for _ in range(4)] == [0, 0, 0, 1]
    assert pace.wait("C2", 10.0) == 0
    assert [pace.wait("C1", 11.0) for _ in range(2)] == [0, 1]


def test_a_message_too_many_is_told_to_wait() -> None:
    async def use(slack: SlackSide) -> None:
        slack._pace = Pace(0)
        with pytest.raises(SlackApiError) as error:
            await asyncio.to_thread(post, slack, "chat.postMessage", channel="C1", text="a")
        response = error.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (429, "1")

    assert with_slack(App(200), use).limited == 1


# All of it


@pytest.mark.slow
def test_a_rehearsal_loses_nothing(home: Path, tmp_path: Path) -> None:
    """The real desk at a rate, at twice of it, and its log verified."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(ROOT / "bench" / "load" / "run.py")]
    command += "--rate 2 --seconds 4 --twice --twice-seconds 4 --resend-after 0,1,3".split()
    command += ["--no-ceiling", "--patience", "60", "--json", str(figures)]
    env = os.environ | {"BENCH_DATA": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text("utf-8"))["systems"]["Code Desk"]
    assert found["verified"]["exit_code"] in (0, 1)
    log = found["log"]
    assert log["questions"] == log["asked"] > 0
    wrong = ("missing", "twice", "unanswered", "undelivered", "delivered_twice", "not_posted")
    assert {name: log[name] for name in (*wrong, "posted_twice")} == dict.fromkeys(
        (*wrong, "posted_twice"), 0
    )
    assert [phase["name"] for phase in found["phases"]] == ["steady", "twice"]
    assert found["memory"]["front"]["uss"] > 0
    assert "codedesk log verify" in done.stdout
