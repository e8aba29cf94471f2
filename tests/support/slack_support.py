"""For the Slack tests: a desk with scripted answers, and Code Desk being served."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from paths import ROOT, SHARED
from slack_server import SlackServer

from bot.desk.answer import Answer, Candidate, CodeTitle, ShownNote, Verdict
from bot.desk.governing import Governing
from bot.desk.intent import Intent
from bot.desk.question import Question
from bot.desk.reasons import reason
from bot.phi import Scrubber, scrub_head
from bot.querylog import QueryLog
from bot.settings import Settings
from bot.slack.app import serve
from bot.slack.delivery import SlackDelivery
from bot.slack.state import State
from bot.slack.web_api import web_client

RELEASE = "FY2026-April"
#: These tests have no index: the scrubber knows medical words from the lexicon alone.
SCRUBBER = Scrubber()
NOT_COVERED = (
    "No loaded edition of ICD-10-CM covers 2026-11-22; the nearest is FY2026-April "
    "(through 2026-09-30)."
)
#: What it is made of, without the date of service.
WHY_NOT_COVERED = reason(
    "desk.not_covered",
    system="ICD-10-CM",
    label="FY2026-April",
    edge="through",
    date="2026-09-30",
)


def method_list() -> Path | None:
    """The published list of Web API methods to judge calls by, where there is one."""
    path = Path(os.environ.get("CODEDESK_SLACK_METHODS") or SHARED / "slack" / "methods.json")
    return path if path.is_file() else None


def manifest() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "manifest.yaml").read_text("utf-8"))


def slack_server(*more_scopes: str) -> SlackServer:
    """A workspace with the app installed as its manifest says."""
    scopes = set(manifest()["oauth_config"]["scopes"]["bot"])
    return SlackServer(method_list(), scopes=scopes | set(more_scopes))


def wait_until(
    done: Callable[[], object], shown: Callable[[], object] = str, timeout: float = 60.0
) -> None:
    """Wait until `done` is true; `shown` says what there is instead."""
    deadline = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < deadline, shown()
        time.sleep(0.01)


def delivery_to(slack: SlackServer, desk: Any, log: QueryLog) -> SlackDelivery:
    """Delivery to this workspace without serving; its state is beside the log."""
    client = web_client(slack.bot_token, slack.api_url)
    return SlackDelivery(desk, log, client, State(log.path.with_name("slack.db")))


# Answers as the desk gives them


def note(kind: str, text: str, owner: str, *codes: str) -> ShownNote:
    return ShownNote(kind, text, owner, list(codes), RELEASE)


E11_NOTES = [
    note("includes", "diabetes NOS", "E11"),
    note("use_additional_code", "code to identify control using:", "E11"),
    note("use_additional_code", "insulin (Z79.4)", "E11", "Z79.4"),
    note("use_additional_code", "oral antidiabetic drugs (Z79.84)", "E11", "Z79.84"),
    note("excludes1", "gestational diabetes (O24.4-)", "E11", "O24.4-"),
    note("excludes1", "type 1 diabetes mellitus (E10.-)", "E11", "E10.-"),
    note("note", "All neoplasms are classified in Chapter 2.", "4"),
]


def candidate(rank: int, code: str, title: str, **fields: Any) -> Candidate:
    given = {
        "rank": rank,
        "system": "icd10cm",
        "code": code,
        "title": title,
        "billable": True,
        "release": RELEASE,
        "score": 1 / rank,
        "confidence": "high" if rank == 1 else "low",
        "matched": [title],
    }
    return Candidate(**(given | fields))


def diabetes(question: str = "t2dm with ckd") -> Answer:
    """Five candidates, so that there is more to see."""
    titles = [
        ("E11.22", "Type 2 diabetes mellitus with diabetic chronic kidney disease"),
        ("E11.21", "Type 2 diabetes mellitus with diabetic nephropathy"),
        ("E13.22", "Other specified diabetes mellitus with diabetic chronic kidney disease"),
        ("E08.22", "Diabetes mellitus due to underlying condition with diabetic CKD"),
        ("E11.29", "Type 2 diabetes mellitus with other diabetic kidney complication"),
    ]
    candidates = [
        candidate(rank, code, title, notes=E11_NOTES, ask_back="Which stage?")
        for rank, (code, title) in enumerate(titles, 1)
    ]
    return Answer(
        question=question,
        as_of="2026-11-22",
        outcome="answered",
        notices=[NOT_COVERED],
        reasons=[WHY_NOT_COVERED],
        candidates=candidates,
        releases={f"icd10cm/{RELEASE}": RELEASE},
    )


def verdict(code: str, status: str, **fields: Any) -> Verdict:
    given: dict[str, Any] = {
        "code": code,
        "system": "icd10cm",
        "status": status,
        "title": f"Title of {code}",
        "release": RELEASE,
        "why": f"{code} is {status} in {RELEASE}.",
    }
    return Verdict(**(given | fields))


def verdicts(*given: Verdict, question: str = "is E11.9 billable") -> Answer:
    return Answer(question=question, as_of="2026-05-01", outcome="verdict", verdicts=list(given))


def header() -> Answer:
    codes = [CodeTitle(f"E11.{n}", f"Type 2 diabetes mellitus, kind {n}") for n in range(10, 40)]
    return verdicts(verdict("E11", "header", completions=codes, notes=E11_NOTES))


def abstained(question: str = "") -> Answer:
    notice = "Ask me for a code in plain words, or about a code."
    return Answer(question=question, as_of="2026-11-22", outcome="abstained", notices=[notice])


class ScriptedDesk:
    """Answers every question with `diabetes`, and an empty one with help. While `open` is not set,
    no question is answered."""

    index_build: str | None = "build-1"
    searches_at_once = 1
    intents: Mapping[str, Intent] = {"": "empty", "hi": "greeting", "help": "help"}

    def __init__(self) -> None:
        self.asked: list[str] = []
        #: The options with which questions were read.
        self.readings: list[dict[str, Any]] = []
        self.open = threading.Event()
        self.open.set()
        self.begun = threading.Semaphore(0)
        self.was_made_ready = False
        self.fails: Exception | None = None

    def made_with(self, *answers: Answer) -> dict[str, Any]:
        return {"desk": {"version": "1"}}

    def retitled(self, answer: Answer) -> Answer:
        return answer

    def governing(self, answer: Answer) -> Governing:
        return Governing()

    def ready(self) -> None:
        self.was_made_ready = True

    def take(self, asked: str, **reading: Any) -> Question:
        scrubbed = scrub_head(SCRUBBER, asked)
        self.readings.append(reading)
        intent = self.intents.get(asked, "search")
        return Question(asked, scrubbed.text, scrubbed.removed, intent=intent)

    def take_codes(self, codes: Sequence[str], **reading: Any) -> Question:
        return self.take(" ".join(codes), **reading)

    def verdicts_on(self, typed: str) -> list[Verdict]:
        """Knows the codes of `diabetes`, and the form of a CPT code."""
        code = typed.strip().upper()
        known = {c.code: c.title for c in diabetes().candidates}
        if code in known:
            return [verdict(code, "billable", title=known[code])]
        if code.isdigit():
            why = f"{code} has the form of a CPT code, and CPT is not loaded."
            return [verdict(code, "not_loaded", system="cpt", why=why)]
        return [verdict(code, "unknown", why=f"{code} is in none of the loaded editions.")]

    def scrub(self, text: str) -> str:
        return scrub_head(SCRUBBER, text).text

    def ask(self, question: Question, **options: Any) -> Answer:
        typed = question.asked
        self.asked.append(typed)
        self.begun.release()
        self.open.wait()
        if self.fails:
            raise self.fails
        return diabetes(typed) if typed else abstained()

    def ask_many(self, questions: Sequence[Question], **options: Any) -> list[Answer]:
        return [self.ask(question, **options) for question in questions]


# Serving


@dataclass
class Served:
    """Code Desk while it is served."""

    lines: list[str]
    url: str = ""


def settings(slack: SlackServer, home: Path, **changes: Any) -> Settings:
    given = Settings(
        home=home,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_signing_secret=slack.signing_secret,
        slack_api_url=slack.api_url,
        http_host="127.0.0.1",
        http_port=0,
    )
    return given.model_copy(update=changes)


@contextmanager
def served(
    slack: SlackServer, home: Path, desk: Any, log: QueryLog, **changes: Any
) -> Iterator[Served]:
    """Serve in a thread. At the end, answers that were begun are finished and logged."""
    given = settings(slack, home, **changes)
    stop, started = threading.Event(), threading.Event()
    running = Served([])
    failures: list[BaseException] = []

    def say(line: str) -> None:
        running.lines.append(line)
        if "Press Ctrl-C" in line:
            started.set()

    def run() -> None:
        try:
            serve(given, desk, log, say, stop=stop)
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert started.wait(30), "not serving after 30 s"
        if failures:
            raise failures[0]
        if given.slack_mode == "http":
            (running.url,) = re.findall(r"http://\S+/slack/events", running.lines[-1])
        else:
            slack.wait_connected()
        yield running
    finally:
        stop.set()
        # Without this the client may wait 3 seconds to read from a live connection.
        slack.disconnect(abrupt=True)
        thread.join(30)
    assert not failures, failures


def wait_for_records(log: QueryLog, kind: str, count: int = 1, timeout: float = 60.0) -> None:
    """Wait until the log holds `count` records of a kind.

    Slack has a post before the log has what became of it, so a test that goes on while the desk is
    being served waits for the record, not for the post.
    """
    deadline = time.monotonic() + timeout
    while (kept := sum(1 for _ in log.records(kinds=[kind]))) < count:
        assert time.monotonic() < deadline, f"{kept} of {count} {kind} records in {timeout} s"
        time.sleep(0.01)
