"""The group `codedesk log` with all its commands: those of these modules add themselves to it."""

from __future__ import annotations

from bot.cli import log_feedback, log_move, log_receipts, log_report, log_review, log_reviews
from bot.cli.log import log

__all__ = [
    "log",
    "log_feedback",
    "log_move",
    "log_receipts",
    "log_report",
    "log_review",
    "log_reviews",
]
