"""The errors of this package that a user can put right; each message says how."""

import sys

from codesets.errors import CodeDeskError


class SearchError(CodeDeskError):
    """The index or its model cannot be used as it is."""


class VocabularyError(CodeDeskError):
    """Two rows of a vocabulary file define the same."""

    def __init__(self, path: str, text: str, line: int, earlier_line: int) -> None:
        """`text`: what is defined twice, in `line` and in `earlier_line` of the file `path`."""
        super().__init__(
            f'{path}, line {line}: "{text}" is already defined in line {earlier_line}. '
            "Remove one of the two."
        )


class ExtraMissing(SearchError):
    """A package of the extra `train` is needed and not installed."""

    def __init__(self, why: str) -> None:
        """`why`: the message of Python's ImportError."""
        super().__init__(
            "`codedesk index train` and a model of your own (CODEDESK_MODEL) need PyTorch and what "
            f"goes with it, of which something is missing ({why}). Install it with "
            f"`{sys.executable} -m pip install 'codedesk[train]'`; docs/MODEL.md says how to "
            "get a PyTorch without CUDA."
        )
