"""What auditors see of reviews in Slack: a sample, the lines of a question with their buttons, the
sign-off, and the figures. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.audit.agreement import Agreement, Rate
from bot.messages import message
from bot.querylog import Record
from bot.querylog.answer_lines import Line
from bot.querylog.sampling import Sample
from bot.querylog.sign_offs import Drawn, Progress, Schedule, SignOff
from bot.slack.views.audit import as_person, as_typed, to_the_minute
from bot.slack.views.block_kit import (
    Message,
    actions,
    as_posted,
    button,
    context,
    cut,
    escape,
    label,
    left_out,
    plain_text,
    section,
    sections,
    short,
    texts,
)
from bot.views.review_page import interval, rate
from codesets.model import SYSTEM_NAMES

#: Actions. NEXT: the number of a sample, and the id of the question after which to go on. AGREE,
#: DISAGREE, SHOULD_BE: sample, id of the question, number of the line. SIGN: the sample.
NEXT, SIGN = "review_next", "review_sign"
AGREE, DISAGREE, SHOULD_BE = "review_agree", "review_disagree", "review_should_be"
#: The inputs of the modal; each is a block with one element of the same name.
CODE, NOTE = "code", "note"

#: Lines of a question that are shown at once; each is two blocks.
_MOST_LINES = 10
_MOST_SAMPLES, _MOST_NAMES, _MOST_PAIRS = 10, 8, 5
_ASKED = 1000
_MOST_CODE, _MOST_NOTE = 20, 500


# A sample


def sampled_message(there: Progress) -> Message:
    of, totals = there.sample, there.totals()
    lines = [
        message(
            "slack_reviews.drawn",
            number=of.number,
            count=len(of.ids),
            eligible=of.eligible,
            seed=of.draw.seed,
            last=of.last,
            filters=escape(of.draw.description()),
        )
    ]
    if of.strata:
        told = [
            message("reviews.stratum", name=escape(name), gave=gave, have=have)
            for name, (have, gave) in of.strata.items()
        ]
        lines.append(message("slack_reviews.strata", by=of.draw.by, strata=", ".join(told)))
    lines.append(message("slack_reviews.lines_due", **totals))
    begin = button(NEXT, message("slack_reviews.begin"), f"{of.number} ")
    return _message([*sections(lines), actions([begin])])


# A question


def question_message(sample: Sample, drawn: Drawn, record: Record, own: bool) -> Message:
    """A question of a sample, and the lines of its answer that are due, with their buttons. `own`:
    whether the reviewer asked it."""
    heading = message(
        "slack_reviews.question",
        number=sample.number,
        place=sample.ids.index(record.id) + 1,
        count=len(sample.ids),
        id=record.id,
        at=to_the_minute(record.asked_at),
        person=as_person(record.user),
    )
    told = [heading, message("slack_reviews.asked", text=as_typed(record.text, _ASKED))]
    if headline := ((record.answer or {}).get("headline") or {}).get("text"):
        told.append(message("slack_reviews.answer", headline=as_typed(headline, _ASKED)))
    blocks: list[Block] = sections(told)
    if own:
        blocks.append(context(message("slack_reviews.own")))
    for one in drawn.due[:_MOST_LINES]:
        value = f"{sample.number} {record.id} {one.number}"
        choices = ((AGREE, "agree"), (DISAGREE, "disagree"), (SHOULD_BE, "should_be"))
        blocks.append(section(_line(one)))
        blocks.append(
            actions([button(act, message(f"slack_reviews.{name}"), value) for act, name in choices])
        )
    blocks += map(context, left_out(len(drawn.due) - _MOST_LINES))
    skip = button(NEXT, message("slack_reviews.skip"), f"{sample.number} {record.id}")
    return _message([*blocks, actions([skip])])


def _line(one: Line) -> str:
    if not one.code:
        return message("slack_reviews.whole")
    sure = message("slack_reviews.sure", confidence=one.confidence) if one.confidence else ""
    told = message(
        "slack_reviews.line",
        number=one.number,
        code=escape(one.code),
        title=escape(short(one.title)),
    )
    return told + sure


def nothing_left_message(there: Progress) -> Message:
    """Nothing is due any more, or what is due was skipped."""
    totals, number = there.totals(), there.sample.number
    if there.lines_due:
        told = message("slack_reviews.skipped", number=number, **totals)
        again = button(NEXT, message("slack_reviews.begin"), f"{number} ")
        return _message([section(told), actions([again])])
    told = message("slack_reviews.done", number=number, share=_share(totals), **totals)
    sign = button(SIGN, message("slack_reviews.sign"), str(number))
    return _message([section(told), actions([sign])])


def should_be_modal(kept: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Asks for the code that should be there. `kept`: what the modal carries; `title`: the line.

    https://docs.slack.dev/reference/views/modal-views"""
    code = PlainTextInputElement(action_id=CODE, max_length=_MOST_CODE)
    note = PlainTextInputElement(action_id=NOTE, multiline=True, max_length=_MOST_NOTE)
    inputs = [
        InputBlock(
            block_id=name,
            optional=True,
            label=label(f"slack_reviews.modal_{name}"),
            element=element,
            hint=plain_text(message(f"slack_reviews.modal_{name}_hint")),
        )
        for name, element in ((CODE, code), (NOTE, note))
    ]
    return View(
        type="modal",
        callback_id=SHOULD_BE,
        private_metadata=json.dumps(kept),
        title=label("slack_reviews.modal_title"),
        submit=label("slack_reviews.modal_send"),
        close=label("slack_reviews.modal_cancel"),
        blocks=[section(title), *inputs],
    ).to_dict()


