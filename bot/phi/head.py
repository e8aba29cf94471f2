"""What is stored of a text that may be of any length: all of a short one, the head of a long one.

Nobody's text may hold up another's, so no more than this is ever looked at.
"""

from __future__ import annotations

import re

from bot.phi.scrubber import Scrubbed, Scrubber
from bot.phi.spans import cleaned, replaced

#: What is longer is a chart, not a question.
MOST_CHARACTERS = 1000
#: Characters looked at beyond the head, so that an identifier at its end is seen whole.
_MARGIN = 200
#: A head ends where a word ends, unless none does among so many characters.
_LONGEST_WORD = 100
#: Placeholders may make a head longer than it was.
_MOST_STORED = 2 * MOST_CHARACTERS
#: Stands behind a head.
_REMARK = " … [{length} characters in all]"
_REMARKED = re.compile(r" … \[([0-9]{4,12}) characters in all\]$")


def length_of(text: str) -> int:
    """The characters of a text as it was typed, also of one that is stored as a head."""
    remarked = _REMARKED.search(text[-60:])
    return int(remarked[1]) if remarked else len(text)


def scrub_head(scrubber: Scrubber, text: str) -> Scrubbed:
    """A text of any length as it may be stored. A long one ends in a remark of how long it was
    (`length_of`); what is stored comes back as it is, when it is given again."""
    length = length_of(text)
    if length == len(text) <= MOST_CHARACTERS:
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
