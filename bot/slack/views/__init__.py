"""Draws answers and forms as Block Kit blocks."""
