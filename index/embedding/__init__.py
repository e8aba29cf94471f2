"""Texts to vectors: the encoder, the models that it is exported from, and their training."""
