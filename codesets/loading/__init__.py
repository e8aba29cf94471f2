"""Recognises official files, loads them, downloads new ones, and says what is out of date."""
