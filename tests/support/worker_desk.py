"""A desk for search workers that ends, hangs or waits at a word of the question."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slack_support import ScriptedDesk, abstained, diabetes

from bot.desk.answer import Answer
from bot.desk.intent import Intent
from bot.desk.question import Question
from bot.settings import Settings


class WorkerDesk(ScriptedDesk):
    """What a question says is done in the process that answers it, with files in `folder`:

    - "die": the process is killed. "die once": the first time.
    - "hang": it does nothing more.
    - "grow": it takes 150 MB and keeps them.
    - "fail": the desk raises an error with what was asked.
    - "E11.9" is a code, which takes no search.
    - "wait": the file `begun` is written, and the answer waits for the file `go`.
    """

    intents: Mapping[str, Intent] = {"E11.9": "codes"}

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.kept = b""

    def close(self) -> None:
        pass

    def ask(self, question: Question, **options: Any) -> Answer:
        asked, once = question.scrubbed, self.folder / "died"
        if "die" in asked and not ("once" in asked and once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in asked:
            signal.pause()
        if "grow" in asked:
            self.kept = os.urandom(150 * 1024 * 1024)
        if "fail" in asked:
            raise ZeroDivisionError("the words")
        if "wait" in asked:
            (self.folder / f"begun {asked}").touch()
            while not (self.folder / "go").exists():
                time.sleep(0.01)
        return abstained(asked) if "nothing" in asked else diabetes(asked)

    def ask_many(self, questions: Sequence[Question], **options: Any) -> list[Answer]:
        return [self.ask(question, **options) for question in questions]


def opened(settings: Settings) -> WorkerDesk:
    return WorkerDesk(settings.home)
