"""The desk decides what an answer contains; it makes no words and draws nothing."""
