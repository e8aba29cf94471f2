"""What each part of a bundle is made of, as one SHA-256, and all that can change any of them.

A part is the index of a code system, the guidelines, or what tells off-topic questions. A part that
would be made of the same as that of the bundle in use is taken over as it is. The digest covers
what is gathered, the words of prompts/ that it is read with, and the source of this package, which
computes the files.

The *inputs* are all that parts are gathered from. Where they are those that the bundle in use was
last compared with, nothing is gathered. They are: the rows of codes.db that are searched, with
their releases, references and files (codesets/store/searched.py); all of prompts/vocabulary (with
the synonyms, the topics and the lexicon); the words of prompts/intents that tell off-topic
questions; the weights and configuration of the model; the source of the packages `index` and
`codesets`; and the format of bundles. Anything else that changes a part must be added here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from index.families import Gathered
from index.search import off_topic
from index.text.guideline_topics import Topics

#: The names of the parts that are no code system.
GUIDELINES, OFF_TOPIC = "guidelines", "off_topic"


def of_system(gathered: Gathered, titles: Mapping[str, Mapping[str, str]]) -> str:
    """`titles`: for the releases whose titles are kept apart, by label, code -> title."""
    families = [
        (f.code, f.title, f.parent, sorted(f.releases.items()), f.texts) for f in gathered.families
    ]
    return _sha256("vocabulary", [gathered.texts, families, sorted(gathered.entries), titles])


def of_guidelines(passages: Sequence[str], topics: Sequence[Topics]) -> str:
    return _sha256("vocabulary", [passages, [(t.section, t.title, t.asked) for t in topics]])


def of_off_topic() -> str:
    return off_topic.words_sha256()


def inputs(searched: str, model: str, bundle_format: int) -> str:
    """The SHA-256, in hexadecimal, of all that parts are gathered from.

    `searched`: CodeStore.searched_sha256; `model`: the fingerprint of the model.
    """
    reading = _digest(_files(resources.files("codesets"), ".py"))
    value = [reading, off_topic.words_sha256(), searched, model, bundle_format]
    return _sha256("vocabulary", value)


def _sha256(words: str, value: object) -> str:
    text = json.dumps([_source(), _words(words), value], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _source() -> str:
    return _digest(_files(resources.files("index"), ".py"))


@cache
def _words(folder: str) -> str:
    return _digest(_files(resources.files("prompts") / folder, ""))


def _files(folder: Traversable, ending: str) -> Iterable[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            for name, file in _files(entry, ending):
                yield f"{entry.name}/{name}", file
        elif entry.is_file() and entry.name.endswith(ending):
            yield entry.name, entry


def _digest(files: Iterable[tuple[str, Traversable]]) -> str:
    digest = hashlib.sha256()
    for name, file in files:
        digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
