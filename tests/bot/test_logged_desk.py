"""The steps of a question: what is logged when, and what is shown when a step fails."""

from __future__ import annotations

import ast
import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from log_support import raw
from slack_support import ScriptedDesk, abstained, diabetes

from bot import logged_desk
from bot.desk.answer import Answer
from bot.desk.question import Question
from bot.logged_desk import Done, LoggedDesk, LoggedQuestion
from bot.querylog import FallbackLog, LogUnavailable, QueryLog, QuestionRecord
from bot.querylog.unfinished import unfinished
from codesets.model import CodesetError

ASKED = QuestionRecord("", "cli", user="me")
TYPED = "Jane Roe's trap"


class BatchDesk(ScriptedDesk):
    """Fails to read, or to answer, a text that has a certain word."""

    def __init__(self) -> None:
        super().__init__()
        self.cannot_take = self.cannot_answer = "\0"
        self.error: Exception = ZeroDivisionError(TYPED)
        self.together = 0

    def take(self, asked: str, **reading: Any) -> Question:
        if self.cannot_take in asked:
            raise self.error
        return super().take(asked, **reading)

    def ask(self, question: Question, **options: Any) -> Answer:
        if self.cannot_answer in question.asked:
            raise self.error
        return super().ask(question, **options)

    def ask_many(self, questions: Sequence[Question], **options: Any) -> list[Answer]:
        self.together += 1
        return super().ask_many(questions, **options)


class Surface:
    """Shows answers, and keeps which records the log had by then."""

    def __init__(self, log: QueryLog) -> None:
        self.log = log
        self.shown: list[Answer] = []
        self.on_record: list[str] = []
        self.fails: Exception | None = None

    def __call__(self, answers: list[Answer], done: Done) -> str:
        self.on_record = kinds(self.log)
        if self.fails:
            raise self.fails
        self.shown += answers
        done("delivered", "here")
        return "what it returns"


def kinds(log: QueryLog) -> list[str]:
    return [entry.kind for entry in log.records()]


def sorry(question: LoggedQuestion, error: Exception) -> Answer:
    return abstained(f"{question.asked.text}: {type(error).__name__}")


@pytest.fixture
def desk() -> BatchDesk:
    return BatchDesk()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    log = QueryLog(tmp_path / "log.db")
    yield log
    log.close()


@pytest.fixture
def logged(desk: BatchDesk, log: QueryLog) -> LoggedDesk:
    return LoggedDesk(desk, log)


@pytest.fixture
def surface(log: QueryLog) -> Surface:
    return Surface(log)


def taken(logged: LoggedDesk, *texts: str) -> list[LoggedQuestion]:
    questions = logged.take(texts, ASKED)
    return [question for question in questions if question is not None]


