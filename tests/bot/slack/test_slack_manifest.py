"""manifest.yaml asks for what the code uses, and for nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from paths import ROOT, SHARED
from slack_support import manifest, method_list

from bot.slack.listeners.audit import COMMAND as AUDIT
from bot.slack.listeners.commands import COMMAND
from bot.slack.listeners.shortcuts import ASK_ANYWHERE, LOOK_UP
from bot.slack.workspaces.oauth import SCOPES

#: Any of these scopes lets an app have the event: https://docs.slack.dev/reference/events
EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "agent_session_stopped": (),
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    # channels:read tells of public channels, groups:read of private ones.
    "member_joined_channel": ("channels:read", "groups:read"),
    "message.im": ("im:history",),
    "tokens_revoked": (),
}
#: What the manifest switches on, and the scope that it needs.
FEATURE_SCOPES = {
    "agent_view": "assistant:write",
    "shortcuts": "commands",
    "slash_commands": "commands",
}
#: Methods of the Web API need one of these: https://docs.slack.dev/reference/methods
METHOD_SCOPES: dict[str, tuple[str, ...]] = {
    "agents.sessions.setStatus": ("chat:write",),
    "apps.connections.open": (),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "auth.test": (),
    "files.info": ("files:read",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("im:history",),
    "conversations.replies": ("im:history",),
    "usergroups.users.list": ("usergroups:read",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
#: Methods for what not everybody has: their scopes are comments of the manifest.
OPTIONAL = {"usergroups.users.list"}
#: Reading the content of a file needs this scope, and no method:
#: https://docs.slack.dev/messaging/working-with-files
FILES_READ, FILE_URL = "files:read", "url_private"

SOURCES = [path.read_text("utf-8") for path in sorted((ROOT / "bot" / "slack").rglob("*.py"))]
#: The beginnings of methods, to tell client.chat_update from other names.
_OTHERS = {"bookmarks", "files", "pins", "reactions", "team", "usergroups", "users"}
_FAMILIES = sorted({name.split(".")[0] for name in METHOD_SCOPES} | _OTHERS)
_CALLED = re.compile(rf"\.((?:{'|'.join(_FAMILIES)})_[a-zA-Z_]+)\(")
_NAMED = re.compile(rf"\"((?:{'|'.join(_FAMILIES)})\.[a-zA-Z.]+)\"")


def methods_called() -> set[str]:
    """Every method that the code names or calls through the SDK."""
    found = set()
    for source in SOURCES:
        found |= {name.replace("_", ".") for name in _CALLED.findall(source)}
        found |= set(_NAMED.findall(source))
    return {method for method in found if not method.endswith(".py")}


def scopes() -> set[str]:
    return set(manifest()["oauth_config"]["scopes"]["bot"])


def needed() -> set[str]:
    """Every scope that an event, a feature or a method is the reason for."""
    found = {scope for event in events() for scope in EVENT_SCOPES[event]}
    found |= {FEATURE_SCOPES[name] for name in manifest()["features"] if name in FEATURE_SCOPES}
    for method in methods_called() - OPTIONAL:
        allowed = METHOD_SCOPES[method]
        found |= {allowed[0]} if allowed else set()
    if any(FILE_URL in source for source in SOURCES):
        found.add(FILES_READ)
    return found


def events() -> list[str]:
    return manifest()["settings"]["event_subscriptions"]["bot_events"]


def test_each_scope_has_a_reason_and_each_reason_its_scope() -> None:
    assert scopes() == needed()


def test_the_scope_of_each_optional_method_is_a_comment() -> None:
    comments = (ROOT / "manifest.yaml").read_text("utf-8")
    for method in OPTIONAL:
        (scope,) = METHOD_SCOPES[method]
        assert f"# - {scope}" in comments
        assert scope not in scopes()


def test_whoever_installs_it_is_asked_for_the_scopes_of_the_manifest() -> None:
    assert set(SCOPES) == scopes()


def test_the_only_history_is_that_of_direct_messages() -> None:
    assert {scope for scope in scopes() if "history" in scope} == {"im:history"}
    messages = [event for event in events() if event.startswith("message.")]
    assert messages == ["message.im"]


def test_the_events_are_those_that_are_listened_to() -> None:
    listened = {name for source in SOURCES for name in re.findall(r"\.event\(\s*\"(\w+)\"", source)}
    listened |= {"app_mention", "message"}  # by a loop in events.py
    assert {event.split(".")[0] for event in events()} == listened


def test_methods_that_are_called_are_published() -> None:
    path = method_list()
    if path is None:
        pytest.skip("no method list here")
    published: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for method, allowed in METHOD_SCOPES.items():
        if method in published and published[method]["bot"]:
            assert set(allowed) <= set(published[method]["bot"]), method


def test_commands_and_shortcuts_are_those_of_the_code() -> None:
    features = manifest()["features"]
    assert [command["command"] for command in features["slash_commands"]] == [COMMAND, AUDIT]
    shortcuts = {shortcut["callback_id"]: shortcut["type"] for shortcut in features["shortcuts"]}
    assert shortcuts == {LOOK_UP: "message", ASK_ANYWHERE: "global"}


def test_it_is_an_agent_as_new_apps_are() -> None:
    features = manifest()["features"]
    assert "assistant_view" not in features
    assert 0 < len(features["agent_view"]["suggested_prompts"]) <= 4
    assert not [event for event in events() if event.startswith("assistant_thread")]
    assert features["app_home"]["home_tab_enabled"]
    assert features["app_home"]["messages_tab_enabled"]
    assert not features["app_home"]["messages_tab_read_only_enabled"]


def test_it_can_be_installed_for_an_organisation() -> None:
    asked = manifest()["settings"]
    assert asked["org_deploy_enabled"]
    assert asked["socket_mode_enabled"]
    assert asked["interactivity"]["is_enabled"]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def test_its_words_are_calm() -> None:
    assert not [text for text in _texts(manifest()) if "!" in text]


SCHEMA = SHARED / "slack" / "manifest"


@pytest.mark.skipif(not SCHEMA.is_dir(), reason="no schema here")
@pytest.mark.parametrize("mode", ["socket", "http"])
def test_it_follows_slacks_schema(mode: str, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    given = yaml.safe_load((ROOT / "manifest.yaml").read_text("utf-8"))
    if mode == "http":
        # As its first lines say.
        url = "https://codedesk.example.org/slack/events"
        given["settings"]["socket_mode_enabled"] = False
        given["settings"]["event_subscriptions"]["request_url"] = url
        given["settings"]["interactivity"]["request_url"] = url
        for command in given["features"]["slash_commands"]:
            command["url"] = url
    path = SCHEMA / "manifest.schema.1.0.0.json"
    jsonschema.validate(given, json.loads(path.read_text("utf-8")))
