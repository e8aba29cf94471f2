"""Judging Web API calls: arguments and scopes by the published method list, blocks by the limits.

A breach is recorded as one line of text; the worst of a call's breaches also decides the refusal
Slack would answer with.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Arguments the method list calls required and the method's own page calls optional.
# https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts: an agent app must
# leave thread_ts out.
_OPTIONAL_AFTER_ALL = {("assistant.threads.setSuggestedPrompts", "thread_ts")}

# Methods that are newer than the published list: https://docs.slack.dev/ai/agent-sessions
_NEWER = {
    "agents.sessions.setStatus": {
        "args": {
            "channel_id": False,
            "icon_emoji": False,
            "icon_url": False,
            "initiator_user_id": False,
            "status": True,
            "thread_ts": False,
            "title": False,
            "username": False,
        },
        "bot": ["chat:write"],
    }
}
_SESSION_STATUSES = ("active", "closed", "processing", "suspended")
_MOST_PROMPTS = 4

# https://docs.slack.dev/reference/block-kit/block-elements
_MOST_OPTIONS = {"radio_buttons": 10, "overflow": 5, "static_select": 100}

# Bolt adds team_id to every call; methods that do not need it ignore it:
# https://api.slack.com/enterprise/apps/changes-apis
_ALWAYS_KNOWN = {"team_id"}

_POSTING = ("chat.postMessage", "chat.postEphemeral", "chat.update")
_STRUCTURED = ("attachments", "blocks", "chunks", "metadata", "prompts", "view")


@dataclass
class Verdict:
    """What is wrong with a call, and the body with which Slack refuses it, if it does."""

    violations: list[str] = field(default_factory=list)
    refusal: dict[str, Any] | None = None

    def refuse(self, error: str, messages: list[str], **extra: str) -> None:
        """Record breaches and, unless an earlier check already refused the call, refuse it."""
        self.violations += messages
        if self.refusal is None and messages:
            told = {"messages": [f"[ERROR] {message}" for message in messages]}
            self.refusal = {"ok": False, "error": error, **extra, "response_metadata": told}


class Judge:
    """`methods` maps a method to {"args": {name: required}, "bot": [scopes, any of which will do]}.

    Without `methods` only blocks and texts are judged; without `scopes` every scope is granted.
    """

    def __init__(self, methods: Mapping[str, Any] | None, scopes: set[str] | None) -> None:
        self._methods = {**_NEWER, **methods} if methods else {}
        self._scopes = scopes

    def knows(self, method: str) -> bool:
        """Whether the method list has this method."""
        return method in self._methods

    def judge(self, method: str, args: Mapping[str, Any]) -> Verdict:
        """Judge one authenticated call."""
        verdict = Verdict()
        if method in self._methods:
            self._judge_scopes(method, verdict)
            self._judge_arguments(method, args, verdict)
        if method in _POSTING:
            if not (args.get("text") or args.get("markdown_text")):
                # Slack takes blocks alone, but notifications and screen readers then have nothing:
                # https://docs.slack.dev/reference/methods/chat.postMessage
                verdict.violations.append("no top-level text")
            private = method == "chat.postEphemeral"
            breaches = block_breaches(args.get("blocks"), most=50, private=private)
            verdict.refuse("invalid_blocks", breaches)
        elif method == "agents.sessions.setStatus":
            verdict.refuse("invalid_arguments", list(_session_breaches(args)))
        elif method == "assistant.threads.setSuggestedPrompts":
            verdict.refuse("invalid_arguments", list(_prompt_breaches(args)))
        elif isinstance(view := args.get("view"), dict):
            breaches = block_breaches(view.get("blocks"), most=100, private=True)
            verdict.refuse("invalid_arguments", breaches + list(_view_breaches(view)))
        verdict.violations = [f"{method}: {violation}" for violation in verdict.violations]
        return verdict

    def _judge_scopes(self, method: str, verdict: Verdict) -> None:
        accepted: list[str] = self._methods[method].get("bot", [])
        if self._scopes is not None and accepted and not self._scopes.intersection(accepted):
            needed, provided = ",".join(accepted), ",".join(sorted(self._scopes))
            verdict.refuse(
                "missing_scope", [f"needs scope {needed}"], needed=needed, provided=provided
            )

    def _judge_arguments(self, method: str, args: Mapping[str, Any], verdict: Verdict) -> None:
        known: dict[str, bool] = self._methods[method].get("args", {})
        # Slack ignores arguments it does not know, so they are recorded without a refusal.
        unknown = [name for name in args if name not in known and name not in _ALWAYS_KNOWN]
        verdict.violations += [f"unknown argument {name!r}" for name in unknown]
        missing = [
            f"missing required argument {name!r}"
            for name, required in known.items()
            if required
            and args.get(name) in (None, "")
            and (method, name) not in _OPTIONAL_AFTER_ALL
        ]
        verdict.refuse("invalid_arguments", missing)


def decode_structured(args: dict[str, Any]) -> dict[str, Any]:
    """Arguments with their JSON-encoded values (blocks in a form, for one) decoded."""
    return {name: _decoded(name, value) for name, value in args.items()}


def _decoded(name: str, value: Any) -> Any:
    if name in _STRUCTURED and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _session_breaches(args: Mapping[str, Any]) -> Iterator[str]:
    """https://docs.slack.dev/reference/methods/agents.sessions.setStatus"""
    if args.get("status") not in _SESSION_STATUSES:
        yield f"no status of a session: {args.get('status')!r}"
    yield from _too_long("title", args.get("title"), 200)


