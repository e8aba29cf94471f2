"""An auditor finds questions by what was typed, by whom, where, when, and how it was answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from log_support import Clock
from slack_support import abstained, diabetes, verdict, verdicts

from bot.querylog import QueryLog, QuestionRecord, retention
from bot.querylog.search import Filters, each, search

#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def log(where: Path | str) -> Iterator[QueryLog]:
    """Five questions, one a month from January on."""
    clock = Clock(2026, 1)
    log = QueryLog(where, clock=clock)

    def asked(text: str, user: str, channel: str | None, month: int) -> str:
        clock.set(2026, month)
        question = log.ask(
            QuestionRecord(text, "mention" if channel else "cli", user, "T1", channel)
        )
        assert question is not None
        return question

    def answered(question: str, answer, outcome="delivered") -> None:
        log.answered(question, answer, index_build="build-1", latency_ms=5.0)
        log.delivered(question, outcome, "channel_not_found" if outcome == "failed" else "")

    ckd = asked("t2dm with ckd 3a", "U1", "C1", 1)
    answered(ckd, diabetes())
    log.feedback(ckd, "wrong", note="the stage is missing", by="U1")
    log.feedback(ckd, "used", "N18.31", by="U1")
    answered(asked("Ménière 100% sure_ly", "U2", "C1", 2), diabetes())
    answered(asked("is E11.9 billable", "U2", "C2", 3), verdicts(verdict("E11.9", "billable")))
    answered(asked("sing me a song", "me", None, 4), abstained(), "failed")
    asked("left knee", "me", None, 5)
    yield log
    log.close()


CKD, EAR, CHECK, SONG, KNEE = "t2dm", "Ménière", "is", "sing", "left"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [KNEE, SONG, CHECK, EAR, CKD]),
        # words, in any order, whatever their case and accents
        ({"text": "CKD t2dm"}, [CKD]),
        ({"text": "ckd knee"}, []),
        ({"text": "meniere"}, [EAR]),
        ({"text": '"with ckd"'}, [CKD]),
        ({"text": '"ckd with"'}, []),
        ({"text": "100%"}, [EAR]),
        ({"text": "e_l"}, [EAR]),
        ({"text": "%"}, [EAR]),
        ({"text": "'; drop table records; --"}, []),
        ({"text": "  "}, [KNEE, SONG, CHECK, EAR, CKD]),
        # and in what was typed of an answer
        ({"text": "stage missing"}, [CKD]),
        ({"text": "channel_not_found"}, [SONG]),
        ({"person": "u2"}, [CHECK, EAR]),
        ({"person": "U"}, []),
        ({"channel": "C1"}, [EAR, CKD]),
        # the beginning of a code, with or without its dot
        ({"code": "E11"}, [CHECK, EAR, CKD]),
        ({"code": "e11.2"}, [EAR, CKD]),
        ({"code": "E119"}, [CHECK]),
        ({"code": "N18"}, [CKD]),
        ({"code": "N18", "system": "icd10cm"}, []),
        ({"system": "icd10cm"}, [CHECK, EAR, CKD]),
        ({"system": "hcpcs"}, []),
        ({"first_day": dt.date(2026, 3, 15)}, [KNEE, SONG, CHECK]),
        ({"last_day": dt.date(2026, 2, 15)}, [EAR, CKD]),
        ({"first_day": dt.date(2026, 2, 16), "last_day": dt.date(2026, 3, 14)}, []),
        ({"outcome": "answered"}, [EAR, CKD]),
        ({"outcome": "verdict"}, [CHECK]),
        ({"outcome": "abstained"}, [SONG]),
        ({"outcome": "unanswered"}, [KNEE]),
        ({"outcome": "failed"}, [SONG]),
        ({"confidence": "high"}, [EAR, CKD]),
        ({"confidence": "low"}, []),
        ({"feedback": "wrong"}, [CKD]),
        ({"feedback": "used"}, [CKD]),
        ({"feedback": "any"}, [CKD]),
        ({"feedback": "none", "code": "E11"}, [CHECK, EAR]),
        ({"person": "U2", "code": "E11", "outcome": "verdict"}, [CHECK]),
    ],
)
def test_finds(log: QueryLog, filters: dict, found: list[str]) -> None:
    records = search(log, Filters(**filters))
    assert [record.text.split()[0] for record in records] == found
    assert list(each(log, Filters(**filters))) == records[::-1]


def test_shows_the_newest_when_there_are_more(log: QueryLog) -> None:
    assert [record.text for record in search(log, Filters(), 1)] == ["left knee"]
    assert len(search(log, Filters(), None)) == 5


def test_what_became_of_it_last_counts(log: QueryLog) -> None:
    (song,) = search(log, Filters(outcome="failed"))
    log.delivered(song.id, "delivered")
    log.delivered(song.id, "failed", kind="share")
    assert search(log, Filters(outcome="failed")) == []


def test_goes_through_more_than_one_batch(log: QueryLog) -> None:
    log.ask_many([QuestionRecord("again", "cli") for _ in range(401)])
    assert len(list(each(log, Filters(text="again")))) == 401


def test_a_redacted_question_is_not_found_by_its_words(log: QueryLog) -> None:
    (knee,) = search(log, Filters(text="knee"))
    retention.redact(log, knee.id, "a name", "R. Auditor")
    assert search(log, Filters(text="knee")) == []
    assert [record.text for record in search(log, Filters(person="me", outcome="unanswered"))] == [
        ""
    ]


def test_tells_what_was_asked_for_in_a_line_and_its_words_scrubbed(log: QueryLog) -> None:
    assert Filters().description(log.scrubbed) == "everything"
    filters = Filters(text="gout jane doe", person="U07AB12CD34", first_day=dt.date(2026, 5, 1))
    told = filters.description(log.scrubbed)
    assert told == "text=gout [NAME], person=U07AB12CD34, first_day=2026-05-01"
    assert (
        replace(filters, text=None, person=None).description(log.scrubbed) == "first_day=2026-05-01"
    )
