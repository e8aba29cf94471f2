"""The synonyms of prompts/ have codes that exist, and are searched like Terms."""

from __future__ import annotations

import csv

from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.families import gather
from index.text.resources import read_text
from index.text.synonyms import read_synonyms


def test_the_file_is_in_shape() -> None:
    lines = read_text("vocabulary", "synonyms.tsv").splitlines()
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
    known = {code.code for code in store.codes(april)}
    assert {synonym.code for synonym in read_synonyms()} - known == set()


def test_synonyms_are_searched_like_terms(store: CodeStore) -> None:
    gathered = gather(store, "icd10cm")
    texts = {
        family.code: [gathered.texts[number] for number in family.texts]
        for family in gathered.families
    }
    for synonym in read_synonyms()[::500]:
        assert synonym.text in texts[synonym.code]