def _prompt_breaches(args: Mapping[str, Any]) -> Iterator[str]:
    """https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts"""
    if "thread_ts" in args:
        yield "an agent gives no thread_ts"
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not prompts:
        yield "prompts is not a list of objects"
        return
    yield from _too_many("prompts", prompts, _MOST_PROMPTS)
    for prompt in prompts:
        if not (prompt.get("title") and prompt.get("message")):
            yield "a prompt without title or message"


def _view_breaches(view: dict[str, Any]) -> Iterator[str]:
    """https://docs.slack.dev/reference/views/modal-views"""
    for name in ("title", "submit", "close"):
        yield from _too_long(name, _text({"text": view.get(name)}), 24)
    yield from _too_long("private_metadata", view.get("private_metadata"), 3000)
    yield from _too_long("callback_id", view.get("callback_id"), 255)
    blocks = view.get("blocks") or []
    if any(block.get("type") == "input" for block in blocks) and not view.get("submit"):
        yield "an input and no submit"


def block_breaches(blocks: Any, most: int, *, private: bool = False) -> list[str]:
    """Breaches of the limits on https://docs.slack.dev/reference/block-kit (blocks and elements).

    `most` is how many blocks the surface takes: 50 in a message, 100 in a modal or a Home tab.
    `private` is what only one person sees: an ephemeral message, a modal, a Home tab.
    """
    if blocks is None:
        return []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["blocks is not a list of objects"]
    found = [f"{len(blocks)} blocks, the limit is {most}"] if len(blocks) > most else []
    block_ids: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"blocks[{number}]"
        found += [f"{where}: {breach}" for breach in _breaches_of(block)]
        if private and block.get("type") == "context_actions":
            found.append(f"{where}: context_actions are for messages that others see")
        if (block_id := block.get("block_id")) is not None:
            if block_id in block_ids:
                found.append(f"{where}: duplicate block_id {block_id!r}")
            block_ids.add(block_id)
    markdown = sum(len(_text(block)) for block in blocks if block.get("type") == "markdown")
    return found + list(_too_long("markdown text in all", "x" * markdown, 12_000))


def _breaches_of(block: dict[str, Any]) -> Iterator[str]:
    """Breaches inside one block."""
    kind = block.get("type")
    yield from _too_long("block_id", block.get("block_id"), 255)
    if kind == "section":
        yield from _too_long("section text", _text(block), 3000)
        fields = block.get("fields") or []
        yield from _too_many("section fields", fields, 10)
        for item in fields:
            yield from _too_long("section field", _text({"text": item}), 2000)
    elif kind == "header":
        yield from _too_long("header text", _text(block), 150)
    elif kind == "actions":
        yield from _too_many("elements", block.get("elements"), 25)
    elif kind == "context":
        yield from _too_many("elements", block.get("elements"), 10)
    elif kind == "context_actions":
        yield from _too_many("elements", block.get("elements"), 5)
    elif kind == "input":
        yield from _too_long("label", _text({"text": block.get("label")}), 2000)
        yield from _too_long("hint", _text({"text": block.get("hint")}), 2000)

    action_ids: set[str] = set()
    for name, node in _objects("", block):
        # The two buttons of feedback_buttons carry no type of their own.
        if node.get("type") == "button" or name in ("positive_button", "negative_button"):
            yield from _too_long("button text", _text(node), 75)
            yield from _too_long("action value", node.get("value"), 2000)
        if node.get("type") in ("mrkdwn", "plain_text") and not node.get("text"):
            yield "empty text"
        for option in node.get("options") or []:
            yield from _too_long("option text", _text(option), 75)
            yield from _too_long(
                "option description", _text({"text": option.get("description")}), 75
            )
            yield from _too_long("option value", option.get("value"), 150)
        if (kind := node.get("type")) in _MOST_OPTIONS:
            yield from _too_many("options", node.get("options"), _MOST_OPTIONS[kind])
            yield from _too_many("option groups", node.get("option_groups"), 100)
            groups = node.get("option_groups") or [node]
            if not all(group.get("options") for group in groups):
                yield f"{kind} without options"
            for group in groups:
                yield from _too_many("options of a group", group.get("options"), 100)
            values = [o.get("value") for group in groups for o in group.get("options") or []]
            if len(values) != len(set(values)):
                yield f"{kind} with one value twice"
            yield from _too_long("placeholder", _text({"text": node.get("placeholder")}), 150)
        if name == "confirm" and isinstance(node.get("text"), dict):
            yield from _too_long("confirm title", _text({"text": node.get("title")}), 100)
            yield from _too_long("confirm text", _text(node), 300)
        if (action_id := node.get("action_id")) is not None:
            yield from _too_long("action_id", action_id, 255)
            if action_id in action_ids:
                yield f"duplicate action_id {action_id!r}"
            action_ids.add(action_id)


def _objects(name: str, node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON object in a block, with the field name it was found under."""
    if isinstance(node, dict):
        yield name, node
        for key, value in node.items():
            yield from _objects(key, value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(name, value)


def _text(node: dict[str, Any]) -> str:
    """The text of a block or element, whether plain (markdown) or in a text object (the rest)."""
    text = node.get("text")
    if isinstance(text, dict):
        text = text.get("text")
    return text if isinstance(text, str) else ""


def _too_long(what: str, text: Any, limit: int) -> Iterator[str]:
    if isinstance(text, str) and len(text) > limit:
        yield f"{what} of {len(text)} characters, the limit is {limit}"


def _too_many(what: str, items: Any, limit: int) -> Iterator[str]:
    if isinstance(items, list) and len(items) > limit:
        yield f"{len(items)} {what}, the limit is {limit}"
