"""Code Desk in Slack: mentions, direct messages and /code, over Socket Mode or HTTP.

Each question takes the same steps, and the log (`bot.querylog`) records each step before the next:
a request is verified by Bolt, the question is logged and acknowledged, it is answered, the answer
is logged and posted, and what became of the post is logged. After a crash, `recovery` finishes.

`app` sets up and serves; `listeners` take requests; `delivery` answers; `views` draw the messages.
A message goes into the `outbox`, which keeps it in slack.db (`outbox_store`) until it is known what
became of it. `tries` says what follows from each try; `web_api` makes the calls.
"""
