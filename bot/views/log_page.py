"""One question of the log as a page, for people who read it in a terminal; and the words that say
what a question was and how it ended, which lists and other pages use, too.

What people typed stands as the log has it: scrubbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rich.text import Text

from bot.desk.answer import Answer
from bot.messages import message
from bot.querylog.records import Record
from bot.querylog.reviews import of_record
from bot.system_user import named
from bot.views import review_page, terminal
from bot.views.screen import Screen, printable
from bot.views.times import Times
from codesets.model import SYSTEM_NAMES

#: The title of a code of any system; "" where none is known.
TitleOf = Callable[[str], str]

#: The width of the names at the left of a page.
_LEFT = 12
#: Longer lines are hard to read.
_WIDEST = 100

#: The style of what should be looked at, by outcome, delivery, rating or confidence.
STYLES = {
    **dict.fromkeys(("abstained", "low", "used", "waiting", "undelivered"), "doubt"),
    **dict.fromkeys(("unanswered", "failed", "unknown", "abandoned", "wrong"), "bad"),
    "right": "good",
}


def untitled(code: str) -> str:
    """For readers where no code set is loaded: no titles but those of the answer."""
    return ""


# One question


def page(
    record: Record, screen: Screen, times: Times | None = None, title_of: TitleOf = untitled
) -> list[Text]:
    """All that a reader asks of a question: who, when and where, as asked, the answer as it was
    shown, editions, delivery, feedback, corrections, what was changed, and who looked at it.
    `title_of`: for codes that the answer has no title of."""
    width = min(screen.width, _WIDEST)
    drawing = _Page(Screen(width), times or Times(), record, title_of)
    return list(drawing.lines())


class _Page:
    """The lines of a page, drawn on one screen for one reader."""

    def __init__(self, screen: Screen, times: Times, record: Record, title_of: TitleOf) -> None:
        self._screen, self._times, self._record = screen, times, record
        of_answer = titles(record.answer)
        self._title_of = lambda code: of_answer.get(code) or title_of(code)

    def lines(self) -> Iterator[Text]:
        record = self._record
        title = message("log_page.title", id=record.id, seq=record.seq)
        yield Text(printable(title), "headline")
        yield from self._asked()
        yield from self._section("answer")
        yield from self._answer()
        for name, entries in (
            ("feedback", [self._feedback(one) for one in record.feedback]),
            ("reviews", [(review_page.told(one, self._times), "") for one in of_record(record)]),
            ("corrections", [*map(self._correction, record.corrections), *self._ends()]),
            ("changed", list(self._changes()) or [(message("log_page.unchanged"), "small")]),
            ("looked", [self._look(one) for one in record.looks]),
        ):
            if entries or name == "looked":
                yield from self._section(name)
                yield from (self._entry(*one) for one in entries or _nobody())
        yield Text()
        more = message("log_page.more", id=record.id)
        yield self._screen.hanging(Text(printable(more), "small"))

    def _section(self, name: str) -> Iterator[Text]:
        yield Text()
        yield Text(message(f"log_page.{name}"), "heading")

    def _entry(self, text: str, style: str = "") -> Text:
        return self._screen.hanging(Text(printable(text), style), "  ")

    def _named(self, name: str, text: str | Text) -> Text:
        lead = Text(f"  {message(f'log_page.{name}'):<{_LEFT}}", "small")
        shown = text if isinstance(text, Text) else Text(printable(text))
        return self._screen.hanging(shown, lead)

    def _asked(self) -> Iterator[Text]:
        record = self._record
        place = message("log_page.in_channel", channel=record.channel) if record.channel else ""
        if workspace := record.workspace or record.team:
            place += message("log_page.in_workspace", workspace=workspace)
        yield self._named("asked", self._times.full(record.asked_at))
        yield self._named("by", named(record.user, record.system_user))
        yield self._named("where", record.surface + place)
        yield self._named("typed", question(record))
        if record.removed:
            kinds = ", ".join(record.removed)
            yield self._named("removed", message("log_page.removed_kinds", kinds=kinds))
        if record.after:
            yield self._named("follows", record.after)
        yield self._named("outcome", self._outcome())
        editions = ", ".join(edition_names(record)) or message("log_page.no_editions")
        yield self._named("editions", editions)
        if record.index_build:
            yield self._named("index", record.index_build)
        if record.picked_by:
            picked = message("log_page.model_picked", model=record.picked_by)
            yield self._named("model", picked)
        told = [self._delivery(one) for one in record.deliveries]
        for one in told or [Text(message("log_page.not_delivered"), "doubt")]:
            yield self._named("delivery", one)

    def _outcome(self) -> Text:
        record = self._record
        shown = ended(record)
        if record.answered_at is not None:
            after = message("log_page.took", latency=round(record.latency_ms or 0))
            shown.append(printable(after))
        return shown

    def _answer(self) -> Iterator[Text]:
        record = self._record
        if record.answered_at is None:
            yield self._entry(message("log_page.not_answered"))
            return
        try:
            shown = Answer.from_dict(record.answer or {})
        except (msgspec.ValidationError, TypeError):
            yield self._entry(message("log_page.answer_gone"))
            return
        for line in terminal.as_text(shown, screen=self._screen).split("\n"):
            yield Text(printable(line))

    def _delivery(self, entry: Mapping[str, Any]) -> Text:
        outcome = entry["outcome"]
        detail = f" ({entry['detail']})" if entry.get("detail") else ""
        return Text.assemble(
            f"{printable(entry['kind'])}: ",
            (printable(outcome), STYLES.get(outcome, "")),
            printable(f"{detail}, {self._times.full(entry['at'])}"),
        )

    def _feedback(self, entry: Mapping[str, Any]) -> tuple[str, str]:
        code = entry.get("code")
        used = message("log_page.code_used", code=self._titled(code)) if code else ""
        note = entry.get("note", "")
        if note is None:
            said = message("log_page.note_gone")
        else:
            said = message("log_page.note", note=note) if note else ""
        rating = entry["verdict"]
        told = message(
            "log_page.said", rating=rating, code=used, note=said, **self._who_and_when(entry)
        )
        return told, STYLES.get(rating, "")

    def _correction(self, entry: Mapping[str, Any]) -> tuple[str, str]:
        words = entry.get("phrase") or message("log_page.redacted")
        told = message(
            "log_page.correction",
            words=words,
            code=self._titled(entry["code"]),
            number=entry["seq"],
            **self._who_and_when(entry),
        )
        return told, ""

    def _ends(self) -> Iterator[tuple[str, str]]:
        for entry in self._record.withdrawals:
            number, reason = entry["correction"], entry.get("reason") or "-"
            who = self._who_and_when(entry)
            yield message("log_page.withdrawal", number=number, reason=reason, **who), ""

    def _changes(self) -> Iterator[tuple[str, str]]:
        for entry in self._record.redactions:
            texts = ", ".join(sorted({name for _, name in entry.get("destroyed", [])}))
            who = self._who_and_when(entry)
            told = message("log_page.destroyed", texts=texts, reason=entry["reason"], **who)
            yield told, "doubt"
        for number in self._record.altered:
            yield message("log_page.altered", number=number), "bad"

    def _look(self, entry: Mapping[str, Any]) -> tuple[str, str]:
        detail = f" ({entry['detail']})" if entry.get("detail") else ""
        who = self._who_and_when(entry)
        return message("log_page.look", what=entry["what"], detail=detail, **who), ""

    def _titled(self, code: str) -> str:
        return f"{code} {self._title_of(code)}".strip()

    def _who_and_when(self, entry: Mapping[str, Any]) -> dict[str, str]:
        return {
            "at": self._times.full(entry["at"]),
            "by": named(entry.get("by"), entry.get("system_user")),
        }


def _nobody() -> list[tuple[str, str]]:
    return [(message("log_page.nobody"), "small")]


# What is said of a question, here and in lists


def ended(record: Record, sure_words: str = "log_page.sure") -> Text:
    """How a question ended: the outcome of its answer or `unanswered`, and how sure the answer is,
    by the message `sure_words`; in the colour of what is doubtful."""
    outcome, sure = record.ended, confidence(record)
    words = message(sure_words, outcome=outcome, confidence=sure) if sure else outcome
    return Text(printable(words), STYLES.get(outcome) or STYLES.get(sure, ""))


def question(record: Record) -> str:
    """The words of a question in one line; that they were destroyed, where they were."""
    if record.redactions and not record.text:
        return message("log_page.redacted")
    return " ".join(record.text.split())


def confidence(record: Record) -> str:
    """How sure the answer is of its first code; "" where it is a verdict or none."""
    if record.outcome == "verdict":
        return ""
    return next((str(code["confidence"]) for code in record.codes if code.get("confidence")), "")


def told(answer: Mapping[str, Any] | None) -> str:
    """An answer of the log in one line; of one that abstained, why. "" where there is none."""
    answer = answer or {}
    headline = (answer.get("headline") or {}).get("text") or ""
    return str(headline or (answer.get("notices") or [""])[-1])


def first_code(record: Record) -> tuple[str, str] | None:
    """The first code of an answer and its title, "" where the log does not keep it."""
    if not record.codes:
        return None
    code = str(record.codes[0]["code"])
    return code, titles(record.answer).get(code, "")


def titles(answer: Mapping[str, Any] | None) -> dict[str, str]:
    """The titles that an answer of the log has, by code."""
    found: dict[str, str] = {}
    for one in (answer or {}, *(answer or {}).get("statements", ())):
        for kind in ("report", "verdicts", "candidates"):
            for shown in one.get(kind, ()):
                if shown.get("title"):
                    found.setdefault(str(shown["code"]), shown["title"])
    return found


def edition_names(record: Record) -> list[str]:
    """The editions that an answer is from, as `ICD-10-CM FY2026-April`."""
    keys: Sequence[tuple[str, str, str]] = [key.partition("/") for key in sorted(record.releases)]
    return [f"{SYSTEM_NAMES.get(system, system)} {label}".strip() for system, _, label in keys]
