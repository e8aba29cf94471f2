"""From a whole statement to its report: facts, the codes for them, in order, by rule."""
