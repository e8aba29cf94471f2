"""What can go wrong here that a user can put right; each message says how."""

import sys

from codesets.errors import CodeDeskError


class SearchError(CodeDeskError):
    """The index or its model cannot be used as it is."""


class ExtraMissing(SearchError):
    """Something needs what the extra `train` brings, and that is not installed."""

    def __init__(self, why: str) -> None:
        """`why`: what was not found, as Python says it."""
        super().__init__(
            "`codedesk index train` and a model of your own (CODEDESK_MODEL) need PyTorch and what "
            f"goes with it, of which something is missing ({why}). Install it with "
            f"`{sys.executable} -m pip install 'codedesk[train]'`; docs/MODEL.md says how to "
            "get a PyTorch without CUDA."
        )
