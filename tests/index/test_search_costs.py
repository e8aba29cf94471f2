"""What a search costs is counted, not timed: patterns made, texts encoded, graphs searched."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.embedding.encoder import Encoder
from index.runtime import _threads
from index.search.features import among
from index.search.searcher import Searcher
from index.statement.encounters.word_tables import may_stand, pattern

WARMING = ["dm2 with ckd 3b", "left knee oa, failed pt", "kenalog 40 mg", "lap appy"]
QUESTIONS = ["gout of the right foot", "type 1 diabetes with neuropathy", "open fracture of rib"]


@pytest.fixture(scope="module")
def searcher(built: Path) -> Iterator[tuple[Searcher, list[Release]]]:
    store = CodeStore(built / "codes.db")
    yield Searcher(built / "index", store), [store.releases(s)[-1] for s in store.systems]
    store.close()


@contextmanager
def counted(owner: object, name: str) -> Iterator[list[tuple]]:
    """The calls of a function from now on."""
    calls: list[tuple] = []
    function: Callable = getattr(owner, name)

    def counting(*arguments: object, **named: object) -> object:
        calls.append(arguments)
        return function(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, counting)
        yield calls


@pytest.mark.index
def test_a_search_makes_no_pattern(searcher: tuple[Searcher, list[Release]]) -> None:
    search, releases = searcher
    search.search_many(WARMING, releases)
    with counted(re._compiler, "compile") as made:  # type: ignore[attr-defined]
        found = search.search_many(QUESTIONS, releases)
    assert all(each.hits for each in found)
    assert [pattern for pattern, *_ in made] == []


@pytest.mark.index
def test_a_wording_is_encoded_once(searcher: tuple[Searcher, list[Release]]) -> None:
    search, releases = searcher
    asked = ["burn of the left hand, 2nd degree", "chr ulcer of rt heel", "burn of the left hand"]
    with counted(Encoder, "_run") as runs:
        found = search.search_many(asked, releases)
        search.search_many(asked[1:], releases)
    encoded = [text for _, texts in runs for text in texts]
    assert sorted(encoded) == sorted({text for each in found for text in each.query.wordings})


@pytest.mark.index
def test_a_search_goes_once_through_each_graph(searcher: tuple[Searcher, list[Release]]) -> None:
    search, releases = searcher
    indexes = search._system_indexes.values()
    with counted(type(next(iter(indexes))._vectors), "nearest") as looked:
        search.search("gout of the right foot", releases)
    assert len(looked) == len(releases)


@pytest.mark.index
def test_a_forked_process_encodes(encoder: Encoder) -> None:
    texts = ["gout", "left knee", "open fracture"]
    before = encoder.encode(texts)
    child = os.fork()
    if not child:
        same = np.array_equal(encoder.encode(texts), before)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("asked", "cores", "threads"),
    [("", 1, 1), ("", 2, 2), ("", 16, 4), ("1", 16, 1), ("8", 16, 4), ("0", 2, 2), ("x", 2, 2)],
)
def test_threads_are_as_many_as_are_asked_for(asked: str, cores: int, threads: int) -> None:
    assert _threads(asked, cores) == threads


def test_values_are_looked_up_among_sorted_ones() -> None:
    known = np.array([2, 3, 7])
    assert among(np.array([7, 1, 8, 3, 2]), known).tolist() == [True, False, False, True, True]
    assert among(np.array([1, 2]), np.array([], dtype=int)).tolist() == [False, False]
    assert among(np.array([], dtype=int), known).tolist() == []


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("flu_shot|influenza_vac* today", "influenza vaccine today"),
        ("pain knee? today", "pain today"),
        ("a|b .. c", "b and then c"),
        ("NUM_mo old", "9 mo old"),
        ("SIDE knee", "rt knee"),
        ("gout ; ear_ache", "ear ache"),
        ("er+", "er+"),
    ],
)
def test_what_a_pattern_finds_may_stand(cell: str, text: str) -> None:
    assert pattern(cell).search(text)
    assert may_stand(cell, text)


def test_what_lacks_a_word_may_not_stand() -> None:
    assert not may_stand("flu_shot|influenza_vac* today", "flu shot yesterday")
    assert not may_stand("gout ; ear_ache", "knee pain")
