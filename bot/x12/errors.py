"""What is wrong with a text in X12."""

from __future__ import annotations

from bot.messages import message
from codesets.errors import CodeDeskError


class X12Unreadable(CodeDeskError):
    """A text in X12 that cannot be read. The message says why in one sentence, and has no part of
    the text: that may identify a patient.

    - `key`: the name of the sentence in the section x12 of the messages; `kind` fills its place.
    """

    def __init__(self, key: str, kind: str = "") -> None:
        super().__init__(message(f"x12.{key}", kind=kind))
        self.key, self.kind = key, kind
