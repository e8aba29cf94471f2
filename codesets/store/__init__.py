"""Stores and reads codes.db."""
