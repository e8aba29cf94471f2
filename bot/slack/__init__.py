"""Code Desk in Slack: mentions, direct messages and /code, over Socket Mode or HTTP.

Every question takes the same way, and the log (`bot.querylog`) records each step before the next:
verified by Bolt, written to the log, acknowledged, answered, the answer written to the log, posted,
and what became of the post written to the log. What a crash leaves unfinished, `recovery` finds.

`app` sets up and serves; `listeners` take what Slack sends; `delivery` answers and delivers;
`blocks` draws the answer; `posting` sends it and tells what became of it, `lanes` waits for its
turn.
"""
