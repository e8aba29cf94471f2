"""Lists of words that tell a person's name or a town from other words; see `make.py`."""
