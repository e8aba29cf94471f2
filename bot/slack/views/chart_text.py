"""The codes of an answer as plain text for a chart, in a modal to copy from. Pure functions.

Descriptors of CPT are not in it: its licence lets a desk show them, and not hand them on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block, RichTextBlock, RichTextPreformattedElement
from slack_sdk.models.blocks.block_elements import RichTextElementParts
from slack_sdk.models.views import View

from bot.desk.answer import Answer, ReportLine, Verdict
from bot.messages import message
from bot.slack.views.block_kit import context, cut, escape, plain_text, section
from bot.views.report_words import coded
from bot.views.shared import editions

_MOST = 2900
#: Statuses of codes that belong into no chart.
_NO_CODES = ("unknown", "not_loaded")


def chart_text(answer: Answer) -> str:
    """A code and its title a line, in order; those of several statements apart from each other.
    Then the editions that they are from. "" for an answer without codes."""
    groups = ["\n".join(lines) for lines in _groups(answer) if lines]
    return "\n\n".join([*groups, _edition(answer)]).rstrip() if groups else ""


def copy_modal(answer: Answer) -> dict[str, Any]:
    text = chart_text(answer)
    blocks: list[Block] = [section(message("slack_buttons.copy_none"))]
    if text:
        part = RichTextElementParts.Text(text=cut(text, _MOST))
        blocks = [
            RichTextBlock(elements=[RichTextPreformattedElement(elements=[part])]),
            context(escape(message("slack_buttons.copy_hint"))),
        ]
    return View(
        type="modal",
        title=plain_text(message("slack_buttons.copy_title")),
        close=plain_text(message("slack_buttons.close")),
        blocks=blocks,
    ).to_dict()


def _groups(answer: Answer) -> Iterator[list[str]]:
    # A code with a dose is copied with its units.
    if answer.outcome == "verdict" and answer.headline.kind != "units":
        known = [v for v in answer.verdicts if v.kind == "code" and v.status not in _NO_CODES]
        yield list(dict.fromkeys(_line(verdict) for verdict in known))
        return
    for report in [one.report for one in answer.statements] or [answer.report]:
        yield [_line(line) for line in report]


def _line(one: ReportLine | Verdict) -> str:
    code, title = one.code, "" if one.system == "cpt" else one.title
    if isinstance(one, ReportLine):
        code = coded(one)
        if one.units is not None:
            key = "slack_buttons.copy_line_units"
            return message(key, code=code, title=title, units=one.units).replace("  ", " ")
    return message("slack_buttons.copy_line", code=code, title=title).rstrip()


def _edition(answer: Answer) -> str:
    key = "copy_edition" if answer.as_of else "copy_edition_undated"
    return message(f"slack_buttons.{key}", releases=editions(answer), day=answer.as_of)
