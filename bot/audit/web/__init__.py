"""The auditors' pages in a browser: accounts, sessions, stored queries, the database."""
