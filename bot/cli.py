"""The `codedesk` command."""

from __future__ import annotations

import datetime as dt
import getpass
import io
import itertools
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_args

import click

# The commands of `log` are in three modules, which add them to it.
from bot import corrections, feedback_commands, log_commands, log_review_commands, news, render  # noqa: F401
from bot.answer import Answer, Confidence, Verdict
from bot.desk import Desk, Taken
from bot.phi.telling import in_words, to_tell
from bot.phi_commands import scrub
from bot.querylog import Asked, LogUnavailable
from bot.querylog.opening import finish_what_was_left, open_log
from bot.settings import Settings
from bot.words import say
from codesets import changes, sources
from codesets.currency import not_loaded, out_of_date
from codesets.errors import CodeDeskError
from codesets.model import SYSTEM_NAMES, Book, CodesetError, Release, Setting
from codesets.store import CodeStore
from index import build as index_build
from index import evaluate
from index.errors import SearchError
from index.model import Model, Shipped, chosen

#: How long `run` and `setup` wait for the official sources, in seconds.
_PATIENCE = 3.0
#: Questions of a batch that are answered, and logged, together.
_BATCH = 64

T = TypeVar("T")


class _Commands(click.Group):
    """Turns what a user can put right into one sentence on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CodeDeskError as error:
            raise _Sentence(str(error)) from error
        except BrokenPipeError:
            # The reader of a pipe has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            if os.environ.get("CODEDESK_DEBUG"):
                raise
            raise _Sentence(
                f"Something went wrong inside Code Desk ({type(error).__name__}). Nothing stored "
                "is lost. Set CODEDESK_DEBUG=1 and try again to see where."
            ) from error


class _Sentence(click.ClickException):
    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"codedesk: {self.message}", err=True)


_DATE = click.DateTime(formats=["%Y-%m-%d"])
_SYSTEM = click.Choice(sorted(SYSTEM_NAMES))


def _day(value: dt.datetime | None) -> dt.date | None:
    return value.date() if value else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="codedesk")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Code Desk finds medical codes, checks them and cites the rules that govern them.

    \b
    codedesk run                                        set up if needed, then serve
    codedesk ask "b/l knee OA, failed PT"               find a code
    codedesk check E11.9 N18.31 --date 2026-03-05       is it valid, is it billable?
    codedesk log list                                   who asked what

    Data lives in one folder: set CODEDESK_HOME to choose it.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A character that the terminal cannot show, or that is none, ends nothing.
            stream.reconfigure(errors="replace")
    ctx.obj = Settings.load()


# Setting up and serving


@main.command()
@click.pass_obj
def setup(settings: Settings) -> None:
    """Load the code sets and build the index; does nothing that is done already."""
    _set_up(settings)


@main.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Set up if needed, then serve: Slack when its tokens are set, else this terminal.

    With no terminal it answers the questions on standard input, one a line, and ends.
    """
    _set_up(settings)
    if settings.slack_bot_token or settings.slack_app_token or settings.slack_signing_secret:
        _serve_slack(settings)
    elif sys.stdin.isatty():
        _interactive(settings)
    else:
        _answer_lines(settings, _lines(sys.stdin.buffer))


def _set_up(settings: Settings) -> None:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = CodeStore(settings.codes_db)
    try:
        if settings.fetch:
            _fetch(store, settings)
        sources.load_packaged(store, _progress)
        sources.load_packaged_books(store, _progress)
        model = _model_of(settings)
        if not index_build.is_current(store, settings.index, model):
            _build_index(store, settings, model)
    finally:
        store.close()


def _fetch(store: CodeStore, settings: Settings) -> None:
    """What is out of date or missing, from the official sources; briefly, when they cannot be
    reached."""
    outdated, missing = out_of_date(store, dt.date.today()), not_loaded(store)
    if not outdated and not missing:
        return
    from codesets import sync  # what speaks HTTP is not loaded to answer a question

    report = sync.sync(store, settings.downloads, say=_progress, patience=_PATIENCE)
    if report.unreachable:
        # What the packages bring is loaded after this.
        brought = {SYSTEM_NAMES[delivery.system] for delivery in sources.DELIVERIES}
        missing = [name for name in missing if name not in brought]
        _progress(say("setup.unreachable", missing=", ".join(missing)))


