"""Retrieves and ranks candidates for one fact, and says how sure it is."""
