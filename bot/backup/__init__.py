"""Backups of what a desk keeps, and their restore: the log, what Slack's surfaces keep,
checkpoints, and files that somebody wrote by hand.

`create` makes a folder while the desk runs, `manifest` says what is in it and checks it, `restore`
puts it into an empty place. Both databases have their own way: `sqlite_copy` and `postgres_dump`.
docs/BACKUP.md is for whoever runs it.
"""
