"""The words for left, right and both sides."""

from __future__ import annotations

from typing import Literal

Side = Literal["right", "left", "both"]

#: The word for each side in the titles of ICD-10-PCS.
TITLE_WORDS: dict[str, Side] = {"right": "right", "left": "left", "bilateral": "both"}
#: The words for each side in the texts of ICD-10-CM and in a question.
WORDS: dict[str, Side] = {**TITLE_WORDS, "both": "both"}
#: With the abbreviations that coders type. Titles do not have them: there an L is a vertebra.
TYPED_WORDS: dict[str, Side] = {
    **WORDS,
    "r": "right",
    "rt": "right",
    "l": "left",
    "lt": "left",
    "bil": "both",
    "bilat": "both",
}


def words_by_side() -> dict[str, str]:
    """The words of each side as one text: `{"right": "right", …, "both": "bilateral both"}`."""
    return {
        side: " ".join(word for word, meant in WORDS.items() if meant == side)
        for side in dict.fromkeys(WORDS.values())
    }
