"""/code-audit: looking into the log, for auditors only. Each look and each refusal is logged before
anything is shown, and only the auditor sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.audit.corrections import OtherSystem, Refused, approve, fit_words
from bot.messages import message
from bot.querylog import LogUnavailable, Record
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.feedback import in_force, proposals_of
from bot.querylog.opening import verified
from bot.querylog.records import Access
from bot.querylog.sampling import ReviewRefused
from bot.querylog.search import matching
from bot.querylog.workspaces import is_of
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.listeners import audit_reviews, workspace_people
from bot.slack.listeners.audit_reviews import Auditor, Reviews
from bot.slack.listeners.pressed import open_modal, place_of, say
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
from bot.slack.views.audit_reviews import CODE, SHOULD_BE, submitted
from bot.slack.views.block_kit import Message, plain_message
from bot.slack.web_api import respond
from bot.slack.workspaces.errors import STATE_ERRORS
from bot.slack.workspaces.place import team_of_person, workspace_of
from bot.slack.workspaces.roles import Sight

logger = logging.getLogger("codedesk.slack")

COMMAND = "/code-audit"

#: What an auditor asks for: how it is logged (what, detail, question id), and what makes the
#: message. `what` is None for an approval, which is a record itself.
Request = tuple[Access | None, str, str | None, Callable[[], Message]]


def register(app: App, delivery: SlackDelivery, settings: Settings) -> None:
    log, many = delivery.log, delivery.clients.many
    reviews = Reviews(delivery, settings)

    # Each of these gives a Request, which is logged first and made afterwards. They raise Misread.

    def search(sight: Sight, typed: str, before: int = 0) -> Request:
        filters = replace(read(typed), teams=sight.teams)

        def make() -> Message:
            newest = matching(log, filters)[::-1]
            ids = newest[before : before + PAGE]
            marks = ", ".join("?" * len(ids))
            records = log.select(f"id in ({marks}) order by seq desc", ids)
            return found_message(records, typed, count=len(newest), before=before)

        page = f", from {before + 1}" if before else ""
        return "search", filters.description(log.scrubbed) + page, None, make

    def view(sight: Sight, question_id: str) -> Request:
        record = log.get(question_id) if question_id else None
        if record is None or not is_of(record, sight.teams):
            problem = "audit_no_question" if question_id else "audit_no_id"
            raise Misread(message(f"slack.{problem}", id=clean(question_id)))
        return "view", "", record.id, lambda: _question(record)

    def _question(record: Record) -> Message:
        refusal = None
        try:
            fit_words(delivery.desk, record.text)
        except Refused as error:
            refusal = str(error)
        return question_message(record, proposals_of([record], in_force(log)), refusal)

    def verify() -> Request:
        return "view", "verify", None, lambda: verified_message(verified(settings), many)

    def approval(value: str, by: str) -> Request:
        if many:
            raise Misread(message("workspaces.operator_approves"))
        number, question_id, system = (*value.split(" "), "", "", "")[:3]

        def make() -> Message:
            record = log.get(question_id)
            proposals = proposals_of([record] if record else [], in_force(log))
            proposal = next((p for p in proposals if str(p.number) == number), None)
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
            return plain_message(
                message(
                    "slack.approved",
                    number=written,
                    words=record.text,
                    code=verdict.code,
                    title=verdict.title,
                )
            )

        return None, "", question_id, make

    # A request is logged in the thread that received it, and made and shown when its turn comes.

    def guarded(
        body: dict[str, Any], user: str, typed: str, read_request: Callable[[Sight], Request]
    ) -> tuple[str, Callable[[], Message] | None]:
        """Log a request. Gives a sentence to reply at once, or "" and what makes the message."""
        team = workspace_of(body).team if many else None
        try:
            sight = sight_of(body, user)
            if sight is None:
                # The text is scrubbed: a person who is not an auditor has no reason to type names.
                log.access("refusal", user, log.scrubbed(typed), team=team)
                return message("slack.refused_audit"), None
            what, detail, question_id, make = read_request(sight)
            if what is not None:
                log.access(what, user, detail, question_id, team=team)
            return "", make
        except (Misread, Refused, ReviewRefused) as error:
            return str(error), None
        except LogUnavailable as error:
            logger.error("%s", error)
            return message("slack.not_logged"), None

    def sight_of(body: dict[str, Any], user: str) -> Sight | None:
        """What a person may see; None when they are no auditor, or it cannot be looked up."""
        try:
            return delivery.roles.auditor(workspace_of(body), user, team_of_person(body))
        except STATE_ERRORS as error:
            logger.error("who is an auditor cannot be read: %s", error)
            return None

    def auditor(body: dict[str, Any], user: str, sight: Sight) -> Auditor:
        return Auditor(user, sight, workspace_of(body).team if many else None)

    def take(
        command: dict[str, Any], context: BoltContext, ack: Ack, next_: Callable[[], None]
    ) -> BoltResponse | None:
        typed = (command.get("text") or "").strip()
        verb, _, rest = typed.partition(" ")

        def read_request(sight: Sight) -> Request:
            if verb in audit_reviews.VERBS:
                return reviews.typed(verb, rest.strip(), auditor(command, user, sight))
            if verb == "show":
                return view(sight, rest.strip())
            return verify() if verb == "verify" else search(sight, typed)

        user = command["user_id"]
        if many and verb == workspace_people.VERB:
            told = workspace_people.reply_to(delivery, command, rest)
            if told is not None:
                return ack(text=told, response_type="ephemeral")
        if verb in ("", "help") and sight_of(command, user):
            return ack(text=help_text(), response_type="ephemeral")
        reply, make = guarded(command, user, f"{COMMAND} {clean(typed)}".strip(), read_request)
        response = ack(text=reply, response_type="ephemeral") if reply else ack()
        if make is None:
            return response
        context.update(make=make)
        next_()
        return None

    def answer(command: dict[str, Any], context: BoltContext) -> None:
        way = respond(command["response_url"], response_type="ephemeral")
        delivery.post(way, _made(context["make"]))

    def press(
        body: dict[str, Any],
        action: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> None:
        user, name, value = body["user"]["id"], action["action_id"], action["value"]

        def read_request(sight: Sight) -> Request:
            if name in audit_reviews.PRESSED:
                return reviews.pressed(name, value, auditor(body, user, sight))
            if name == SHOW:
                return view(sight, value)
            if name == APPROVE:
                return approval(value, user)
            stored = json.loads(value)
            return search(sight, stored["typed"], stored["before"])

        text, make = guarded(body, user, name, read_request)
        ack()
        context.update(make=make or (lambda: plain_message(text)))
        next_()

    def reply(body: dict[str, Any], context: BoltContext) -> None:
        say(delivery, body, _made(context["make"]))

    # Reviews

    def go_on(body: dict[str, Any], context: BoltContext) -> None:
        """Put what is next in the place of the message whose button was pressed."""
        way = respond(place_of(body).url, response_type="ephemeral", replace_original=True)
        delivery.post(way, _made(context["make"]))

    def ask_for_code(body: dict[str, Any], action: dict[str, Any], ack: Ack) -> BoltResponse:
        user, views = body["user"]["id"], []

        def read_request(sight: Sight) -> Request:
            place = place_of(body).as_dict()
            views.append(reviews.modal(action["value"], auditor(body, user, sight), place))
            return None, "", None, lambda: plain_message("")

        text, _ = guarded(body, user, SHOULD_BE, read_request)
        response = ack()
        if text:
            say(delivery, body, text)
        else:
            open_modal(delivery, body, views[0])
        return response

    def take_code(
        body: dict[str, Any],
        view: dict[str, Any],
        context: BoltContext,
        ack: Ack,
        next_: Callable[[], None],
    ) -> BoltResponse | None:
        user, kept = body["user"]["id"], view["private_metadata"]

        def read_request(sight: Sight) -> Request:
            code, note = submitted(view)
            make = reviews.send(kept, code, note, auditor(body, user, sight))
            return None, "", None, make

        text, make = guarded(body, user, SHOULD_BE, read_request)
        if make is None:
            return ack(response_action="errors", errors={CODE: text})
        ack()
        context.update(make=make)
        next_()
        return None

    def after_modal(view: dict[str, Any], context: BoltContext) -> None:
        url = json.loads(view["private_metadata"])["place"]["url"]
        way = respond(url, response_type="ephemeral", replace_original=True)
        delivery.post(way, _made(context["make"]))

    def nothing() -> None:
        """The middleware has done everything."""

    app.action(SHOULD_BE, middleware=[ask_for_code])(nothing)
    app.view(SHOULD_BE, middleware=[take_code])(after_modal)
    for name in audit_reviews.PRESSED:
        app.action(name, middleware=[press])(go_on)
    app.command(COMMAND, middleware=[take])(answer)
    for name in (SHOW, NEXT, APPROVE):
        app.action(name, middleware=[press])(reply)


def _made(make: Callable[[], Message]) -> Message:
    try:
        return make()
    except (Refused, ReviewRefused, CheckpointError) as error:
        return plain_message(str(error))
    except LogUnavailable as error:
        logger.error("%s", error)
        return plain_message(message("slack.audit_unreadable"))
