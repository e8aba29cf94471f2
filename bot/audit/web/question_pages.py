"""The pages of questions: home, the list of those that fit, one question, and what was changed.

Each is about one auditor's part of the log (`Reader`). That it was opened is on record before it is
made: see `access_gate`.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from bot.audit import export
from bot.audit.web import question_form, question_view, review_view, stored_queries
from bot.audit.web.question_form import BadField
from bot.audit.web.read_only_database import LARGEST_ANSWER
from bot.audit.web.reader import CHANGING, DISAGREED, Reader
from bot.audit.web.sql_views import VIEWS
from bot.messages import message
from bot.querylog import QueryLog
from bot.querylog.records import summary

#: Questions, or changes, on a page.
_MOST = 50

State = Callable[[], Awaitable[dict[str, Any]]]


class QuestionPages:
    """`log` is read, never written. `state` gives the result of verifying it; see `LogState`."""

    def __init__(self, log: QueryLog, state: State) -> None:
        self._log, self._state = log, state

    def routes(self) -> list[tuple[str, Any]]:
        return [
            (r"^/$", self._home),
            (r"^/questions$", self._questions),
            (r"^/questions\.csv$", self._csv),
            (r"^/questions/(?P<id>[^/]+)$", self._question),
            (r"^/changes$", self._changes),
        ]

    def _reader(self, datasette: Datasette) -> Reader:
        return Reader(self._log, datasette.get_database("log").teams)

    async def _home(self, request: Request, datasette: Datasette) -> Response:
        reader = self._reader(datasette)
        months = await asyncio.to_thread(reader.months)
        state = await self._state()
        page = {
            "fields": question_form.fields({}, months),
            "presets": question_form.presets(),
            "state": state | {"sentences": _sentences(state, reader)},
            "groups": _groups(reader),
        }
        return await html_page(datasette, "home.html", page, request)

    async def _questions(self, request: Request, datasette: Datasette) -> Response:
        reader, given = self._reader(datasette), _first_of(request)
        months = await asyncio.to_thread(reader.months)
        typed = question_form.typed_into(given)
        page: dict[str, Any] = {"fields": question_form.fields(typed, months), "heads": _heads()}
        try:
            asked = question_form.read(given)
            number = _number(given)
        except BadField as error:
            page["problem"] = str(error)
            return await html_page(datasette, "questions.html", page, request, status=400)
        first = (number - 1) * _MOST
        count, found = await asyncio.to_thread(reader.page, asked.filters, first, _MOST)
        page |= {
            "count": count,
            "counted": _counted("audit_found", count),
            "looked_for": question_form.in_words(asked.typed),
            "rows": [question_view.row(record) for record in found],
            "widen": message("audit_found.widen" if asked.query else "audit_found.empty"),
            "csv": f"/questions.csv?{asked.query}",
            "pager": _pager("/questions", asked.query, number, count),
        }
        return await html_page(datasette, "questions.html", page, request)

    async def _csv(self, request: Request, datasette: Datasette) -> Response:
        asked = question_form.read(_first_of(request))
        reader = self._reader(datasette)
        body = await asyncio.to_thread(_export, reader, asked.filters)
        headers = {"content-disposition": 'attachment; filename="questions.csv"'}
        return Response(body, headers=headers, content_type="text/csv; charset=utf-8")

    async def _question(self, request: Request, datasette: Datasette) -> Response:
        reader = self._reader(datasette)
        found = await asyncio.to_thread(reader.question, request.url_vars["id"])
        if found is None:
            return await not_found(datasette, message("audit_question.none"), request)
        record, entries = found
        beside = await asyncio.to_thread(reader.neighbours, record)
        follow_ups = await asyncio.to_thread(reader.follow_ups, record)
        sample, by = request.args.get("sample") or "", str(request.actor["id"])
        page = {
            "q": question_view.page(record, entries, beside, follow_ups),
            "review": await asyncio.to_thread(review_view.to_mark, record, reader, sample, by),
        }
        return await html_page(datasette, "question.html", page, request)

    async def _changes(self, request: Request, datasette: Datasette) -> Response:
        reader, given = self._reader(datasette), _first_of(request)
        typed = {name: (given.get(name) or "").strip() for name in ("kind", "since", "until")}
        state = await self._state()
        kinds = (*CHANGING, DISAGREED)
        page: dict[str, Any] = {
            "typed": typed,
            "kinds": [(kind, question_view.kind_name(kind)) for kind in kinds],
            "heads": message("audit_changes.heads").split("|"),
            "state": state,
            "verified": _sentences(state, reader)[:1],
            "suspect": await asyncio.to_thread(_suspect, reader, state),
        }
        try:
            if typed["kind"] not in ("", *kinds):
                known = ", ".join(kinds)
                raise BadField(message("audit_form.bad_choice", value=typed["kind"], known=known))
            days = question_form.read({name: typed[name] for name in ("since", "until")})
            number = _number(given)
        except BadField as error:
            page["problem"] = str(error)
            return await html_page(datasette, "changes.html", page, request, status=400)
        wanted = [typed["kind"]] if typed["kind"] else kinds
        bounds = (str(days.filters.first_day or ""), str(days.filters.last_day or ""))
        first = (number - 1) * _MOST
        count, entries = await asyncio.to_thread(reader.changes, wanted, bounds, first, _MOST)
        about = await asyncio.to_thread(reader.questions_of, entries)
        query = question_form.encoded(typed)
        page |= {
            "counted": _counted("audit_changes", count),
            "rows": [
                _with_question(question_view.said_of(entry, about.get(entry.subject or "")), about)
                for entry in entries
            ],
            "pager": _pager("/changes", query, number, count),
        }
        return await html_page(datasette, "changes.html", page, request)


def _suspect(reader: Reader, state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What verifying found at single records: one that is not as it was written, and those at which
    the clock went back. Nothing for auditors with a limit, but what is about their questions."""
    bad, back = state.get("bad"), list(state.get("clock_back", ()))[-_MOST:]
    numbers = [*back, *([bad] if bad else [])]
    entries = reader.numbered(numbers)
    about = reader.questions_of(entries)
    rows = []
    for entry in entries:
        if reader.is_limited and entry.subject not in about:
            continue
        what = "altered" if entry.seq == bad else "clock_back"
        says = message(f"audit_changes.{what}", number=entry.seq)
        told = question_view.said_of(entry) | {"says": says}
        rows.append(_with_question(told, about))
    return rows


