"""Pregnancies, deliveries and newborns: codes of chapters 15 and 16."""
