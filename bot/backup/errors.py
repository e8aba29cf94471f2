"""The errors of backups, which a user can solve."""

from codesets.errors import CodeDeskError


class BackupError(CodeDeskError):
    """A backup cannot be made, is not whole, or cannot be restored here; the message says what to
    do."""
