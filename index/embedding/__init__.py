"""Encodes text: the encoder, the models that it comes from, and their training."""
