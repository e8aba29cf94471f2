"""Where people ask, and what remembers that they asked."""
