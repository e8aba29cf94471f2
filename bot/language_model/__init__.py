"""A language model, if an operator wants one. Off by default: without CODEDESK_LLM_URL and
CODEDESK_LLM_MODEL nothing here is imported but this file.

It may take a rambling note apart (`facts`) and word an explanation (`explain`). It sees scrubbed
text and what the answer shows. What it returns is checked, and dropped where it says anything that
is not there. docs/PRIVACY.md says what is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.language_model.model import LanguageModel


def connect(settings: Settings) -> LanguageModel | None:
    """The language model of these settings; None without one. Nothing is sent yet."""
    if not (settings.llm_url and settings.llm_model):
        return None
    from bot.language_model.client import Client
    from bot.language_model.model import LanguageModel

    client = Client(
        settings.llm_url, settings.llm_model, settings.llm_key, float(settings.llm_seconds)
    )
    return LanguageModel(client)
