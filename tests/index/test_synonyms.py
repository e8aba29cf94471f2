"""The synonyms of prompts/ have codes that exist, and are searched like Terms."""

from __future__ import annotations

import csv
import re

import pytest
from paths import SHARED

from codesets.code_format import dot
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.families import gather
from index.text.resources import read_text
from index.text.synonyms import read_synonyms

HCPCS = re.compile(r"[A-V]\d{4}")


@pytest.mark.parametrize("file", ["synonyms.tsv", "everyday.tsv"])
def test_the_file_is_in_shape(file: str) -> None:
    lines = read_text("vocabulary", file).splitlines()
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["code", "name"]
    assert [row for row in rows if len(row) != 2 or not all(map(str.strip, row))] == []
    assert [row for row in rows if row[1] != " ".join(row[1].split())] == []
    assert rows[1:] == sorted(rows[1:])
    assert len({tuple(row) for row in rows}) == len(rows)


def test_no_synonym_is_a_code_or_a_sentence(store: CodeStore, april: Release) -> None:
    names = [synonym.text for synonym in read_synonyms()]
    codes = {code.code.replace(".", "") for code in store.codes(april)}
    assert [name for name in names if name.upper().replace(".", "") in codes] == []
    assert [name for name in names if len(name.split()) > 10] == []


def test_every_code_exists(store: CodeStore, april: Release) -> None:
    """Those of ICD-10-CM, but for the codes of an edition that the tests do not have."""
    known = {code.code for code in store.codes(april)}
    ours = {code for synonym in read_synonyms() if not HCPCS.fullmatch(code := synonym.code)}
    unknown = ours - known
    assert len(unknown) < 0.002 * len(ours), unknown


@pytest.mark.skipif(not SHARED.exists(), reason="the files of the other editions are not here")
def test_every_code_exists_in_some_edition(store: CodeStore, april: Release) -> None:
    known = {code.code for code in store.codes(april)}
    order = SHARED / "codesets" / "icd10cm" / "icd10cm_order_2027_rebuilt.txt"
    known |= {dot(line[6:13].strip()) for line in order.read_text(encoding="utf-8").splitlines()}
    supplies = SHARED / "codesets" / "hcpcs" / "hcpcs_2026_jan.csv"
    known |= {line.split(",")[0] for line in supplies.read_text(encoding="utf-8").splitlines()}
    assert {synonym.code for synonym in read_synonyms()} - known == set()


@pytest.mark.slow
def test_synonyms_are_searched_like_terms(store: CodeStore) -> None:
    gathered = gather(store, "icd10cm")
    texts = {
        family.code: [gathered.texts[number] for number in family.texts]
        for family in gathered.families
    }
    known = {text.casefold() for text in gathered.texts}
    for synonym in read_synonyms()[::500]:
        if synonym.code in texts and synonym.text not in texts[synonym.code]:
            # An official text of another code has these words, and outranks the name.
            assert synonym.text.casefold() in known
