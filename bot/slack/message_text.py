"""Turns the text that Slack sends into what the user typed."""

from __future__ import annotations

import re

from bot.slack.tables import as_list

#: Mentions at the beginning, with the comma or colon that people put after a name.
_ADDRESSEE = re.compile(r"^\s*(?:<@[^<>]*>[\s,:]*)+")
#: <@U1>, <#C1|general>, <!here>, <https://cms.gov|cms.gov>. Slack escapes every other <.
_SPECIAL = re.compile(r"<([@#!]|[a-z][a-z0-9+.-]*:)([^|<>]*)(?:\|([^<>]*))?>")


def clean(text: str) -> str:
    """The text without mentions, with links and channels as Slack shows them, and unescaped. A
    table is a list of its rows.

    https://docs.slack.dev/messaging/formatting-message-text (retrieving formatted messages)

    >>> clean("<@UBOT>: hgb &lt; 7, see <https://cms.gov|cms.gov>")
    'hgb < 7, see cms.gov'
    """
    text = _SPECIAL.sub(_shown, _ADDRESSEE.sub("", text))
    for escaped, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, character)
    text = as_list(text)
    return re.sub(r"[ \t\u00a0]+", " ", text).strip()


def _shown(special: re.Match[str]) -> str:
    kind, target, label = special.groups()
    if kind == "@":
        return " "
    if kind == "#":
        return f"#{label}" if label else " "
    if kind == "!":
        return label or " "
    return label or (target if kind in ("mailto:", "tel:") else kind + target)
