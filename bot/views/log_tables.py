"""Holds, and what feedback proposes and auditors approved, for people who read them in a
terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from bot.messages import message
from bot.querylog.feedback import Correction, Proposal
from bot.querylog.retention import Hold
from bot.views.log_page import STYLES, TitleOf, first_code, question, untitled
from bot.views.screen import Screen, printable
from bot.views.times import Times

#: Rows begin with the number of a record, which is what other commands take.
_NUMBER = 6


def holds(found: Sequence[Hold], screen: Screen, times: Times) -> Iterator[Text]:
    """The holds in force: number, on what, why, by whom and since when."""
    for one in found:
        of = "log_tables.of_question" if one.question_id else "log_tables.of_log"
        what = message(of, id=one.question_id)
        told = message("log_tables.hold", what=what, reason=one.reason)
        yield _numbered(one.number, told, screen)
        laid = message("log_tables.laid", by=one.by or "-", at=times.full(one.at))
        yield _under(laid, screen, "small")


def proposals(
    found: Sequence[Proposal], screen: Screen, times: Times, title_of: TitleOf = untitled
) -> Iterator[Text]:
    """What feedback proposes: what was said, by whom and when; what was asked and shown; the note,
    and what was approved because of it."""
    for one in found:
        record = one.record
        said = message(f"feedback.{one.rating}", code=_titled(one.code or "", title_of))
        told = message("log_tables.proposal", by=one.by or "-", said=said)
        yield _numbered(one.number, told, screen, STYLES.get(one.rating, ""))
        code, title = first_code(record) or ("", "")
        shown = f"{code} {title or title_of(code)}".strip() if code else record.ended
        yield _under(message("log_tables.asked", words=question(record), shown=shown), screen)
        if one.note:
            yield _under(message("feedback.proposal_note", note=one.note), screen)
        for approved in one.corrections:
            yield _under(
                message(
                    "feedback.proposal_approved",
                    phrase=approved.phrase,
                    code=approved.code,
                    by=approved.by,
                    number=approved.number,
                ),
                screen,
                "good",
            )
        at = message("log_tables.of_question_at", id=record.id, at=times.full(one.at))
        yield _under(at, screen, "small")


def corrections(
    found: Sequence[Correction], screen: Screen, times: Times, title_of: TitleOf = untitled
) -> Iterator[Text]:
    """The corrections in force: which words lead to which code, who approved that and when."""
    for one in found:
        code = _titled(one.code, title_of)
        told = message("log_tables.correction", words=one.phrase, code=code)
        yield _numbered(one.number, told, screen)
        who = message("log_tables.approved", by=one.by, at=times.full(one.at), id=one.question_id)
        yield _under(who, screen, "small")


def _numbered(number: int, text: str, screen: Screen, style: str = "") -> Text:
    lead = Text(f"{number:<{_NUMBER}} ", "code")
    return screen.hanging(Text(printable(text), style), lead)


def _under(text: str, screen: Screen, style: str = "") -> Text:
    return screen.hanging(Text(printable(text), style), " " * (_NUMBER + 1))


def _titled(code: str, title_of: TitleOf) -> str:
    return f"{code} {title_of(code)}".strip() if code else ""
