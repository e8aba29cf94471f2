"""Retrieves and ranks the codes for one question, and rates how sure they are."""
