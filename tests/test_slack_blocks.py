"""Answers as Block Kit blocks."""

import json
from dataclasses import replace
from typing import Any

import pytest
from slack_server.judge import block_breaches
from slack_support import (
    E11_NOTES,
    NOT_COVERED,
    abstained,
    candidate,
    diabetes,
    header,
    note,
    verdict,
    verdicts,
)

from bot.answer import Answer, CodeTitle, ShownNote
from bot.slack.blocks import (
    answer_blocks,
    answer_message,
    answer_text,
    escape,
    plain_message,
    shared_message,
)

ID = "3f2a9c01b7de"
MONSTROUS = "<Osteo & arthritis> " * 400


def texts(blocks: list[dict[str, Any]], kind: str = "section") -> list[str]:
    """The texts of all sections, or of all contexts."""
    found = []
    for block in blocks:
        if block["type"] == kind:
            pieces = [block["text"]] if kind == "section" else block["elements"]
            found += [piece["text"] for piece in pieces]
    return found


def buttons(blocks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [
        (element["action_id"], element["text"]["text"], element["value"])
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def many(answer: Answer, count: int) -> Answer:
    """The answer with so many candidates, each as long as can be, with its own notes."""
    notes = [ShownNote("excludes1", MONSTROUS, f"E{n}", [], "FY2026-April") for n in range(40)]
    codes = [CodeTitle(f"E11.{n}", MONSTROUS) for n in range(100)]
    return replace(
        answer,
        notices=[MONSTROUS] * 10,
        candidates=[
            candidate(n + 1, f"E{n:02}.9", MONSTROUS, notes=notes, ask_back=MONSTROUS,
                      billable=False, completions=codes)
            for n in range(count)
        ],
        verdicts=[verdict(f"E{n:02}", "header", title=MONSTROUS, why=MONSTROUS,
                          completions=codes, did_you_mean=codes, notes=notes)
                  for n in range(count)],
    )  # fmt: skip


# Candidates


def test_an_answer_is_read_from_top_to_bottom() -> None:
    blocks = answer_blocks(diabetes(), ID, shareable=True)
    assert [block["type"] for block in blocks] == [
        *["section"] * 4,
        "context",
        "context",
        "actions",
    ]
    assert texts(blocks) == [
        f"⚠️ {NOT_COVERED}",
        "*E11.22*  Type 2 diabetes mellitus with diabetic chronic kidney disease\n"
        "✅ billable · confidence high\n"
        "_Which stage?_",  # asked once, not with every candidate
        "*E11.21*  Type 2 diabetes mellitus with diabetic nephropathy\n"
        "✅ billable · confidence low",
        "*E13.22*  Other specified diabetes mellitus with diabetic chronic kidney disease\n"
        "✅ billable · confidence low",
    ]
    assert texts(blocks, "context") == [
        "*Notes for E11.22*\n"
        "• *Excludes1* (E11): gestational diabetes (O24.4-); type 1 diabetes mellitus (E10.-)\n"
        "• *Use additional code* (E11): code to identify control using: insulin (Z79.4); "
        "oral antidiabetic drugs (Z79.84)\n"
        "• *Includes* (E11): diabetes NOS\n"
        "… other notes: 1",
        f"ICD-10-CM FY2026-April · for 2026-11-22 · log {ID}",
    ]
    assert buttons(blocks) == [("more", "See more", ID), ("share", "Share in channel", ID)]


def test_asking_for_more_shows_all_of_it() -> None:
    blocks = answer_blocks(diabetes(), ID, expanded=True)
    shown = texts(blocks)
    assert len(shown) == 6
    assert shown[-1].startswith("*E11.29*")
    # The same notes govern all five; they are told once, and now the chapter's too.
    notes, footer = texts(blocks, "context")
    assert notes.endswith("• *Note* (chapter 4): All neoplasms are classified in Chapter 2.")
    assert footer.endswith(ID)
    assert buttons(blocks) == []


def test_nothing_more_is_offered_when_all_is_shown() -> None:
    answer = replace(diabetes(), candidates=[candidate(1, "I10", "Essential hypertension")])
    assert buttons(answer_blocks(answer, ID)) == []
    assert buttons(answer_blocks(answer, ID, shareable=True)) == [("share", "Share in channel", ID)]


def test_a_header_lists_what_completes_it() -> None:
    codes = [CodeTitle(f"M17.1{n}", f"Osteoarthritis {n}") for n in range(9)]
    found = candidate(1, "M17.1", "Osteoarthritis", billable=False, completions=codes)
    (text,) = texts(answer_blocks(replace(diabetes(), notices=[], candidates=[found]), ID))
    lines = text.splitlines()
    assert lines[1] == "⚠️ header: needs more characters · confidence high"
    assert lines[2] == "• `M17.10` Osteoarthritis 0"
    assert lines[8:] == ["… and 3 more"]


def test_a_seventh_character_family_is_one_line() -> None:
    codes = [CodeTitle(f"S52.532{c}", f"Colles' fracture, {c}") for c in "ADS"]
    found = candidate(1, "S52.532A", "Colles' fracture, A", completions=codes)
    (text,) = texts(answer_blocks(replace(diabetes(), notices=[], candidates=[found]), ID))
    assert text.splitlines()[2:] == ["7th character: one of A D S"]


def test_notes_of_another_release_say_so() -> None:
    found = candidate(1, "E11.9", "Diabetes", release="FY2024", notes=E11_NOTES[:1])
    notes, _ = texts(answer_blocks(replace(diabetes(), candidates=[found]), ID), "context")
    assert notes.splitlines()[1] == "• *Includes* (E11, FY2026-April): diabetes NOS"


def test_rules_come_before_explanations_and_near_ones_before_far_ones() -> None:
    kinds = ["note", "excludes2", "includes", "seventh_character", "code_also"]
    kinds += ["use_additional_code", "code_first", "excludes1"]
    given = [note(kind, f"{kind} {owner}", owner) for owner in ("E11", "4") for kind in kinds]
    answer = replace(diabetes(), candidates=[candidate(1, "E11", "Diabetes", notes=given)])
    notes, _ = texts(answer_blocks(answer, ID, expanded=True), "context")
    told = [line.split(": ", 1)[1] for line in notes.splitlines()[1:]]
    assert told == [
        "excludes1 E11",
        "excludes1 4",
        "code_first E11",
        "code_first 4",
        "use_additional_code E11",
        "use_additional_code 4",
        "code_also E11",
        "code_also 4",
        "seventh_character E11",
        "seventh_character 4",
        "excludes2 E11",
        "includes E11",
        "note E11",
        "excludes2 4",
        "includes 4",
        "note 4",
    ]
    notes, _ = texts(answer_blocks(answer, ID), "context")
    assert len(notes.splitlines()) == 1 + 6 + 1


# Verdicts


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("billable", "✅"),
        ("header", "⚠️"),
        ("not_yet_valid", "❌"),
        ("deleted", "❌"),
        ("unknown", "❓"),
        ("not_loaded", "📂"),
    ],
)
def test_a_verdict_has_a_mark_and_a_reason(status: str, mark: str) -> None:
    (text,) = texts(answer_blocks(verdicts(verdict("E11.9", status)), ID))
    assert text == f"{mark} *E11.9*  Title of E11.9\nE11.9 is {status} in FY2026-April."


