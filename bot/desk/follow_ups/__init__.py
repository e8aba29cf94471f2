"""Follow-ups: what a message says after the question before it.

A message refines the statement before it ("left side"), asks about the codes just answered ("is
that billable in 2025"), or begins something new. A refinement becomes one statement in words, which
is then read and answered as any other. Nothing here searches, so it costs a millisecond.
"""

from bot.desk.follow_ups.earlier import Terms
from bot.desk.follow_ups.reading import date_of, read_after
from bot.desk.follow_ups.turn import Turn

__all__ = ["Terms", "Turn", "date_of", "read_after"]
