"""The pytest fixture, which conftest.py imports. Tests that need options make a server
themselves."""

from collections.abc import Iterator

import pytest

from .server import SlackServer


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """A running loopback Slack with default tokens, judging block limits only."""
    with SlackServer() as server:
        yield server