def line_title(line: Line) -> str:
    return _line(line)


def submitted(view: Mapping[str, Any]) -> tuple[str, str]:
    """The code and the note of a submitted modal; "" for each that is missing."""
    values = view["state"]["values"]
    code, note = ((values[name][name].get("value") or "").strip() for name in (CODE, NOTE))
    return code, note


# Signing off, and the figures


def signed_message(of: SignOff) -> Message:
    totals = of.totals
    told = [
        message(
            "slack_reviews.signed",
            number=of.sample,
            person=as_person(of.by),
            record=of.number,
            share=_share(totals),
            agreed=totals["agreed"],
            judged=totals["judged"],
        )
    ]
    if totals["due"]:
        reason = as_typed(of.reason, _MOST_NOTE)
        due, lines = totals["due"], totals["lines"]
        told.append(message("slack_reviews.signed_open", due=due, lines=lines, reason=reason))
    if totals["own"]:
        told.append(message("slack_reviews.own_apart", own=totals["own"]))
    return _message(sections(told))


def report_message(
    standing: Schedule | None, there: Sequence[Progress], figures: Agreement
) -> Message:
    """Reviews due and done, and how far reviewers agree. `standing`: None where the schedule is not
    for the auditor of one workspace to see."""
    lines = [*_schedule(standing)] if standing else []
    if there:
        lines.append(_heading("samples"))
        lines += left_out(len(there) - _MOST_SAMPLES)
        lines += [_sample(one) for one in there[-_MOST_SAMPLES:]]
    else:
        lines.append(message("slack_reviews.no_sample"))
    if not figures.lines.judged:
        lines.append(message("slack_reviews.nothing_judged"))
    else:
        lines += _rates(figures)
    if figures.own:
        lines.append(message("slack_reviews.own_apart", own=figures.own))
    return _message(sections(lines))


def _schedule(of: Schedule) -> Iterator[str]:
    if of.days is None or (of.every is None and of.last is None):
        return
    name = "unscheduled" if of.every is None else "overdue" if of.overdue else "on_time"
    name += "" if of.last else "_first"
    yield message(f"slack_reviews.{name}", days=of.days, every=of.every)


def _sample(one: Progress) -> str:
    totals, signed = one.totals(), one.signed_off
    if signed is None:
        told = message("slack_reviews.not_signed")
    else:
        left = signed.totals["due"]
        name = "signed_on_open" if left else "signed_on"
        told = message(
            f"slack_reviews.{name}", at=signed.at[:10], person=as_person(signed.by), due=left
        )
    return message(
        "slack_reviews.sample",
        number=one.sample.number,
        at=one.sample.at[:10],
        person=as_person(one.sample.by),
        signed=told,
        **{name: totals[name] for name in ("questions", "due", "lines")},
    )


def _rates(figures: Agreement) -> Iterator[str]:
    yield _heading("rates")
    yield _rate(message("slack_reviews.all_lines"), figures.lines)
    yield _rate(message("slack_reviews.all_answers"), figures.answers)
    for group, rates in figures.groups.items():
        yield _heading(f"group_{group}")
        for name, of in list(rates.items())[:_MOST_NAMES]:
            people = group in ("person", "reviewer")
            shown = as_person(name) if people else escape(SYSTEM_NAMES.get(name, name))
            yield _rate(shown, of)
        yield from left_out(len(rates) - _MOST_NAMES)
    for pair in figures.pairs[:_MOST_PAIRS]:
        first, second = map(as_person, pair.reviewers)
        share = f"{pair.same / pair.lines:.0%}"
        if pair.kappa is not None:
            share += message("slack_reviews.kappa", kappa=f"{pair.kappa:.2f}")
        yield message("slack_reviews.pair", first=first, second=second, same=pair.same,
                      lines=pair.lines, share=share)  # fmt: skip


def _rate(name: str, of: Rate) -> str:
    share = "-" if of.share is None else f"{of.share:.0%}, {interval(of)}"
    return message("slack_reviews.rate", name=name, agreed=of.agreed, judged=of.judged, share=share)


def _share(totals: Mapping[str, Any]) -> str:
    return rate(Rate(totals["agreed"], totals["judged"]))


def _heading(name: str) -> str:
    return message("slack_reviews.heading", heading=message(f"slack_reviews.{name}"))


def _message(blocks: list[Block]) -> Message:
    return Message(cut(next(texts(blocks)), _MOST_NOTE), as_posted(blocks))
