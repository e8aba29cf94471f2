"""Finds codes for a question: texts, vectors, words and ranking over the contents of codes.db.

This package imports `codesets` and reads the files of `prompts`. It has no user interface.
"""

from index import runtime

# Must run before any library is loaded: ONNX Runtime sends a report when it is imported, and NumPy
# reads how many threads it may start.
runtime.keep_private()
runtime.multiply_in_one_thread()
