"""What is wrong with a text in X12."""

from __future__ import annotations

from codesets.errors import CodeDeskError


class X12Unreadable(CodeDeskError):
    """A text in X12 that cannot be read. The message says why in one sentence, and has no part of
    the text: that may identify a patient."""
