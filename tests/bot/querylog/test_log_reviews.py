"""Review is work that can be shown: a sample that anyone can draw again, marks on each line that
stay on record, and a sign-off."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from log_support import SECRET, Clock, attacked, body, check, rehash, set_body
from report_support import several
from slack_support import abstained, diabetes, verdict, verdicts

from bot.audit.agreement import agreement, kappa, wilson
from bot.querylog import (
    LogUnavailable,
    NoSuchQuestion,
    QueryLog,
    QuestionRecord,
    retention,
    reviews,
    sampling,
)
from bot.querylog.answer_lines import lines_of
from bot.querylog.records import summary
from bot.querylog.sampling import METHOD, Draw, ReviewRefused, Sample, key_of
from bot.querylog.sign_offs import LinesDue, due, progress, sign_off, sign_offs

#: On SQLite and on PostgreSQL.
ON_BOTH = True

#: Who asked, on which surface, in which workspace, and what was answered.
ASKED: list[tuple[str, str, str, Any]] = [
    *[("U1", "mention", "T1", diabetes())] * 6,
    *[("U2", "dm", "T1", verdicts(verdict("E11.9", "billable"), verdict("E11", "header")))] * 3,
    ("U3", "mention", "T2", several(3)),
    ("U3", "mention", "T2", abstained()),
]


@pytest.fixture
def clock() -> Clock:
    return Clock(2026, 11)


@pytest.fixture
def log(where: Path | str, clock: Clock) -> Iterator[QueryLog]:
    """Eleven answered questions, and one that was not answered."""
    log = QueryLog(where, clock=clock)
    for number, (user, surface, team, answer) in enumerate(ASKED):
        question = log.ask(QuestionRecord(f"case {number}", surface, user, team, "C1"))
        assert question is not None
        log.answered(question, answer, index_build="build-1", latency_ms=5.0)
    log.ask(QuestionRecord("never answered", "mention", "U1", "T1"))
    yield log
    log.close()


def drawn(log: QueryLog, size: int = 4, **how: Any) -> Sample:
    return sampling.sample(log, Draw(size, seed=how.pop("seed", "seed"), **how), "ann", "monthly")


def first_due(log: QueryLog, sample: Sample) -> Any:
    return due(log, sample)[0].record


# Drawing


def test_the_draw_is_the_stated_method(log: QueryLog) -> None:
    """What the docstring of the module says, done by hand."""
    sample = drawn(log)
    answered = [one.id for one in log.questions() if one.answered_at]
    lowest = sorted(answered, key=lambda one: key_of("seed", one))[:4]
    assert list(sample.ids) == [one for one in answered if one in lowest]
    assert (sample.eligible, sample.method, sample.last) == (len(ASKED), METHOD, sample.number - 1)
    assert (sample.purpose, sample.by) == ("monthly", "ann")


def test_the_same_draw_is_made_again_when_the_log_is_longer(log: QueryLog) -> None:
    sample = drawn(log, by="person", outcome="answered", first_day=dt.date(2026, 11, 1))
    late = log.ask(QuestionRecord("late", "mention", "U1", "T1"))
    assert late is not None
    log.answered(late, diabetes(), index_build="build-1", latency_ms=5.0)
    again = sampling.again(log, sampling.of_number(log, sample.number))
    assert again.same
    assert again.drawn == sample.ids
    assert again.eligible == sample.eligible
    assert drawn(log, seed="").ids
    assert drawn(log, seed="").draw.seed != drawn(log, seed="").draw.seed


@pytest.mark.parametrize(
    ("how", "strata"),
    [
        ({"by": "person"}, {"U1": (6, 2), "U2": (3, 1), "U3": (2, 1)}),
        ({"by": "person", "each": True, "size": 2}, {"U1": (6, 2), "U2": (3, 2), "U3": (2, 2)}),
        ({"by": "surface"}, {"mention": (8, 3), "dm": (3, 1)}),
        ({"by": "system", "size": 11}, {"icd10cm": (10, 10), "none": (1, 1)}),
        ({"by": "confidence", "outcome": "verdict", "size": 9}, {"none": (3, 3)}),
    ],
)
def test_strata_give_their_share_or_the_same(
    log: QueryLog, how: dict[str, Any], strata: dict[str, tuple[int, int]]
) -> None:
    sample = drawn(log, **how)
    assert sample.strata == strata
    assert len(sample.ids) == sum(gave for _, gave in strata.values())
    assert sampling.again(log, sample).same


@pytest.mark.parametrize(
    ("how", "eligible"),
    [
        ({"person": "u1"}, 6),
        ({"surface": "dm"}, 3),
        ({"confidence": "high", "person": "U1"}, 6),
        ({"system": "icd10cm"}, 10),
        ({"outcome": "verdict"}, 3),
        ({"teams": ("T2",)}, 2),
        ({"last_day": dt.date(2026, 11, 15)}, 11),
    ],
)
def test_filters(log: QueryLog, how: dict[str, Any], eligible: int) -> None:
    sample = drawn(log, size=50, **how)
    assert sample.eligible == len(sample.ids) == eligible
    assert sampling.samples(log)[-1] == sample


@pytest.mark.parametrize(
    "how", [{"person": SECRET}, {"first_day": dt.date(2030, 1, 1)}, {"seed": SECRET}, {"teams": ()}]
)
def test_what_draws_nothing_leaves_nothing(log: QueryLog, how: dict[str, Any]) -> None:
    before = log.last_sequence()
    with pytest.raises(ReviewRefused):
        drawn(log, **how)
    assert log.last_sequence() == before


def test_a_sample_of_an_empty_log_is_refused(where: Path | str) -> None:
    log = QueryLog(where)
    with pytest.raises(ReviewRefused, match="No answered question"):
        drawn(log)
    log.close()


# Reviewing


def test_each_line_is_marked_and_the_last_word_counts(log: QueryLog) -> None:
    sample = drawn(log, person="U3", size=9)
    record = next(one.record for one in due(log, sample) if len(one.lines) > 1)
    assert record is not None
    codes = [line["code"] for one in record.answer["statements"] for line in one["report"]]  # type: ignore[index]
    assert [line.code for line in lines_of(record)] == codes
    assert len(codes) == 4
    assert reviews.review(log, record, 1, "agree", "ann", sample=sample)
    assert reviews.review(log, record, 1, "agree", "ann", sample=sample) is None
    should_be = ("N18.31", "icd10cm")
    note = f"stage of {SECRET}"
    reviews.review(log, record, 1, "code", "ann", should_be=should_be, note=note, sample=sample)
    first, last = reviews.of_question(log, record.id)
    assert (first.mark, last.mark, last.should_be) == ("agree", "code", "N18.31")
    assert last.note
    assert SECRET not in last.note
    assert (last.code, last.asker, last.surface) == (codes[0], "U3", "mention")
    assert summary(log.get(record.id))["reviews"][1]["should_be"] == "N18.31"  # type: ignore[arg-type]
    assert [line.number for one in due(log, sample) if one.id == record.id for line in one.due] == [
        2, 3, 4,
    ]  # fmt: skip
    assert agreement(reviews.every(log)).marks == {"agree": 0, "disagree": 0, "code": 1}


def test_an_answer_without_lines_is_reviewed_as_a_whole(log: QueryLog) -> None:
    of = {one.text: lines_of(one) for one in log.questions()}
    assert [(line.code, line.confidence) for line in of["case 0"]] == [("E11.22", "high")]
    assert [line.code for line in of["case 6"]] == ["E11.9", "E11"]
    assert [(line.number, line.code) for line in of["case 10"]] == [(1, "")]
    assert of["never answered"] == ()


def test_what_cannot_be_reviewed_is_refused(log: QueryLog) -> None:
    sample = drawn(log, person="U1", size=1)
    record = first_due(log, sample)
    other = next(one for one in log.questions() if one.user == "U2")
    silent = next(one for one in log.questions() if not one.answered_at)
    before = log.last_sequence()
    for of, line, how in (
        (record, 2, {}), (record, 0, {}), (silent, 1, {}), (other, 1, {"sample": sample}),
        (record, 1, {"mark": "code", "should_be": ("E11.22", "icd10cm")}),
    ):  # fmt: skip
        with pytest.raises(ReviewRefused):
            reviews.review(log, of, line, by="ann", **{"mark": "agree"} | how)
    with pytest.raises(NoSuchQuestion):
        reviews.review(log, replace(record, id="nowhere"), 1, "agree", "ann")
    with pytest.raises(ReviewRefused, match="no sample 1"):
        sampling.of_number(log, 1)
    assert log.last_sequence() == before


def test_two_reviewers_at_once_are_both_on_record(log: QueryLog) -> None:
    sample = drawn(log, size=11)
    records = [one.record for one in due(log, sample)]

    def look(by: str) -> None:
        for record in records:
            assert record is not None
            reviews.review(log, record, 1, "agree", by, sample=sample)

    threads = [threading.Thread(target=look, args=[by]) for by in ("ann", "bea")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reviews.every(log)) == 22
    assert check(log.where).bad is None
    (pair,) = agreement(reviews.every(log)).pairs
    assert (pair.reviewers, pair.lines, pair.same, pair.kappa) == (("ann", "bea"), 11, 11, None)


def test_ones_own_answers_are_said_and_left_out(log: QueryLog) -> None:
    sample = drawn(log, person="U1", size=2)
    for one in due(log, sample):
        assert one.record is not None
        reviews.review(log, one.record, 1, "agree", "u1", sample=sample)
    figures = agreement(reviews.every(log))
    assert (figures.own, figures.lines.judged) == (2, 0)
    totals = sign_off(log, sample, "u1").totals
    assert (totals["own"], totals["judged"], totals["due"]) == (2, 0, 0)


# Signing off


def test_a_sample_is_signed_off_when_nothing_is_due(log: QueryLog) -> None:
    sample = drawn(log, person="U1", size=3)
    with pytest.raises(LinesDue, match="3 of its 3 lines"):
        sign_off(log, sample, "ann")
    open_ = sign_off(log, sample, "ann", incomplete=f"{SECRET} was away")
    assert open_.totals["due"] == 3
    assert open_.reason
    assert SECRET not in open_.reason
    for number, one in enumerate(due(log, sample)):
        assert one.record is not None
        reviews.review(log, one.record, 1, "disagree" if number else "agree", "ann", sample=sample)
    signed = sign_off(log, sample, "ann", note="done")
    assert signed.last == signed.number - 1
    assert (signed.totals["agreed"], signed.totals["judged"], signed.reason) == (1, 3, "")
    with pytest.raises(ReviewRefused, match="nothing was reviewed since"):
        sign_off(log, sample, "ann")
    assert sign_offs(log) == {sample.number: [open_, signed]}
    # A reviewer who changes their mind leaves the sign-off as it was; another may follow.
    last = progress(log, sample).questions[-1].record
    assert last is not None
    reviews.review(log, last, 1, "agree", "ann", sample=sample)
    assert progress(log, sample).signed_off == signed
    assert sign_off(log, sample, "ann").totals["agreed"] == 2


# What becomes of the questions


def test_a_redaction_destroys_notes_and_leaves_the_review(log: QueryLog) -> None:
    sample = drawn(log, person="U1", size=6)
    reviewed, left, *_ = [one.record for one in due(log, sample)]
    assert reviewed is not None
    assert left is not None
    reviews.review(log, reviewed, 1, "disagree", "ann", note="the stage is wrong", sample=sample)
    for one in (reviewed, left):
        retention.redact(log, one.id, "asked for", "boss", answer=one is left)
    (review,) = reviews.of_question(log, reviewed.id)
    assert (review.note, review.code, review.mark) == (None, None, "disagree")
    states = {one.id: one.state for one in progress(log, sample).questions}
    assert (states[reviewed.id], states[left.id]) == ("done", "redacted")
    assert left.id not in {one.id for one in due(log, sample)}
    again = sampling.again(log, sample)
    assert again.same
    assert not again.gone
    assert check(log.where).bad is None


def test_a_draw_by_system_says_which_answers_were_destroyed(log: QueryLog) -> None:
    sample = drawn(log, by="system", size=5)
    gone = sample.ids[2]
    retention.redact(log, gone, "asked for", "boss", answer=True)
    again = sampling.again(log, sample)
    assert again.same
    assert again.gone == (gone,)


def test_retention_removes_questions_and_the_rest_is_drawn_again(
    log: QueryLog, clock: Clock
) -> None:
    clock.set(2032, 12)
    for number in range(4):
        question = log.ask(QuestionRecord(f"new {number}", "mention", "U9", "T1"))
        assert question is not None
        log.answered(question, diabetes(), index_build="build-1", latency_ms=5.0)
    sample = drawn(log, size=12)
    for one in due(log, sample):
        for line in one.due:
            assert one.record is not None
            reviews.review(log, one.record, line.number, "agree", "ann", sample=sample)
    clock.set(2033, 2)
    assert retention.retain(log, 6, "boss") is not None
    there = progress(log, sampling.of_number(log, sample.number))
    removed = [one.id for one in there.questions if one.state == "removed"]
    assert removed
    assert len(removed) < len(sample.ids)
    again = sampling.again(log, sample)
    assert again.same
    assert set(again.gone) == set(removed)
    # The reviews are of a later month: they are there, and say no more who had asked.
    assert agreement(reviews.every(log)).groups["person"]["none"].judged >= len(removed)
    assert check(log.where).bad is None
    assert sign_off(log, sample, "ann").totals["removed"] == len(removed)


# Attacks


@pytest.mark.parametrize("what", ["review", "sample", "sign_off"])
def test_what_is_forged_is_found(log: QueryLog, where: Path | str, what: str) -> None:
    sample = drawn(log, person="U1", size=1)
    record = first_due(log, sample)
    numbers = {
        "sample": sample.number,
        "review": reviews.review(log, record, 1, "disagree", "ann", sample=sample),
        "sign_off": sign_off(log, sample, "ann").number,
    }
    number = numbers[what]
    with attacked(where) as db:
        told = body(db, number)
        told |= {"mark": "agree", "ids": ["0" * 12], "totals": {"agreed": 1}}
        set_body(db, number, told)
    found = check(where)
    assert found.bad == number


def test_a_sample_that_was_exchanged_is_not_the_same_when_drawn_again(
    log: QueryLog, where: Path | str
) -> None:
    """With all hashes made anew, only drawing again shows it (or a checkpoint, or the seal)."""
    sample = drawn(log, size=3)
    other = next(one.id for one in log.questions() if one.id not in sample.ids)
    with attacked(where) as db:
        told = body(db, sample.number)
        set_body(db, sample.number, told | {"ids": [other, *told["ids"][1:]]})
        rehash(db)
    assert check(where).bad is None
    assert not sampling.again(log, sampling.of_number(log, sample.number)).same


@pytest.mark.parametrize("body_", [{"mark": "splendid"}, {"line": "one"}, {"totals": {}}])
def test_what_is_of_no_form_is_damage_and_no_crash(
    log: QueryLog, where: Path | str, body_: dict[str, Any]
) -> None:
    sample = drawn(log, person="U1", size=1)
    number = reviews.review(log, first_due(log, sample), 1, "agree", "ann", sample=sample)
    signed = sign_off(log, sample, "ann").number
    of = signed if "totals" in body_ else number
    with attacked(where) as db:
        set_body(db, of, body(db, of) | body_)
        rehash(db)
    with pytest.raises(LogUnavailable, match=f"Record {of} .* not of the form"):
        progress(log, sample)


def test_what_was_redacted_meanwhile_is_not_written_again(log: QueryLog) -> None:
    sample = drawn(log, person="U1", size=1)
    record = first_due(log, sample)
    retention.redact(log, record.id, "asked for", "boss", answer=True)
    with pytest.raises(ReviewRefused, match="while you looked"):
        reviews.review(log, record, 1, "agree", "ann", sample=sample)
    assert reviews.every(log) == []


# Figures


def test_rates_by_group(log: QueryLog) -> None:
    for one in list(log.questions()):
        for line in lines_of(one):
            reviews.review(log, one, line.number, "agree", "ann")
            mark = "agree" if line.number == 1 else "disagree"
            reviews.review(log, one, line.number, mark, "bea")
    figures = agreement(reviews.every(log))
    lines = sum(len(lines_of(one)) for one in log.questions())
    assert (figures.lines.agreed, figures.lines.judged) == (11, lines)
    assert (figures.answers.agreed, figures.answers.judged) == (7, 11)
    assert figures.groups["person"]["U2"].as_dict() == {
        "agreed": 3, "judged": 6, "share": 0.5, "low": 0.1876, "high": 0.8124,
    }  # fmt: skip
    assert figures.groups["reviewer"]["ann"].share == 1.0
    assert set(figures.groups["system"]) == {"icd10cm", "none"}
    assert {one.by for one in reviews.every(log, teams=["T2"])} == {"ann", "bea"}
    assert {one.asker for one in reviews.every(log, teams=["T2"])} == {"U3"}
    (pair,) = figures.pairs
    assert (pair.lines, pair.same, pair.kappa) == (lines, 11, 0.0)


def test_intervals_and_kappa_as_published() -> None:
    """Wilson: Newcombe 1998, table I (81 of 263, 15 of 148, 0 of 20, 1 of 29). Kappa: 2 by 2."""
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611),
                 (1, 29): (0.0061, 0.1718)}  # fmt: skip
    for (agreed, judged), interval in published.items():
        assert tuple(round(end, 4) for end in wilson(agreed, judged) or ()) == interval
    assert wilson(0, 0) is None
    assert kappa([("a", "a")] * 4) is None
    assert kappa([("a", "b"), ("b", "a")]) == -1.0
