"""Records in the log when serving begins and ends, and writes checkpoints in between: to their file
and, if one is set, to a channel. Of several replicas, one writes them. No failure here stops the
desk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.database import DatabaseError
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.querylog.checkpoints import Checkpoint, CheckpointError, private_key
from bot.querylog.confirming import confirming
from bot.querylog.vouching import Keeper, NotVouchedFor, Vouched
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.replicas import Replica
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import Posted, in_thread

logger = logging.getLogger("codedesk.log")

#: What one replica does for all.
_TASK = "checkpoints"
#: Seconds between looks at whether a checkpoint is due.
_LOOK_EVERY = 15.0
#: Seconds for which a replica that stops waits for one that stops before it.
_LAST_WAIT = 3.0


@contextmanager
def checkpointing(
    settings: Settings, delivery: SlackDelivery, *, look_every: float = _LOOK_EVERY
) -> Iterator[Callable[[], None]]:
    """Gives a function to call when serving has begun. From then on checkpoints are written when
    they are due, and a last one at the end, by the replica that leads in this (see `replicas`).
    Without a key to sign with, the operator is warned."""
    stop = threading.Event()
    keeping: list[threading.Thread] = []
    confirm: list[tuple[Callable[[Checkpoint], None], Callable[[], None]]] = []
    began = False
    log = delivery.log

    def post(text: str) -> None:
        if (channel := settings.checkpoint_channel) and not delivery.clients.many:
            way = in_thread(delivery.client, channel, None)
            delivery.post(way, plain_message(text), then)

    def then(posted: Posted) -> None:
        if posted.outcome != "delivered":
            channel = settings.checkpoint_channel
            logger.error("a checkpoint to %s: %s (%s)", channel, posted.outcome, posted.detail)

    def begin() -> None:
        nonlocal began
        began = True
        log.append("start", None, {"serves": "slack"})
        if settings.checkpoint_channel and delivery.clients.many:
            logger.warning("%s", message("workspaces.no_channel"))
        try:
            key = private_key(settings.checkpoint_key)
        except CheckpointError as error:
            logger.warning("%s %s", message("log.no_checkpoints"), error)
            return
        keeper = Keeper(log, key, settings.checkpoints)
        confirm.append(confirming(settings, log))
        thread = threading.Thread(
            target=_keep,
            args=(keeper, delivery.replica, post, confirm[0][0], stop, look_every),
            name="checkpoints",
        )
        keeping.append(thread)
        thread.start()

    try:
        yield begin
    finally:
        if began:
            try:
                log.append("stop", None, {"serves": "slack"})
            except LogUnavailable as error:
                logger.error("%s", error)
        stop.set()
        for thread in keeping:
            thread.join()
        for _, close in confirm:
            close()
        delivery.outbox.rest()  # Sends the last checkpoint.


def _keep(
    keeper: Keeper,
    replica: Replica,
    post: Callable[[str], None],
    confirm: Callable[[Checkpoint], None],
    stop: threading.Event,
    look_every: float,
) -> None:
    stopping = False
    while not stopping:
        stopping = stop.wait(look_every)
        try:
            if not (replica.leads(_TASK) or (stopping and _comes_to_lead(replica))):
                continue
            done = keeper.write(time.monotonic(), closing=stopping)
        except (CheckpointError, DatabaseError, LogUnavailable) as error:
            logger.error("%s", error)
            if isinstance(error, NotVouchedFor):
                post(str(error))
            continue
        if done is not None:
            logger.log(logging.WARNING if done.destroying else logging.INFO, "%s", done.summary())
            post(_in_words(done))
            confirm(done.checkpoint)


def _comes_to_lead(replica: Replica) -> bool:
    """Whether this replica, which stops, leads after a moment: where all stop together, the last
    one vouches for what the others wrote at their end."""
    end = time.monotonic() + _LAST_WAIT
    while time.monotonic() < end:
        time.sleep(_LAST_WAIT / 15)
        if replica.leads(_TASK):
            return True
    return False


def _in_words(done: Vouched) -> str:
    checkpoint = done.checkpoint
    return message(
        "slack.checkpoint",
        count=checkpoint.count,
        sequence=checkpoint.sequence,
        new=done.summary(),
        line=checkpoint.line(),
    )
