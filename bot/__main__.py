"""`python -m bot` is the `codedesk` command."""

from bot.cli.main import main

main()