def test_a_header_verdict_lists_completions_and_notes() -> None:
    blocks = answer_blocks(header(), ID)
    (text,) = texts(blocks)
    assert text.splitlines()[2:4] == [
        "Completed by:",
        "• `E11.10` Type 2 diabetes mellitus, kind 10",
    ]
    assert text.endswith("• `E11.15` Type 2 diabetes mellitus, kind 15\n… and 24 more")
    assert texts(blocks, "context")[0].startswith("*Notes for E11*\n• *Excludes1* (E11): ")
    assert buttons(blocks) == [("more", "See more", ID)]
    (text,) = texts(answer_blocks(header(), ID, expanded=True))
    assert text.endswith("… and 10 more")


def test_a_code_that_is_not_valid_names_others() -> None:
    others = {
        "replaced_by": [CodeTitle("E11.A", "In remission")],
        "did_you_mean": [CodeTitle("E11.8", "Unspecified")],
    }
    answer = verdicts(verdict("E11.7", "deleted", title="", **others))
    blocks = answer_blocks(answer, ID)
    assert texts(blocks) == [
        "❌ *E11.7*\nE11.7 is deleted in FY2026-April.\n"
        "Replaced by:\n• `E11.A` In remission\nDid you mean:\n• `E11.8` Unspecified"
    ]


