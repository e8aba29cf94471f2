"""Tells Slack that an agent is at work in a thread, where that takes longer than a moment: people
then see it, and get a button that stops it.

It is a courtesy: it has a thread of its own, so that it neither delays nor fails an answer, and
where Slack does not take it (an app that is no agent, an older workspace) it is not tried again.
https://docs.slack.dev/ai/agent-sessions
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

logger = logging.getLogger("codedesk.slack")

METHOD = "agents.sessions.setStatus"
#: Seconds until work is shown. Most answers are there before.
MOMENT = 1.0
_MOST_TITLE = 60
#: Errors that are of one thread only, or pass.
_OF_ONE_THREAD = frozenset(
    {"channel_not_found", "not_in_channel", "invalid_thread_ts", "message_not_found", "ratelimited"}
)

#: The client of a workspace, a channel in it, and the thread in that.
Place = tuple[WebClient, str, str]


class Sessions:
    """What is under way in which thread. Safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # guards all below
        #: The questions under way in each place, and who asks.
        self._at_work: dict[Place, dict[str, str]] = {}
        #: When a place is to be shown as at work, and its title; all wait equally long.
        self._due: deque[tuple[float, Place, str]] = deque()
        self._shown: set[Place] = set()
        self._ended: deque[Place] = deque()
        self._worker: threading.Thread | None = None
        #: The clients of workspaces that do not have it.
        self._refused: set[WebClient] = set()

    def began(self, place: Place, question_id: str, user: str, title: str) -> None:
        """`title`: the scrubbed question; people see it in the list of their conversations."""
        with self._changed:
            self._at_work.setdefault(place, {})[question_id] = user
            if place[0] in self._refused:
                return
            self._due.append((time.monotonic() + MOMENT, place, title[:_MOST_TITLE]))
            self._start()
            self._changed.notify()

    def ended(self, place: Place, question_id: str) -> None:
        with self._changed:
            self._at_work.get(place, {}).pop(question_id, None)
            if not self._at_work.get(place):
                self._at_work.pop(place, None)
                if place in self._shown:
                    self._ended.append(place)
                    self._changed.notify()

    def stopped(self, place: Place) -> None:
        """Slack leaves the status as it is when somebody stops a session, so it is set, whichever
        replica has told Slack of it."""
        with self._changed:
            if place[0] not in self._refused:
                self._ended.append(place)
                self._start()
                self._changed.notify()

    def _start(self) -> None:
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="sessions", daemon=True)
            self._worker.start()

    def _work(self) -> None:
        while True:
            place, title = self._next()
            if title is None:
                self._set(place, status="active")
            elif self._set(place, status="processing", title=title):
                with self._changed:
                    self._shown.add(place)
                    if place not in self._at_work:
                        self._ended.append(place)  # It ended meanwhile.

    def _next(self) -> tuple[Place, str | None]:
        """The next place to tell of, when it is due; without a title when its work has ended."""
        with self._changed:
            while True:
                if self._ended:
                    place = self._ended.popleft()
                    self._shown.discard(place)
                    return place, None
                while self._due and self._due[0][1] not in self._at_work:
                    self._due.popleft()
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    _, place, title = self._due.popleft()
                    if place not in self._shown:
                        return place, title or " "
                    continue
                self._changed.wait(self._due[0][0] - now if self._due else None)

    def _set(self, place: Place, **how: str) -> bool:
        """Whether Slack took it. https://docs.slack.dev/reference/methods/agents.sessions.setStatus"""
        client, channel, thread = place
        if client in self._refused:
            return False
        try:
            client.api_call(METHOD, json={"channel_id": channel, "thread_ts": thread, **how})
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if error.response.status_code < 429 and code not in _OF_ONE_THREAD:
                logger.info("%s is not used from now on: %s", METHOD, code[:100])
                self._refused.add(client)
            return False
        except (OSError, HTTPException) as error:
            logger.info("%s: %s", METHOD, type(error).__name__)
            return False
        return True
