"""`python -m bot` is the `codedesk` command."""

from bot.cli import main

main()