def _with_question(row: dict[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    record = about.get(row["question_id"])
    if record is None:
        return row | {"question_id": None}
    return row | {"question": question_view.words(record)}


def _sentences(state: Mapping[str, Any], reader: Reader) -> list[str]:
    """The result of the verification; to those with a limit not how much there is in all."""
    if not reader.is_limited or state["result"] == "unknown":
        return list(state["sentences"])
    return [message(f"workspaces.verify_{state['result']}")]


def _groups(reader: Reader) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The lists of the home page below the form: address, title and explanation of each."""
    changed = ("/changes", message("audit_changes.title"), message("audit_changes.about"))
    groups = [
        (
            message(f"audit.group_{group}"),
            [
                (f"/log/{n}", message(f"audit_titles.{n}"), message(f"audit_about.{n}"))
                for n in stored_queries.of_group(group)
            ],
        )
        for group in stored_queries.GROUPS
    ]
    sampled = ("/samples", message("audit_samples.title"), message("audit_samples.about"))
    groups[0][1][:0] = [changed, sampled]
    views = [*VIEWS] if reader.is_limited else [*VIEWS, "records"]
    tables = [
        (f"/log/{n}", message(f"audit_views.{n}_title"), message(f"audit_views.{n}")) for n in views
    ]
    own = ("/log", message("audit.own_sql"), message("audit.own_sql_about"))
    return [*groups, (message("audit.group_views"), [*tables, own])]


def _export(reader: Reader, filters: Any) -> str:
    """The questions that fit as CSV. Raises BadField when there is too much."""
    to = io.BytesIO()

    def some() -> Any:
        for record in reader.each(filters):
            if to.tell() > LARGEST_ANSWER:
                raise BadField(message("audit.too_large"))
            yield record

    export.write(some(), "csv", summary, to)
    return to.getvalue().decode()


def _heads() -> list[str]:
    return message("audit_found.heads").split("|")


def _counted(section: str, count: int) -> str:
    return message(f"{section}.one" if count == 1 else f"{section}.count", count=f"{count:,}")


def _first_of(request: Request) -> dict[str, str]:
    return {name: request.args.get(name) or "" for name in request.args}


def _number(given: Mapping[str, str]) -> int:
    """The number of the page that is asked for. Raises BadField."""
    typed = given.get("page") or "1"
    if not re.fullmatch("[1-9][0-9]{0,5}", typed):
        raise BadField(message("audit_form.bad_page", value=typed))
    return int(typed)


def _pager(path: str, query: str, number: int, count: int) -> dict[str, str]:
    def address(page: int) -> str:
        return f"{path}?{query}{'&' if query else ''}page={page}"

    first, last = (number - 1) * _MOST + 1, min(number * _MOST, count)
    return {
        "newer": address(number - 1) if number > 1 else "",
        "older": address(number + 1) if last < count else "",
        "where": message("audit_found.where", first=first, last=last, count=f"{count:,}"),
    }


async def html_page(
    datasette: Datasette, template: str, page: dict[str, Any], request: Request, status: int = 200
) -> Response:
    """A page of ours, from its template."""
    return Response.html(await datasette.render_template(template, page, request), status=status)


async def not_found(datasette: Datasette, sentence: str, request: Request) -> Response:
    page = {"title": message("audit.problem"), "error": sentence}
    return await html_page(datasette, "error.html", page, request, status=404)
