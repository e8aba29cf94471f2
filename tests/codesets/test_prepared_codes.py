"""Codes that are read for many at once are what they are when each is read by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codesets.lookups import inherited_notes
from codesets.lookups.inherited_notes import notes_of
from codesets.model import Release
from codesets.store.code_store import CodeStore
from codesets.store.kept import Kept

STEMS = ["E11.9", "S52.501", "S52", "M17.1", "I10", "T40.2X1", "no code", "Z3A", "E08-E13"]


@pytest.fixture
def fresh(store: CodeStore) -> Iterator[CodeStore]:
    """The same codes in a store that has read nothing yet."""
    fresh = CodeStore(store.path)
    yield fresh
    fresh.close()


@pytest.mark.parametrize("system", ["icd10cm", "icd10pcs"])
def test_families_are_the_same_together_and_alone(
    store: CodeStore, fresh: CodeStore, system: str
) -> None:
    for release in store.releases(system):
        stems = [*STEMS, "0Y6P", "0DTJ4ZZ"]
        fresh.prepare_families(release, stems)
        for stem in stems:
            code = store.get(release, stem)
            assert fresh.get(release, stem) == code
            assert fresh.completions(release, stem) == store.completions(release, stem)
            assert fresh.completions(release, stem, 2) == store.completions(release, stem)[:2]
            if code is not None:
                assert fresh.ancestors(release, code) == store.ancestors(release, code)


def test_notes_are_the_same_together_and_alone(store: CodeStore, fresh: CodeStore) -> None:
    for release in store.releases("icd10cm"):
        codes = [c for stem in STEMS for c in store.completions(release, stem)[:3]]
        inherited_notes.prepare(fresh, release, [code.code for code in codes])
        for code in codes:
            assert notes_of(fresh, release, code) == notes_of(store, release, code)


def test_codes_are_kept_up_to_a_number(april: Release) -> None:
    kept: Kept[int] = Kept(3)
    kept.keep(april, {"A": 1, "B": 2})
    assert kept.lacking(april, ["A", "C", "C"]) == ["C"]
    kept.keep(april, {"C": 3})
    assert dict(kept.of(april)) == {"A": 1, "B": 2, "C": 3}
    kept.keep(april, {"D": 4})
    assert dict(kept.of(april)) == {"D": 4}
    kept.keep(april, dict.fromkeys("EFGH", 5))  # more than it may hold
    assert dict(kept.of(april)) == {}
    kept.clear()
    assert dict(kept.of(april)) == {}
