"""Rules on codes: notes, combinations, signs, Excludes1, and the order."""
