"""What a process measures, for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats

Counters are fed by `events`. What is a state (a queue, an age, an edition) is read when it is asked
for. No label has what people typed, a name, or the id of a person. docs/OPERATIONS.md has the
table of metrics, which a test compares with these.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.database import DatabaseError
from bot.operations import events
from bot.operations.events import Event
from bot.operations.process import Process
from bot.querylog import LogUnavailable
from codesets.errors import CodeDeskError
from codesets.loading.freshness import out_of_date
from codesets.store.code_store import CodeStore

#: Of what is sent: the text format of Prometheus.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Seconds: a verdict takes milliseconds, a search up to a second, a long list some.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
#: Seconds for which the loaded editions are not read again.
_EDITIONS_HOLD = 60.0
_MIB = 1024 * 1024


class Metrics:
    """The metrics of one process. Counts from when it is made until `close`."""

    def __init__(self, process: Process | None = None) -> None:
        self.registry = registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            registry.register(collector)
        self._questions = Counter(
            "codedesk_questions", "Questions taken.", ["surface", "intent"], registry=registry
        )
        self._answers = Counter(
            "codedesk_answers",
            "Answers in the log, by outcome.",
            ["surface", "intent", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "codedesk_answer_seconds",
            "From when a question came until its answer was in the log.",
            ["lane"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._failed = Counter(
            "codedesk_questions_failed", "Questions that failed.", ["error"], registry=registry
        )
        self._delivered = Counter(
            "codedesk_deliveries",
            "Deliveries, by what became of them.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._limited = Counter(
            "codedesk_slack_rate_limited",
            "Calls that Slack limited.",
            ["method"],
            registry=registry,
        )
        self._log_failures = Counter(
            "codedesk_log_failures", "Times that the log could not be written.", registry=registry
        )
        if process is not None:
            registry.register(_States(process))
        events.listen(self._count)

    def close(self) -> None:
        events.unlisten(self._count)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)

    def _count(self, event: Event) -> None:
        match event.name:
            case "question.taken":
                self._questions.labels(event.surface, event.intent or "unread").inc()
            case "question.answered":
                intent = event.intent or "unread"
                self._answers.labels(event.surface, intent, event.outcome).inc()
                self._seconds.labels(event.lane).observe((event.latency_ms or 0) / 1000)
            case "question.failed":
                self._failed.labels(event.outcome).inc()
            case "question.delivered":
                self._delivered.labels(event.kind, event.outcome).inc()
            case "slack.limited":
                self._limited.labels(event.method).inc()
            case "log.failed":
                self._log_failures.inc()


class _States(Collector):
    """Reads the state of a process when it is asked for. What cannot be read is left out."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._editions: tuple[float, list[Metric]] = (-_EDITIONS_HOLD, [])

    def describe(self) -> Iterable[Metric]:
        return []  # Nothing is read before it is asked for.

    def collect(self) -> Iterator[Metric]:
        process = self._process
        yield _gauge("codedesk_ready", "1: questions may be sent here.", process.is_ready)
        yield _gauge("codedesk_live", "1: a restart would not help.", process.is_live)
        up = process.database_is_up
        yield _gauge("codedesk_database_up", "1: the log's database can be read.", up)
        yield _gauge("codedesk_lease_held", "1: it has its lease.", process.lease_is_held)
        yield from self._workers()
        if up:  # else each would wait for it
            yield from self._kept()
        yield from self._checkpoint()
        if (build := getattr(process.desk, "index_build", None)) is not None:
            info = InfoMetricFamily("codedesk_index", "The build of the index that answers.")
            info.add_metric([], {"build": str(build)})
            yield info
        yield from self._loaded()
        yield from _inbox(process.settings.inbox_folder)

    def _workers(self) -> Iterator[Metric]:
        own: dict[int, float] = getattr(self._process.desk, "own_mb", dict)()
        at_once = getattr(self._process.desk, "searches_at_once", 0)
        yield _gauge("codedesk_workers", "Search workers that are alive.", len(own))
        yield _gauge("codedesk_searches_at_once", "Searches that are worked on at once.", at_once)
        sizes = [size * _MIB for size in own.values()]
        about = "Memory that search workers share with no other process, all together."
        yield _gauge("codedesk_workers_own_bytes", about, sum(sizes))
        searches = getattr(self._process.delivery, "searches", None)
        if searches is not None:
            waiting, at_work = searches.counts()
            yield _gauge("codedesk_searches_waiting", "Questions that wait for a search.", waiting)
            yield _gauge("codedesk_searches_at_work", "Searches that are worked on.", at_work)

    def _kept(self) -> Iterator[Metric]:
        """What the databases have."""
        try:
            records = self._process.log.last_sequence()
            yield _gauge("codedesk_log_records", "The number of the log's last record.", records)
            if self._process.delivery is not None:
                yield from _outbox(self._process.delivery.state)
        except (LogUnavailable, DatabaseError):
            return

    def _checkpoint(self) -> Iterator[Metric]:
        at = last_checkpoint(self._process.settings.checkpoints)
        if at is not None:
            age = (dt.datetime.now(dt.UTC) - at).total_seconds()
            yield _gauge("codedesk_checkpoint_age_seconds", "Since the last checkpoint.", age)

    def _loaded(self) -> Iterator[Metric]:
        read_at, found = self._editions
        if time.monotonic() - read_at >= _EDITIONS_HOLD:
            found = list(_editions(self._process.settings.codes_db))
            self._editions = (time.monotonic(), found)
        yield from found


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=float(value))


