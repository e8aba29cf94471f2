"""Turns typed words into meant words: tokens, abbreviations, spelling, synonyms, attributes."""
