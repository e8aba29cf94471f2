"""A made-up log for the pictures of the docs: two months of questions of made-up people, answered
by the real desk, with all that can happen to a question. No patient is in it.

Times, ids and seeds are fixed, so that pictures change only where Code Desk does. (Keys and hashes
are made anew each time.)
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest import mock

from bot.audit import corrections
from bot.audit.web import accounts
from bot.desk.desk import Desk
from bot.querylog import QueryLog, QuestionRecord, Record, checkpoints, retention, reviews, sampling
from bot.querylog import sign_offs as signing
from bot.querylog.answer_lines import lines_of
from bot.querylog.records import Surface
from bot.querylog.vouching import vouch
from bot.settings import Settings

#: The time in the pictures, and the zone of those who look: 10 o'clock on a Monday.
ZONE = "America/New_York"
NOW = dt.datetime(2026, 5, 4, 14, tzinfo=dt.UTC)
AUDITOR, PASSWORD = "R. Auditor", "correct horse battery"

#: Month, day, hour and minute; who asks, on which surface; what, and what they said of the answer.
_ASKED: tuple[tuple[tuple[int, int, int, int], str, str, str, str], ...] = (
    ((4, 1, 13, 5), "ann", "mention", "copd w/ acute bronchitis", "right"),
    ((4, 2, 14, 40), "ben", "slash", "is E11.9 billable?", ""),
    ((4, 2, 15, 2), "ben", "dm", "b/l knee OA, failed PT", "right"),
    ((4, 3, 12, 30), "cara", "cli", "htn with ckd 3b", "wrong the stage was 3a in the record"),
    ((4, 6, 16, 18), "ann", "mention", "what changed in multiple sclerosis in october 2025?", ""),
    ((4, 7, 13, 55), "ben", "mention", "plantar fasciitis right foot", "right"),
    ((4, 9, 18, 20), "dev", "dm", "t2dm with neuropathy, on insulin", "right"),
    ((4, 10, 14, 1), "ann", "slash", "E11.9 with E10.9?", "right"),
    ((4, 13, 19, 44), "cara", "mention", "left ankle sprain, first visit", ""),
    ((4, 14, 13, 12), "dev", "cli", "hello", ""),
    ((4, 15, 15, 37), "ben", "mention", "qwertz asdfg", ""),
    ((4, 16, 14, 26), "ann", "dm", "HIV positive, no symptoms: how to code?", "right"),
    ((4, 20, 17, 3), "cara", "mention", "afib, on warfarin", "used I48.20"),
    ((4, 21, 13, 30), "dev", "slash", "chronic serous otitis media", ""),
    ((4, 22, 16, 49), "ben", "cli", "CO-16 on M17.11", ""),
    ((4, 23, 14, 15), "ann", "mention", "pt John Smith, mass L breast", ""),
    ((4, 27, 15, 10), "cara", "dm", "knee pain after the fall", "wrong"),
    ((4, 28, 13, 21), "dev", "mention", "1. copd exacerbation 2. afib 3. low back pain", "right"),
    ((4, 29, 18, 33), "ben", "mention", "asthma attack, mild persistent", "right"),
    ((4, 30, 14, 9), "ann", "slash", "knee OA, right, nkda", ""),
)
#: The questions that pages and commands show, by the name that they have there.
_SHOWN = {
    "answered": "htn with ckd 3b",
    "verdicts": "E11.9 with E10.9?",
    "statements": "1. copd exacerbation 2. afib 3. low back pain",
    "declined": "qwertz asdfg",
    "destroyed": "knee pain after the fall",
}
_CHANNELS = {"mention": "C0CODING", "slash": "C0CODING"}


class _Clock:
    def __init__(self) -> None:
        self.now = NOW - dt.timedelta(days=60)

    def __call__(self) -> dt.datetime:
        """The time, which goes on by a second with each record."""
        self.now += dt.timedelta(seconds=1)
        return self.now


@contextmanager
def _same_ids() -> Iterator[None]:
    rolls = random.Random(19)

    def one() -> uuid.UUID:
        return uuid.UUID(int=rolls.getrandbits(128))

    with mock.patch.object(uuid, "uuid4", one):
        yield


def fill(settings: Settings) -> dict[str, str]:
    """Make the log, its keys and an auditor in a home that has none. The ids of the questions of
    _SHOWN, and the number of the sample that is not done ("sample") and signed off ("done")."""
    clock = _Clock()
    clock.now = dt.datetime(2026, 4, 1, 11, 58, tzinfo=dt.UTC)
    log = QueryLog(settings.log_database, clock=clock)
    desk = Desk(settings)
    try:
        with _same_ids():
            return _fill(settings, log, desk, clock)
    finally:
        desk.close()
        log.close()


def _fill(settings: Settings, log: QueryLog, desk: Desk, clock: _Clock) -> dict[str, str]:
    log.start_sealing(settings.log_key)
    log.configured({"version": "0.1.0", "answer_without_log": False})
    log.append("start", None, {"serves": "socket"})
    rolls, ids = random.Random(7), {}
    for (month, day, hour, minute), person, surface, text, said in _ASKED:
        clock.now = dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)
        ids[text] = _ask(log, desk, clock, text, person, cast(Surface, surface), rolls)
        verdict, _, more = said.partition(" ")
        if verdict:
            clock.now += dt.timedelta(minutes=4)
            code = {"code": more} if verdict == "used" else {"note": more}
            log.feedback(ids[text], cast(Any, verdict), by=person, **code)
    clock.now = dt.datetime(2026, 5, 1, 13, tzinfo=dt.UTC)
    samples = _reviewed(log, clock)
    _changed(settings, log, desk, ids)
    key = settings.checkpoint_key
    checkpoints.make_keys(key, settings.checkpoint_public_key)
    clock.now = NOW - dt.timedelta(hours=1)
    gone = retention.redact(log, ids[_SHOWN["destroyed"]], "it named a neighbour", "R. Officer")
    vouch(log, checkpoints.private_key(key), settings.checkpoints, accepting=[gone.record])
    accounts.add(settings.sign_ins, AUDITOR, accounts.hashed(PASSWORD))
    return {name: ids[text] for name, text in _SHOWN.items()} | samples


def _ask(
    log: QueryLog,
    desk: Desk,
    clock: _Clock,
    text: str,
    person: str,
    surface: Surface,
    rolls: random.Random,
) -> str:
    read = desk.take(text, day=clock.now.date())
    asked = QuestionRecord(
        read.scrubbed, surface, person, "T0CLINIC", _CHANNELS.get(surface),
        removed=read.removed, releases=read.releases,
    )  # fmt: skip
    question = log.ask(asked)
    assert question is not None
    answer = desk.ask(read)
    log.answered(
        question, answer, index_build=desk.index_build, made_with=desk.made_with(answer),
        latency_ms=round(40 + 200 * rolls.random() ** 3 + 1200 * (rolls.random() > 0.93), 1),
    )  # fmt: skip
    log.delivered(question, "delivered")
    return question


def _reviewed(log: QueryLog, clock: _Clock) -> dict[str, str]:
    """Two samples: one reviewed by two and signed off, one with lines that are due."""
    done = sampling.sample(log, sampling.Draw(6, seed="april"), AUDITOR, "the review of April")
    due = sampling.sample(
        log, sampling.Draw(5, "person", seed="may", confidence="high"), AUDITOR, "what was sure"
    )
    for place, record in enumerate(_records(log, done)):
        for line in lines_of(record):
            mark: reviews.Mark = "disagree" if (place, line.number) == (2, 1) else "agree"
            note = "the side is not in the record" if mark == "disagree" else ""
            reviews.review(log, record, line.number, mark, AUDITOR, note=note, sample=done)
    clock.now += dt.timedelta(minutes=40)
    signing.sign_off(log, done, AUDITOR, note="one line to talk about")
    for record in _records(log, due)[:2]:
        for line in lines_of(record):
            reviews.review(log, record, line.number, "agree", "M. Lead", sample=due)
    return {"done": str(done.number), "sample": str(due.number)}


def _records(log: QueryLog, sample: sampling.Sample) -> list[Record]:
    return [record for one in sample.ids if (record := log.get(one))]


def _changed(settings: Settings, log: QueryLog, desk: Desk, ids: dict[str, str]) -> None:
    """Corrections, one of them withdrawn; holds, one of them released; looks of auditors."""
    knees = log.get(ids["b/l knee OA, failed PT"])
    lungs = log.get(ids["copd w/ acute bronchitis"])
    assert knees is not None
    assert lungs is not None
    corrections.approve(desk, log, knees, "bone on bone knees", "M17.0", AUDITOR)
    _, number = corrections.approve(desk, log, lungs, "lungs with a cold", "J44.0", AUDITOR)
    assert number is not None
    log.withdrawal(number, AUDITOR, "it is said of colds without COPD, too")
    retention.hold(log, "the appeal of April", "R. Officer", ids[_SHOWN["answered"]])
    ended = retention.hold(log, "a question of the payer", "R. Officer")
    retention.release(log, ended, "settled", "R. Officer")
    log.access("search", AUDITOR, "/questions?words=knee")
    log.access("view", AUDITOR, f"/questions/{knees.id}", knees.id)
    log.access("refusal", "unknown", "sign-in from 192.0.2.7: no such auditor")


def main() -> None:
    """Fill the home of the settings, and print the names of `fill` with what they stand for."""
    for name, stands_for in fill(Settings.load()).items():
        print(name, stands_for)


def link_home(home: Path, settings: Settings) -> None:
    """A home with the code sets and the index of another, and nothing else of it. Raises SystemExit
    when there are none."""
    home.mkdir(mode=0o700)
    for path in (settings.codes_db, settings.index):
        if not path.exists():
            raise SystemExit(
                f"There is no {path}: set CODEDESK_HOME to what is loaded and indexed."
            )
        (home / path.name).symlink_to(path.resolve())


if __name__ == "__main__":
    main()
