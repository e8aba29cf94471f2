"""Cut words are read by the words of the code sets, and by the words beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.search.bm25 import Lexical, write_lexical
from index.search.searcher import Searcher
from index.search.word_choice import choose
from index.text.cut_words import CutWords

TEXTS = [
    "Laceration of right foot",
    "Lacrimation of right eye",
    "Ulcer of skin limited to breakdown",
    "Mental health services for victim of spousal abuse",
    "Mantle cell lymphoma",
    "Fracture of shaft of radius",
    "Frailty of age",
]
VOCABULARY = {word.lower(): 5 for text in TEXTS for word in text.split()}

LIKELIEST = [
    # (cut word, the word that it stands for)
    ("lacrtn", "laceration"),
    ("lacr", "lacrimation"),  # the head of a word, of which less is left out
    ("brkdwn", "breakdown"),
    ("vctm", "victim"),
    ("hlth", "health"),
    ("frctr", "fracture"),
    ("shft", "shaft"),
]


@pytest.mark.parametrize(("cut", "word"), LIKELIEST)
def test_a_cut_word_keeps_the_order_of_its_letters(cut: str, word: str) -> None:
    assert CutWords(VOCABULARY).readings(cut)[0][0] == word


@pytest.mark.parametrize("typed", ["xtrn", "ft", "l4", "breakdowns", "zzz", "victory"])
def test_what_no_word_fits_is_left_alone(typed: str) -> None:
    assert CutWords(VOCABULARY).readings(typed) == ()


@pytest.fixture(scope="module")
def lexical(tmp_path_factory: pytest.TempPathFactory) -> Lexical:
    folder = tmp_path_factory.mktemp("words")
    write_lexical(folder, TEXTS)
    return Lexical(folder, len(TEXTS))


BESIDE = [
    # (other words of the question, cut word, the word that is meant there)
    (["health", "victim"], "mntl", "mental"),
    (["lymphoma"], "mntl", "mantle"),
    (["foot"], "lacr", "laceration"),
    (["eye"], "lacr", "lacrimation"),
]


@pytest.mark.parametrize(("beside", "cut", "word"), BESIDE)
def test_the_words_beside_it_choose(
    lexical: Lexical, beside: list[str], cut: str, word: str
) -> None:
    readings = {cut: CutWords(VOCABULARY).readings(cut)}
    assert choose(lexical, beside, readings) == {cut: word}


def test_cut_words_choose_each_other(lexical: Lexical) -> None:
    words = CutWords(VOCABULARY)
    readings = {cut: words.readings(cut) for cut in ("mntl", "hlth", "vctm")}
    assert choose(lexical, [], readings) == {"mntl": "mental", "hlth": "health", "vctm": "victim"}


def test_a_short_word_needs_another_that_agrees(lexical: Lexical) -> None:
    words = CutWords(VOCABULARY)
    assert choose(lexical, ["banana"], {"lac": words.readings("lac")}) == {}
    assert choose(lexical, ["foot"], {"lac": words.readings("lac")}) == {"lac": "laceration"}


FORMS = [
    # (line of an encounter form, the family that must be first)
    ("lacrtn w/o frgn bdy, rt ft", "S91.311"),
    ("crprl tunl syndrm, lt uppr lmb", "G56.02"),
    ("hypothyrdsm, unsp", "E03.9"),
    ("dsplcd fx nck of lt rds", "S52.132"),
    ("prphrl vasc dis, unspec", "I73.9"),
    ("cystc fibrs w/ intst manif", "E84.19"),
]


@pytest.fixture(scope="module")
def searcher(built: Path, store: CodeStore) -> Searcher:
    return Searcher(built / "index", store)


@pytest.mark.parametrize(("line", "family"), FORMS)
def test_lines_of_forms_find_their_codes(
    searcher: Searcher, april: Release, line: str, family: str
) -> None:
    found = searcher.search(line, [april])
    assert found.hits[0].code == family, (found.query.read_as, found.hits[0].title)


@pytest.mark.parametrize("question", ["she calls at night", "hes walked into a door", "brownie"])
def test_everyday_words_are_not_cut(searcher: Searcher, april: Release, question: str) -> None:
    assert searcher.search(question, [april]).query.read_as == ()
