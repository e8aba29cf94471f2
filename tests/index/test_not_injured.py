"""Tears and bleedings of no injury, and what titles say that a condition is without."""

import pytest

from index.statement.with_without import _denied
from index.text.not_injured import in_title_words, is_not_of_injury


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("complete rotator cuff tear, not traumatic", True),
        ("atraumatic biceps tendon rupture", True),
        ("degenerative tear of medial meniscus", True),
        ("nontraumatic subdural hematoma", True),
        ("traumatic rotator cuff tear", False),
        ("rotator cuff tear after a fall", False),
        ("hip fracture, no trauma", False),
        ("no tear, chronic pain", False),
    ],
)
def test_a_tear_of_no_injury(text: str, expected: bool) -> None:
    assert is_not_of_injury(text) == expected


def test_a_tear_of_no_injury_in_title_words() -> None:
    found = in_title_words("nontraumatic rupture of right achilles tendon")
    assert found == "spontaneous rupture of right other tendon lower leg"
    assert in_title_words("rupture of right achilles tendon") == "rupture of right achilles tendon"


@pytest.mark.parametrize(
    ("title", "stems"),
    [
        ("Laceration without foreign body of lip", {"foreign", "bodi"}),
        ("Acute cystitis without hematuria", {"hematur"}),
        ("Non-pressure chronic ulcer of calf", set()),
    ],
    ids=["foreign body", "hematuria", "a name with non"],
)
def test_what_a_title_is_without(title: str, stems: set[str]) -> None:
    assert _denied(title) == stems