def _model_of(settings: Settings) -> Model | Shipped:
    """What the settings name to build the index with."""
    return chosen(settings.model, may_download=settings.model_download)


def _build_index(store: CodeStore, settings: Settings, model: Model | Shipped) -> None:
    _shelve_corrections(store, settings)
    _progress("Building the index (a few minutes the first time, and for a new code system)")
    manifest = index_build.build(store, settings.index, model)
    _progress(f"Index {manifest.build}: {manifest.texts:,} texts of {manifest.families:,} codes")


def _shelve_corrections(store: CodeStore, settings: Settings) -> None:
    """Let the words that auditors approved be found. What is there stays when the log cannot be
    read, or was altered: whoever can write it must not be able to change answers."""
    if not settings.log_db.exists():
        return
    try:
        with log_commands.opened(settings) as log:
            if log_commands.verified(settings).verdict == "tampered":
                _progress(say("feedback.tampered"))
            elif count := corrections.shelve(log, store):
                _progress(say("feedback.shelved", count=count))
    except LogUnavailable as error:
        _progress(str(error))


def _serve_slack(settings: Settings) -> None:
    from bot.slack.app import serve

    desk = Desk(settings)
    log = open_log(settings, desk.scrubber)
    try:
        serve(settings, desk, log, _progress)
    finally:
        log.close()
        desk.close()


def _interactive(settings: Settings) -> None:
    click.echo(say("terminal.welcome").strip())
    _progress("Loading the model…")
    with _Conversation(settings, "terminal") as conversation:
        conversation.desk.ready()
        while True:
            try:
                question = input("\n" + say("terminal.prompt"))
            except (EOFError, KeyboardInterrupt):
                click.echo()
                return
            if not question.strip():
                return
            conversation.ask([question], show=lambda a: click.echo("\n" + render.as_text(a)))


def _answer_lines(settings: Settings, questions: Iterable[str]) -> None:
    with _Conversation(settings, "terminal") as conversation:
        for question in questions:
            if question.strip():
                conversation.ask(
                    [question],
                    show=lambda a: click.echo(f"> {a.question}\n\n{render.as_text(a)}\n"),
                )


def _progress(line: str) -> None:
    click.echo(line, err=True)


# Asking


class _Conversation:
    """A desk and its log: each question is logged, answered, logged again, and only then shown."""

    def __init__(self, settings: Settings, surface: str = "cli") -> None:
        self.desk = Desk(settings)
        self.log = open_log(settings, self.desk.scrubber)
        self._surface = surface
        if left := finish_what_was_left(self.log):
            _progress(left)

    def __enter__(self) -> _Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()
        self.desk.close()

    def ask(
        self, questions: Sequence[str], *, show: Any, day: dt.date | None = None, **options: Any
    ) -> list[Answer]:
        """Answer questions together. One that fails is answered with a sentence that says so, and
        the others are answered all the same."""
        questions = [_storable(text) for text in questions]
        taken = [self._taken(text, day) for text in questions]

        def answer() -> list[Answer]:
            try:
                return self.desk.ask_many(questions, day=day, **options)
            except CodeDeskError:
                raise
            except Exception:
                # One of them is to blame.
                return [
                    self._alone(text, one, day=day, **options)
                    for text, one in zip(questions, taken, strict=True)
                ]

        return self._logged(taken, answer, show, options)

    def _taken(self, text: str, day: dt.date | None) -> Taken:
        try:
            return self.desk.take(text, day=day)
        except Exception as error:
            _report(error)
            # What was not scrubbed is not stored.
            return Taken(say("terminal.unreadable"))

    def _alone(self, text: str, taken: Taken, **options: Any) -> Answer:
        try:
            return self.desk.ask(text, **options)
        except CodeDeskError:
            raise
        except Exception as error:
            _report(error)
            as_of = (options.get("day") or dt.date.today()).isoformat()
            notice = say("terminal.failed", error=type(error).__name__)
            return Answer(taken.text, as_of, "abstained", [notice])

    def check(
        self, codes: Sequence[str], *, show: Any, day: dt.date | None = None, **options: Any
    ) -> Answer:
        def answer() -> list[Answer]:
            return [self.desk.check(codes, day=day, **options)]

        codes = [_storable(code) for code in codes]
        each = [self.desk.take(code, day=day) for code in codes]
        removed = tuple(dict.fromkeys(kind for one in each for kind in one.removed))
        taken = Taken(" ".join(one.text for one in each), removed, each[0].releases)
        # How many codes the text is, so that it can be checked again and not asked.
        options_kept = options | {"checked": len(codes)}
        return self._logged([taken], answer, show, options_kept)[0]

    def _logged(
        self, questions: Sequence[Taken], answer: Any, show: Any, options: dict[str, Any]
    ) -> list[Answer]:
        stored = {name: value for name, value in options.items() if value is not None}
        ids = self.log.ask_many(
            [
                Asked(
                    taken.text,
                    self._surface,  # type: ignore[arg-type]
                    user=getpass.getuser(),
                    options=stored,
                    removed=taken.removed,
                    releases=taken.releases,
                )
                for taken in questions
            ]
        )
        numbers = [number for number in ids if number is not None]
        answers = answer()
        self.log.answered_many(
            [(n, a, a.elapsed_ms) for n, a in zip(numbers, answers, strict=True)],
            index_build=self.desk.index_build,
            made_with=self.desk.made_with(*answers),
        )
        told = [kind for taken in questions for kind in to_tell(taken.text, taken.removed)]
        if told:
            _progress(say("terminal.removed", kinds=in_words(dict.fromkeys(told))))
        try:
            for number, one in zip(numbers, answers, strict=True):
                if self.log.is_unlogged(number):
                    one = replace(one, notices=[say("log.unlogged"), *one.notices])
                show(one)
            sys.stdout.flush()
        except OSError as error:
            self.log.delivered_many(numbers, "failed", str(error))
            raise
        self.log.delivered_many(numbers, "delivered")
        return answers


