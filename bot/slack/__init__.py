"""Code Desk in Slack: mentions, direct messages and /code, over Socket Mode or HTTP.

Each question takes the same steps, and the log (`bot.querylog`) records each step before the next:
a request is verified by Bolt, the question is logged and acknowledged, it is answered, the answer
is logged and posted, and what became of the post is logged. After a crash, `recovery` finishes.

`app` sets up and serves; `listeners` take requests; `delivery` answers and delivers; `views` draw
the messages; `web_api` sends them, when `lanes` says that it is their turn.
"""
