"""Vocabulary files: comments are left out, and a row that is defined twice is an error."""

from __future__ import annotations

import pytest

from index.errors import VocabularyError
from index.text.lexicon import Lexicon
from index.text.resources import Row, parse_table

HEADER = "shorthand\tmeans\twhen\tkind"


def name(row: Row) -> list[tuple[str, ...]]:
    return [(row["shorthand"], row["when"])]


def test_comments_and_blank_lines_are_left_out() -> None:
    text = f"# a comment\n\n{HEADER}\n# another\n#nof\tfracture\t\tbritish\n"
    (row,) = parse_table("file.tsv", text, name)
    assert row == {"shorthand": "#nof", "means": "fracture", "when": "", "kind": "british"}


def test_a_row_twice_is_an_error_with_file_and_line() -> None:
    text = f"# a comment\n{HEADER}\nms\tmultiple sclerosis\t\t\nra\tx\t\t\n\nms\tmorphine\t\t\n"
    with pytest.raises(VocabularyError) as error:
        parse_table("prompts/vocabulary/file.tsv", text, name)
    assert str(error.value) == (
        'prompts/vocabulary/file.tsv, line 6: "ms" is already defined in line 3. '
        "Remove one of the two."
    )


def test_other_senses_of_a_shorthand_are_no_error() -> None:
    text = f"{HEADER}\nms\tmultiple sclerosis\t\t\nms\tmitral stenosis\tvalve\t\n"
    assert len(parse_table("file.tsv", text, name)) == 2


def test_a_shorthand_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{HEADER}\nms\tmultiple sclerosis\t\t\nms\tmorphine\t\t\n"
    monkeypatch.setattr("index.text.resources.read_text", lambda _kind, _name: text)
    Lexicon.shipped.cache_clear()
    with pytest.raises(VocabularyError, match=r"abbreviations\.tsv, line 3"):
        Lexicon.shipped()
    Lexicon.shipped.cache_clear()
