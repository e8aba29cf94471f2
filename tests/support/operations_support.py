"""What whoever runs Code Desk asks a process that serves."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families
from slack_support import wait_until

from bot.operations import events


class Told:
    """The names of all events from now on."""

    def __init__(self) -> None:
        self.names: list[str] = []
        events.listen(self)

    def __call__(self, event: events.Event) -> None:
        self.names.append(event.name)

    def wait_for(self, name: str, count: int = 1) -> None:
        wait_until(lambda: self.names.count(name) >= count, lambda: self.names)


def fetched(url: str) -> tuple[int, str]:
    """The status and the body of a page."""
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ready(base: str) -> tuple[int, list[str]]:
    status, body = fetched(f"{base}/ready")
    return status, json.loads(body)["reasons"]


def samples(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Sample name -> the values of its labels, in the order of their names -> value."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def base_of(lines: list[str]) -> str:
    (found,) = [m[1] for m in (re.search(r"(http://\S+)/metrics", one) for one in lines) if m]
    return found
