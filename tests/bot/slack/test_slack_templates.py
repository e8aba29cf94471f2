"""Every text that Slack shows, filled with what an attacker might type, keeps Slack's rules."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import block_kit
import pytest
from paths import ROOT
from report_support import kidney, reported, several
from slack_server.judge import block_breaches
from test_slack_blocks import HELD, ID, many

from bot.slack.views.answer import answer_message
from bot.slack.views.block_kit import as_posted, escape, isolated, sections
from bot.slack.views.details import detail_pages, details_modal

#: Files whose texts are for a terminal, a browser or a file alone.
_ELSEWHERE = {
    *(
        "api.toml",
        "audit.toml",
        "bad_days.toml",
        "command_line.toml",
        "doctor.toml",
        "fhir.toml",
        "log.toml",
        "log_file.toml",
        "log_page.toml",
        "log_report.toml",
        "log_review.toml",
        "mcp.toml",
        "operations.toml",
        "reviews.toml",
        "terminal.toml",
        "terminal_desk.toml",
        "title_shorthand.toml",
    ),
}
HOSTILE = {
    "markup": "<!channel> & <@U1> <https://example.com|x> *b* _i_ `c` ```d``` > e",
    "right to left": "כאב \u202eגב‏ عربي",
    "emoji": "🦴👩‍⚕️🏳️‍🌈 :skull:",
    "long": "Osteoarthritis & <gout> " * 300,
    "braces": "{day} {0} {} %s",
    "lines": "one\n\n>two\n```three",
}


def templates() -> dict[str, dict[str, str]]:
    """The texts that Slack may show, by file."""
    files = sorted((ROOT / "prompts" / "messages").glob("*.toml"))
    assert {file.name for file in files} >= _ELSEWHERE
    return {
        file.name: {
            f"{section}.{name}": text
            for section, texts in tomllib.loads(file.read_text("utf-8")).items()
            for name, text in texts.items()
            if not name.isupper()  # how to set a setting: for a terminal
        }
        for file in files
        if file.name not in _ELSEWHERE
    }


def filled(text: str, value: str) -> str:
    """A text with the same value in each of its places; numbers where it formats one."""
    values: dict[str, Any] = {
        place: 10_000 if form else value
        for _, place, form, _ in string.Formatter().parse(text)
        if place
    }
    return text.format(**values)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("file", sorted(templates()))
def test_a_text_keeps_slacks_rules_whatever_fills_it(file: str, hostile: str) -> None:
    value = escape(isolated(HOSTILE[hostile]))
    shown = [filled(text, value) for text in templates()[file].values()]
    blocks = as_posted(sections(shown))
    assert block_breaches(blocks, most=1000) == []
    for text in (block["text"]["text"] for block in blocks):
        assert not re.search(r"<(?!https://|mailto:)|&(?!amp;|lt;|gt;)", text), text
        assert text.count("\u2068") >= text.count("\u2069")  # a cut may lose the end of the last


@pytest.mark.parametrize("file", sorted(templates()))
def test_texts_are_those_of_a_colleague(file: str) -> None:
    """No exclamation marks, no markup of other places, and bold and code that end."""
    for name, text in templates()[file].items():
        plain = re.sub(r"`[^`]*`|\{[^{}]*\}", "", text)
        assert not re.search(r"!(?!\w)", text), name
        assert "**" not in text, name
        assert "](" not in text, name
        assert plain.count("*") % 2 == 0, name
        assert text.count("`") % 2 == 0, name


def hostile_answers() -> Iterator[Any]:
    for value in HOSTILE.values():
        yield from (many(outcome, 3, value) for outcome in [*HELD, "report"])
        yield several(3, value)
        yield reported(*[replace(one, code=value[:20], title=value) for one in kidney()])


@pytest.mark.skipif(not block_kit.AVAILABLE, reason="node or the checker of blocks is not here")
@pytest.mark.slow
def test_slacks_own_types_accept_what_is_drawn(tmp_path: Path) -> None:
    """A part of all messages and pages with hostile words: each takes a second."""
    messages: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []
    for answer in hostile_answers():
        for private in (False, True):
            drawn = answer_message(answer, ID, private=private, shareable=private)
            messages += [{"text": drawn.text, "blocks": blocks}
                         for blocks in (drawn.blocks, drawn.plainer) if blocks]  # fmt: skip
        pages = detail_pages(answer)
        views.append(details_modal(ID, pages, 1))
    for message in messages[::15]:
        assert block_kit.breaches(message, "message", tmp_path) == []
    for view in views[::10]:
        assert block_kit.breaches(view, "modal", tmp_path) == []
