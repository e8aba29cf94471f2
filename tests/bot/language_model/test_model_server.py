"""A server that is slow, dead or no model at all costs its sentences, and nothing else."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from model_server import (
    Behaviour,
    ModelServer,
    answers,
    closes,
    completion,
    drips_body,
    drips_head,
    model_server,
    never_ends,
    redirects_to,
    says,
    stalls,
)

from bot.language_model.client import AT_ONCE, FAILURES, PAUSE, Client, NoReply
from bot.language_model.prompts import prompt

PROMPT = prompt("explain")
DATA = {"lines": ["one"]}
#: Seconds that a call may take here.
LIMIT = 0.6


@pytest.fixture
def other() -> Iterator[ModelServer]:
    """Another host, which must not be asked."""
    with model_server(says("from elsewhere")) as server:
        yield server


def client(server: ModelServer, **options: float) -> Client:
    return Client(server.url, "a-model", "a-key", options.get("seconds", 5.0))


def test_what_is_sent() -> None:
    with model_server(says(" a reply ")) as server:
        assert client(server).ask(PROMPT, DATA) == "a reply"
        (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == "Bearer a-key"
    assert request.body["model"] == "a-model"
    assert [m["role"] for m in request.body["messages"]] == ["system", "user"]
    assert request.data == DATA
    assert "tools" not in request.body


def test_no_key_no_header() -> None:
    with model_server(says("a reply")) as server:
        Client(server.url + "/", "a-model", None, 5.0).ask(PROMPT, DATA)
        assert "Authorization" not in server.requests[0].headers


NOT_OF_USE: dict[str, tuple[Behaviour, str]] = {
    "closes": (closes, "no connection, or it broke"),
    "500": (answers(b"oops", 500), "status 500"),
    "429": (answers(b"", 429, Retry_After="60"), "status 429"),
    "204": (answers(b"", 204), "status 204"),
    "HTML": (answers(b"<html><body>Sign in</body></html>"), "no chat completion"),
    "no JSON": (answers(b'{"choices": ['), "no chat completion"),
    "other JSON": (answers(b'{"error": "no such model"}'), "no chat completion"),
    "no choices": (answers(b'{"choices": []}'), "no chat completion"),
    "deep JSON": (answers(b"[" * 60_000), "no chat completion"),
    "not UTF-8": (answers(b"\xff\xfe\x00"), "no chat completion"),
    "no text": (answers(completion(None)), "an empty reply"),
    "blanks": (answers(completion(" \n ")), "an empty reply"),
    "a list": (answers(completion([{"type": "text", "text": "x"}])), "an empty reply"),
    "huge": (answers(completion("x" * 100_000)), "too long"),
    "no end": (never_ends, "too long"),
    "compressed": (
        answers(gzip.compress(completion("x" * 10_000_000)), Content_Encoding="gzip"),
        "compressed",
    ),
}


@pytest.mark.parametrize(("behaviour", "why"), NOT_OF_USE.values(), ids=NOT_OF_USE)
def test_a_server_without_a_reply_of_use(behaviour: Behaviour, why: str) -> None:
    with model_server(behaviour) as server, pytest.raises(NoReply, match=why) as error:
        client(server).ask(PROMPT, DATA)
    assert error.value.was_called


@pytest.mark.parametrize("behaviour", [stalls, drips_head, drips_body])
def test_the_whole_call_ends_in_time_and_frees_its_place(behaviour: Behaviour) -> None:
    """Not only each step: a drip would go on for minutes."""
    with model_server(behaviour) as server:
        asking = client(server, seconds=LIMIT)
        for _ in range(AT_ONCE + 1):
            with pytest.raises(NoReply) as error:
                asking.ask(PROMPT, DATA)
            assert error.value.was_called
            wait_for_a_place(asking)


def wait_for_a_place(asking: Client) -> None:
    """Until the calls that were given up have ended."""
    until = time.monotonic() + 10
    while asking._places[PROMPT.version]._value < AT_ONCE:
        assert time.monotonic() < until, "a call that was given up holds its place"
        time.sleep(0.01)


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoReply, match="no connection"):
        Client(f"http://127.0.0.1:{port}/v1", "a-model", None, 5.0).ask(PROMPT, DATA)


def test_no_redirect_is_followed(other: ModelServer) -> None:
    with (
        model_server(redirects_to(other.url + "/chat/completions")) as server,
        pytest.raises(NoReply, match="status 307"),
    ):
        client(server).ask(PROMPT, DATA)
    assert other.requests == []


def test_no_proxy_of_the_environment_is_used(
    other: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url.removesuffix("/v1"))
    with model_server(says("a reply")) as server:
        assert client(server).ask(PROMPT, DATA) == "a reply"
    assert other.requests == []


def test_one_that_finds_no_place_does_not_wait() -> None:
    with model_server(stalls) as server:
        asking = client(server, seconds=30.0)
        waiting = [threading.Thread(target=ask_quietly, args=[asking]) for _ in range(AT_ONCE)]
        for thread in waiting:
            thread.start()
        while len(server.requests) < AT_ONCE:
            time.sleep(0.01)
        with pytest.raises(NoReply, match="busy") as error:
            asking.ask(PROMPT, DATA)
        assert not error.value.was_called
        server.gone.set()
        for thread in waiting:
            thread.join()


def ask_quietly(asking: Client) -> None:
    with pytest.raises(NoReply):
        asking.ask(PROMPT, DATA)


def test_after_three_failures_in_a_row_it_is_left_alone_for_a_minute() -> None:
    now = [1000.0]
    with model_server(says("a reply")) as server:
        asking = Client(server.url, "a-model", None, 5.0, clock=lambda: now[0])
        for of_use in [*[False] * (FAILURES - 1), True, *[False] * (FAILURES - 1)]:
            asking.counts(was_of_use=of_use)
        assert asking.ask(PROMPT, DATA) == "a reply"
        asking.counts(was_of_use=False)
        now[0] += PAUSE - 1
        with pytest.raises(NoReply, match="left alone") as error:
            asking.ask(PROMPT, DATA)
        assert not error.value.was_called
        now[0] += 1
        assert asking.ask(PROMPT, DATA) == "a reply"
        assert len(server.requests) == 2
