"""What the codes are: official files read, checked, dated and kept in codes.db.

This room knows nobody: it imports neither `index` nor `bot`.
"""
