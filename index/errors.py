"""What can go wrong here that a user can put right; each message says how."""


class SearchError(Exception):
    """The index or its model cannot be used as it is."""
