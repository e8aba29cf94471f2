"""Why answers abstained, in groups: the sentences that askers were told, without what varies in
them.

The log keeps the sentence and not the message that it was made from, so the message is found by its
words. Groups that matter have a name in `[log_report_reasons]` of prompts/messages; of others the
message itself is shown, with `…` in its places.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from string import Formatter
from typing import Any

from bot.messages import message, sections, values_of

#: Messages with fewer letters of their own fit too many sentences.
_FEWEST = 12
#: What varies in a sentence that is no message: what is quoted, codes, numbers and dates.
_VARIES = re.compile(r"“[^”]*”|`[^`]*`|\b[A-Z]?\d[\w.,/-]*\b|\b[A-Z]{1,2}\d\w*\b")
_NAMES = "log_report_reasons"
#: Questions that are named as examples of a group.
_EXAMPLES = 3


def grouped(told: Iterable[tuple[str, str | None]]) -> list[dict[str, Any]]:
    """Of (id of a question, sentence that its asker was told; None: destroyed), oldest first: the
    groups, the largest first, each with its count and the ids of its newest questions."""
    groups: dict[str, list[str]] = defaultdict(list)
    for identity, sentence in told:
        groups[name_of(sentence)].append(identity)
    return [
        {"reason": name, "count": len(ids), "examples": ids[-_EXAMPLES:][::-1]}
        for name, ids in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


@cache
def name_of(sentence: str | None) -> str:
    """The name of the group of a sentence.

    >>> name_of("I can only read questions in English.")
    'Not in English'
    >>> name_of("CPT is not loaded. Ask your supervisor.")
    'Code system not loaded: CPT'
    """
    if sentence is None:
        return message(f"{_NAMES}.destroyed")
    key = next((key for key, _ in _messages() if values_of(key, sentence) is not None), None)
    if key is None:
        return _VARIES.sub("…", sentence) or message(f"{_NAMES}.none_given")
    named = key.replace(".", "_")
    if named in sections()[_NAMES]:
        return message(f"{_NAMES}.{named}", **values_of(key, sentence) or {})
    return dict(_messages())[key]


@cache
def _messages() -> tuple[tuple[str, str], ...]:
    """Each message that a sentence may be, with `…` in its places, the longest first."""
    found = []
    for section, texts in sections().items():
        for name, text in texts.items():
            parts = list(Formatter().parse(text))
            if sum(len(literal) for literal, *_ in parts) >= _FEWEST:
                shown = "".join(literal + ("…" if place else "") for literal, place, *_ in parts)
                found.append((f"{section}.{name}", shown))
    return tuple(sorted(found, key=lambda one: -len(one[1])))
