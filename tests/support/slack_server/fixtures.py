"""The pytest fixture; a conftest.py imports it by name. Tests that need options build their own."""

from collections.abc import Iterator

import pytest

from .server import SlackServer


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """A running loopback Slack with default tokens, judging block limits only."""
    with SlackServer() as server:
        yield server
