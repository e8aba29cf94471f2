"""Code Desk in Slack: mentions, direct messages, /code, shortcuts, Home; by Socket Mode or HTTP.

Each question takes the same steps, and the log (`bot.querylog`) records each step before the next:
a request is verified by Bolt, the question is logged and acknowledged, it is answered, the answer
is logged and posted, and what became of the post is logged. Several processes may do this together
(`replicas`); what one leaves, `recovery` of another finishes.

- Serving: `app` sets up and serves; `connections` reaches Slack, by `sockets` or `http`;
  `checkpointing` signs the log meanwhile.
- Taking: `listeners`. What arrives is read by `messages`, `message_text`, `shortcut_text`,
  `tables`, `files`, `verbs` (/code) and `search_syntax` (/code-audit); `conversation` finds the
  questions that a message follows or replaces.
- Sharing the work: `replicas` has leases, `open_questions` finds what is left, `recovery` takes it
  over, `renewing` takes up what another process loaded.
- Answering: `delivery`; searches wait in `searches`; `explaining` adds a language model's words.
- Sending: a message goes by a way of `web_api` into the `outbox`, which keeps it in the
  state (`outbox_store`) until it is known what became of it. `tries` says what follows from each
  try, `history` looks whether a message has arrived, and `delivery_log` puts the outcome on record.
- Remembering, in the `state` (slack.db, or PostgreSQL): `people` (defaults, favourites), `told`
  (notices), `greeted`. `sessions` knows which agents are at work.
- Home: `home_facts` gathers, `home_publisher` publishes, `file_loading` loads code sets.
- Drawing: `views`.
"""
