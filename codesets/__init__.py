"""Reads the official files of code systems, checks them, and keeps them by release in codes.db.

It imports neither `index` nor `bot`.
"""
