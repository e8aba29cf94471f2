"""Readers of the official file formats, one module each; its docstring has source and layout."""
