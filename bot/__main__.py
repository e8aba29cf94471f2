"""The `codedesk` command, which is also `python -m bot`."""

import sys

from index.runtime import loading


def main() -> None:
    """The modules of a command stay as long as the process: importing them within `loading` saves
    what it takes to look through them for garbage meanwhile, a tenth of the start."""
    try:
        with loading():
            from bot.cli.main import main as command
    except KeyboardInterrupt:
        sys.exit(130)  # nothing has begun
    command()


if __name__ == "__main__":
    main()
