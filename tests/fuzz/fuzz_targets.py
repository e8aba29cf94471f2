"""What is fuzzed: each target takes bytes from outside, and may raise what its readers document and
nothing else.

A target runs in the process that it is made in, and needs no index but for `questions`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fuzz_samples
import x12_texts
from paths import TEST_DATA
from receipt_support import Kept

from bot.desk.answer import Answer
from bot.desk.code_mentions import Known
from bot.desk.question import read_question
from bot.phi import Scrubber, scrub_head
from bot.querylog import QueryLog, QuestionRecord, search
from bot.querylog.checkpoints import read_lines
from bot.querylog.receipt_check import NotProven, check_file, parse_note, parse_note_key, tree_head
from bot.querylog.witnesses import Witness, request
from bot.settings import FILE, Settings
from bot.slack.message_text import clean
from bot.slack.search_syntax import read as read_search
from bot.slack.shortcut_text import text_of
from bot.slack.tables import as_list
from bot.x12.plain import claim_texts, plain_texts, unread, without_x12
from codesets.errors import CodeDeskError
from codesets.loading.file_types import TABULAR, Layout, Sample, layout_of
from codesets.loading.importer import import_files
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.evaluation_files import has_columns, rows_of

_DAY = dt.date(2026, 10, 1)


@dataclass
class Target:
    """`run` takes one case, and may raise `may_raise`. `samples` are what cases are made of."""

    name: str
    samples: list[bytes]
    run: Callable[[bytes], object]
    may_raise: tuple[type[Exception], ...] = (CodeDeskError,)
    #: What holds the target's files and servers; closed when it is done.
    held: ExitStack = field(default_factory=ExitStack)

    def __call__(self, data: bytes) -> None:
        try:
            self.run(data)
        except self.may_raise as error:
            if not str(error).strip():
                raise ValueError(f"{type(error).__name__} says nothing") from error


def text(data: bytes) -> str:
    """As text arrives from JSON: any characters, halves of pairs among them."""
    return (
        data.decode("utf-8", "surrogatepass")
        if _has_halves(data)
        else data.decode("utf-8", "replace")
    )


def _has_halves(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


# Files of codes


def importing() -> Iterator[tuple[str, Callable[[], Target]]]:
    """Whole imports, by the name of the file: told, read, loaded and asked for."""
    for name in [*fuzz_samples.files(), *fuzz_samples.packages()]:
        yield f"import {name}", partial(_import, name)


def _import(name: str) -> Target:
    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    content = (fuzz_samples.files() | fuzz_samples.packages())[name]
    path = folder / name

    def run(data: bytes) -> None:
        path.write_bytes(data)
        (folder / "codes.db").unlink(missing_ok=True)
        store = CodeStore(folder / "codes.db")
        try:
            import_files(store, [path], label="2026", partial=True)
            for release in store.releases():
                for code in store.codes(release):
                    store.notes(release, code)
        finally:
            store.close()

    return Target(f"import {name}", [content], run, held=held)


def reading() -> Iterator[tuple[str, Callable[[], Target]]]:
    """The reader of each layout by itself, which also gets what would not be told for its own."""
    for name in fuzz_samples.files():
        if not name.endswith(".zip"):  # which only an import unpacks
            yield f"read {name}", partial(_read, name)


def _read(name: str) -> Target:
    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    content = fuzz_samples.files()[name]
    path = folder / name
    path.write_bytes(content)
    try:
        layout = layout_of(Sample.of(path))
    except CodeDeskError:
        layout = None

    def run(data: bytes) -> None:
        path.write_bytes(data)
        layout_of(Sample.of(path))
        if layout is not None and layout is not TABULAR:
            _read_by(layout, path)

    return Target(f"read {name}", [content], run, held=held)


def _read_by(layout: Layout, path: Path) -> None:
    if layout.read_release is not None:
        release = Release(layout.system, "2026", _DAY, _DAY, "imported", ())
        layout.read_release(path, release, {})
    if layout.read_reference is not None:
        for _ in layout.read_reference(path, "2026"):
            pass
    if layout.problems is not None:
        list(layout.problems(path, lambda code: True))


# Texts


def _x12() -> Target:
    samples = [
        value.encode()
        for name, value in vars(x12_texts).items()
        if name.isupper() and isinstance(value, str) and value.startswith("ISA")
    ]

    def run(data: bytes) -> None:
        typed = text(data)
        without_x12(typed)
        unread(typed)
        plain_texts(typed)
        claim_texts(typed)

    return Target("x12", samples, run)


def _evaluation() -> Target:
    held = ExitStack()
    path = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-"))) / "a.tsv"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        has_columns(path, frozenset({"question", "codes"}))
        rows_of(path)

    samples = [
        (TEST_DATA / "coder" / "questions.tsv").read_bytes()[:4000],
        (TEST_DATA / "evaluate" / "questions.tsv").read_bytes()[:4000],
    ]
    return Target("evaluation", samples, run, held=held)


_QUESTIONS = [
    "t2dm with ckd 3b, on insulin", "is E11.9 billable on 2026-05-01?", "E11.9, M17.11 together",
    "99213-25, 20610-LT with M17.12, 03/04/2026", "J3301 40 mg given, 10 mg wasted",
    "CO-97 N19 on 20610", "what changed in 2027 for migraine", "M17.0-M17.9", "250.00 in icd-10",
    "0SRC0J9 approach?", "pos 11 mod 25", "NDC 0409-4755-03", "section I.C.9.a.2", "5A11 in ICD-10",
    "1. knee OA left\n2. gout\n3. fall from ladder", "dx\tside\nknee OA\tleft\ngout\t",
    "| dx | side |\n|---|---|\n| gout | left |", "pt John Smith DOB 1/2/1960 MRN 12345, chest pain",
    "HI*ABK:E1165:::::::Y*ABF:I10~", "<@U1> *fx* of <https://x.example|wrist> &amp; pain",
]  # fmt: skip


def _question_reading() -> Target:
    scrubber = Scrubber()

    def lookup(typed: str) -> list[tuple[Any, str]]:
        return [("icd10cm", "E11.9")] if typed.upper().startswith("E11") else []

    def run(data: bytes) -> None:
        typed = clean(text(data))
        as_list(typed)
        read_question(typed, scrub_head(scrubber, typed), lookup, known=Known())

    return Target("question reading", [question.encode() for question in _QUESTIONS], run, ())


def _questions(home: Path) -> Target:
    """The real desk, from `take` to an answer, as JSON and back."""
    from bot.desk.desk import Desk
    from bot.slack.views.answer import answer_message
    from bot.views.terminal import as_text

    held = ExitStack()
    desk = Desk(Settings(home=home))
    held.callback(desk.close)

    def run(data: bytes) -> None:
        answer = desk.ask(desk.take(text(data)))
        kept = json.dumps(answer.as_dict())
        assert Answer.from_dict(json.loads(kept)).as_dict() == json.loads(kept)
        as_text(answer)
        answer_message(answer, "id")

    return Target("questions", [question.encode() for question in _QUESTIONS], run, (), held)


def _message_of_a_shortcut() -> Target:
    message = {
        "text": "what *hurts*", "blocks": [{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "knee OA"}]}]}],
        "attachments": [{"text": "left", "fallback": "x", "fields": [{"value": "y"}]}],
        "files": [{"title": "a.txt"}],
    }  # fmt: skip

    def run(data: bytes) -> None:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict):
            text_of(value)

    return Target("message of a shortcut", [json.dumps(message).encode()], run)


def _settings() -> Target:
    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    sample = (
        'home = "/srv/codedesk"\nworkers = 2\nfetch = false\nslack_bot_token = "xoxb-1"\n'
        'auditors = "U012AB3CD, U045"\nllm_url = "https://llm.example.org/v1"\nllm_seconds = 4\n'
        'database_url = "postgresql://desk@db.example.org/desk"\nlog_retention_years = 6\n'
    )

    def run(data: bytes) -> None:
        (folder / FILE).write_bytes(data)
        Settings.load({"CODEDESK_HOME": str(folder)}, folder)

    return Target("settings", [sample.encode()], run, held=held)


# What proves the log


def _proofs() -> Target:
    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    kept = Kept.made(folder)
    held.callback(kept.log.close)
    asked = kept.log.ask(QuestionRecord("knee oa", "cli"))
    assert asked
    answer = Answer(question="knee oa", as_of="2026-05-01", outcome="abstained")
    kept.log.answered(asked, answer, index_build=None, latency_ms=1)
    note = kept.vouch().note
    receipt = json.dumps(kept.receipt(asked))
    line = kept.file.read_text()
    witness = Witness("w.example/1", kept.key, kept.public, folder / "seen")
    samples = [
        receipt,
        json.dumps(kept.receipt(asked, texts=True)),
        line,
        note,
        request(0, [], note),
    ]

    def run(data: bytes) -> None:
        given = text(data)
        for read in (parse_note, parse_note_key, lambda one: tree_head(parse_note(one).text)):
            with suppress(ValueError):
                read(given)
        read_lines(given.splitlines(), kept.public)
        with suppress(NotProven):
            check_file(given, kept.public)
        witness.add_checkpoint(given)

    return Target("proofs", [one.encode() for one in samples], run, held=held)


def _log_search() -> Target:
    held = ExitStack()
    folder = Path(held.enter_context(TemporaryDirectory(prefix="codedesk-fuzz-")))
    log = QueryLog(folder / "log.db")
    held.callback(log.close)
    asked = log.ask(QuestionRecord("Knee OA, left", "cli", user="U1"))
    assert asked
    samples = [
        'knee "oa left" person:U1 channel:C1 code:E11.2 system:icd10cm outcome:answered',
        "from:2026-05-01 to:2026-05-31 confidence:low feedback:wrong after:yesterday",
    ]

    def run(data: bytes) -> None:
        search.search(log, read_search(text(data)), 5)

    return Target("log search", [one.encode() for one in samples], run, held=held)


TEXTS: dict[str, Callable[[], Target]] = {
    "x12": _x12,
    "evaluation": _evaluation,
    "question reading": _question_reading,
    "message of a shortcut": _message_of_a_shortcut,
    "settings": _settings,
    "proofs": _proofs,
    "log search": _log_search,
}


def makers(home: Path | None = None) -> dict[str, Callable[[], Target]]:
    """Every target by its name, made when it is called. With a `home` that has an index, the real
    desk, the API and FHIR, too."""
    import fuzz_http
    import fuzz_slack

    found = {**TEXTS, **fuzz_slack.TARGETS, **dict(reading()), **dict(importing())}
    if home is None:
        return found
    return found | {"questions": partial(_questions, home), **fuzz_http.targets(home)}
