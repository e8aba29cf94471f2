"""Answers in words, and as a terminal shows them."""
