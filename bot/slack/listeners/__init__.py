"""Listeners by kind of request. Each module has `register(app, delivery, …)`, but for those that
the others use: `pressed` (where a button stands, the answer it belongs to, ways to reply), `modals`
(opens and updates modals) and `workspace_people`.

- Questions: `events` (mentions and direct messages, their edits and deletions), `commands` (/code),
  `shortcuts` (their form, and its answer), `agent` (a conversation is opened, work is stopped),
  `welcome` (added to a channel; examples to try).
- Buttons under an answer: `options` (what was asked back), `completing`, `checking` (with other
  codes), `rules`, `actions` (the menu), `feedback` (ratings, and the code that was used),
  `shortcut_answers` (those that only the modal of a shortcut has).
- The Home tab: `home`, which registers `home_answers` (modals with answers) and `home_files` (files
  from administrators).
- `audit`: /code-audit and its buttons; `audit_reviews` is the part of it about reviews, and
  `workspace_people` the part by which the administrators of a workspace name its auditors and who
  may use it.
- `rights`: refuses those who may not, before any other listener.

Listener middleware does what comes before the acknowledgement: Bolt runs it in the thread that
received the request. The listener itself waits for its turn in a pool. So an acknowledgement never
waits for other answers (https://docs.slack.dev/apis/events-api#responding: within 3 seconds).
"""
