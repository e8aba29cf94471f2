"""Imports every module of the product in an image, and the libraries that it loads only when they
are needed, so that a build fails when one lacks something.

Libraries of an extra that the image leaves out are not looked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys

_PACKAGES = ("codesets", "index", "bot")
#: Functions of index/runtime.py that load what serving needs.
_LOADED = ("load_faiss", "load_onnxruntime", "load_entity_model")
#: What a process that serves must not have.
_UNWANTED = ("torch", "transformers", "sentence_transformers", "pip", "pytest")


def main() -> None:
    count = 0
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
                count += 1
    runtime = importlib.import_module("index.runtime")
    for name in _LOADED:
        getattr(runtime, name)()
    for name in _UNWANTED:
        if importlib.util.find_spec(name):
            sys.exit(f"check.py: {name} is in the image, and should not be")
    print(f"check.py: all {count} modules and their libraries can be loaded")


if __name__ == "__main__":
    main()
