"""/code-audit: looking into the log, for auditors alone. Whatever is looked at or refused is on
record before anything is shown, and it is shown to nobody else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.audit.corrections import OtherSystem, Refused, approve, fit_words
from bot.messages import message
from bot.querylog import LogUnavailable, Record
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.feedback import in_force, proposals_of
from bot.querylog.opening import verified
from bot.querylog.records import Access
from bot.querylog.search import Filters, matching
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners.replies import tell
from bot.slack.message_text import clean
from bot.slack.search_syntax import Misread, read
from bot.slack.views.audit import (
    APPROVE,
    NEXT,
    PAGE,
    SHOW,
    found_message,
    help_text,
    other_system_message,
    question_message,
    verified_message,
)
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import respond

logger = logging.getLogger("codedesk.slack")

COMMAND = "/code-audit"

#: What an auditor asked for: how it is recorded (what, detail, question), and what makes it. An
#: approval is a record itself.
Wanted = tuple[Access | None, str, str | None, Callable[[], Message]]


def register(app: App, delivery: SlackDelivery, settings: Settings) -> None:
    log = delivery.log

    # Each of these gives what is wanted, to be recorded first and made after. They raise Misread.

    def searched(filters: Filters, typed: str, before: int = 0) -> Wanted:
        def make() -> Message:
            newest = matching(log, filters)[::-1]
            ids = newest[before : before + PAGE]
            marks = ", ".join("?" * len(ids))
            records = log.select(f"id in ({marks}) order by seq desc", ids)
            return found_message(records, typed, count=len(newest), before=before)

        page = f", from {before + 1}" if before else ""
        return "search", filters.description(log.scrubbed) + page, None, make

    def shown(identity: str) -> Wanted:
        record = log.get(identity) if identity else None
        if record is None:
            wrong = "audit_no_question" if identity else "audit_no_id"
            raise Misread(message(f"slack.{wrong}", id=clean(identity)))
        return "view", "", record.id, lambda: _question(record)

    def _question(record: Record) -> Message:
        refusal = None
        try:
            fit_words(delivery.desk, record.text)
        except Refused as error:
            refusal = str(error)
        return question_message(record, proposals_of([record], in_force(log)), refusal)

    def proved() -> Wanted:
        return "view", "verify", None, lambda: verified_message(verified(settings))

    def approved(value: str, by: str) -> Wanted:
        number, question_id, system = (*value.split(" "), "", "", "")[:3]

        def make() -> Message:
            record = log.get(question_id)
            found = proposals_of([record] if record else [], in_force(log))
            proposal = next((p for p in found if str(p.number) == number), None)
            if record is None or proposal is None or proposal.code is None:
                return plain_message(message("slack.proposal_gone"))
            try:
                verdict, written = approve(
                    delivery.desk,
                    log,
                    record,
                    record.text,
                    proposal.code,
                    by,
                    system=system or None,
                    feedback=proposal.number,
                )
            except OtherSystem as error:
                return other_system_message(str(error), error.verdict.system, value)
            if written is None:
                return plain_message(message("slack.approved_before"))
            told = {"code": verdict.code, "title": verdict.title}
            return plain_message(
                message("slack.approved", number=written, words=record.text, **told)
            )

        return None, "", question_id, make

    # Recorded where the request is received, made and shown when its turn comes.

    def guarded(
        user: str, typed: str, wanted: Callable[[], Wanted]
    ) -> tuple[str, Callable[[], Message] | None]:
        """What to say at once, or "" and what makes the message; it is on record by then."""
        try:
            if user not in settings.auditor_ids:
                # Whoever is no auditor has no reason to type a name.
                log.access("refusal", user, log.scrubbed(typed))
                return message("slack.refused_audit"), None
            what, detail, question_id, make = wanted()
            if what is not None:
                log.access(what, user, detail, question_id)
            return "", make
        except Misread as error:
            return str(error), None
        except LogUnavailable as error:
            logger.error("%s", error)
            return message("slack.not_logged"), None

    def take(
        command: dict[str, Any], context: BoltContext, ack: Ack, next_: Callable[[], None]
    ) -> BoltResponse | None:
        typed = (command.get("text") or "").strip()
        verb, _, rest = typed.partition(" ")
        wanted = {"show": lambda: shown(rest.strip()), "verify": proved}.get(
            verb, lambda: searched(read(typed), typed)
        )
        user = command["user_id"]
        if verb in ("", "help") and user in settings.auditor_ids:
            return ack(text=help_text(), response_type="ephemeral")
        said, make = guarded(user, f"{COMMAND} {clean(typed)}".strip(), wanted)
        response = ack(text=said, response_type="ephemeral") if said else ack()
        if make is None:
            return response
        context.update(make=make)
        next_()
        return None

    def answer(command: dict[str, Any], context: BoltContext) -> None:
        message = _made(context["make"])
        delivery.post(respond(command["response_url"], response_type="ephemeral"), message)

    def press(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> None:
        user, name, value = body["user"]["id"], action["action_id"], action["value"]

        def wanted() -> Wanted:
            if name == SHOW:
                return shown(value)
            if name == APPROVE:
                return approved(value, user)
            search = json.loads(value)
            return searched(read(search["typed"]), search["typed"], search["before"])

        said, make = guarded(user, name, wanted)
        ack()
        context.update(make=make or (lambda: plain_message(said)))
        next_()

    def reply(body: dict[str, Any], context: BoltContext) -> None:
        tell(delivery, body, _made(context["make"]))

    app.command(COMMAND, middleware=[take])(answer)
    for name in (SHOW, NEXT, APPROVE):
        app.action(name, middleware=[press])(reply)


def _made(make: Callable[[], Message]) -> Message:
    try:
        return make()
    except (Refused, CheckpointError) as error:
        return plain_message(str(error))
    except LogUnavailable as error:
        logger.error("%s", error)
        return plain_message(message("slack.audit_unreadable"))
