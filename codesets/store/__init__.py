"""Keeps and reads codes.db."""
