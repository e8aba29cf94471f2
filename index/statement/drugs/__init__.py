"""Drugs that a statement names: what they did, and that they are taken."""
