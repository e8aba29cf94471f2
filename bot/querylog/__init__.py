"""The query log: who asked what, what was answered, and whether it was delivered.

Invariants
1. A question is committed before anyone is told that it was received.
2. Its answer is committed before it is sent.
3. Its delivery is committed after. So a record says how far it got: no answer means that it was
   not answered; an answer without a delivery means that it is not known whether it arrived.
4. Rows are only ever added. One question has at most one answer; the last delivery counts.
5. An event that is told twice is one question: `event_id` and `message_key` are unique.

Treat log.db as PHI: people type what they should not. Files are created with mode 0600.
"""

from bot.querylog.log import Asked, LogUnavailable, Pending, QueryLog, Record

__all__ = ["Asked", "LogUnavailable", "Pending", "QueryLog", "Record"]