def refuse(log: QueryLog, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Make the log refuse one kind of record."""

    def refused(*_: Any, **__: Any) -> None:
        raise LogUnavailable("The query log cannot be written (disk full).")

    monkeypatch.setattr(log, step, refused)


def deliveries(log: QueryLog) -> list[tuple[str, str]]:
    return [(d["outcome"], d["detail"]) for r in log.questions() for d in r.deliveries]


# The order


def test_each_step_is_on_record_before_the_next(logged, desk, log, surface) -> None:
    questions = taken(logged, "t2dm with ckd")
    assert kinds(log) == ["question"]
    assert desk.asked == [], "it is on record before it is answered"
    assert logged.answer(questions, surface) == "what it returns"
    assert surface.on_record == ["question", "answer"]
    assert kinds(log) == ["question", "answer", "delivery"]
    (record,) = log.recent()
    assert (record.id, record.user, record.outcome) == (questions[0].id, "me", "answered")
    assert (record.index_build, record.made_with) == ("build-1", {"desk": {"version": "1"}})
    assert deliveries(log) == [("delivered", "here")]


def test_a_batch_is_one_step_for_all(logged, desk, log, surface) -> None:
    logged.answer(taken(logged, "one", "two", "three"), surface)
    assert kinds(log) == ["question"] * 3 + ["answer"] * 3 + ["delivery"] * 3
    assert [answer.question for answer in surface.shown] == ["one", "two", "three"]
    assert desk.together == 1


def test_codes_to_check_are_one_question(logged, log, surface) -> None:
    question = logged.take_codes(["E11.9", "I10"], ASKED)
    logged.answer([question], surface)
    assert kinds(log) == ["question", "answer", "delivery"]
    assert log.recent()[0].text == "E11.9 I10"


def test_what_is_stored_is_scrubbed_and_what_is_asked_is_as_typed(logged, desk, log) -> None:
    (question,) = taken(logged, "gout in John Smith")
    logged.answer([question], Surface(log))
    assert desk.asked == ["gout in John Smith"]
    assert log.recent()[0].text == "gout in [NAME]"
    assert question.asked.removed == ("NAME",)


def test_an_event_that_is_told_twice_is_taken_once(logged) -> None:
    event = QuestionRecord("", "dm", event_id="Ev1")
    assert logged.take(["gout"], event) != [None]
    assert logged.take(["gout"], event) == [None]


def test_a_delivery_may_be_known_later(logged, log) -> None:
    later: list[Done] = []
    logged.answer(taken(logged, "gout"), lambda _, done: later.append(done))
    assert log.recent()[0].delivery == "undelivered"
    thread = threading.Thread(target=later[0], args=("unknown", "HTTP 503"))
    thread.start()
    thread.join()
    assert deliveries(log) == [("unknown", "HTTP 503")]


def test_latency_counts_from_when_it_came(logged, log, surface) -> None:
    came, plain = 0.0, None
    for moment in (came, plain):
        (question,) = logged.take(["gout"], ASKED, came=moment)
        assert question is not None
        logged.answer([question], surface)
    own, since_zero = log.recent()
    assert own.latency_ms == diabetes().elapsed_ms
    assert since_zero.latency_ms > 1000


def test_answers_are_worked_out_one_at_a_time(logged, desk, log) -> None:
    questions = taken(logged, "one", "two")
    desk.open.clear()
    threads = [
        threading.Thread(target=logged.answer, args=([question], Surface(log)))
        for question in questions
    ]
    for thread in threads:
        thread.start()
    assert desk.begun.acquire(timeout=10)
    assert not desk.begun.acquire(timeout=0.2), "the second waits for the first"
    desk.open.set()
    for thread in threads:
        thread.join(10)
    assert len(desk.asked) == 2


# What fails


def test_what_cannot_be_scrubbed_is_neither_stored_nor_asked(
    logged, desk, log, surface, tmp_path
) -> None:
    desk.cannot_take = "trap"
    logged.answer(taken(logged, "one", TYPED, "two"), surface, instead=sorry)
    assert [answer.question for answer in surface.shown] == [
        "one", "[UNREADABLE]: ZeroDivisionError", "two",
    ]  # fmt: skip
    assert desk.asked == ["one", "two"]
    assert [record.text for record in log.questions()] == ["one", "[UNREADABLE]", "two"]
    assert not any(b"Jane" in path.read_bytes() for path in tmp_path.glob("log.db*"))


def test_one_that_fails_ends_no_batch(logged, desk, log, surface) -> None:
    desk.cannot_answer = "trap"
    logged.answer(taken(logged, "one", "a trap", "two"), surface, instead=sorry)
    assert [answer.question for answer in surface.shown] == [
        "one", "a trap: ZeroDivisionError", "two",
    ]  # fmt: skip
    assert [record.outcome for record in log.questions()] == ["answered", "abstained", "answered"]
    assert {record.delivery for record in log.questions()} == {"delivered"}


def test_with_nothing_to_show_instead_it_is_raised_and_on_record(
    logged, desk, log, surface
) -> None:
    desk.cannot_answer = "trap"
    with pytest.raises(ZeroDivisionError):
        logged.answer(taken(logged, TYPED), surface)
    assert surface.shown == []
    assert kinds(log) == ["question", "delivery"]
    assert deliveries(log) == [("failed", "ZeroDivisionError")], "not the words of the error"


def test_what_no_question_is_to_blame_for_ends_a_batch(logged, desk, log, surface) -> None:
    desk.cannot_answer, desk.error = "trap", CodesetError("no code set is loaded")
    with pytest.raises(CodesetError):
        logged.answer(taken(logged, "one", "trap"), surface, instead=sorry)
    assert surface.shown == []
    assert {record.delivery for record in log.questions()} == {"failed"}


def test_a_check_that_fails_is_raised_and_on_record(logged, desk, log, surface) -> None:
    desk.cannot_answer = "I10"
    with pytest.raises(ZeroDivisionError):
        logged.answer([logged.take_codes(["I10"], ASKED)], surface)
    assert deliveries(log) == [("failed", "ZeroDivisionError")]


def test_a_question_that_cannot_be_logged_is_not_asked(logged, desk, log, monkeypatch) -> None:
    refuse(log, monkeypatch, "ask_many")
    with pytest.raises(LogUnavailable):
        logged.take(["gout"], ASKED)
    assert desk.asked == []


def test_an_answer_that_cannot_be_logged_is_not_shown(logged, log, surface, monkeypatch) -> None:
    questions = taken(logged, "gout")
    refuse(log, monkeypatch, "answered_many")
    with pytest.raises(LogUnavailable):
        logged.answer(questions, surface)
    assert surface.shown == []
    assert log.recent()[0].delivery == "unanswered"


@pytest.mark.parametrize(
    ("error", "detail"),
    [(BrokenPipeError("nobody reads"), "nobody reads"), (ValueError(TYPED), "ValueError")],
)
def test_a_delivery_that_fails_is_on_record(logged, log, surface, error, detail) -> None:
    surface.fails = error
    with pytest.raises(type(error)):
        logged.answer(taken(logged, "one", "two"), surface)
    assert deliveries(log) == [("failed", detail)] * 2
    assert {record.outcome for record in log.questions()} == {"answered"}


def test_a_delivery_that_cannot_be_logged_is_found_by_the_next_start(
    logged, log, surface, monkeypatch, caplog
) -> None:
    questions = taken(logged, "gout")
    refuse(log, monkeypatch, "delivered_many")
    logged.answer(questions, surface)
    assert len(surface.shown) == 1
    assert "disk full" in caplog.text
    left = unfinished(log, ["cli"], log.now())
    assert left.uncertain == [questions[0].id]


def test_only_an_answer_waits(logged, log) -> None:
    (question,) = taken(logged, "gout")
    logged.record([question.id], "waiting", kind="notice")
    logged.record([question.id], "waiting")
    assert [outcome for outcome, _ in deliveries(log)] == ["failed", "waiting"]


# Without a log


@pytest.mark.parametrize("step", ["question", "answer"])
def test_an_unlogged_answer_says_so_first(tmp_path: Path, desk: BatchDesk, step: str) -> None:
    log = FallbackLog(tmp_path / "log.db")
    logged, shown = LoggedDesk(desk, log), []

    def show(answers: list[Answer], done: Done) -> None:
        shown.extend(answers)
        done("delivered", "")

    if step == "question":
        raw(log).execute("pragma query_only = on")
    questions = taken(logged, "t2dm with ckd")
    raw(log).execute("pragma query_only = on")
    logged.answer(questions, show)
    (answer,) = shown
    assert answer.notices[0].startswith("This answer is not in the log")
    assert answer.candidates == diabetes().candidates
    raw(log).execute("pragma query_only = off")
    log.close()


# Questions that an earlier run left


@pytest.fixture
def left_at(tmp_path: Path, log: QueryLog) -> Callable[[int], dict[str, str]]:
    """Leave one question of each kind, `minutes` ago."""

    def leave(minutes: int) -> dict[str, str]:
        then = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)
        earlier = QueryLog(tmp_path / "log.db", clock=lambda: then)
        ids = {}
        for kind in ("unanswered", "undelivered", "waiting", "delivered"):
            question = ids[kind] = earlier.ask(QuestionRecord(kind, "dm")) or ""
            if kind != "unanswered":
                earlier.answered(question, diabetes(), index_build=None, latency_ms=1)
            if kind in ("waiting", "delivered"):
                earlier.delivered(question, kind)  # type: ignore[arg-type]
        earlier.close()
        return ids

    return leave


def test_the_young_are_finished_and_the_old_are_given_up(log, left_at) -> None:
    young, old = left_at(9), left_at(10)
    left = unfinished(log, ["dm"], log.now())
    assert [pending.id for pending in left.to_answer] == [young["unanswered"]]
    assert [pending.id for pending in left.to_send] == [young["waiting"]]
    assert left.uncertain == [young["undelivered"], old["undelivered"]]
    assert sorted(left.too_old) == sorted([old["unanswered"], old["waiting"]])
    left.mark(log, abandoned="too late", unknown="who knows")
    reached = [log.get(old[kind]).delivery for kind in ("unanswered", "undelivered", "waiting")]
    assert reached == ["abandoned", "unknown", "abandoned"]
    again = unfinished(log, ["dm"], log.now())
    assert (again.uncertain, again.too_old) == ([], [])


def test_where_others_are_at_work_the_young_are_left_alone(log, left_at) -> None:
    left_at(1)
    old = left_at(11)
    left = unfinished(log, ["dm"], log.now(), shared=True)
    assert left.uncertain == [old["undelivered"]]
    assert unfinished(log, ["cli"], log.now()).uncertain == []


def test_what_was_left_is_asked_as_it_was_stored(logged, desk, log, surface) -> None:
    editions = {"icd10cm FY2024": "FY2024"}
    log.ask(QuestionRecord("gout in [NAME]", "dm", removed=("NAME",), releases=editions))
    (pending,) = unfinished(log, ["dm"], log.now()).to_answer
    desk.take = lambda text, **reading: Question(f"{text} {reading}", text)
    later = pending.asked_at + dt.timedelta(minutes=2)
    logged.answer([logged.left(pending, later)], surface)
    assert surface.shown[0].question == f"gout in [NAME] {{'editions': {editions}}}"
    assert log.recent()[0].latency_ms >= 120_000


def test_it_knows_no_surface() -> None:
    tree = ast.walk(ast.parse(Path(logged_desk.__file__).read_text("utf-8")))
    imported: list[str] = []
    for node in tree:
        if isinstance(node, ast.ImportFrom):
            imported.append(node.module or "")
        elif isinstance(node, ast.Import):
            imported += [name.name for name in node.names]
    surfaces = ("click", "slack", "bot.cli", "bot.slack")
    assert not [name for name in imported if name.startswith(surfaces)]
