"""Setting up the Slack app, and serving it until interrupted."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from bot.database import DatabaseError
from bot.language_model import connect
from bot.loading.beside import kept_current
from bot.logged_desk import Answers
from bot.messages import message
from bot.operations.endpoints import telling
from bot.operations.process import Process, begun
from bot.operations.stopping import stopped_by_signals
from bot.querylog import QueryLog
from bot.settings import Settings
from bot.slack.checkpointing import checkpointing
from bot.slack.connections import (
    SlackSettingsError,
    call_at_start,
    client_of,
    connected,
    connection_of,
    credentials,
    listening,
)
from bot.slack.delivery import SlackDelivery
from bot.slack.inbox_reports import telling_administrators
from bot.slack.listeners import (
    actions,
    agent,
    audit,
    checking,
    commands,
    completing,
    events,
    feedback,
    home,
    options,
    rights,
    rules,
    shortcut_answers,
    shortcuts,
    welcome,
)
from bot.slack.recovery import Recovery
from bot.slack.searches import Searches
from bot.slack.sessions import Sessions
from bot.slack.state import State
from bot.slack.workspaces import serving
from bot.slack.workspaces.clients import Clients

logger = logging.getLogger("codedesk.slack")

#: Listeners that run at once. None waits for a search (see `searches`) or for Slack (see `outbox`).
_LISTENERS_AT_ONCE = 8
#: Seconds until a thread that computes lets another go on, in place of Python's 0.005. A verdict
#: reads and writes often, and each time waits for the search that goes on beside it.
_SWITCH = 0.0005


def deliver_by(
    settings: Settings,
    desk: Answers,
    log: QueryLog,
    state: State,
    say: Callable[[str], None] = print,
) -> SlackDelivery:
    """Delivery to the workspace of the settings, or to all that installed the app. Raises
    SlackSettingsError when a token of the settings is not accepted, and TokenKeysError."""
    credentials(settings)
    client: WebClient | Clients
    if settings.many_workspaces:
        connection_of(settings)
        client = serving.clients(settings, state, say)
    else:
        client = client_of(settings)
        call_at_start(client, lambda patient: patient.auth_test(), "SLACK_BOT_TOKEN", settings)
    return SlackDelivery(desk, log, client, state, connect(settings), settings)


def build_app(settings: Settings, delivery: SlackDelivery) -> App:
    """The app with all its listeners."""
    app = App(
        # Bolt sets the level of the logger with this name, so it is not that of ours.
        name="bolt",
        **serving.whose(settings, delivery),
        # Without a secret every HTTP request is refused; Socket Mode needs none.
        signing_secret=settings.slack_signing_secret or "",
        listener_executor=ThreadPoolExecutor(_LISTENERS_AT_ONCE, thread_name_prefix="answer"),
        # Otherwise Bolt prints a request that no listener takes, and with it what people asked.
        raise_error_for_unhandled_request=True,
        attaching_conversation_kwargs_enabled=False,
    )
    app.error(_acknowledged_or_logged)
    serving.register(app, delivery)
    rights.register(app, delivery)
    # First, since files of an administrator are messages, too.
    home.register(app, delivery, settings)
    contact = settings.contact
    sessions = Sessions()
    events.register(app, delivery, sessions, contact)
    agent.register(app, delivery, sessions, contact)
    commands.register(app, delivery, contact)
    for kind in (
        actions,
        options,
        completing,
        checking,
        feedback,
        rules,
        shortcuts,
        shortcut_answers,
    ):
        kind.register(app, delivery)
    welcome.register(app, delivery, contact)
    audit.register(app, delivery, settings)
    return app


def serve(
    settings: Settings,
    desk: Answers,
    log: QueryLog,
    say: Callable[[str], None] = print,
    *,
    stop: threading.Event | None = None,
) -> None:
    """Finish what an earlier run left, then answer Slack until Ctrl-C, SIGTERM or `stop`. Other
    processes may serve the same log and state: see `replicas`.

    Before it returns, answers under way are finished, except those that Slack does not take yet:
    they stay in the outbox. Raises SlackSettingsError and SettingsError.
    """
    stop = stop or threading.Event()
    sys.setswitchinterval(_SWITCH)
    with (
        closing(open_state(settings)) as state,
        Searches(lambda: desk.searches_at_once) as searches,
        Process(settings, desk, log, stop=stop) as process,
        stopped_by_signals(stop, settings.stop_seconds),
        telling(process, say),
    ):
        delivery = process.delivery = deliver_by(settings, desk, log, state, say)
        app = build_app(settings, delivery)
        recovery = Recovery(delivery)
        with delivery.replica, checkpointing(settings, delivery) as begin:
            try:
                desk.ready()
                recovery.at_start(say)
                delivery.searches = searches
                way = listening if settings.slack_mode == "http" else connected
                with (
                    recovery.looking(),
                    _kept_current(settings, delivery, say),
                    way(settings, app, say, process),
                    begun(process) as turn,
                ):
                    begin()
                    # A wait without a timeout is not interrupted by a signal to another thread.
                    while not stop.wait(1.0):
                        turn()
            finally:
                # A question that was not begun stays unanswered in the log. Another replica goes on
                # with it, or the next start, and with what is in the outbox: see recovery.
                app.listener_runner.listener_executor.shutdown(wait=True, cancel_futures=True)
                searches.close()
                delivery.outbox.rest()


@contextmanager
def _kept_current(
    settings: Settings, delivery: SlackDelivery, say: Callable[[str], None]
) -> Iterator[None]:
    """Take up what is loaded, take what is put into the drop folder, and tell administrators."""
    with (
        kept_current(settings, delivery.renewing, say),
        telling_administrators(settings, delivery),
    ):
        yield


def open_state(settings: Settings) -> State:
    """Raises SlackSettingsError."""
    try:
        state = State(settings.slack_database)
        with state.writing():
            return state
    except (OSError, DatabaseError) as error:
        if isinstance(settings.slack_database, str):
            raise SlackSettingsError(message("slack.no_database", error=error)) from error
        raise SlackSettingsError(
            message("slack.no_state", path=settings.slack_db, error=error)
        ) from error


def _acknowledged_or_logged(error: Exception, body: dict[str, Any]) -> BoltResponse | None:
    """Acknowledge a request that no listener takes: Slack would send it again, and show the person
    an error. Log an error that no listener caught. The payload is not printed: it holds what
    people asked."""
    if isinstance(error, BoltUnhandledRequestError):
        event = body.get("event")
        kind = event.get("type") if isinstance(event, dict) else body.get("type", "command")
        logger.info("nothing listens to this from Slack: %s", kind)
        options = body.get("type") == "block_suggestion"
        return BoltResponse(status=200, body={"options": []} if options else "")
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("a request from Slack failed: %s at\n%s", type(error).__name__, where)
    return None