def _outbox(state: Any) -> Iterator[Metric]:
    with state.reading() as db:
        rows, unsent, since, tries = db.execute(
            "select count(*), count(case when outcome is null then 1 end), "
            "min(case when outcome is null then since end), "
            "max(case when outcome is null then tries end) from outbox"
        ).fetchone()
    family = GaugeMetricFamily("codedesk_outbox_rows", "Messages in the outbox.", labels=["state"])
    family.add_metric(["waiting"], unsent)
    family.add_metric(["to_log"], rows - unsent)
    yield family
    yield _gauge("codedesk_outbox_tries", "The most tries of a message that waits.", tries or 0)
    age = max(0.0, state.now() - since) if since else 0.0
    yield _gauge("codedesk_outbox_oldest_seconds", "How long the oldest message waits.", age)


def _editions(codes_db: Path) -> Iterator[Metric]:
    """The edition of each system that answers for today, and since when it is out of force."""
    if not codes_db.exists():
        return
    info = GaugeMetricFamily(
        "codedesk_edition_info",
        "1 for the edition of each code system that answers for today.",
        labels=["system", "release"],
    )
    past = GaugeMetricFamily(
        "codedesk_edition_days_past_end",
        "Days since that edition went out of force; 0 while it is in force.",
        labels=["system"],
    )
    today = dt.date.today()
    try:
        with closing(CodeStore(codes_db)) as store:
            for system in store.systems:
                match = store.for_date(system, today)
                info.add_metric([system, match.release.label], 1)
                ended = match.release.effective_through
                late = (today - ended).days if match.fit == "nearest" else 0
                past.add_metric([system], max(0, late))
            outdated = len(out_of_date(store, today))
    except (CodeDeskError, OSError, sqlite3.Error):
        return
    yield info
    yield past
    about = "Code systems and references of which no loaded edition is in force."
    yield _gauge("codedesk_editions_out_of_date", about, outdated)


def _inbox(folder: Path | None) -> Iterator[Metric]:
    """The files in the drop folder, by where they are in it."""
    if folder is None or not folder.is_dir():
        return
    family = GaugeMetricFamily(
        "codedesk_inbox_files", "Files in the drop folder.", labels=["folder"]
    )
    try:
        here = list(folder.iterdir())
        family.add_metric(["."], sum(one.is_file() for one in here))
        for sub in (one for one in here if one.is_dir()):
            family.add_metric([sub.name], sum(one.is_file() for one in sub.iterdir()))
    except OSError:
        return
    yield family


def last_checkpoint(path: Path) -> dt.datetime | None:
    """When the last line of the file of checkpoints was written; None when there is none. Whether
    it was signed is for `codedesk log verify` to say."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - 8192, 0))
            lines = file.read().splitlines()
        at = dt.datetime.fromisoformat(str(json.loads(lines[-1])["at"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
