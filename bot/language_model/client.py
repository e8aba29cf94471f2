"""Asks an OpenAI-compatible server, within hard limits.

The API: POST {url}/chat/completions, as https://platform.openai.com/docs/api-reference/chat and the
servers that people run themselves (vLLM, llama.cpp, Ollama, LM Studio) have it.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from bot.language_model.prompts import Prompt
from codesets.deadline import Deadline

#: The most bytes of a response. A reply is at most a few hundred words.
MOST_BYTES = 64_000
#: Calls of one prompt under way at once. Each holds one thread of its caller for at most the time
#: of a call, so others of the eight threads that answer Slack stay free. A call that finds no place
#: is not made.
AT_ONCE = 2
#: After so many calls in a row without a reply of use, none is made for this many seconds.
FAILURES, PAUSE = 3, 60.0


class NoReply(Exception):
    """There is no reply that can be used. The message says why, in words without anything that was
    sent or received. `said`: what the model said; "" where it said nothing. `was_called`: whether
    anything was sent."""

    def __init__(self, why: str, said: str = "", *, was_called: bool = True) -> None:
        super().__init__(why)
        self.said, self.was_called = said, was_called


class Client:
    """A server and one of its models. Safe to use from many threads; opens no connection before it
    is asked."""

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._url = url.rstrip("/") + "/chat/completions"
        self._key = key
        self._seconds = seconds
        self._clock = clock
        self._places: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self._failed = 0
        self._paused_until = 0.0
        self._http: httpx.Client | None = None

    def ask(self, prompt: Prompt, data: dict[str, Any]) -> str:
        """What the model says to a prompt about data. Returns or raises within `seconds`, whatever
        the server does. Raises NoReply."""
        if self._clock() < self._paused_until:
            raise NoReply("it is left alone for a minute after failures", was_called=False)
        with self._lock:
            places = self._places.setdefault(prompt.version, threading.Semaphore(AT_ONCE))
        if not places.acquire(blocking=False):
            raise NoReply("it is busy with other questions", was_called=False)
        call = _Call(lambda: self._posted(prompt, data), places.release)
        if not call.done.wait(self._seconds):
            raise self._too_late()
        if call.error is not None:
            raise call.error
        return call.said

    def counts(self, *, was_of_use: bool) -> None:
        """Say of a call that was made whether it was of use. After three in a row that were not,
        the model is left alone for a while."""
        with self._lock:
            self._failed = 0 if was_of_use else self._failed + 1
            if self._failed >= FAILURES:
                self._failed, self._paused_until = 0, self._clock() + PAUSE

    def _posted(self, prompt: Prompt, data: dict[str, Any]) -> str:
        deadline = Deadline(self._seconds)
        body = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": json.dumps(data, ensure_ascii=False)},
            ],
            "temperature": 0,
            "max_tokens": prompt.most_tokens,
            "stream": False,
        }
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            with deadline, self._opened().stream(
                "POST", self._url, json=body, headers=headers, extensions={"trace": deadline.watch}
            ) as response:  # fmt: skip
                return _content(_read(response, deadline))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            if deadline.is_over:  # it has closed the connection itself
                raise self._too_late() from error
            raise NoReply(f"no connection, or it broke ({type(error).__name__})") from error

    def _too_late(self) -> NoReply:
        return NoReply(f"no reply within {self._seconds:g} s")

    def _opened(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                self._http = httpx.Client(
                    # A redirect might lead to another host, and the environment to a proxy: text
                    # goes to the address that was set, and nowhere else.
                    follow_redirects=False,
                    trust_env=False,
                    # Reads SSL_CERT_FILE, for a hospital's own authority.
                    verify=ssl.create_default_context(),
                    timeout=self._seconds,
                    # The deadline knows only connections that it saw begin.
                    limits=httpx.Limits(max_keepalive_connections=0),
                    headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                )
            return self._http


class _Call:
    """A call on a thread of its own, which the end of the process does not wait for: a name that
    is not resolved cannot be interrupted."""

    def __init__(self, post: Callable[[], str], release: Callable[[], None]) -> None:
        self.done = threading.Event()
        self.said = ""
        self.error: NoReply | None = None
        self._post, self._release = post, release
        threading.Thread(target=self._run, name="language model", daemon=True).start()

    def _run(self) -> None:
        try:
            self.said = self._post()
        except NoReply as error:
            self.error = error
        except Exception as error:
            self.error = NoReply(type(error).__name__)
        finally:
            self._release()
            self.done.set()


def _read(response: httpx.Response, deadline: Deadline) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise NoReply(f"status {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise NoReply("a compressed response")
    content = b""
    for chunk in response.iter_raw():
        content += chunk
        if deadline.is_over:
            raise NoReply("too slow")
        if len(content) > MOST_BYTES:
            raise NoReply("a response that is too long")
    return content


def _content(response: bytes) -> str:
    """The message of a chat completion."""
    try:
        said = json.loads(response)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NoReply("a response that is no chat completion") from error
    if not isinstance(said, str) or not said.strip():
        raise NoReply("an empty reply")
    return said.strip()
