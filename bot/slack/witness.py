"""Checkpoints of the query log while it is served: kept in their file, and posted to a channel."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from slack_sdk import WebClient

from bot.querylog import LogUnavailable, QueryLog
from bot.querylog.checkpoints import CheckpointError, Keeper, private_key
from bot.settings import Settings
from bot.slack.blocks import plain_message
from bot.slack.posting import post_in_thread
from bot.words import say

logger = logging.getLogger("codedesk.log")

#: Seconds between looks at whether a checkpoint is due.
_LOOK_EVERY = 15.0


@contextmanager
def witnessed(
    settings: Settings, log: QueryLog, client: WebClient, *, look_every: float = _LOOK_EVERY
) -> Iterator[None]:
    """Write checkpoints when they are due, and a last one at the end. Without a key to sign them
    with there are none, and whoever runs Code Desk is told so. No failure stops the desk."""
    try:
        keeper = Keeper(log, private_key(settings.checkpoint_key), settings.checkpoints)
    except CheckpointError as error:
        logger.warning("%s %s", say("log.no_checkpoints"), error)
        try:
            yield
        finally:
            _note_stop(log)
        return
    stop = threading.Event()

    def write(*, closing: bool = False) -> None:
        try:
            checkpoint = keeper.write(time.monotonic(), closing=closing)
        except (CheckpointError, LogUnavailable) as error:
            logger.error("%s", error)
            return
        if checkpoint is None or not settings.checkpoint_channel:
            return
        text = say(
            "slack.checkpoint",
            count=checkpoint.count,
            sequence=checkpoint.sequence,
            line=checkpoint.line(),
        )
        posted = post_in_thread(client, settings.checkpoint_channel, None, plain_message(text))
        if posted.outcome != "delivered":
            logger.error(
                "a checkpoint to %s: %s (%s)",
                settings.checkpoint_channel,
                posted.outcome,
                posted.detail,
            )

    def keep_writing() -> None:
        while not stop.wait(look_every):
            write()

    thread = threading.Thread(target=keep_writing, name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        _note_stop(log)
        write(closing=True)


def _note_stop(log: QueryLog) -> None:
    try:
        log.append("stop", None, {"serves": "slack"})
    except LogUnavailable as error:
        logger.error("%s", error)
