"""The query log: who asked what, what was answered, and whether it was delivered.

Invariants
1. A question is committed before Slack is told that it was received.
2. Its answer is committed before it is sent.
3. Its delivery is committed after it was sent. So the records of a question say how far it got:
   without an answer it was not answered; with an answer and no delivery it is not known whether
   the answer arrived.
4. Records are only ever added, each chained to the one before: see `hash_chain` for what that
   proves, and against whom. One question has at most one answer; the last delivery counts.
5. An event that arrives twice is one question, also across restarts: its event id and its message
   key are unique.
6. What people typed is stored beside the chain, and the chain has a salted hash of it. So a text
   can be destroyed (`retention.redact`) and the chain still verifies. A date of service is not
   stored.

Modules: `log` writes and reads, `search` finds; `records` are the kinds of records, `append` is the
only place that adds one, `hash_chain` has the rules of the chain, `schema` the tables and views
(`schema_sqlite`, `schema_postgres`, `schema_check`), `version_1` migrates what had no chain, `move`
carries a log over to PostgreSQL. `snapshot` opens a log to be read only. `file_check` looks at a
file before it is opened for writing.
`verify` re-derives every hash, `checkpoints` signs the end of the chain, `vouching` decides whether
it may be signed, `retention` redacts and removes. `merkle` is the tree over the records, `trees`
reads it, `signed_notes` signs it. `receipts` proves a record by it; `receipt_check`, which stands
alone, checks that. `witnesses` and `timestamps` are others who confirm checkpoints; `confirming`
asks them, and `confirmations` keeps what they said. `feedback` reads feedback and corrections.
`sampling` draws questions for review, `answer_lines` has the lines of an answer, `reviews` what
reviewers say of each, `sign_offs` how far a sample is, and its sign-off.
`opening` opens the log as the settings say, `unfinished` finds what an earlier run did not finish,
`fallback` is for operators who chose to answer without a log.

Treat the log as PHI: people type what they should not. Files are created with mode 0600.
"""

from bot.querylog.append import AlreadyAnswered, NoSuchCorrection, NoSuchQuestion
from bot.querylog.fallback import UNLOGGED, FallbackLog
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.records import Entry, Pending, QuestionRecord, Record

__all__ = [
    "UNLOGGED",
    "AlreadyAnswered",
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
