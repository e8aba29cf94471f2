"""Scrubs a text of any length: a short one whole, of a long one only the head.

The rest is never looked at, so that a long text does not make other questions wait.
"""

from __future__ import annotations

import re

from bot.phi.scrubber import Scrubbed, Scrubber
from bot.phi.spans import cleaned, replaced

#: A longer text is a chart, not a question.
MOST_CHARACTERS = 1000
#: Characters read beyond the head, so that an identifier at its end is seen whole.
_MARGIN = 200
#: The head ends at the end of a word, unless its last so many characters are one word.
_LONGEST_WORD = 100
#: Placeholders may make a stored head longer than the text it stands for.
_MOST_STORED = 2 * MOST_CHARACTERS
#: Follows a head.
_REMARK = " … [{length} characters in all]"
_REMARKED = re.compile(r" … \[([0-9]{4,12}) characters in all\]$")


def length_of(text: str) -> int:
    """How many characters a text had when it was typed; of a stored head, those of the whole."""
    remarked = _REMARKED.search(text[-60:])
    return int(remarked[1]) if remarked else len(text)


def scrub_head(scrubber: Scrubber, text: str, most: int = MOST_CHARACTERS) -> Scrubbed:
    """A text of any length as it may be stored. Of one of more than `most` characters the head is
    kept, with a remark that says how long it was (`length_of`). A text that was stored before comes
    back unchanged."""
    length = length_of(text)
    if length == len(text) <= most:
        return scrubber.scrub(text)
    remark = _REMARK.format(length=length)
    head = text.removesuffix(remark)
    if head != text and len(head) <= _MOST_STORED:
        scrubbed = scrubber.scrub(head)
        return Scrubbed(scrubbed.text + remark, scrubbed.removed)
    seen = cleaned(text[: MOST_CHARACTERS + _MARGIN])
    spans = scrubber.find(seen)
    end = _end_of_word(seen)
    end = next((span.end for span in spans if span.start < end < span.end), end)
    within = [span for span in spans if span.end <= end]
    head = replaced(seen[:end], within).rstrip()
    return Scrubbed(head + remark, tuple(dict.fromkeys(span.kind for span in within)))


def _end_of_word(text: str) -> int:
    if len(text) <= MOST_CHARACTERS:
        return len(text)
    for end in range(MOST_CHARACTERS, MOST_CHARACTERS - _LONGEST_WORD, -1):
        if text[end].isspace():
            return end
    return MOST_CHARACTERS
