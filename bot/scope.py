"""Which code system a question in plain words is about, by the words of prompts/systems.toml.

A wheelchair is no diagnosis, and an answer out of ICD-10-CM would be a substitute from another
system: the desk searches what is asked for, or says that it is not loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container
from functools import lru_cache
from importlib import resources
from typing import Any

from index.words import DRUG, GOODS, ROUTE, STOPWORDS, Lexicon, Part

#: How a question names a system outright ("3 pcs" are pieces).
_NAMES = {
    "icd10pcs": r"icd-?10-?pcs|(?<!\d)(?<!\d )\bpcs\b",
    "hcpcs": r"\bhcpcs\b",
    "cpt": r"\bcpt\b",
}


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, Any]]:
    text = (resources.files("prompts") / "systems.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _phrases(section: str, key: str = "words") -> list[str]:
    return [" ".join(phrase.split()) for phrase in _words()[section][key].split(",")]


def _has(text: str, phrases: list[str]) -> bool:
    return any(re.search(rf"(?<![\w/]){re.escape(phrase)}s?(?![\w/])", text) for phrase in phrases)


def systems_asked_for(text: str) -> list[str]:
    """Systems that the question can only be answered from; [] for a diagnosis or when unclear."""
    text = " ".join(text.lower().split())
    named = [system for system, name in _NAMES.items() if re.search(name, text)]
    if named:
        return named
    lexicon = Lexicon.shipped()
    parts = lexicon.parts(lexicon.typed(text))
    goods = any(part.kind in GOODS for part in parts)
    # "Wound vac" names a supply, no wound.
    rest = " ".join(word for part in parts if part.kind not in GOODS for word in part.typed)
    endings = tuple(ending.lstrip("-") for ending in _words()["procedures"]["endings"].split())
    procedure = _has(text, _phrases("procedures")) or any(
        word.endswith(endings) for word in re.findall(r"[a-z]+", text)
    )
    if _has(rest, _phrases("diagnosis")):
        # A procedure's history, complication or status is a diagnosis, whatever else is loaded;
        # of an inpatient it may be either.
        inpatient = _has(text, _phrases("icd10pcs", "needs"))
        return ["icd10cm"] if procedure and not inpatient else []
    if goods or _has(text, _phrases("hcpcs")) or _is_a_drug(parts, lexicon) or _is_a_dose(text):
        return ["hcpcs"]
    if procedure:
        return ["icd10pcs"] if _has(text, _phrases("icd10pcs", "needs")) else ["icd10pcs", "cpt"]
    return ["cpt"] if _has(text, _phrases("cpt")) else []


def to_search(text: str, loaded: list[str]) -> list[str]:
    """The loaded systems to search: those asked for; when the question asks for none, all. Of
    these, ICD-10-PCS only for an inpatient: its 79,000 titles, all of procedures, would crowd out
    everything else."""
    asked_for = systems_asked_for(text)
    if asked_for:
        return [system for system in loaded if system in asked_for]
    if _has(text.lower(), _phrases("icd10pcs", "needs")):
        return loaded
    return [system for system in loaded if system != "icd10pcs"] or loaded


def what(system: str) -> str:
    """What a system codes, in words: "a supply, drug or service"."""
    return _words()[system]["what"]


def missing(asked_for: list[str], loaded: Container[str]) -> list[str]:
    """The systems that are needed and not there; [] when one of them is loaded."""
    return [] if any(system in loaded for system in asked_for) else asked_for


def _is_a_drug(parts: list[Part], lexicon: Lexicon) -> bool:
    """Nothing but a drug and how it is given: "zofran iv 4mg", "procrit for esrd"."""
    how = {*_words()["hcpcs"]["drug_words"].split(), *lexicon.words_of_drugs, *STOPWORDS}
    return any(part.kind == DRUG and part.means for part in parts) and all(
        part.kind in (DRUG, ROUTE) or how.issuperset(part.typed) for part in parts
    )


def _is_a_dose(text: str) -> bool:
    """A drug given: "solumedrol 40 mg", "prolia injection"."""
    doses = "|".join(_words()["hcpcs"]["doses"].split())
    given = "|".join(_words()["hcpcs"]["dose_words"].split())
    return bool(
        re.search(rf"\d\s*(?:{doses})\b", text)
        or (
            re.search(rf"\b[a-z]{{4,}}\s+(?:{given})\b", text)
            and re.search(r"\binject|\binfus", text)
        )
    )
