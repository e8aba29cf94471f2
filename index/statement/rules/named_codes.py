"""Whether a line of a note names a code.

A note on drugs may limit its range by the intent: "poisoning due to drug or toxin, if applicable
(T36-T65 with fifth or sixth character 1-4)". The intent is the last character before the seventh.
"""

from __future__ import annotations

import re

from codesets.model import Code, Note

_INTENTS = re.compile(
    r"with (?:fifth or )?sixth characters? (?P<first>\d)(?:\s?-\s?(?P<last>\d))?"
    r"(?: or (?P<other>\d))?"
)


def names(note: Note, code: Code) -> bool:
    """Whether a line names a code, or a code that it stands under."""
    if not any(named.contains(code.code) for named in note.codes):
        return False
    limit = _INTENTS.search(note.text.lower())
    if limit is None or code.code[0] != "T":
        return True
    intent = code.code.replace(".", "")[4:6].rstrip("X")[-1:]
    first, last = limit["first"], limit["last"] or limit["first"]
    return intent == limit["other"] or first <= intent <= last
