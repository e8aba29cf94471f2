"""The loopback Slack itself, against the real slack_sdk and slack_bolt."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient
from slack_server import SlackServer, signed_request

METHODS: dict[str, Any] = {
    "chat.postMessage": {
        "args": {"channel": True, "text": False, "blocks": False, "thread_ts": False},
        "bot": ["chat:write"],
    },
    "reactions.add": {
        "args": {"channel": True, "name": True, "timestamp": True},
        "bot": ["reactions:write"],
    },
}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk would send even loopback requests through a proxy of the environment."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(METHODS, scopes={"chat:write"}) as server:
        yield server


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """A client that never tries a call again by itself."""
    return WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
def bot(slack: SlackServer, client: WebClient) -> Iterator[App]:
    """A bot that answers mentions in the thread, /code and one button, over Socket Mode."""
    app = App(client=client, raise_error_for_unhandled_request=False)

    @app.event("app_mention")
    def mention(event: dict[str, Any], say: Any) -> None:
        button = {
            "type": "button",
            "action_id": "more",
            "value": "E11.9",
            "text": {"type": "plain_text", "text": "More"},
        }
        blocks = [{"type": "actions", "block_id": "choices", "elements": [button]}]
        say(text=f"You said {event['text']}", blocks=blocks, thread_ts=event["ts"])

    @app.command("/code")
    def command(ack: Any, command: dict[str, Any]) -> None:
        ack(f"Looking up {command['text']}")

    @app.action("more")
    def more(ack: Any, action: dict[str, Any], respond: Any) -> None:
        ack()
        respond(f"More about {action['value']}", replace_original=False)

    handler = SocketModeHandler(app, slack.app_token)
    handler.connect()  # type: ignore[no-untyped-call]
    slack.wait_connected()
    yield app
    close(slack, handler)


def close(slack: SlackServer, handler: SocketModeHandler) -> None:
    """Close a handler, without the 3 seconds its client may wait to read from a live connection."""
    slack.disconnect(abrupt=True)
    handler.close()  # type: ignore[no-untyped-call]


def error_of(call: Any) -> str:
    """The error code a WebClient call fails with."""
    with pytest.raises(SlackApiError) as raised:
        call()
    return str(raised.value.response["error"])


# Socket Mode


@pytest.mark.usefixtures("bot")
def test_a_mention_is_acknowledged_and_answered(slack: SlackServer) -> None:
    event = slack.app_mention("what is E11.9 &amp; why?")
    ack = slack.send_event(event).wait_ack(10)
    assert ack.payload is None
    assert 0 < ack.seconds < 10

    (answer,) = slack.wait_for("chat.postMessage")
    assert answer.args["text"] == "You said <@UBOT> what is E11.9 &amp; why?"
    assert answer.args["thread_ts"] == event["ts"]
    assert answer.args["blocks"][0]["elements"][0]["value"] == "E11.9"
    assert slack.messages("C1") == [answer]
    assert slack.messages("C2") == []
    typed = event["blocks"][0]["elements"][0]["elements"]
    assert typed[0] == {"type": "user", "user_id": "UBOT"}
    assert typed[1] == {"type": "text", "text": " what is E11.9 & why?"}
    assert slack.violations == []


@pytest.mark.usefixtures("bot")
def test_a_slash_command_is_answered_in_the_ack(slack: SlackServer) -> None:
    ack = slack.send_slash(text="asthma").wait_ack(10)
    assert ack.payload is not None
    assert ack.payload["text"] == "Looking up asthma"
    assert slack.violations == []


@pytest.mark.usefixtures("bot")
def test_a_button_press_carries_what_was_posted(slack: SlackServer) -> None:
    slack.send_event(slack.app_mention("asthma")).wait_ack(10)
    (posted,) = slack.wait_for("chat.postMessage")
    press = slack.send_block_action("more", channel="C1", message_ts=posted.response["ts"])
    press.wait_ack(10)
    assert press.payload["actions"][0]["block_id"] == "choices"
    assert press.payload["message"]["blocks"] == posted.args["blocks"]
    (reply,) = slack.wait_for("response_url")
    assert reply.args["text"] == "More about E11.9"
    assert press.payload["response_url"].endswith(reply.path)
    assert slack.violations == []


def test_an_ephemeral_message_is_not_sent_back_with_its_button(
    slack: SlackServer, client: WebClient
) -> None:
    client.chat_postEphemeral(channel="C1", user="U1", text="only you")
    payload = slack.block_actions("more", "x", channel="C1")
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload
    ts = payload["container"]["message_ts"]
    error = error_of(lambda: client.chat_update(channel="C1", ts=ts, text="changed"))
    assert error == "message_not_found"


@pytest.mark.usefixtures("bot")
def test_the_same_event_can_be_sent_again(slack: SlackServer) -> None:
    event = slack.app_mention("asthma")
    first = slack.send_event(event)
    again = slack.send_event(event, first.event_id, retry_num=1, retry_reason="timeout")
    again.wait_ack(10)
    assert again.payload == first.payload
    assert again.envelope["envelope_id"] != first.envelope["envelope_id"]
    assert (again.envelope["retry_attempt"], again.envelope["retry_reason"]) == (1, "timeout")


@pytest.mark.usefixtures("bot")
def test_disconnect_leads_to_a_reconnect(slack: SlackServer) -> None:
    slack.disconnect()
    slack.wait_connected()
    slack.wait_for("apps.connections.open", count=2)
    again = slack.send_event(slack.app_mention("still there?"))
    again.wait_ack(10)
    assert again.connection > 0


@pytest.mark.usefixtures("bot")
def test_each_event_goes_to_one_of_several_connections(slack: SlackServer) -> None:
    other = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
    other.event("app_mention")(lambda event, say: say("the other"))
    handler = SocketModeHandler(other, slack.app_token)
    try:
        handler.connect()  # type: ignore[no-untyped-call]
        slack.wait_connected(count=2)
        sent = [slack.send_event(slack.app_mention(f"question {n}")) for n in range(4)]
        for delivery in sent:
            delivery.wait_ack(10)
        slack.wait_for("chat.postMessage", count=4)
    finally:
        close(slack, handler)
    assert [delivery.connection for delivery in sent] == [0, 1, 0, 1]
    texts = [call.args["text"] for call in slack.messages()]
    assert texts.count("the other") == 2
    assert len(texts) == 4


def test_nothing_to_wait_for_fails_clearly(slack: SlackServer, client: WebClient) -> None:
    client.auth_test()
    with pytest.raises(AssertionError, match=r"0 of 1 calls of chat.update(.|\n)*auth.test"):
        slack.wait_for("chat.update", timeout=0.01)
    with pytest.raises(AssertionError, match="0 Socket Mode connections"):
        slack.wait_connected(timeout=0.01)


# The Web API


def test_a_wrong_token_is_refused(slack: SlackServer, client: WebClient) -> None:
    stranger = WebClient(token="xoxb-wrong", base_url=slack.api_url)
    nobody = WebClient(base_url=slack.api_url)
    assert error_of(lambda: stranger.auth_test()) == "invalid_auth"
    assert error_of(lambda: nobody.auth_test()) == "not_authed"
    wrong_kind = error_of(lambda: client.apps_connections_open(app_token=slack.bot_token))
    assert wrong_kind == "not_allowed_token_type"
    assert client.auth_test()["user_id"] == "UBOT"
    assert [call.took_effect for call in slack.calls] == [False, False, False, True]


def test_the_methods_answer_as_documented(slack: SlackServer, client: WebClient) -> None:
    dm = client.conversations_open(users="U7")["channel"]["id"]
    posted = client.chat_postMessage(channel="U7", text="Hello", blocks=[{"type": "divider"}])
    assert posted["channel"] == dm
    updated = client.chat_update(channel=dm, ts=posted["ts"], text="Goodbye")
    assert updated["message"]["text"] == "Goodbye"
    assert "blocks" not in updated["message"]
    message = slack.message(dm)
    assert message is not None
    assert (message["ts"], message["text"]) == (posted["ts"], "Goodbye")
    view = client.views_publish(user_id="U7", view={"type": "home", "blocks": []})["view"]
    assert view["type"] == "home"

    modal = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []}
    trigger = slack.new_trigger_id()
    assert client.views_open(trigger_id=trigger, view=modal)["view"]["id"]
    error = error_of(lambda: client.views_open(trigger_id=trigger, view=modal))
    assert error == "exchanged_trigger_id"
    error = error_of(lambda: client.views_open(trigger_id="made up", view=modal))
    assert error == "invalid_trigger_id"
    assert error_of(lambda: client.api_call("chat.shout")) == "unknown_method"
    empty = {"channel": "C1"}
    assert error_of(lambda: client.api_call("chat.postMessage", json=empty)) == "no_text"


def test_a_form_with_a_token_in_it_is_accepted(slack: SlackServer) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Hi"}}
    form = {"channel": "C1", "text": "Hi", "blocks": json.dumps([section])}
    client = WebClient(base_url=slack.api_url)
    assert client.api_call("chat.postMessage", params={**form, "token": slack.bot_token})["ok"]
    (call,) = slack.messages("C1")
    assert call.args == form | {"blocks": [section]}
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"


def test_arguments_are_judged(slack: SlackServer, client: WebClient) -> None:
    missing = error_of(lambda: client.api_call("chat.postMessage", json={"text": "Hi"}))
    assert missing == "invalid_arguments"
    client.api_call("chat.postMessage", json={"channel": "C1", "text": "Hi", "colour": "red"})
    assert slack.violations == [
        "chat.postMessage: missing required argument 'channel'",
        "chat.postMessage: unknown argument 'colour'",
    ]
    assert len(slack.messages()) == 1


def test_the_method_list_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "methods.json"
    path.write_text(json.dumps(METHODS), "utf-8")
    with SlackServer(path) as server:
        client = WebClient(server.bot_token, base_url=server.api_url)
        error = error_of(lambda: client.api_call("reactions.add", json={"name": "eyes"}))
        assert error == "invalid_arguments"
        assert len(server.violations) == 2


def test_scopes_are_judged(slack: SlackServer, client: WebClient) -> None:
    with pytest.raises(SlackApiError) as raised:
        client.reactions_add(channel="C1", name="eyes", timestamp="1.1")
    response = raised.value.response
    assert response["error"] == "missing_scope"
    assert (response["needed"], response["provided"]) == ("reactions:write", "chat:write")


def button(**fields: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": fields.pop("label", "OK")}
    return {"type": "button", "text": text, "action_id": "a", **fields}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def text_block(kind: str, length: int) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "plain_text", "text": "x" * length}}


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ([{"type": "divider"}] * 50, [{"type": "divider"}] * 51, "51 blocks"),
        ([text_block("section", 3000)], [text_block("section", 3001)], "section text"),
        ([text_block("header", 150)], [text_block("header", 151)], "header text"),
        ([actions(button(label="x" * 75))], [actions(button(label="x" * 76))], "button text"),
        ([actions(button(value="x" * 2000))], [actions(button(value="x" * 2001))], "action value"),
        (
            [actions(button(action_id="x" * 255))],
            [actions(button(action_id="x" * 256))],
            "action_id of 256",
        ),
        (
            [actions(button()), actions(button())],
            [actions(button(), button())],
            "duplicate action_id 'a'",
        ),
        (
            [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "b"}],
            [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
            "duplicate block_id 'a'",
        ),
    ],
)
def test_block_limits(
    slack: SlackServer, client: WebClient, good: list[Any], bad: list[Any], complaint: str
) -> None:
    client.chat_postMessage(channel="C1", text="Hi", blocks=good)
    assert slack.violations == []
    refusal = error_of(lambda: client.chat_postMessage(channel="C1", text="Hi", blocks=bad))
    assert refusal == "invalid_blocks"
    (violation,) = slack.violations
    assert complaint in violation


@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_blocks_without_text_are_accepted_but_noted(slack: SlackServer, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", blocks=[{"type": "divider"}])
    assert slack.violations == ["chat.postMessage: no top-level text"]


# Failures


def test_rate_limiting_is_seen_with_its_retry_after(slack: SlackServer, client: WebClient) -> None:
    slack.fail_next("chat.postMessage", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel="C1", text="Hi")
    response = raised.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "7"
    assert client.chat_postMessage(channel="C1", text="Hi again")["ok"]
    assert [call.args["text"] for call in slack.messages()] == ["Hi again"]
    assert [call.status for call in slack.calls] == [429, 200]


def test_ordered_errors_come_in_order(slack: SlackServer, client: WebClient) -> None:
    slack.fail_next("chat.postMessage", error="channel_not_found", times=2)
    slack.fail_next("chat.postMessage", status=500)
    slack.fail_next("chat.postMessage", delay=0.05)
    errors = [error_of(lambda: client.chat_postMessage(channel="C1", text="Hi")) for _ in range(3)]
    assert errors == ["channel_not_found", "channel_not_found", "internal_error"]
    assert client.chat_postMessage(channel="C1", text="late")["ok"]
    assert [call.status for call in slack.calls] == [200, 200, 500, 200]


@pytest.mark.parametrize("posted", [False, True])
def test_a_dropped_connection_leaves_the_outcome_unknown(
    slack: SlackServer, client: WebClient, posted: bool
) -> None:
    slack.fail_next("chat.postMessage", drop_connection=True, after_effect=posted)
    with pytest.raises(RemoteDisconnected):
        client.chat_postMessage(channel="C1", text="Hi")
    assert len(slack.messages("C1")) == int(posted)
    assert slack.calls[0].status == 0


def test_a_client_that_gives_up_does_no_harm(slack: SlackServer) -> None:
    slack.fail_next("auth.test", delay=60)
    hasty = WebClient(slack.bot_token, base_url=slack.api_url, timeout=1, retry_handlers=[])
    with pytest.raises(TimeoutError):
        hasty.auth_test()
    # And the server stops at once: the delay does not hold it up.


# response_url


def test_a_response_url_has_five_uses(slack: SlackServer) -> None:
    webhook = WebhookClient(slack.new_response_url())
    for number in range(5):
        assert webhook.send(text=f"use {number}", response_type="ephemeral").status_code == 200
    sixth = webhook.send(text="one too many")
    assert sixth.status_code == 404
    assert json.loads(sixth.body) == {"ok": False, "error": "used_url"}
    assert [call.took_effect for call in slack.wait_for("response_url", count=6)] == [True] * 5 + [
        False
    ]
    assert WebhookClient(slack.new_response_url()).send(delete_original=True).status_code == 200
    assert slack.violations == []


def test_unknown_addresses_are_not_found(slack: SlackServer) -> None:
    for path in ("/", "/link/?ticket=made-up", "/nowhere"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(slack.url + path, timeout=10)


# HTTP mode


@pytest.fixture
def endpoint(slack: SlackServer) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An app's own HTTP endpoint that checks signatures, and what it received."""
    received: list[tuple[dict[str, str], bytes]] = []
    verifier = SignatureVerifier(slack.signing_secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append((headers, body))
            self.send_response(200 if verifier.is_valid_request(body, headers) else 401)
            self.end_headers()
            self.wfile.write(b"seen")

        def log_message(self, format: str, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/slack/events", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_signed_requests_verify(slack: SlackServer, endpoint: Any) -> None:
    url, received = endpoint
    secret = slack.signing_secret
    event = slack.event_callback(slack.app_mention("asthma"))
    status, text, seconds = signed_request(
        url, event, secret, retry_num=1, retry_reason="http_timeout"
    )
    assert (status, text) == (200, "seen")
    assert 0 < seconds < 10
    headers, body = received.pop()
    assert json.loads(body) == event
    assert headers["x-slack-retry-num"] == "1"
    assert headers["x-slack-retry-reason"] == "http_timeout"

    assert signed_request(url, slack.slash_command(text="a b"), secret, kind="slash")[0] == 200
    assert parse_qs(received.pop()[1].decode())["text"] == ["a b"]
    pressed = slack.block_actions("more", "E11.9")
    assert signed_request(url, pressed, secret, kind="action")[0] == 200
    assert json.loads(parse_qs(received.pop()[1].decode())["payload"][0]) == pressed

    assert signed_request(url, event, "another secret")[0] == 401
    assert signed_request(url, event, secret, signature="v0=00")[0] == 401
    assert signed_request(url, event, secret, timestamp=1_600_000_000)[0] == 401
