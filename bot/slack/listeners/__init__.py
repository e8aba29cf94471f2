"""Listeners by kind of request: `events` (mentions, direct messages, their edits and deletions),
`commands` (/code), `shortcuts` and their modal, `agent` (the conversation is opened, work is
stopped), `welcome` (added to a channel, examples to try), `actions` (buttons that show or share an
answer), `feedback` (its buttons and its modal) and `audit` (/code-audit and its buttons). Each
module has `register(app, delivery, …)`.

Listener middleware does what comes before the acknowledgement: Bolt runs it in the thread that
received the request. The listener itself waits for its turn in a pool. So an acknowledgement never
waits for other answers (https://docs.slack.dev/apis/events-api#responding: within 3 seconds).
"""
