"""What auditors do with the log: replay, report, export, corrections; and their pages in a browser.

Invariants of the pages (`bot.audit.web`; `codedesk log audit`, `make audit`)
1. Without signing in, one sees nothing of the log: no page, no title, no count. `access_gate`
stands before all of Datasette and lets through only the sign-in page and Datasette's style sheets.
2. Every sign-in, sign-out, refusal and page is a chained `access` record, written through the
`QueryLog` before anything is shown. What cannot be recorded is not shown. 3. The log is read by
connections that cannot write it: those of Datasette by `mode=ro` and an authorizer that allows only
reading, ours by `query_only`. No SQL can read the salts: see `read_only_database`. 4. Only this
process knows its sessions: there is no secret on disk to forge one with, signing out ends a
session, and a restart ends all.

`accounts` has who may sign in, `sessions` who is signed in, `access_gate` what they may open.
`question_pages` are the pages of questions and of what was changed: `question_form` is what one may
ask, `reader` finds it, `question_view` and `answer_view` are how it is shown. For figures and
tables, `read_only_database` reads the log for Datasette, and `sql_views` and `stored_queries` are
what there is to read. `app` puts it together, with the words of `prompts/messages/audit.toml` and
the pages of `templates/`.
"""

import sys

# Datasette imports every plugin that is installed, and importing one runs its code. This flag of
# datasette/plugins.py prevents that.
sys.__dict__["_called_from_test"] = True
