"""Facts derived from loaded rows: inherited notes, changes, did you mean, guidelines, axes."""
