"""The query log: who asked what, what was answered, and whether it was delivered.

Invariants
1. A question is committed before anyone is told that it was received.
2. Its answer is committed before it is sent.
3. Its delivery is committed after. So a record says how far it got: no answer means that it was
   not answered; an answer without a delivery means that it is not known whether it arrived.
4. Records are only ever added, each chained to the one before: see `hash_chain` for what that
   proves, and against whom. One question has at most one answer; the last delivery counts.
5. An event that is told twice is one question, across restarts: its event id and its message key
   are unique.
6. What people typed is beside the chain, which carries a salted hash of it: it can be destroyed
   (`retention.redact`) and the chain still verifies. A date of service is not stored.

`log` writes and reads; `records` is what the records hold, `append` the one place where they are
added, `schema` the database. `verify` re-derives everything, `checkpoints` signs what is there,
`retention` destroys what must go. `feedback` is what people say of answers, and what auditors
approved of it. `opening` opens and verifies the log as the settings say, `unfinished` is what an
earlier run left in it, `fallback` is for operators who chose to answer without one.

Treat log.db as PHI: people type what they should not. Files are created with mode 0600.
"""

from bot.querylog.append import NoSuchCorrection, NoSuchQuestion
from bot.querylog.fallback import UNLOGGED, FallbackLog
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import Entry, Pending, QuestionRecord, Record

__all__ = [
    "UNLOGGED",
    "Entry",
    "FallbackLog",
    "LogKey",
    "LogUnavailable",
    "NoSuchCorrection",
    "NoSuchQuestion",
    "Pending",
    "QueryLog",
    "QuestionRecord",
    "Record",
]
