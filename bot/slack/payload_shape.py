"""The shape of Slack's payloads, as far as listeners rely on it: what is named here has its type,
or is not there. Everything else may be as it is.

https://docs.slack.dev/apis/events-api and https://docs.slack.dev/reference/interaction-payloads.
Text must be storable: half of a surrogate pair, which JSON can write, is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError


def _storable(text: str) -> str:
    text.encode()  # raises ValueError
    return text


Text = Annotated[str, AfterValidator(_storable)] | None
Objects = list[dict[str, Any]] | None


class _Loose(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Edited(_Loose):
    ts: Text = None


class _Event(_Loose):
    """An event, or a message in one. Some events that nobody listens to have objects for `user` and
    `channel`; they are never checked."""

    type: Text = None
    subtype: Text = None
    user: Text = None
    user_team: Text = None
    team: Text = None
    channel: Text = None
    channel_type: Text = None
    text: Text = None
    ts: Text = None
    thread_ts: Text = None
    deleted_ts: Text = None
    bot_id: Text = None
    tab: Text = None
    edited: _Edited | None = None
    message: _Event | None = None
    previous_message: _Event | None = None
    blocks: Objects = None
    attachments: Objects = None
    files: Objects = None
    view: dict[str, Any] | None = None
    tokens: dict[str, list[str] | None] | None = None


class _Authorization(_Loose):
    team_id: Text = None
    enterprise_id: Text = None
    user_id: Text = None


class _EventBody(_Loose):
    event_id: str
    event: _Event
    team_id: Text = None
    enterprise_id: Text = None
    context_team_id: Text = None
    authorizations: list[_Authorization] | None = None
    is_ext_shared_channel: bool | None = None


class _Command(_Loose):
    command: str
    text: Text = None
    team_id: Text = None
    enterprise_id: Text = None
    channel_id: Text = None
    user_id: Text = None
    response_url: Text = None


class _Named(_Loose):
    id: Text = None
    team_id: Text = None
    enterprise_id: Text = None


class _Option(_Loose):
    value: Text = None


class _Action(_Loose):
    action_id: Text = None
    block_id: Text = None
    value: Text = None
    selected_option: _Option | None = None
    selected_options: list[_Option] | None = None


class _State(_Loose):
    values: dict[str, dict[str, dict[str, Any]]] | None = None


class _View(_Loose):
    id: Text = None
    callback_id: Text = None
    private_metadata: Text = None
    blocks: Objects = None
    state: _State | None = None


class _Interaction(_Loose):
    user: _Named | None = None
    team: _Named | None = None
    enterprise: _Named | None = None
    channel: _Named | None = None
    message: _Event | None = None
    container: dict[str, Any] | None = None
    view: _View | None = None
    actions: list[_Action] | None = None
    callback_id: Text = None
    trigger_id: Text = None
    response_url: Text = None


#: The events that somebody listens to.
_EVENTS = frozenset(
    "message app_mention app_home_opened member_joined_channel agent_session_stopped "
    "app_uninstalled tokens_revoked".split()
)


def is_well_formed(payload: Mapping[str, Any]) -> bool:
    """Whether a payload has the shape that listeners rely on."""
    if "command" in payload:
        model: type[_Loose] = _Command
    elif payload.get("type") == "event_callback":
        event = payload.get("event")
        kind = event.get("type") if isinstance(event, dict) else None
        if isinstance(kind, str) and kind not in _EVENTS:
            return True
        model = _EventBody
    else:
        model = _Interaction
    try:
        model.model_validate(payload)
    except ValidationError:
        return False
    return True
