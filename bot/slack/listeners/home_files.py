"""Files of codes that administrators load: in a modal that Home opens, or sent as a direct message.

Only those whom CODEDESK_ADMINS lists can; who they are is checked at each step, as a modal could be
sent by someone else. What becomes of a file is told in a direct message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.database import DatabaseError
from bot.loading import record
from bot.messages import message
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.file_loading import FileLoading
from bot.slack.files import CODE_FILES, LISTS, sent
from bot.slack.greeted import Greeted
from bot.slack.home_publisher import Person
from bot.slack.listeners.modals import open_or_tell, person_of
from bot.slack.views.block_kit import plain_message
from bot.slack.views.home import LOAD, contact_shown
from bot.slack.views.home_modals import (
    EDITION,
    FILES,
    SEND_FILES,
    files_in,
    load_modal,
    sentence_modal,
    typed_in,
)
from bot.slack.web_api import in_thread

logger = logging.getLogger("codedesk.slack")


class FileDrops:
    """Takes files of administrators."""

    def __init__(self, settings: Settings, delivery: SlackDelivery) -> None:
        self._settings = settings
        self._delivery = delivery
        self._loading: FileLoading | None = None
        #: The last request of each of them: what becomes of a file is told where it came from.
        self._asked: dict[str, dict[str, Any]] = {}

    def state(self) -> list[str]:
        """What is done with files, and what was loaded from the inbox last, in sentences."""
        state = self._loading.state if self._loading else []
        return [*state, *record.said(self._settings, by="inbox")]

    def register(self, app: App, changed: Callable[[Person, dict[str, Any]], None]) -> None:
        """`changed` is called with a person whose Home is out of date, and their last request."""
        delivery = self._delivery
        may, clients, renewing = delivery.roles.loads_files, delivery.clients, delivery.renewing
        taken = Greeted(delivery.state)

        def is_new(file: str) -> bool:
            try:
                return taken.first_time(f"file/{file}")
            except DatabaseError as error:
                logger.error("whether a file was taken before cannot be read: %s", error)
                return True

        self._loading = loading = FileLoading(
            self._settings,
            clients.single or clients.named(""),
            renewing.renew if renewing and renewing.can else None,
            is_new,
            self._tell,
            lambda user: changed((_team(self._asked[user]), user), self._asked[user]),
        )

        def ask_for_files(body: dict[str, Any], ack: Ack) -> BoltResponse:
            response = ack()
            _, user = person_of(body)
            view = load_modal() if may(user) else self._refusal()
            open_or_tell(delivery, body, view)
            return response

        def take(body: dict[str, Any], view: dict[str, Any], ack: Ack) -> BoltResponse:
            _, user = person_of(body)
            if not may(user):
                return ack(response_action="update", view=self._refusal())
            files = sent(files_in(view))
            if not files:
                return ack(response_action="errors", errors={FILES: message("home.load_none")})
            self._asked[user] = body
            names = ", ".join(file.name for file in files)
            new = loading.take(user, files, typed_in(view, EDITION))
            told = message("home.load_taken", names=names) if new else message("home.load_twice")
            return ack(response_action="update", view=sentence_modal(told, "home.load_taken_title"))

        def is_drop(event: dict[str, Any]) -> bool:
            """Whether an administrator sends files of codes to the bot. With words beside it, a
            text file is a list of statements, as from everybody else."""
            extensions = {file.extension for file in sent(event.get("files"))}
            if not may(str(event.get("user"))) or event.get("channel_type") != "im":
                return False
            if not extensions or not extensions <= set(CODE_FILES):
                return False
            return not (event.get("text") or "").strip() or not extensions <= set(LISTS)

        def take_message(body: dict[str, Any], event: dict[str, Any], ack: Ack) -> BoltResponse:
            user, files = event["user"], sent(event["files"])
            self._asked[user] = body
            if loading.take(user, files):
                names = ", ".join(file.name for file in files)
                self._tell(user, message("home.load_taken", names=names))
            return ack()

        def nothing() -> None:
            """The middleware has done everything."""

        app.action(LOAD, middleware=[ask_for_files])(nothing)
        app.view(SEND_FILES, middleware=[take])(nothing)
        app.event(
            {"type": "message", "subtype": "file_share"},
            matchers=[is_drop],
            middleware=[take_message],
        )(nothing)

    def _refusal(self) -> dict[str, Any]:
        contact = contact_shown(self._settings.contact or "")
        return sentence_modal(message("home.admins_only", contact=contact), "home.load_title")

    def _tell(self, user: str, text: str) -> None:
        """Only the desk of one workspace takes files."""
        client = self._delivery.clients.named("")
        self._delivery.post(in_thread(client, user, None), plain_message(text))


def _team(body: dict[str, Any]) -> str | None:
    return person_of(body)[0] if isinstance(body.get("user"), dict) else body.get("team_id")
