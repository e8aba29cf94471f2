"""Tells what a file is, loads it, fetches what is new and says what is out of date."""
