"""Whether an answer has arrived in a direct message. No other history may be read: the scope is
`im:history`."""

from __future__ import annotations

from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.web_api import METADATA, NotTaken, given, refusal


def find(
    client: WebClient, channel: str, thread: str | None, question: str, since: float
) -> str | None:
    """The ts of the answer to a question in a direct message, posted after `since` (seconds since
    1970); None when it is not there. Raises NotTaken, and LookupError when one cannot look.

    https://docs.slack.dev/reference/methods/conversations.replies
    """
    method = "conversations.replies" if thread else "conversations.history"
    asked = {"channel": channel, "ts": thread, "oldest": f"{since:.6f}", "limit": 100}
    cursor = ""
    while True:
        args = given(asked | {"include_all_metadata": True, "cursor": cursor or None})
        try:
            page = client.api_call(method, params=args)
        except SlackApiError as error:
            raise LookupError(refusal(error)) from error
        except (OSError, HTTPException) as error:
            raise NotTaken(type(error).__name__) from error
        for message in page.get("messages") or []:
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == METADATA and payload.get("question") == question:
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return None
