"""The surfaces of Code Desk in Slack, as a person meets them: what is typed or pressed, and what
Slack is then sent. `slack_pictures.py` draws them. A new surface is a row of SURFACES."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml
from slack_serving import ROOT, TimedSlack, app_home_opened

#: Seconds until it counts as not there.
_PATIENCE = 20.0
_SHOWN_BY = (
    "chat.postMessage", "chat.postEphemeral", "chat.update", "response_url",
    "views.open", "views.push", "views.update", "views.publish",
)  # fmt: skip

Payload = dict[str, Any]


class Missing(Exception):
    """This surface is not there; the message says why."""


@dataclass
class Scene:
    """One person in a workspace, and what they were shown, by the name of the surface."""

    slack: TimedSlack
    user: str = "U7"
    shown: dict[str, Payload] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    _channels: int = 0

    def channel(self) -> str:
        """A channel in which nothing was said yet."""
        self._channels += 1
        return f"C{self._channels:03}"

    def after(self, act: Callable[[], object], *methods: str, path: str = "") -> Payload:
        """What is shown after an act: a message or a view. `path`: of the response_url by which it
        comes. Raises Missing."""
        seen = len(self.slack.calls)
        act()
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for call in self.slack.calls[seen:]:
                is_shown = call.method in (methods or _SHOWN_BY) and call.took_effect
                if is_shown and path in ("", call.path):
                    return call.args.get("view") or call.args
            time.sleep(0.05)
        raise Missing("nothing was shown")


#: Does what a person does, and gives what they are shown.
Act = Callable[[Scene], Payload]


@dataclass(frozen=True, slots=True)
class Surface:
    """`name`: of the picture. `what`: how a person comes to it."""

    name: str
    what: str
    act: Act


def mention(name: str, text: str) -> Surface:
    def act(scene: Scene) -> Payload:
        channel = scene.where[name] = scene.channel()
        event = scene.slack.app_mention(text, user=scene.user, channel=channel)
        return scene.after(lambda: scene.slack.send_event(event), "chat.postMessage")

    return Surface(name, f"`@Code Desk {text}`", act)


def in_thread(name: str, of: str, text: str) -> Surface:
    """A reply in the thread of an earlier mention."""

    def act(scene: Scene) -> Payload:
        channel = _place(scene, of)
        thread = scene.shown[of].get("thread_ts")
        event = scene.slack.app_mention(text, user=scene.user, channel=channel, thread_ts=thread)
        return scene.after(lambda: scene.slack.send_event(event), "chat.postMessage")

    return Surface(name, f"`@Code Desk {text}` in the thread of *{of}*", act)


def direct(name: str, text: str) -> Surface:
    def act(scene: Scene) -> Payload:
        event = scene.slack.direct_message(text, user=scene.user, channel="D" + scene.user[1:])
        return scene.after(lambda: scene.slack.send_event(event), "chat.postMessage")

    return Surface(name, f"`{text}` in a direct message", act)


def slash(name: str, text: str, command: str = "/code") -> Surface:
    def act(scene: Scene) -> Payload:
        channel, acks, url = scene.channel(), [], scene.slack.new_response_url()

        def send() -> None:
            delivery = scene.slack.send_slash(
                command, text, user=scene.user, channel=channel, response_url=url
            )
            acks.append(delivery.wait_ack(10))

        try:
            return scene.after(send, path=urlsplit(url).path)
        except Missing:
            # A short reply may come with the acknowledgement.
            if acks and acks[0].payload:
                return acks[0].payload
            raise

    return Surface(name, f"`{command} {text}`".replace(" `", "`"), act)


def press(name: str, of: str, label: str) -> Surface:
    """Press a button, or choose from a menu, under an earlier mention, by its words."""

    def act(scene: Scene) -> Payload:
        channel = _place(scene, of)
        message = scene.slack.message(channel)
        if message is None:
            raise Missing(f"{of} is not there any more")
        action_id, value = _pressable(message.get("blocks", []), label)
        payload = scene.slack.block_actions(action_id, value, user=scene.user, channel=channel)
        return scene.after(lambda: scene.slack.send_interactive(payload))

    return Surface(name, f"*{label}* under *{of}*", act)


def opened(name: str, tab: str, what: str) -> Surface:
    def act(scene: Scene) -> Payload:
        event = app_home_opened(scene.user, tab=tab)
        method = "views.publish" if tab == "home" else "chat.postMessage"
        return scene.after(lambda: scene.slack.send_event(event), method)

    return Surface(name, what, act)


def shortcut(name: str, kind: str, message: str = "") -> Surface:
    """The shortcut of the manifest of this kind: global, or message (of a colleague)."""

    def act(scene: Scene) -> Payload:
        manifest = yaml.safe_load((ROOT / "manifest.yaml").read_text("utf-8"))
        of_kind = [s for s in manifest["features"].get("shortcuts", ()) if s["type"] == kind]
        if not of_kind:
            raise Missing("the manifest has no such shortcut")
        team, channel = scene.slack.identity.team, scene.channel()
        payload: Payload = {
            "type": "shortcut" if kind == "global" else "message_action",
            "callback_id": of_kind[0]["callback_id"],
            "trigger_id": scene.slack.new_trigger_id(),
            "team": {"id": team, "domain": "testing"},
            "user": {"id": scene.user, "name": "dana", "username": "dana", "team_id": team},
            "token": "verification-token",
            "action_ts": "1700000000.000100",
            "is_enterprise_install": False,
            "enterprise": None,
        }
        if kind == "message":
            said = {"type": "message", "user": "U8", "ts": "1700000000.000100", "text": message}
            payload |= {
                "message": said,
                "message_ts": said["ts"],
                "channel": {"id": channel, "name": "coding"},
                "response_url": scene.slack.new_response_url(),
            }
        return scene.after(lambda: scene.slack.send_interactive(payload))

    what = "the global shortcut" if kind == "global" else f"the message shortcut, on `{message}`"
    return Surface(name, what, act)


def _place(scene: Scene, of: str) -> str:
    if of not in scene.where:
        raise Missing(f"{of} is not there")
    return scene.where[of]


def _pressable(blocks: Any, label: str) -> tuple[str, str | None]:
    """The action and the value of the button whose words match, or of the option of a menu. Raises
    Missing."""
    for element in _elements(blocks):
        for thing in (element, *element.get("options", ())):
            if _says(thing, label):
                return element["action_id"], thing.get("value")
    raise Missing(f"nothing there says {label}")


def _elements(value: Any) -> Iterator[Payload]:
    if isinstance(value, Mapping):
        if "action_id" in value:
            yield dict(value)
        for inner in value.values():
            yield from _elements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _elements(inner)


def _says(thing: Payload, label: str) -> bool:
    text = thing.get("text")
    words = text.get("text", "") if isinstance(text, dict) else ""
    return re.fullmatch(label, re.sub(r"[\s…]+$", "", words), re.I) is not None


#: In their order; one that presses needs an earlier one.
SURFACES = [
    opened("messages", "messages", "the Messages tab, opened for the first time"),
    mention("report", "htn w/ ckd 3b, t2dm on insulin"),
    mention("report-one-line", "left ankle sprain, first visit"),
    mention("question-back", "chronic serous otitis media"),
    in_thread("follow-up", "question-back", "left side"),
    mention("several", "1. copd exacerbation 2. plantar fasciitis rt foot 3. afib"),
    mention("drug", "botox 90 units given, 10 wasted, chronic migraine"),
    mention("edit", "J3301 x 30 units ok?"),
    mention("modifier", "capped rental month 5 which modifier"),
    mention("claim", "99213-25, J3301-RT x4 ptr A, dx M17.12 E11.9, dos 3/3/26, POS 11, 67yo F"),
    mention("denial", "CO-97 on J3301"),
    mention("procedure", "lap chole icd10pcs"),
    mention("identifiers", "pt John Smith, mass L breast, dob 3/4/1961"),
    slash("private", "copd w/ acute bronchitis"),
    slash("verdict", "check E11.9 2025-11-03"),
    slash("verdict-header", "check S52.50"),
    slash("verdict-ended", "check G35 2026-11-03"),
    slash("pair", "E11.9 with E10.9?"),
    slash("order", "which first, N18.32 or I12.9?"),
    slash("changes", "what changed in FY2027 for plantar fasciitis"),
    slash("rule", "when is sepsis sequenced first"),
    slash("abstention", "best pizza near the hospital"),
    slash("help", "help"),
    press("rules", "report", "Rules|Notes and rules|The rules"),
    press("check-with", "report", "Check with.*"),
    press("copy", "report", "Copy.*|As text.*|Text for the chart"),
    press("code-used", "report", "The code I used.*"),
    mention("header", "is S52.50 billable?"),
    press("complete", "header", "Complete.*"),
    direct("hello", "hi"),
    slash("audit", "diabetes", "/code-audit"),
    opened("home", "home", "App Home"),
    shortcut("ask", "global"),
    shortcut("look-up", "message", "CO-11 denial, M54.5 with 97110, dos 11/3/2026"),
]
