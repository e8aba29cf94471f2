"""How a question finds codes: texts, vectors, words and ranking over what codes.db holds.

This room knows `codesets` and reads the lexicon in `prompts`; it knows nothing of people.
"""

from index import runtime

# Before any library is loaded: ONNX Runtime reports as soon as it is imported.
runtime.keep_private()
