"""What texts say, as arrays, and which codes are one thing to find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.search.features import Ragged, Words, load, read_facts, save

TITLES = [
    ("Primary osteoarthritis, right hand", "M19.04"),
    ("Primary osteoarthritis, left hand", "M19.04"),
    ("Primary osteoarthritis, unspecified hand", "M19.04"),
    ("Primary osteoarthritis, right hand", "M19.14"),
    ("Syncope and collapse", None),
    ("Gestational hypertension, first trimester", "O13"),
    ("Gestational hypertension, unspecified trimester", "O13"),
    ("Gestational hypertension, complicating childbirth", "O13"),
    ("Hypothermia (mild) without shock", None),
    ("Vitreous opacities, right eye", "H43.39"),
    ("Vitreous opacities, bilateral", "H43.39"),
    ("Cyst of right orbit", "H05.81"),
    ("Cyst of bilateral orbits", "H05.81"),
]


@pytest.fixture
def facts():
    titles = list(range(len(TITLES)))
    return read_facts([title for title, _ in TITLES], titles, [parent for _, parent in TITLES])


def test_rows_of_different_lengths() -> None:
    rows = Ragged.of([[1, 2], [], [3]])
    values, place = rows.take(np.array([2, 0, 1]))
    assert (values.tolist(), place.tolist()) == ([3, 1, 2], [0, 1, 1])
    assert rows.lengths(np.array([0, 1, 2])).tolist() == [2, 0, 1]


def test_words_are_found_in_rows() -> None:
    found = Words([2, -1, 3], of=5).within(Ragged.of([[3], [1, 2], []]), np.array([0, 1, 2]))
    assert found.tolist() == [[False, False, True], [True, False, False], [False] * 3]


def test_codes_that_differ_in_side_or_trimester_are_one_thing_to_find(facts) -> None:
    groups = facts.groups.tolist()
    assert len(set(groups[:3])) == 1
    assert groups[3] not in groups[:3]  # of another header
    assert groups[5] == groups[6] != groups[7]
    # "right eye", and "bilateral" without it; one orbit, and two
    assert groups[9] == groups[10]
    assert groups[11] == groups[12]


def test_what_a_title_says(facts) -> None:
    def stems(rows: Ragged, row: int) -> set[str]:
        return {facts.stems[n] for n in rows.take(np.array([row]))[0]}

    assert stems(facts.said, 8) == {"hypotherm", "mild"}
    assert stems(facts.core, 8) == {"hypotherm"}
    assert stems(facts.denied, 8) == {"shock"}
    # "and" means "and/or": either side alone is an alternative to the whole
    parts = [
        {facts.stems[n] for n in facts.part_stems.take(np.array([part]))[0]}
        for part in facts.parts.take(np.array([4]))[0]
    ]
    assert parts == [{"syncop", "collaps"}, {"syncop"}, {"collaps"}]
    assert facts.unspecified.tolist()[:3] == [False, False, True]


def test_what_is_kept_is_what_is_read(facts, tmp_path: Path) -> None:
    save(tmp_path / "facts.npz", facts)
    kept = load(tmp_path / "facts.npz")
    assert kept.stems == facts.stems
    assert (kept.axes == facts.axes).all()
    assert (kept.core.values == facts.core.values).all()
