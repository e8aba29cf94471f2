"""Questions of Slack in the log that are not finished. They may be read every second: what is
finished is not read again."""

from __future__ import annotations

from collections.abc import Iterable

from bot.querylog import QueryLog
from bot.querylog.records import Surface

SURFACES: tuple[Surface, ...] = ("mention", "dm", "slash", "shortcut", "button")

_SURFACES = ", ".join("?" * len(SURFACES))
_LAST = """
    select json_extract(body, '$.outcome') from records where subject = q.subject
    and kind = 'delivery' and json_extract(body, '$.kind') = 'answer' order by seq desc limit 1
"""
_OPEN = f"""
    select q.subject from records q where q.kind = 'question'
    and json_extract(q.body, '$.surface') in ({_SURFACES})
    and coalesce(({_LAST}), 'waiting') = 'waiting'
"""
_AT_ONCE = 500


class OpenQuestions:
    """For one thread."""

    def __init__(self, log: QueryLog) -> None:
        self._log = log
        #: The questions up to this number of a record are finished, but for those below.
        self._read_to = 0
        self._open: list[str] = []

    def read(self) -> list[str]:
        """The ids of questions without an answer, with an answer that is `waiting`, and with an
        answer of which the log does not say whether it was sent; oldest first. Raises
        LogUnavailable."""
        found = []
        with self._log.reading() as db:
            last = db.execute("select coalesce(max(seq), 0) from records").fetchone()[0]
            for at in range(0, len(self._open), _AT_ONCE):
                some = self._open[at : at + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                wanted = f"{_OPEN} and q.subject in ({marks}) order by q.seq"
                found += db.execute(wanted, [*SURFACES, *some]).fetchall()
            if last > self._read_to:
                new = f"{_OPEN} and q.seq > ? and q.seq <= ? order by q.seq"
                found += db.execute(new, [*SURFACES, self._read_to, last]).fetchall()
        self._read_to, self._open = last, [question for (question,) in found]
        return list(self._open)

    def forget(self, questions: Iterable[str]) -> None:
        """These need not be read again: nothing will be done about them."""
        gone = set(questions)
        self._open = [question for question in self._open if question not in gone]
