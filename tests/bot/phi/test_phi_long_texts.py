"""Texts of any length: only the head of a long one is looked at and stored."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from bot.desk import question as question_module
from bot.desk.desk import Desk
from bot.phi import Scrubbed, Scrubber, scrub_head
from bot.phi.long_texts import MOST_CHARACTERS, length_of
from bot.phi.spans import Span
from bot.querylog import QueryLog, QuestionRecord
from bot.settings import Settings
from bot.slack.message_text import clean

#: The longest text for the scrubber: a head, and the margin beyond it.
MOST_SEEN = 1200
LONG = "knee pain " * 4000


class Watched(Scrubber):
    """A scrubber that keeps the lengths of the texts that it was given."""

    def __init__(self, index: Path | None = None) -> None:
        super().__init__(index)
        self.seen: list[int] = []

    def scrub(self, text: str) -> Scrubbed:
        self.seen.append(len(text))
        return super().scrub(text)

    def find(self, text: str) -> list[Span]:
        self.seen.append(len(text))
        return super().find(text)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.mark.parametrize("length", [0, 1, 999, 1000])
def test_a_short_text_is_scrubbed_as_ever(watched: Watched, length: int) -> None:
    text = ("John Smith dob 1/2/1960 " * 50)[:length]
    assert scrub_head(watched, text) == Scrubber().scrub(text)


@pytest.mark.parametrize("text", ["x" * 39_000, "." * 40_000, "1-" * 20_000, " " * 5_000, LONG])
def test_of_a_long_text_the_head_is_seen_and_kept(watched: Watched, text: str) -> None:
    stored = scrub_head(watched, text).text
    assert max(watched.seen) <= MOST_SEEN
    assert len(stored) < MOST_CHARACTERS + 60
    assert stored.endswith(f" … [{len(text)} characters in all]")
    assert length_of(stored) == len(text)
    assert scrub_head(watched, stored).text == stored


def test_a_head_ends_where_a_word_ends(watched: Watched) -> None:
    head, _, _ = scrub_head(watched, "arthroscopy " * 500).text.partition(" … [")
    assert set(head.split()) == {"arthroscopy"}
    assert 900 <= len(head) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("identifier", "pieces"),
    [
        ("MRN 88213475", ["8821", "3475"]),
        ("dob 11/23/1961", ["1961", "11/2"]),
        ("pt John Smithson", ["John", "Smith"]),
        ("123-45-6789", ["123", "6789"]),
        ("call 312-555-0142", ["312", "0142"]),
        ("jane.roe@clinic.example.org", ["jane", "roe@"]),
    ],
)
def test_no_part_of_an_identifier_at_the_cut_is_kept(
    watched: Watched, identifier: str, pieces: list[str]
) -> None:
    for at in range(MOST_CHARACTERS - len(identifier) - 2, MOST_CHARACTERS + 2):
        text = ("knee pain " * 200)[:at].rsplit(" ", 1)[0].ljust(at) + identifier + " x" * 600
        stored = scrub_head(watched, text).text
        assert not any(piece in stored for piece in pieces), at


# The desk


@pytest.fixture
def watching(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, Watched]]:
    """A desk that fails when any part of it is given a long text."""
    desk = Desk(Settings(home=loaded))
    desk.scrubber = watched = Watched(loaded / "index")

    def bounded(reads: Callable[..., Any]) -> Callable[..., Any]:
        def read(text: str, *more: Any) -> Any:
            assert len(text) <= MOST_CHARACTERS
            return reads(text, *more)

        return read

    for name in (
        "read_date",
        "read_mentions",
        "beside_codes",
        "read_ndcs",
        "inquiry",
        "systems_asked_for",
    ):
        monkeypatch.setattr(question_module, name, bounded(getattr(question_module, name)))
    yield desk, watched
    desk.close()


@pytest.mark.parametrize(
    "asked", ["x" * 39_000, "." * 40_000, LONG + " 2026-03-05", "E11.9 " * 900]
)
def test_the_desk_reads_no_more_than_the_head(watching, asked: str) -> None:
    desk, watched = watching
    taken = desk.take(asked, day=dt.date(2026, 5, 1))
    (answer,) = desk.ask_many([taken])
    assert max(watched.seen) <= MOST_SEEN
    assert length_of(taken.scrubbed) == len(asked)
    assert answer.question == taken.scrubbed
    assert (answer.outcome, answer.candidates, answer.verdicts) == ("abstained", [], [])
    assert f"{len(asked):,} characters" in answer.notices[0]
    # The same when it is answered after a crash, or replayed.
    assert desk.ask(taken.scrubbed).notices == answer.notices


def test_codes_and_texts_beside_a_question_are_bounded_too(watching) -> None:
    desk, watched = watching
    assert desk.check(["1" * 50_000, "E11.9"]).verdicts[1].code == "E11.9"
    assert desk.verdicts_on("1" * 50_000)
    assert length_of(desk.scrub(LONG)) == len(LONG)
    assert max(watched.seen) <= MOST_SEEN


def test_what_is_written_beside_a_question_is_bounded_too(watched: Watched, tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "log.db", scrubber=watched)
    question = log.ask(QuestionRecord("knee pain", "cli"))
    assert question
    log.feedback(question, "wrong", note=LONG, by="U1")
    number = log.correction(question, "bad knee", "M25.569", "icd10cm", "U1")
    assert number
    log.withdrawal(number, "U1", "x" * 39_000)
    record = log.get(question)
    log.close()
    assert record
    assert length_of(record.feedback[0]["note"]) == len(LONG)
    assert length_of(record.withdrawals[0]["reason"]) == 39_000
    assert max(watched.seen) <= MOST_SEEN


def test_a_line_of_a_megabyte_ends_no_batch(home: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch.txt"
    batch.write_text(f"M17.0\n{'x' * 1_000_000}\n{'1/' * 500_000}\nM17.11\n", encoding="utf-8")
    run = CliRunner().invoke(main, ["ask", "--batch", str(batch), "--json"])
    assert run.exit_code == 0, run.output
    first, second, third, last = map(json.loads, run.stdout.splitlines())
    assert (first["outcome"], last["outcome"]) == ("verdict", "verdict")
    assert length_of(second["question"]) == length_of(third["question"]) == 1_000_000
    log = QueryLog(home / "log.db")
    assert [len(record.text) < 1100 for record in log.recent()] == [True] * 4
    log.close()


# Slack


@pytest.mark.parametrize("opened", ["<@", "<#C1|", "<!", "<!|", "<a:"])
def test_what_is_opened_and_not_closed_takes_nothing_along(opened: str) -> None:
    """An opening sign without a closing one takes no other text with it, and does not make the rest
    of the message be searched again for each."""
    assert clean(f"knee {opened} <https://cms.gov|cms.gov> OA") == f"knee {opened} cms.gov OA"
