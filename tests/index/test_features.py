"""The words of texts as arrays, and the groups of codes that differ in side or trimester only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.search.features import Ragged, Words, extract, load, save

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
def features():
    titles = list(range(len(TITLES)))
    return extract([title for title, _ in TITLES], titles, [parent for _, parent in TITLES])


def test_rows_of_different_lengths() -> None:
    rows = Ragged.of([[1, 2], [], [3]])
    values, place = rows.take(np.array([2, 0, 1]))
    assert (values.tolist(), place.tolist()) == ([3, 1, 2], [0, 1, 1])
    assert rows.lengths(np.array([0, 1, 2])).tolist() == [2, 0, 1]


def test_words_are_found_in_rows() -> None:
    words = Words([2, -1, 3], vocabulary=5)
    has = words.within(Ragged.of([[3], [1, 2], []]), np.array([0, 1, 2]))
    assert has.tolist() == [[False, False, True], [True, False, False], [False] * 3]


def test_codes_that_differ_in_side_or_trimester_are_a_group(features) -> None:
    groups = features.groups.tolist()
    assert len(set(groups[:3])) == 1
    assert groups[3] not in groups[:3]  # of another header
    assert groups[5] == groups[6] != groups[7]
    # "right eye", and "bilateral" without it; one orbit, and two
    assert groups[9] == groups[10]
    assert groups[11] == groups[12]


def test_stems_of_a_title(features) -> None:
    def stems(rows: Ragged, row: int) -> set[str]:
        return {features.stems[n] for n in rows.take(np.array([row]))[0]}

    assert stems(features.affirmed, 8) == {"hypotherm", "mild"}
    assert stems(features.core, 8) == {"hypotherm"}
    assert stems(features.denied, 8) == {"shock"}
    # "and" means "and/or", so each side of it is a part, too
    parts = [
        {features.stems[n] for n in features.part_stems.take(np.array([part]))[0]}
        for part in features.parts.take(np.array([4]))[0]
    ]
    assert parts == [{"syncop", "collaps"}, {"syncop"}, {"collaps"}]
    assert features.unspecified.tolist()[:3] == [False, False, True]


def test_saved_features_are_loaded_unchanged(features, tmp_path: Path) -> None:
    save(tmp_path / "features.npz", features)
    kept = load(tmp_path / "features.npz")
    assert kept.stems == features.stems
    assert (kept.axes == features.axes).all()
    assert (kept.core.values == features.core.values).all()
