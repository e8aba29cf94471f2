"""The pages of reviews: the samples with what is due, done and signed off, how far reviewers agree
with the answers, and one sample. `review_forms` takes what reviewers send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from bot.audit.agreement import Agreement, Rate
from bot.audit.web import review_view
from bot.audit.web.question_pages import html_page, not_found
from bot.audit.web.question_view import words
from bot.audit.web.reader import Reader
from bot.messages import message
from bot.querylog import QueryLog
from bot.querylog.sampling import ReviewRefused, Sample
from bot.querylog.sign_offs import Drawn, Progress, Schedule
from codesets.model import SYSTEM_NAMES


class ReviewPages:
    """`log` is read, never written. `every`: days from one sign-off to the next; None: no
    schedule."""

    def __init__(self, log: QueryLog, every: int | None) -> None:
        self._log, self._every = log, every

    def routes(self) -> list[tuple[str, Any]]:
        return [(r"^/samples$", self._samples), (r"^/samples/(?P<number>[0-9]+)$", self._sample)]

    def _reader(self, datasette: Datasette) -> Reader:
        return Reader(self._log, datasette.get_database("log").teams)

    async def _samples(self, request: Request, datasette: Datasette) -> Response:
        reader = self._reader(datasette)
        samples = await asyncio.to_thread(reader.samples)
        figures = await asyncio.to_thread(reader.agreement)
        standing = await asyncio.to_thread(reader.schedule, self._every)
        page = {
            "standing": _standing(standing) if standing else "",
            "overdue": bool(standing and standing.overdue),
            "samples": [_row(one) for one in samples],
            "heads": message("audit_samples.heads").split("|"),
            "rates": list(_rates(figures)),
            "rate_heads": message("audit_samples.rate_heads").split("|"),
            "own": figures.own,
            "choices": review_view.draw_choices(),
        }
        return await html_page(datasette, "samples.html", page, request)

    async def _sample(self, request: Request, datasette: Datasette) -> Response:
        reader = self._reader(datasette)
        try:
            of = await asyncio.to_thread(reader.sample, int(request.url_vars["number"]))
        except ReviewRefused as error:
            return await not_found(datasette, str(error), request)
        page = {
            "sample": _row(of),
            "how": _how(of.sample),
            "questions": [_question(one) for one in of.questions],
            "next": next((one.id for one in of.questions if one.state == "due"), ""),
            "heads": message("audit_samples.question_heads").split("|"),
            "sign_offs": [
                {"at": one.at, "by": one.by, "says": _signed(one.totals, one.reason, one.note)}
                for one in reversed(of.sign_offs)
            ],
        }
        return await html_page(datasette, "sample.html", page, request)


def _standing(of: Schedule) -> str:
    """How the reviews stand to their schedule; "" where there is nothing to say."""
    if of.days is None or (of.every is None and of.last is None):
        return ""
    name = "unscheduled" if of.every is None else "overdue" if of.overdue else "on_time"
    return message(
        f"audit_samples.{name}{'' if of.last else '_first'}", days=of.days, every=of.every
    )


def _row(of: Progress) -> dict[str, Any]:
    totals, sample, signed = of.totals(), of.sample, of.signed_off
    return {
        "number": sample.number,
        "at": sample.at,
        "by": sample.by,
        "questions": len(sample.ids),
        "lines": totals["lines"],
        "due": totals["due"],
        "agreed": _rate(Rate(totals["agreed"], totals["judged"])),
        "signed_at": signed.at if signed else "",
        "signed_by": signed.by if signed else message("audit_samples.not_signed"),
        "purpose": message("audit_says.redacted") if sample.purpose is None else sample.purpose,
    }


def _how(of: Sample) -> str:
    return message(
        "audit_samples.how",
        count=len(of.ids),
        eligible=of.eligible,
        seed=of.draw.seed,
        last=of.last,
        filters=of.draw.description(),
    )


def _question(one: Drawn) -> dict[str, Any]:
    record = one.record
    return {
        "id": one.id if record else "",
        "question": words(record) if record else one.id,
        "asked_at": record.asked_at if record else "",
        "person": (record.user or "-") if record else "",
        "state": message(
            f"audit_samples.state_{one.state}", due=len(one.due), lines=len(one.lines)
        ),
        "marks": "; ".join(
            message("audit_samples.mark", line=review.line, mark=review.mark, by=review.by)
            for review in one.reviews
        ),
    }


def _signed(totals: dict[str, Any], reason: str | None, note: str | None) -> str:
    told = message(
        "audit_samples.signed", due=totals["due"], lines=totals["lines"],
        rate=_rate(Rate(totals["agreed"], totals["judged"])),
    )  # fmt: skip
    gone = message("audit_says.redacted")
    more = [gone if text is None else text for text in (reason, note)]
    return " ".join(filter(None, (told, *more)))


def _rates(figures: Agreement) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Each group of rates: its heading, and the name, the counts and the rate of each."""
    if not figures.lines.judged:
        return
    both = {"all_lines": figures.lines, "all_answers": figures.answers}
    yield (
        message("audit_samples.all"),
        [_rate_row(message(f"audit_samples.{name}"), one) for name, one in both.items()],
    )
    for group, rates in figures.groups.items():
        names = SYSTEM_NAMES if group == "system" else {}
        rows = [_rate_row(names.get(name, name), one) for name, one in rates.items()]
        yield message(f"audit_samples.by_{group}"), rows


def _rate_row(name: str, of: Rate) -> tuple[str, str, str]:
    return name, message("audit_samples.of", agreed=of.agreed, judged=of.judged), _rate(of)


def _rate(of: Rate) -> str:
    """A share with its 95% interval; "-" where nothing was judged."""
    if of.share is None or of.interval is None:
        return "-"
    low, high = of.interval
    share, low, high = (f"{value:.0%}" for value in (of.share, low, high))  # type: ignore[assignment]
    return message("audit_samples.rate", share=share, low=low, high=high)
