"""An answer fits on a screen, with what matters first; options show the rest, and nothing is
lost."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from report_support import line, reported, several
from shown_answers import whole
from slack_support import E11_NOTES, NOT_COVERED, candidate, verdict, verdicts

from bot.desk.answer import (
    Answer,
    Because,
    Change,
    Changes,
    CodeTitle,
    Headline,
    Pair,
    QuotedGuideline,
    ShownGuideline,
)
from bot.desk.answer_denials import DenialCode
from bot.desk.answer_policies import HousePolicy
from bot.desk.desk import Desk
from bot.desk.governing import Governing
from bot.settings import Settings
from bot.views.screen import Screen
from bot.views.terminal import Session, Showing, as_text

DAY = "2026-05-01"
LONG = "Displaced fracture of the neck of the right femur with a very long title " * 3
OFFER = Showing(offer="--")
SECTION = QuotedGuideline(
    "I.C.4.a", "Diabetes mellitus", "First sentence. " + "More words of it. " * 80, 39, 1.0,
    "FY2026",
)  # fmt: skip


def on(screen: Screen, answer: Answer, showing: Showing = OFFER) -> list[str]:
    return as_text(answer, showing, screen=screen).split("\n")


# Answers of the desk


KINDS = {
    "one code": "b/l knee OA, failed PT",
    "several lines": "htn with ckd 3b",
    "a question back": "left ankle sprain",
    "in doubt": "xray of something odd in the foot",
    "a verdict": "is E11.9 billable on 3/5/2026?",
    "a header": "M17",
    "a fracture": "S72.001",
    "an unknown code": "S13.4A",
    "a range": "E08-E13",
    "a pair": "E11.9 with E10.9?",
    "an order": "T38.0X5A and E09.65 which first",
    "a list": "E11.9 E10.9 I10 N18.3 J44.0 J44.1 Z79.4 S13.4A E11.A",
    "a long list": " ".join(f"S72.{n}" for n in range(10, 60)),
    "statements": "1. htn with ckd 3b 2. type 2 dm with neuropathy 3. fall, fracture left wrist",
    "many statements": "\n".join(f"{n}. htn with ckd 3b and gout" for n in range(1, 21)),
    "a procedure": "0DTJ0ZZ, same but percutaneous endoscopic",
    "changes": "what changed in icd-10-cm since FY2025?",
    "ICD-9": "what is 250.00 in icd-10",
    "a denial": "CO-97 on 20610, N56, CO-16 MA130",
    "a claim": "99213-25, J3301 x4, dx M17.11 E11.9, dos 3/3/26, POS 11",
    "not loaded": "99213 with J1885",
}
#: Answers that are from no edition: codes of denials, of CPT and of ICD-9.
NO_EDITION = {"a denial", "not loaded", "ICD-9", "changes"}


@pytest.fixture(scope="module")
def answers(built, tmp_path_factory) -> Iterator[dict[str, Answer]]:
    home = tmp_path_factory.mktemp("home")
    for name in ("codes.db", "index"):
        (home / name).symlink_to(built / name)
    desk = Desk(Settings(home=home))
    day = dt.date.fromisoformat(DAY)
    yield {kind: desk.ask(question, day=day) for kind, question in KINDS.items()}
    desk.close()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_fits_on_a_screen(answers: dict[str, Answer], kind: str, width: int) -> None:
    lines = on(Screen(width), answers[kind])
    assert len(lines) <= 24
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("kind", KINDS)
def test_headline_codes_and_edition(answers: dict[str, Answer], kind: str) -> None:
    answer = answers[kind]
    text = as_text(answer, OFFER, screen=Screen(80))
    flat = " ".join(text.split())
    assert flat.startswith(" ".join(answer.headline.text.split())[:50])
    for one in answer.report:
        assert one.code in flat
    if kind not in NO_EDITION:
        assert re.search(r"ICD-10-(CM|PCS) FY\d{4}", text)
    assert text.split("\n")[-1] in {
        "more: --notes --rules --all", "more: --notes --all", "more: --rules --all", "more: --all"
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost(answers: dict[str, Answer], kind: str) -> None:
    """`--all` has every sentence, code and note of the answer."""
    answer = answers[kind]
    text = " ".join(whole(answer).split())

    def there(*told: str) -> None:
        for one in told:
            assert " ".join(one.split()) in text, one

    there(answer.headline.text, *answer.notices, *answer.asks)
    for part in [answer, *answer.statements]:
        for row in part.report:
            there(row.code, row.title, *(because.text for because in row.because))
    if not answer.statements:
        there(*(one.code for one in answer.candidates))
    for one in answer.verdicts:
        there(one.code, one.title, *(f"{c.code} {c.title}" for c in one.completions))
        there(*(note.text for note in one.notes), *(axis.meaning for axis in one.axes))
    there(*(pair.says for pair in answer.pairs), *(pair.quote for pair in answer.pairs))
    for denial in answer.denials:
        there(denial.text, *denial.checks, *denial.next_steps)


def test_a_greeting_is_a_greeting(home) -> None:
    desk = Desk(Settings(home=home))
    try:
        for words in ("hello", "thanks", "what's the weather like"):
            answer = desk.ask(words)
            assert as_text(answer, OFFER, screen=Screen(400)) == answer.headline.text
    finally:
        desk.close()


# What is cut, and what is counted


def test_what_there_is_no_room_for_is_counted() -> None:
    answer = several(30)
    lines = on(Screen(80, 24), answer)
    (counted,) = [one for one in lines if one.startswith("… and ")]
    shown = sum(bool(re.match(r"\d+\. htn", one)) for one in lines)
    assert counted == f"… and {30 - shown} more"
    assert len(lines) <= 24
    # A taller screen has room for more, and --all for everything.
    assert len(on(Screen(80, 60), answer)) > 24
    assert "30. htn zebra 30" in whole(answer)


def test_a_screen_of_one_line_has_the_first_line() -> None:
    assert "1. I12.9" in as_text(reported(), screen=Screen(80, 1))


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_as_many_candidates_as_are_asked_for(limit: int) -> None:
    rivals = [candidate(n, f"X{n:02}.9", f"Title {n}") for n in range(1, 12)]
    for answer in (reported(candidates=rivals), reported(candidates=rivals, report=[])):
        shown = as_text(answer, Showing(limit=limit))
        everything = as_text(answer, Showing(all=True, limit=limit))
        for text in (shown, everything):
            assert len(re.findall(r"X\d\d\.9", text)) == limit


def test_long_titles_keep_their_lines() -> None:
    lines = on(Screen(60), reported(*(line(n, f"S72.{n}", LONG) for n in range(1, 30))))
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 60


# What the options add


def test_notes_and_rules_are_added_where_they_are_asked_for() -> None:
    section = ShownGuideline("I.C.9.a", "Hypertension", 50, "FY2026")
    best = replace(candidate(1, "I12.9", "Kidney"), notes=E11_NOTES, guidelines=[section])
    answer = reported(candidates=[best])
    short = as_text(answer, OFFER)
    notes = as_text(answer, replace(OFFER, notes=True))
    rules = as_text(answer, replace(OFFER, rules=True))
    assert "Notes that govern" not in short + rules
    assert "Hypertension (FY2026, page 50)" not in short + notes
    assert "Notes that govern I12.9:" in notes
    assert all(note.text in " ".join(notes.split()) for note in E11_NOTES)
    assert "Hypertension (FY2026, page 50)" in rules
    assert "Presumed. (I.A.15, FY2026)" in rules
    assert [text.rsplit("\n", 1)[1] for text in (short, notes, rules)] == [
        "more: --notes --rules --all", "more: --rules --all", "more: --notes --all"
    ]  # fmt: skip
    # The words of a section, where the desk gives them.
    words = {"I.C.9.a": replace(SECTION, section="I.C.9.a", text="The very words.")}
    governed = as_text(answer, replace(OFFER, rules=True), governing=Governing(sections=words))
    assert "The very words." in governed


def test_a_section_is_quoted_in_a_few_lines_and_whole_with_rules() -> None:
    answer = Answer(
        "how is diabetes coded", DAY, "guideline", guidelines=[SECTION],
        headline=Headline("rule", [], "I.C.4.a Diabetes mellitus: First sentence."),
    )  # fmt: skip
    lines = on(Screen(80), answer)
    assert lines[0] == "I.C.4.a Diabetes mellitus"
    assert lines[1].startswith("  First sentence.")
    assert len(lines) <= 10
    assert "page 39" in " ".join(lines)
    assert " ".join(SECTION.text.split()) in " ".join(
        as_text(answer, replace(OFFER, rules=True)).split()
    )


def test_nothing_is_offered_where_nobody_can_ask_for_it() -> None:
    assert "more:" not in as_text(reported())


# Colours, and what people type


def test_bold_and_colours_are_for_a_terminal_alone() -> None:
    plain, coloured = (as_text(reported(), screen=Screen(80, 24, on)) for on in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[1mI12.9" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


@pytest.mark.parametrize("showing", [Showing(), Showing(all=True)])
def test_what_people_type_does_not_act_on_the_terminal(showing: Showing) -> None:
    evil = "\x1b[31mred\x1b[0m\x07 [bold]x[/bold]"
    house = HousePolicy("P", "I12.9", ["I12.9"], evil, "", "", "", "t.csv", "", 2, says=evil)
    answer = replace(several(2, evil), read_as=evil, policies=[house])
    answer = replace(answer, notices=[evil])
    text = as_text(answer, showing)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]x[/bold]" in text


# Other kinds, as the desk gives them


def test_changes_have_a_share_of_each_kind() -> None:
    listed = [Change("added", f"E11.{n}", "New") for n in range(200)]
    listed += [Change("deleted", "E12", "Old"), Change("retitled", "E13", "Now", "Before")]
    changes = Changes("icd10cm", "FY2026", "FY2027", "", {"added": 238, "deleted": 1}, listed)
    answer = Answer("", DAY, "changes", changes=changes,
                    headline=Headline("changes", [], "FY2026 to FY2027: added: 238"))  # fmt: skip
    lines = on(Screen(80), answer)
    assert len(lines) <= 24
    assert "[deleted] E12  Old" in lines
    assert lines[-2] == "… and 225 more; `codedesk codesets diff` lists all."
    assert "was: Before" in whole(answer)
    assert "E11.199" in whole(answer)


def test_several_denials_have_a_line_each() -> None:
    denials = [
        DenialCode(n, "carc", str(n), True, f"meaning {n}", "Code Desk", ["bundling"], ["do it"])
        for n in range(1, 40)
    ]
    answer = Answer("", DAY, "denial", denials=denials,
                    headline=Headline("denial", [], "39 adjustments"))  # fmt: skip
    lines = on(Screen(80), answer)
    assert "- 1: bundling" in lines
    assert len(lines) <= 24
    assert all(f"meaning {n}" in whole(answer) for n in range(1, 40))


def test_codes_that_exclude_each_other_are_said_once() -> None:
    pairs = [
        Pair(list(codes), "excludes1", "the words", codes[0], "FY2026", "conflict", "Not both.")
        for codes in (("E11.9", "E10.9"), ("E10.9", "E11.9"))
    ]
    answer = replace(
        verdicts(verdict("E11.9", "billable"), verdict("E10.9", "billable")),
        pairs=pairs,
        headline=Headline("no", ["E11.9", "E10.9"], "No: not together."),
    )
    text = as_text(answer)
    assert text.count("the words") == 1
    assert whole(answer).count("the words") == 2


def test_completions_of_a_header_are_told_apart() -> None:
    codes = [CodeTitle(f"S72.001{letter}", f"{LONG[:70]}, encounter {letter}") for letter in "ABC"]
    answer = verdicts(replace(verdict("S72.001", "header"), completions=codes))
    text = " ".join(as_text(answer).split())
    assert all(f"encounter {letter}" in text for letter in "ABC")


def test_what_a_dose_is_reckoned_from() -> None:
    because = [Because("billing unit", "400 mg ÷ 10 mg = 40."), Because("discarded drug", "JZ: x")]
    dose = line(1, "J1745", "Infliximab", units=40, modifiers=["JZ"], because=because)
    text = as_text(reported(dose, headline=Headline("units", ["J1745"], "40 units of J1745")))
    assert "1. J1745-JZ × 40  Infliximab" in text  # noqa: RUF001
    assert "JZ: x" in text


def test_a_session_says_once_what_is_loaded() -> None:
    answer = reported(notices=[NOT_COVERED])
    session = Session()
    first, second = (session.as_text(answer) for _ in range(2))
    assert "! No ICD-10-CM for 2026-11-22 is loaded: FY2026-April used" in first
    assert "! No ICD-10-CM" not in second
