"""What Slack sends, by kind: `events` (mentions, direct messages), `commands` (/code), `actions`
(buttons that show more), `feedback` (buttons and the modal that judge) and `audit` (/code-audit and
its buttons). Each module has `register(app, delivery)`.

What comes before the acknowledgement is done in listener middleware, which Bolt runs in the thread
that received the request; the listener itself waits its turn in a pool. So an acknowledgement never
waits for other answers (https://docs.slack.dev/apis/events-api#responding: within 3 seconds).
"""
