"""The title of a code in force outranks what an older text says of the same words."""

from __future__ import annotations

from index.families import Family
from index.precedence import giving_way, shorthand_of_entries, shorthand_titled, titled
from index.text.lexicon import Lexicon, Official

TEXTS = [
    "Fibroblastic disorders",  # 0
    "Plantar fascial fibromatosis",  # 1
    "Fasciitis, plantar",  # 2: an older entry of the Index
    "Plantar fasciitis",  # 3: the title of a newer code
    "Plantar fasciitis, right foot",  # 4
    "heel pain from plantar fascia",  # 5: a name of our own
]
FAMILIES = [
    Family("M72", TEXTS[0], None, texts=[0]),
    Family("M72.2", TEXTS[1], "M72", texts=[1, 2, 5]),
    Family("M67.A", TEXTS[3], None, texts=[3]),
    Family("M67.A01", TEXTS[4], "M67.A", texts=[4]),
]


def test_a_text_gives_way_to_the_same_title_of_another_code() -> None:
    assert giving_way(FAMILIES, TEXTS, titled(FAMILIES, TEXTS)) == [(2, 1, 2)]


def test_a_text_of_a_code_below_or_above_stays() -> None:
    families = [*FAMILIES, Family("M67.A09", "Plantar fasciitis", "M67.A", texts=[4, 3])]
    pairs = giving_way(families, TEXTS, titled(families, TEXTS))
    assert all(family != 4 for _, family, _ in pairs)


def test_shorthand_that_is_a_title_means_what_it_says() -> None:
    words = ("plantar", "fasciitis")
    by_title = titled(FAMILIES, TEXTS)
    assert shorthand_titled([words, ("pf",), ("heel", "spur")], by_title) == {
        "plantar fasciitis": [2]
    }
    lexicon = Lexicon(
        [
            {
                "shorthand": "plantar fasciitis",
                "means": "plantar fascial fibromatosis",
                "when": "",
                "kind": "abbreviation",
            }
        ]
    )
    assert lexicon.parts(list(words))[0].means == "plantar fascial fibromatosis"
    titled_now = Official(titles=frozenset({"plantar fasciitis"}))
    assert lexicon.parts(list(words), titled_now)[0].means == "plantar fasciitis"
    entry = Official(entries=frozenset({"plantar fasciitis"}))
    part = lexicon.parts(list(words), entry)[0]
    assert (part.means, part.also) == ("plantar fasciitis", "plantar fascial fibromatosis")


def test_shorthand_that_is_an_entry_of_the_index() -> None:
    shorthand = [("plantar", "fasciitis"), ("pf",), ("heel", "spur")]
    assert shorthand_of_entries(shorthand, TEXTS, {2}) == ["plantar fasciitis"]
