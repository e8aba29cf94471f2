"""The auditors' Datasette over the query log: `codedesk log audit`, `make audit`.

Invariants
1. Whoever is not signed in sees nothing of the log: no page, no title, no count. `gate` stands
   before all of Datasette and lets through the sign-in page and Datasette's own style sheets.
2. Every sign-in, sign-out, refusal and page is a chained `access` record, written through the
   `QueryLog` before anything is shown. What cannot be recorded is not shown.
3. The log is read by connections that cannot write it (`mode=ro`, and an authorizer that allows
   reading and nothing else). Salts cannot be read, by any SQL: see `database`.
4. A session is known to this process alone: there is no secret on disk to forge one with, signing
   out ends it, and a restart ends all.

`auditors` is who may sign in, `sessions` who is, `gate` what they may see, `database` how it is
read, `views` what there is, `questions` what is prepared, `app` puts it together, with the words of
`prompts/messages/audit.toml` and the pages of `templates/`.
"""

import sys

# Datasette would import each plugin that is installed beside it, and so run what it does on import.
# This is how it is told not to (datasette/plugins.py).
sys.__dict__["_called_from_test"] = True
