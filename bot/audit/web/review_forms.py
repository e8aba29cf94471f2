"""Reviewing on the auditors' pages: drawing a sample, marking lines of an answer, signing off.

What is sent goes on record as from the command line, in the name of who is signed in. Nothing else
of the log can be changed here. What cannot be taken raises an error with a sentence, which the page
of errors shows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any, cast

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from bot.audit import corrections
from bot.audit.web import question_form
from bot.audit.web.question_form import BadField
from bot.audit.web.reader import Reader
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import NoSuchQuestion, QueryLog, Record, reviews, sampling, sign_offs
from bot.querylog.reviews import MARKS, Mark
from bot.querylog.sampling import STRATA, Draw, Sample, Stratum
from bot.querylog.search import CONFIDENCES
from bot.settings import Settings
from codesets.model import SYSTEM_NAMES

#: The largest sample that is drawn here: its page reads all questions of it.
_MOST = 1000


class ReviewForms:
    """`log` is written, `read` is the same log, for reading."""

    def __init__(self, settings: Settings, log: QueryLog, read: QueryLog) -> None:
        self._settings, self._log, self._read = settings, log, read

    def routes(self) -> list[tuple[str, Any]]:
        return [
            (r"^/samples/draw$", self._draw),
            (r"^/samples/(?P<number>[0-9]+)/sign-off$", self._sign_off),
            (r"^/questions/(?P<id>[^/]+)/review$", self._review),
        ]

    async def _draw(self, request: Request, datasette: Datasette) -> Response:
        typed, by = await request.post_vars(), str(request.actor["id"])
        draw = _draw_of(typed, datasette.get_database("log").teams)

        def drawn() -> Sample:
            looked_at = "sample: " + self._log.scrubbed(draw.description())
            self._log.access("search", by, looked_at)
            return sampling.sample(self._log, draw, by, typed.get("purpose", ""))

        sample = await asyncio.to_thread(drawn)
        return _to(f"/samples/{sample.number}")

    async def _sign_off(self, request: Request, datasette: Datasette) -> Response:
        typed, by = await request.post_vars(), str(request.actor["id"])
        number = int(request.url_vars["number"])
        reader = self._reader(datasette)

        def signed() -> None:
            sample = reader.sample_drawn(number)
            note, incomplete = typed.get("note", ""), typed.get("incomplete", "")
            sign_offs.sign_off(self._log, sample, by, note=note, incomplete=incomplete)

        await asyncio.to_thread(signed)
        return _to(f"/samples/{number}")

    async def _review(self, request: Request, datasette: Datasette) -> Response:
        typed, by = await request.post_vars(), str(request.actor["id"])
        reader = self._reader(datasette)

        def marked() -> str:
            found = reader.question(request.url_vars["id"])
            if found is None:
                raise NoSuchQuestion(message("audit_question.none"))
            sample = reader.sample_drawn(_whole(typed, "sample")) if typed.get("sample") else None
            self._mark(found[0], typed, by, sample)
            return _next(reader, found[0].id, sample)

        return _to(await asyncio.to_thread(marked))

    def _mark(
        self, record: Record, typed: Mapping[str, str], by: str, sample: Sample | None
    ) -> None:
        mark, code = typed.get("mark", ""), typed.get("code", "").strip()
        if mark not in MARKS:
            raise BadField(message("audit_review.no_mark"))
        if code and mark != "code":
            raise BadField(message("audit_review.mark_and_code", code=code))
        should_be = None
        if mark == "code":
            with closing(Desk(self._settings)) as desk:
                verdict = corrections.code_in(desk, code, record)
            should_be = (verdict.code, verdict.system)
        reviews.review(
            self._log,
            record,
            _whole(typed, "line"),
            cast(Mark, mark),
            by,
            should_be=should_be,
            note=typed.get("note", ""),
            sample=sample,
        )

    def _reader(self, datasette: Datasette) -> Reader:
        return Reader(self._read, datasette.get_database("log").teams)


def _draw_of(typed: Mapping[str, str], teams: tuple[str, ...] | None) -> Draw:
    """What to draw. Raises BadField."""
    days = question_form.read({name: typed.get(name, "") for name in ("since", "until")}).filters
    size = _whole(typed, "size")
    if not 1 <= size <= _MOST:
        raise BadField(message("audit_review.bad_size", most=f"{_MOST:,}"))
    choices: dict[str, tuple[str, ...]] = {
        "strata": STRATA,
        "confidence": CONFIDENCES,
        "system": tuple(SYSTEM_NAMES),
    }
    chosen = {name: typed.get(name, "") or None for name in choices}
    for name, value in chosen.items():
        if value is not None and value not in choices[name]:
            known = ", ".join(choices[name])
            raise BadField(message("audit_form.bad_choice", value=value, known=known))
    return Draw(
        size,
        cast(Stratum | None, chosen["strata"]),
        first_day=days.first_day,
        last_day=days.last_day,
        person=typed.get("person", "").strip() or None,
        confidence=chosen["confidence"],
        system=chosen["system"],
        teams=teams,
    )


def _whole(typed: Mapping[str, str], name: str) -> int:
    """A field with a whole number. Raises BadField."""
    value = typed.get(name, "")
    if not re.fullmatch("[0-9]{1,10}", value):
        raise BadField(message("audit_review.no_number", value=value[:20]))
    return int(value)


def _next(reader: Reader, question_id: str, sample: Sample | None) -> str:
    """The address of what is due next: another line of the question, or another question."""
    if sample is None:
        return f"/questions/{question_id}#reviews"
    found = reader.question(question_id)
    if found and sign_offs.drawn(question_id, found[0], sample.number).state == "due":
        following: str | None = question_id
    else:
        following = reader.next_due(sample)
    if following is None:
        return f"/samples/{sample.number}"
    return f"/questions/{following}?sample={sample.number}#review"


def _to(address: str) -> Response:
    return Response.redirect(address, status=303)