def _storable(text: str) -> str:
    """An argument that is no UTF-8 has surrogates, which can be neither printed nor stored."""
    return text.encode(errors="surrogatepass").decode(errors="replace")


def _report(error: Exception) -> None:
    """Where a question failed, for whoever asks to see it. What an error says may hold what was
    typed."""
    if os.environ.get("CODEDESK_DEBUG"):
        _progress("".join(traceback.format_exception(error)))


def _as_json(answer: Answer) -> str:
    return json.dumps(answer.as_dict(), ensure_ascii=False)


@main.command()
@click.argument("question", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.option(
    "--batch",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Answer each line of a file, blank ones too: one JSON object a line (with --json).",
)
@click.option("--date", "date", type=_DATE, help="Date of service, YYYY-MM-DD. Default: today.")
@click.option("--system", "systems", type=_SYSTEM, multiple=True, help="Only this code system.")
@click.option("-n", "limit", type=click.IntRange(1, 50), default=10, help="At most N candidates.")
@click.pass_obj
def ask(
    settings: Settings,
    question: str | None,
    as_json: bool,
    batch: Path | None,
    date: dt.datetime | None,
    systems: tuple[str, ...],
    limit: int,
) -> None:
    """Find a code in plain words, or ask about a code.

    Exit code: 0 answered, 1 nothing to show, 2 the request was wrong. A batch ends with 0.
    """
    if (question is None) == (batch is None):
        raise click.UsageError("Give one question in quotes, or --batch FILE.")
    if batch is not None and not as_json:
        raise click.UsageError("--batch prints JSON lines: add --json.")
    options: dict[str, Any] = {"day": _day(date), "systems": list(systems) or None, "limit": limit}
    with _Conversation(settings) as conversation:
        if batch is not None:
            with batch.open("rb") as file:
                for lines in _chunks(_lines(file), _BATCH):
                    conversation.ask(lines, show=lambda a: click.echo(_as_json(a)), **options)
            return
        assert question is not None
        (answer,) = conversation.ask(
            [question],
            show=lambda a: click.echo(
                _as_json(a) if as_json else render.as_text(a, shown=min(limit, 5))
            ),
            **options,
        )
    if answer.outcome == "abstained":
        sys.exit(1)


@main.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.option("--date", "date", type=_DATE, help="Date of service, YYYY-MM-DD. Default: today.")
@click.option(
    "--system",
    "systems",
    type=_SYSTEM,
    multiple=True,
    help="Only this code system: G0439 is a HCPCS code, and G04.39 of ICD-10-CM without its dot.",
)
@click.option(
    "--setting",
    type=click.Choice(get_args(Setting)),
    help="Where the service was given: decides which NCCI edits apply. Without it all are shown.",
)
@click.pass_obj
def check(
    settings: Settings,
    codes: tuple[str, ...],
    as_json: bool,
    date: dt.datetime | None,
    systems: tuple[str, ...],
    setting: str | None,
) -> None:
    """Is each code valid and billable on a date of service? What completes or replaces it?

    A code that several systems have gets a verdict for each, the form as typed first.

    Exit code: 0 when every code is billable, else 1; 2 when the request was wrong. Of a code that
    several systems have, the form as typed decides, or the system chosen with --system. On a date
    that no loaded edition covers, a code is not known to be billable: that is 1, too.
    """
    with _Conversation(settings) as conversation:
        answer = conversation.check(
            codes,
            day=_day(date),
            systems=list(systems) or None,
            setting=setting,
            show=lambda a: click.echo(_as_json(a) if as_json else render.as_text(a)),
        )
    firsts: dict[str, Verdict] = {}
    for verdict in answer.verdicts:
        firsts.setdefault(verdict.typed, verdict)
    if any(verdict.status != "billable" for verdict in firsts.values()):
        sys.exit(1)


def _lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a file of questions, whatever its bytes: what is no UTF-8 is replaced (U+FFFD),
    and a carriage return alone ends no line."""
    for number, line in enumerate(file):
        # Windows puts a byte order mark before the first line.
        encoding = "utf-8" if number else "utf-8-sig"
        yield line.rstrip(b"\r\n").decode(encoding, errors="replace")


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    items = iter(items)
    while chunk := list(itertools.islice(items, size)):
        yield chunk


# Measuring


@main.command("eval")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@click.option("--date", "date", type=_DATE, help="Date of service, YYYY-MM-DD. Default: today.")
@click.option("--system", "system", type=_SYSTEM, help="System of rows that name none.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.png",
    help="Draw how often each confidence was right (needs matplotlib).",
)
@click.pass_obj
def evaluate_file(
    settings: Settings,
    file: Path,
    as_json: bool,
    date: dt.datetime | None,
    system: str | None,
    plot: Path | None,
) -> None:
    """Score the desk on a file of questions with their right codes.

    FILE is tab-separated with a header: query, codes (any of, separated by |) or sections, and
    optionally system. Evaluation questions are not logged.
    """
    cases, kind = evaluate.read_cases(file)
    if plot is not None:
        _can_be_drawn(file, kind)
    desk = Desk(settings)
    try:
        figures, levels = _evaluated(desk, cases, kind, _day(date), system)
    finally:
        desk.close()
    if plot is not None:
        evaluate.draw_reliability(levels, plot)
    if as_json:
        click.echo(json.dumps({"file": file.name, **figures}))
        return
    click.echo(f"{file.name}: {figures['questions']} questions, {figures['abstained']} declined")
    for name, row in (("exact", figures), ("category", figures.get("category", {}))):
        cells = [f"{m} {row[m]:.3f}" for m in evaluate.MEASURES if m in row]
        if cells:
            click.echo(f"{name:<9} {'  '.join(cells)}")
    for name, level in levels.items():
        right = "-" if level.right is None else f"{level.right:.3f}"
        click.echo(f"{name:<9} right at rank 1 {right}  of {level.coverage:.1%} of questions")


def _can_be_drawn(file: Path, kind: str) -> None:
    """Raises SearchError, before a long evaluation rather than after it."""
    if kind != "codes":
        raise SearchError(
            f"{file} asks for sections, which are quoted without a confidence: there is nothing "
            "to plot. Leave --plot out."
        )
    evaluate.canvas(1, 1)


def _evaluated(
    desk: Desk,
    cases: Sequence[evaluate.Case],
    kind: str,
    day: dt.date | None,
    system: str | None,
) -> tuple[dict[str, Any], dict[Confidence, evaluate.Level]]:
    """The figures of the JSON object, and for codes those of each confidence, which it has too."""
    groups: dict[str | None, list[evaluate.Case]] = {}
    for case in cases:
        groups.setdefault(case.system or system, []).append(case)
    found: list[list[str]] = []
    sure: list[Confidence | None] = []
    asked: list[evaluate.Case] = []
    abstained = 0
    for wanted, group in groups.items():
        for chunk in _chunks(group, _BATCH):
            texts = [case.query for case in chunk]
            answers = desk.ask_many(texts, day=day, systems=[wanted] if wanted else None)
            asked += chunk
            abstained += sum(answer.outcome == "abstained" for answer in answers)
            found += [_given(answer, kind) for answer in answers]
            sure += [a.candidates[0].confidence if a.candidates else None for a in answers]
    figures: dict[str, Any] = {"questions": len(cases), "abstained": abstained}
    figures |= evaluate.scores(found, asked)
    if kind != "codes":
        return figures, {}
    figures["category"] = evaluate.scores(found, asked, evaluate.is_right_category)
    levels = evaluate.reliability(sure, found, asked)
    figures["confidence"] = {name: asdict(level) for name, level in levels.items()}
    return figures, levels


def _given(answer: Answer, kind: str) -> list[str]:
    """What an answer gives in reply, best first: sections of the guidelines, or codes."""
    if kind == "sections":
        return [guideline.section for guideline in answer.guidelines]
    return [c.code for c in answer.candidates] + [v.code for v in answer.verdicts]


# Code sets and index


@main.group()
def codesets() -> None:
    """The code sets that are loaded."""


@codesets.command("list")
@click.pass_obj
def codesets_list(settings: Settings) -> None:
    """What is loaded, from where, and for which dates."""
    if not settings.codes_db.exists():
        raise CodesetError(say("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        today = dt.date.today()
        for release in store.releases():
            counts = store.counts(release)
            click.echo(
                f"{SYSTEM_NAMES[release.system]} {release.label}: "
                f"{release.effective_from} through {release.effective_through}; "
                f"{counts['codes']:,} codes and headers, {counts['billable']:,} billable, "
                f"{counts['notes']:,} notes, {counts['terms']:,} inclusion terms"
            )
            _echo_source(release)
        for book in sorted(store.books.all(), key=lambda book: book.key):
            click.echo(
                f"{book.name}: {book.effective_from} through {book.effective_through}; "
                f"{store.books.count(book):,} entries"
            )
            _echo_source(book)
        for outdated in out_of_date(store, today):
            click.echo(str(outdated))
        if missing := not_loaded(store):
            click.echo(say("setup.not_loaded", missing=", ".join(missing)))
    finally:
        store.close()


def _echo_source(loaded: Release | Book) -> None:
    click.echo(f"  from {loaded.source}, loaded {loaded.loaded_at}")
    for file in loaded.files:
        click.echo(f"  {file.name}  sha256 {file.sha256}")


@codesets.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--release",
    "label",
    metavar="LABEL",
    help="Which edition it is, where its name does not say: FY2027, FY2026-April, 2026-January, "
    "2026.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Load a list that is not whole all the same: it replaces its edition, and the codes that "
    "it lacks will be unknown.",
)
@click.option("--no-index", is_flag=True, help="Leave the index as it is; build it later.")
@click.pass_obj
def codesets_import(
    settings: Settings, files: tuple[Path, ...], label: str | None, partial: bool, no_index: bool
) -> None:
    """Load official files that you have, as they are or in the zips they were published in.

    \b
    ICD-10-CM       order file or code descriptions file, Tabular XML (with or after its order
                    file), Index, External Cause Index, Table of Neoplasms, Table of Drugs,
                    conversion table, Official Guidelines (PDF), GEMs (CDC, CMS)
    ICD-10-PCS      order file or codes file, Tables, Index, Definitions, Guidelines (CMS)
    HCPCS Level II  quarterly file or its spreadsheet, ASP NDC-HCPCS crosswalk (CMS)
    NCCI            procedure-to-procedure edits, medically unlikely edits (CMS)
    CPT             tab-delimited descriptors, with your licence (AMA)
    Other           place of service codes (CMS)

    What a file is, is told from what it holds; which edition, from what it says or its name. An
    edition that is loaded already is replaced. Of a folder, every file that is one of these is
    loaded.

    A list that is not whole is not loaded, unless --partial says so: one whose last line breaks
    off, or that has a tenth fewer codes than the same edition or the one beside it.

    Exit code: 0 when every file was loaded, 1 when some were left out, 2 when nothing was.
    """
    from codesets import imports

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = CodeStore(settings.codes_db)
    try:
        done = imports.import_files(store, files, label, _progress, partial=partial)
        if done.loaded:
            _index_again(store, settings, build=not no_index)
    finally:
        store.close()
    if done.not_whole and not done.loaded:
        sys.exit(2)
    if done.left_out or done.not_whole:
        sys.exit(1)


def _index_again(store: CodeStore, settings: Settings, *, build: bool) -> None:
    """After something was loaded: build the index, if it is made of it."""
    model = _model_of(settings)
    if index_build.is_current(store, settings.index, model):
        return
    if not build:
        _progress("Questions in plain words need the index: run `codedesk index build`.")
        return
    _build_index(store, settings, model)
    _progress("A desk that is running answers from it when it is started again.")


@codesets.command("sync")
@click.option("--only", "only", multiple=True, metavar="NAME", help="Only this series or edition.")
@click.option("--no-index", is_flag=True, help="Leave the index as it is; build it later.")
@click.pass_obj
def codesets_sync(settings: Settings, only: tuple[str, ...], no_index: bool) -> None:
    """Fetch the current official files from CDC and CMS, and load what is new.

    Nothing is fetched twice, and what cannot be had or read changes nothing that is loaded. The
    addresses were read in public sources and none has been tried: where one has moved, the page
    is named. What carries CPT is never fetched: its terms are for you to accept.

    Exit code: 0, or 1 when a file was not loaded.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = CodeStore(settings.codes_db)
    try:
        from codesets import sync

        report = sync.sync(store, settings.downloads, say=_progress, only=only)
        if report.loaded:
            _index_again(store, settings, build=not no_index)
    finally:
        store.close()
    if report.problems:
        sys.exit(1)


@codesets.command("diff")
@click.argument("before")
@click.argument("after")
@click.option("--system", "system", type=_SYSTEM, help="Only this code system.")
@click.option("--about", default="", metavar="WORDS", help="Only codes whose titles say these.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a system.")
@click.pass_obj
def codesets_diff(
    settings: Settings, before: str, after: str, system: str | None, about: str, as_json: bool
) -> None:
    """What changed from one edition to another: codesets diff FY2024 FY2026-April."""
    if not settings.codes_db.exists():
        raise CodesetError(say("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        for earlier, later in changes.editions(store, before, after, system):
            found = news.told(store, earlier, later, about, most=None)
            click.echo(
                json.dumps(asdict(found), ensure_ascii=False)
                if as_json
                else render.changes(found, most=None)
            )
    finally:
        store.close()


@main.group()
def index() -> None:
    """The search index."""


@index.command("build")
@click.pass_obj
def build_command(settings: Settings) -> None:
    """Build the index from what is loaded; the one in use works until the new one is whole."""
    if not settings.codes_db.exists():
        raise CodesetError(say("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        _build_index(store, settings, _model_of(settings))
    finally:
        store.close()


@index.command("train")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pairs", "most", type=click.IntRange(1), help="At most N pairs of texts.")
@click.option("--seed", type=int, default=0, help="What chance begins with. Default: 0.")
@click.pass_obj
def train_command(settings: Settings, folder: Path, most: int | None, seed: int) -> None:
    """Tune all-MiniLM-L6-v2 on the words that are loaded, and export it.

    FOLDER gets the model (for CODEDESK_MODEL), and FOLDER/encoder what is shipped as
    index/weights. On two cores this takes about half an hour; docs/MODEL.md tells how the shipped
    weights were made.
    """
    from index.export import export
    from index.train import train

    if not settings.codes_db.exists():
        raise CodesetError(say("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        train(store, Model(), folder, most=most, seed=seed, tell=_progress)
    finally:
        store.close()
    export(Model(str(folder)), folder / "encoder")
    _progress(f"To use it: CODEDESK_MODEL={folder} codedesk index build")


main.add_command(scrub)
main.add_command(log_commands.log)
