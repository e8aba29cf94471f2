"""The line that is typed into the desk of a terminal: editing, history, paste, completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle


class LineEditor:
    """Reads one statement after another. Enter sends it. Alt-Enter makes a new line, and what is
    pasted keeps its own.

    The history is in memory alone: what is typed may identify patients.
    """

    def __init__(
        self, completions: Callable[[str], Sequence[str]], *, colours: bool = True
    ) -> None:
        """`completions`: the whole texts that a text which is being typed may become."""
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(),
            multiline=True,
            key_bindings=_keys(),
            completer=_Completer(completions),
            complete_while_typing=False,
            # A menu would need room under the line, for which the answer above it would scroll off.
            complete_style=CompleteStyle.READLINE_LIKE,
            color_depth=None if colours else ColorDepth.DEPTH_1_BIT,
            prompt_continuation=lambda width, *_: " " * width,
        )

    def read(self, prompt: str) -> str:
        """What was typed next. Raises KeyboardInterrupt with Ctrl-C, and EOFError with Ctrl-D on an
        empty line."""
        # What other threads print meanwhile stands above the line that is being typed.
        with patch_stdout(raw=True):
            return self._session.prompt(prompt)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    return keys


class _Completer(Completer):
    def __init__(self, completions: Callable[[str], Sequence[str]]) -> None:
        self._completions = completions

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterator[Completion]:
        typed = document.text_before_cursor
        for whole in self._completions(typed):
            yield Completion(whole, -len(typed))
