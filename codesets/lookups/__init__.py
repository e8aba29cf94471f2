"""Facts derived from what is loaded: inherited notes, changes, did you mean, guidelines, axes."""
