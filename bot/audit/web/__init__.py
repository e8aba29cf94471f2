"""The auditors' pages in a browser: Datasette over the query log. `bot.audit` has the
invariants."""
