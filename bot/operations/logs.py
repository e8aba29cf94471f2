"""The program's own log, on standard error: for whoever runs it, and not for auditors. As text, or
as JSON, one object a line.

No line has what people typed, a name or a token:
- Code Desk's own loggers write ids and kinds. Of an error they give the type, and the message only
  where that is ours.
- Other libraries' messages may hold a request or a payload, so of theirs only the place is written,
  unless `_QUIET_ENOUGH` names the logger. Theirs begin at WARNING, whatever the level.
- Of an exception its type and the places that it passed are written.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
import traceback
from dataclasses import fields
from typing import Any, TextIO

from bot.database import DatabaseError
from bot.operations import events
from bot.operations.events import Event
from bot.settings import Settings
from codesets.errors import CodeDeskError

#: Code Desk's own loggers begin so.
_OWN = "codedesk"
#: Loggers of libraries whose messages are about the server and not about a request: that it starts
#: and stops, that a queue is long.
_QUIET_ENOUGH = frozenset({"waitress", "waitress.queue", "uvicorn.error", "psycopg.pool"})
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_own = logging.getLogger("codedesk.operations")
_events = logging.getLogger("codedesk.events")


def set_up(settings: Settings, stream: TextIO | None = None) -> logging.Handler:
    """Send all loggers of this process through here, and log what happens to questions. Returns the
    handler, which takes the place of any before it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(AsJson() if settings.log_format == "json" else AsText())
    handler.addFilter(_without_what_was_typed)
    root = logging.getLogger()
    for earlier in root.handlers[:]:
        if isinstance(earlier.formatter, AsText | AsJson):
            root.removeHandler(earlier)
    root.addHandler(handler)
    level = _LEVELS.get(settings.log_level, logging.ERROR)
    root.setLevel(max(level, logging.WARNING))
    for name in (_OWN, *_QUIET_ENOUGH):
        logging.getLogger(name).setLevel(level)
    events.listen(log_event)
    threading.excepthook = _thread_ended
    return handler


def log_event(event: Event) -> None:
    """Write an event down. What happens to each question is INFO, what goes wrong WARNING."""
    bad = event.name in ("question.failed", "log.failed", "slack.limited")
    _events.log(logging.WARNING if bad else logging.INFO, event.name, extra={"event": event})


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    """In place of Python's own, which prints the error's message."""
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = ended.thread.name if ended.thread else "?"
        _own.error("the thread %s ended", name, exc_info=ended.exc_value)


class AsJson(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, and `message` or `event` with what
    is known of it. See docs/OPERATIONS.md."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        event = getattr(record, "event", None)
        line |= _known(event) if isinstance(event, Event) else {"message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line |= {"error": _kind(record.exc_info[1]), "at": _places(record.exc_info[1])}
        return json.dumps(line, ensure_ascii=False)


class AsText(logging.Formatter):
    """A line for people: time, level, logger, and what happened."""

    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, "event", None)
        said = record.getMessage()
        if isinstance(event, Event):
            known = _known(event).items()
            said = " ".join([event.name, *(f"{k}={v}" for k, v in known if k != "event")])
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            said += f": {_kind(error)} at {', '.join(_places(error))}"
        return f"{_time(record)} {record.levelname.lower():<7} {record.name}: {said}"


def _known(event: Event) -> dict[str, Any]:
    """An event without what is not known of it."""
    values = {one.name: getattr(event, one.name) for one in fields(event)}
    values["event"] = values.pop("name")
    if event.latency_ms is not None:
        values["latency_ms"] = round(event.latency_ms, 1)
    return {"event": event.name} | {k: v for k, v in values.items() if v not in ("", None, {})}


def _without_what_was_typed(record: logging.LogRecord) -> bool:
    """Take out of a record what may be words of people. Keeps every record."""
    if isinstance(getattr(record, "event", None), Event):
        return True
    own = record.name == _OWN or record.name.startswith(f"{_OWN}.")
    if own or record.name in _QUIET_ENOUGH:
        args = record.args
        if isinstance(args, tuple):
            record.args = tuple(_safe(arg) for arg in args)
        if isinstance(record.msg, BaseException):
            record.msg = _safe(record.msg)
        return True
    record.msg = f"{record.module}.{record.funcName}, line {record.lineno}"
    record.args = None
    return True


def _safe(value: Any) -> Any:
    """An argument of a message. An error's own message is kept only where Code Desk wrote it, or
    the system or a database did."""
    if not isinstance(value, BaseException) or isinstance(value, CodeDeskError | DatabaseError):
        return value
    if isinstance(value, OSError) and value.strerror:
        return f"{_kind(value)}: {value.strerror}"
    return _kind(value)


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _places(error: BaseException) -> list[str]:
    """Where an exception passed, the innermost place last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _time(record: logging.LogRecord) -> str:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
