"""Readers of the official files: one module for each, its layout in the docstring."""