def test_a_code_of_a_system_that_is_not_loaded() -> None:
    answer = verdicts(verdict("99213", "not_loaded", system="cpt", title="", release=None))
    blocks = answer_blocks(answer, ID)
    assert texts(blocks, "context") == [f"for 2026-05-01 · log {ID}"]


def test_many_verdicts() -> None:
    answer = verdicts(*(verdict(f"E11.{n}", "billable") for n in range(14)))
    blocks = answer_blocks(answer, ID)
    assert len(texts(blocks)) == 10
    assert texts(blocks, "context")[0] == "… and 4 more codes; ask about them in another message."


# Whatever the answer


def test_an_abstention_is_only_its_notices() -> None:
    blocks = answer_blocks(abstained(), ID, shareable=True)
    assert texts(blocks) == ["Ask me for a code in plain words, or about a code."]
    assert len(blocks) == 1
    silent = replace(abstained(), notices=[])
    assert texts(answer_blocks(silent, ID)) == ["I have no answer to that."]
    assert answer_text(silent) == "I have no answer to that."


def test_the_text_beside_the_blocks_says_the_same() -> None:
    assert answer_text(diabetes()).splitlines() == [
        NOT_COVERED,
        "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease",
        "E11.21 Type 2 diabetes mellitus with diabetic nephropathy",
        "E13.22 Other specified diabetes mellitus with diabetic chronic kidney disease",
    ]
    assert answer_text(header()) == "E11 is header in FY2026-April."


def test_a_shared_answer_says_who_shared_it() -> None:
    message = shared_message(diabetes(), ID, "U7")
    assert texts(message.blocks, "context")[0] == "Shared by <@U7>"
    assert buttons(message.blocks) == [("more", "See more", ID)]


def test_nothing_in_an_answer_is_taken_for_markup() -> None:
    assert escape("a & b <!channel>") == "a &amp; b &lt;!channel&gt;"
    risky = "<!channel> & <@U1>"
    found = candidate(
        1, risky, risky, ask_back=risky, notes=[ShownNote("note", risky, risky, [], risky)]
    )
    answer = replace(diabetes(), notices=[risky], candidates=[found])
    given = [answer, verdicts(verdict(risky, "unknown", title=risky, why=risky))]
    for shown in (answer_message(a, ID, expanded=True) for a in given):
        assert "<" not in json.dumps(shown.blocks) + shown.text
    assert "<" not in json.dumps(plain_message(risky).blocks)


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("count", [1, 3, 10, 60])
@pytest.mark.parametrize("drop", ["", "candidates", "verdicts"])
def test_the_longest_answers_keep_slacks_limits(count: int, expanded: bool, drop: str) -> None:
    answer = many(diabetes(), count)
    if drop:
        answer = replace(answer, **{drop: []})
    message = answer_message(answer, ID, expanded=expanded, shareable=True)
    assert block_breaches(message.blocks, most=50) == []
    shown = texts(message.blocks) + texts(message.blocks, "context")
    assert sum(map(len, shown)) < 10_000
    assert len(message.text) <= 3000
    assert not any(text.rstrip("…").endswith(("&am", "&l", "&g")) for text in shown)


@pytest.mark.parametrize("answer", [diabetes("zebra stripes"), header(), abstained("zebra")])
def test_the_question_is_not_repeated(answer: Answer) -> None:
    given = replace(answer, question="zebra stripes")
    for expanded in (False, True):
        message = answer_message(given, ID, expanded=expanded, shareable=True)
        assert "zebra" not in json.dumps(message.blocks) + message.text
