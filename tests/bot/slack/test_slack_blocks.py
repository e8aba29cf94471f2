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

from bot.desk.answer import (
    Answer,
    Axis,
    Change,
    Changes,
    CodeTitle,
    Equivalent,
    Pair,
    QuotedGuideline,
    ReportWith,
    ShownGuideline,
    ShownNote,
)
from bot.slack.views.answer import answer_blocks, answer_message, answer_text, shared_message
from bot.slack.views.block_kit import escape, plain_message, whole_sentences

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
    """The buttons that show more or share; those for feedback are in test_slack_feedback."""
    return [
        (element["action_id"], element["text"]["text"], element["value"])
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] not in ("right", "wrong", "used")
    ]


def pair(severity: str, *codes: str, **fields: Any) -> Pair:
    given: dict[str, Any] = {
        "codes": list(codes),
        "rule": "excludes1",
        "quote": f"the rule on {codes[-1]}",
        "inherited_from": codes[0],
        "release": "FY2026-April",
        "severity": severity,
        "says": f"{' and '.join(codes)}: {severity}.",
    }
    return Pair(**(given | fields))


def governing(*sections: str, page: int | None = 39) -> list[ShownGuideline]:
    return [ShownGuideline(s, f"About {s}", page, "FY2025") for s in sections]


def rule(section: str, text: str, title: str = "") -> QuotedGuideline:
    return QuotedGuideline(section, title or f"About {section}", text, 39, 0.8, "FY2025")


def guided(*guidelines: QuotedGuideline, question: str = "") -> Answer:
    return Answer(question, "2026-05-01", "guideline", guidelines=list(guidelines))


def changed(*listed: Change, about: str = "", **counts: int) -> Answer:
    counts = dict.fromkeys(("added", "deleted", "retitled"), 0) | counts
    news = Changes("icd10cm", "FY2026", "FY2027", about, counts, list(listed))
    return Answer("", "2026-11-22", "changes", changes=news)


#: The parts that an answer has, by its outcome.
HELD = {
    "answered": ["candidates"],
    "guideline": ["guidelines", "candidates"],
    "verdict": ["verdicts", "pairs", "not_checked"],
    "changes": ["changes"],
}


def many(outcome: Any, count: int, text: str) -> Answer:
    """An answer with `count` of everything, each as long as possible and with its own notes."""
    notes = [ShownNote("excludes1", text, f"E{n}", [], "FY2026-April") for n in range(40)]
    codes = [CodeTitle(f"E11.{n}", text) for n in range(100)]
    sections = [ShownGuideline(f"I.{n}", text, n, "FY2025") for n in range(30)]
    company = [ReportWith(f"Z79.{n}", text, "after", text) for n in range(30)]
    shared: dict[str, Any] = {"notes": notes, "completions": codes, "guidelines": sections}
    listed = [Change("deleted", f"E{n}", text, text, [], codes) for n in range(count * 4)]
    held = {
        "candidates": [
            candidate(n + 1, f"E{n:02}.9", text, ask_back=text, billable=False,
                      report_with=company, **shared)
            for n in range(count)
        ],
        "guidelines": [QuotedGuideline("I.A", text, text, 1, 0.5, "FY2025")] * count,
        "verdicts": [verdict(f"E{n:02}", "header", title=text, why=text, did_you_mean=codes,
                             axes=[Axis(n, text, "0", text) for n in range(7)],
                             system="icd9cm", release=None,
                             equivalents=[Equivalent("", "", text)] * 20, **shared)
                     for n in range(count)],
        "pairs": [pair("caution", "E1", "E2", says=text, quote=text) for n in range(count)],
        "not_checked": ["ncci_ptp", "mue"],
        "changes": Changes("icd10cm", "FY2026", "FY2027", text, {"added": 900}, listed),
    }  # fmt: skip
    told: dict[str, Any] = {name: held[name] for name in HELD[outcome]}
    return Answer("", "2026-11-22", outcome, notices=[text] * 10, **told)


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
    # The same notes govern all five. They are shown once, now with the chapter's.
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


COMPANY = [
    ReportWith(code, f"Title of {code}", "after", "use additional code, E11")
    for code in ("N18.1-N18.6", "Z79.4", "E10.-", "Z79.84", "Z79.85")
]


def test_what_the_best_is_reported_with() -> None:
    found = [candidate(n, f"E11.2{n}", "Diabetes", report_with=COMPANY) for n in (1, 2)]
    answer = replace(diabetes(), notices=[], candidates=found)
    best, other = texts(answer_blocks(answer, ID))
    assert best.splitlines()[2:] == [
        "Its notes ask for, where the record supports it:",
        "• `N18.1-N18.6` Title of N18.1-N18.6 (use additional code, E11)",
        "• `Z79.4` Title of Z79.4 (use additional code, E11)",
        "• `E10.-` Title of E10.- (use additional code, E11)",
        "… and 2 more",
    ]
    assert "Its notes ask for" not in other
    best, other = texts(answer_blocks(answer, ID, expanded=True))
    assert best.endswith("• `Z79.85` Title of Z79.85 (use additional code, E11)")
    assert "Its notes ask for" not in other


@pytest.mark.parametrize(
    ("page", "source"),
    [(39, "(FY2025, page 39)"), (None, "(FY2025)")],
)
def test_the_guidelines_that_govern_the_best(page: int | None, source: str) -> None:
    sections = governing("I.C.4.a.3", "I.C.4.a", "I.C.4", "I.B.2", page=page)
    found = [candidate(n, f"E11.2{n}", "Diabetes", guidelines=sections) for n in (1, 2)]
    answer = replace(diabetes(), candidates=found)
    cited, _ = texts(answer_blocks(answer, ID), "context")
    assert cited.splitlines() == [
        "*Guidelines for E11.21*",
        f"• I.C.4.a.3 About I.C.4.a.3 {source}",
        f"• I.C.4.a About I.C.4.a {source}",
        f"• I.C.4 About I.C.4 {source}",
        "… and 1 more",
    ]
    cited, _ = texts(answer_blocks(answer, ID, expanded=True), "context")
    assert len(cited.splitlines()) == 1 + 4


# Guidelines

LONG = "Assign the code. " * 30 + "\n\n" + "Do not assign it, e.g. when asked. " * 30


def test_a_rule_is_quoted_before_the_codes() -> None:
    best = rule("I.B.13", "Code each side.\n\nOr code both.", "Laterality")
    others = [rule("I.B.2", "Other."), rule("I.B.3", "Another."), rule("I.B.4", "Too far.")]
    found = [candidate(1, "M17.0", "Bilateral primary osteoarthritis of knee")]
    answer = replace(guided(best, *others), candidates=found)
    blocks = answer_blocks(answer, ID)
    shown = texts(blocks)
    assert shown[0].splitlines() == [
        "📖 *I.B.13*  Laterality (FY2025, page 39)",
        ">Code each side.",
        ">",
        ">Or code both.",
    ]
    assert shown[1].startswith("*M17.0*")
    assert texts(blocks, "context") == [
        "Also: I.B.2 About I.B.2 (FY2025, page 39); I.B.3 About I.B.3 (FY2025, page 39)",
        f"ICD-10-CM FY2026-April, Official Guidelines FY2025 · for 2026-05-01 · log {ID}",
    ]
    shown = texts(answer_blocks(answer, ID, expanded=True))
    assert [text.splitlines()[-1] for text in shown[:3]] == [">Or code both.", ">Other.",
                                                             ">Another."]  # fmt: skip


def test_a_long_rule_is_shortened_at_first_and_says_so() -> None:
    answer = guided(rule("I.B.13", LONG))
    blocks = answer_blocks(answer, ID)
    *quote, shortened = texts(blocks)[0].splitlines()[1:]
    assert "\n".join(line.removeprefix(">") for line in quote) in LONG
    assert quote[-1].endswith("e.g. when asked.")
    assert shortened == "_Shortened: more of the section under See more._"
    assert [label for _, label, _ in buttons(blocks)] == ["See more"]
    *quote, last = texts(answer_blocks(answer, ID, expanded=True))[0].splitlines()[1:]
    assert "\n".join(line.removeprefix(">") for line in [*quote, last]) == LONG


def test_a_very_long_rule_sends_to_the_published_one() -> None:
    blocks = answer_blocks(guided(rule("I.B.13", LONG * 9)), ID, expanded=True)
    shown = texts(blocks)
    assert len(shown) > 1  # more than a section holds
    assert shown[-1].endswith("_Shortened: the section goes on in the published guidelines._")


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Short.", 10, "Short."),
        ("Code it. Do not.", 12, "Code it."),
        ("Code “it.” Do not.", 12, "Code “it.”"),
        ("Code it (e.g. twice). Then stop.", 24, "Code it (e.g. twice)."),
        ("A heading\nCode it. Do not.", 20, "A heading\nCode it."),
        ("Codes as follows: E11 and so on.", 12, "Codes as fo…"),
    ],
)
def test_quotations_end_where_a_sentence_does(text: str, most: int, kept: str) -> None:
    assert whole_sentences(text, most) == kept


def test_nearest_sections_are_no_answer_to_a_question_for_a_code() -> None:
    answer = replace(diabetes(), guidelines=[rule("I.B.13", "Code each side.")])
    assert answer_blocks(answer, ID) == answer_blocks(diabetes(), ID)


# Verdicts


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("billable", "✅"),
        ("header", "⚠️"),
        ("not_covered", "❔"),
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


def test_the_characters_of_a_procedure_code() -> None:
    axes = [Axis(1, "Section", "0", "Medical and Surgical"), Axis(5, "Approach", "4", "Open")]
    coded = verdict("0DTJ4ZZ", "billable", system="icd10pcs", axes=axes)
    (text,) = texts(answer_blocks(verdicts(coded), ID))
    lines = ["• `0` Section: Medical and Surgical", "• `4` Approach: Open"]
    assert text.splitlines()[2:] == lines
    # With several verdicts they are shown only when the answer is expanded.
    two = verdicts(coded, coded)
    assert "Approach" not in "".join(texts(answer_blocks(two, ID)))
    assert all("Approach" in text for text in texts(answer_blocks(two, ID, expanded=True)))


@pytest.mark.parametrize(
    ("system", "lines"),
    [
        ("icd9cm", ["In ICD-10-CM:", "• `E11.9` Type 2 diabetes (GEMs: approximate)",
                    "• GEMs: no code"]),
        ("icd10cm", ["Replaced by:", "• `E11.9` Type 2 diabetes"]),
    ],
)  # fmt: skip
def test_equivalents_of_a_retired_code_only(system: str, lines: list[str]) -> None:
    given = verdict(
        "250.00",
        "deleted",
        system=system,
        release=None,
        replaced_by=[CodeTitle("E11.9", "Type 2 diabetes")],
        equivalents=[
            Equivalent("E11.9", "Type 2 diabetes", "GEMs: approximate"),
            Equivalent("", "", "GEMs: no code"),
        ],
    )
    (text,) = texts(answer_blocks(verdicts(given), ID))
    assert text.splitlines()[2:] == lines


def test_guidelines_of_a_verdict_are_shown_when_asked_for() -> None:
    answer = verdicts(verdict("E11.9", "billable", guidelines=governing("I.C.4.a")))
    blocks = answer_blocks(answer, ID)
    assert len(texts(blocks, "context")) == 1
    assert [label for _, label, _ in buttons(blocks)] == ["See more"]
    cited, _ = texts(answer_blocks(answer, ID, expanded=True), "context")
    assert cited == "*Guidelines for E11.9*\n• I.C.4.a About I.C.4.a (FY2025, page 39)"


def test_no_verdict_is_lost_for_the_notes_of_others() -> None:
    given = [verdict(f"E{n}", "billable", notes=E11_NOTES * 9, why="Valid. " * 60)
             for n in range(10, 20)]  # fmt: skip
    answer = replace(verdicts(*given), pairs=[pair("caution", "E10", f"E{n}") for n in range(60)])
    for expanded in (False, True):
        shown = "".join(texts(answer_blocks(answer, ID, expanded=expanded)))
        assert all(f"*E{n}*" in shown for n in range(10, 20))


# Codes together

PAIRS = [
    pair("caution", "I10", "E11.9"),
    pair("obligation", "E11.9"),
    pair("conflict", "E11.9", "E10.9", says="Not <both>.", quote="type 1\n (E10.-)",
         inherited_from="4"),
    pair("caution", "J0897", rule="mue", quote="CMS Policy", release="2024-April",
         inherited_from="NCCI medically unlikely edits 2024-April"),
    pair("caution", "A4263", "A4262", quote=""),
]  # fmt: skip


def test_what_the_rules_say_of_codes_together() -> None:
    answer = replace(verdicts(verdict("E11.9", "billable")), pairs=PAIRS)
    _, told = texts(answer_blocks(answer, ID, expanded=True))
    assert told.splitlines() == [
        "*Checked against the rules*",
        "⛔ *E11.9 + E10.9*  Not &lt;both&gt;.",
        ">“type 1 (E10.-)” (chapter 4, FY2026-April)",
        "\N{HEAVY PLUS SIGN} *E11.9*  E11.9: obligation.",
        ">“the rule on E11.9” (E11.9, FY2026-April)",
        "⚠️ *I10 + E11.9*  I10 and E11.9: caution.",
        ">“the rule on E11.9” (I10, FY2026-April)",
        "⚠️ *J0897*  J0897: caution.",
        ">“CMS Policy” (NCCI medically unlikely edits 2024-April)",
        "⚠️ *A4263 + A4262*  A4263 and A4262: caution.",
    ]
    blocks = answer_blocks(answer, ID)
    _, told = texts(blocks)
    assert told.splitlines()[-3:] == ["⚠️ *J0897*  J0897: caution.",
        ">“CMS Policy” (NCCI medically unlikely edits 2024-April)", "… and 1 more"]  # fmt: skip
    assert [label for _, label, _ in buttons(blocks)] == ["See more"]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], []),
        (
            ["ncci_ptp", "mue"],
            [
                "Not checked, because not loaded: NCCI procedure-to-procedure edits, "
                "NCCI medically unlikely edits."
            ],
        ),
    ],
)
def test_rules_that_were_not_checked(rules: list[str], told: list[str]) -> None:
    answer = replace(verdicts(verdict("J0897", "billable")), not_checked=rules)
    assert texts(answer_blocks(answer, ID), "context")[:-1] == told
    assert "Not checked" not in str(answer_blocks(replace(diabetes(), not_checked=rules), ID))


# What changed


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (Change("added", "E11.A", "In <remission>"),
         ["• `E11.A` In &lt;remission&gt; · _added_"]),
        (Change("retitled", "I10", "New title", before="Old title"),
         ["• `I10` New title · _title revised_", "↳ was: Old title"]),
        (Change("deleted", "I11", "Gone", replaced_by=[CodeTitle("I12", "Here")],
                similar=[CodeTitle("I13", "Like it")]),
         ["• `I11` Gone · _deleted_", "↳ replaced by: `I12` Here"]),
        (Change("deleted", "I11", "Gone", similar=[CodeTitle(f"I{n}", "Like") for n in range(5)]),
         ["• `I11` Gone · _deleted_", "↳ no official replacement loaded",
          "↳ similar titles, a suggestion only: "
          "`I0` Like; `I1` Like; `I2` Like; … and 2 more"]),
        (Change("deleted", "I11", "Gone"),
         ["• `I11` Gone · _deleted_", "↳ no official replacement loaded"]),
        (Change("became_header", "I14", "Wide"),
         ["• `I14` Wide · _no longer billable: header now_"]),
    ],
)  # fmt: skip
def test_a_change(change: Change, lines: list[str]) -> None:
    (text,) = texts(answer_blocks(changed(change, **{change.kind: 1}), ID))
    assert text.splitlines()[2:] == lines


def test_changes_are_counted_and_the_first_are_listed() -> None:
    listed = [Change("added", f"E11.{n}", "New") for n in range(200)]
    answer = changed(*listed, added=238, deleted=21)
    blocks = answer_blocks(answer, ID)
    (text,) = texts(blocks)
    lines = text.splitlines()
    assert lines[:2] == ["*ICD-10-CM FY2026 to FY2027*", "added: 238, deleted: 21"]
    assert lines[12:] == ["… and 249 more"]
    assert texts(blocks, "context") == [f"for 2026-11-22 · log {ID}"]
    assert [label for _, label, _ in buttons(blocks)] == ["See more"]
    (text,) = texts(answer_blocks(answer, ID, expanded=True))
    assert text.endswith("\n… and 219 more")


def test_nothing_changed() -> None:
    (text,) = texts(answer_blocks(changed(), ID))
    assert text == "*ICD-10-CM FY2026 to FY2027*\nNothing changed there."


def test_what_changes_were_asked_about_is_not_repeated() -> None:
    (text,) = texts(answer_blocks(changed(about="zebra bites"), ID))
    assert text.startswith("*ICD-10-CM FY2026 to FY2027, only the codes that were asked about*")


# Every kind of answer


def test_an_abstention_is_only_its_notices() -> None:
    blocks = answer_blocks(abstained(), ID, shareable=True)
    assert texts(blocks) == ["Ask me for a code in plain words, or about a code."]
    assert len(blocks) == 1
    silent = replace(abstained(), notices=[])
    assert texts(answer_blocks(silent, ID)) == ["I have no answer to that."]
    assert answer_text(silent) == "I have no answer to that."


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (diabetes(), [
            NOT_COVERED,
            "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease",
            "E11.21 Type 2 diabetes mellitus with diabetic nephropathy",
            "E13.22 Other specified diabetes mellitus with diabetic chronic kidney disease",
        ]),
        (header(), ["E11 is header in FY2026-April."]),
        (replace(header(), pairs=PAIRS), [
            "E11 is header in FY2026-April.",
            "Not &lt;both&gt;.",
            "E11.9: obligation.",
            "I10 and E11.9: caution.",
        ]),
        (guided(rule("I.B.13", "Code each side. " * 40), rule("I.B.2", "Other.")), [
            "I.B.13 About I.B.13 (FY2025, page 39): " + " ".join(["Code each side."] * 31),
        ]),
        (changed(added=2, about="zebra bites"),
         ["ICD-10-CM FY2026 to FY2027, only the codes that were asked about: added: 2"]),
        (changed(), ["ICD-10-CM FY2026 to FY2027: Nothing changed there."]),
    ],
)  # fmt: skip
def test_the_text_beside_the_blocks_says_the_same(answer: Answer, lines: list[str]) -> None:
    assert answer_text(answer).splitlines() == lines


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
    given = [
        answer,
        verdicts(verdict(risky, "unknown", title=risky, why=risky)),
        *(many(outcome, 2, risky) for outcome in HELD),
    ]
    for shown in (answer_message(a, ID, expanded=True) for a in given):
        assert "<" not in json.dumps(shown.blocks) + shown.text
    assert "<" not in json.dumps(plain_message(risky).blocks)


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("count", [1, 3, 10, 60])
@pytest.mark.parametrize("outcome", HELD)
def test_the_longest_answers_keep_slacks_limits(outcome: str, count: int, expanded: bool) -> None:
    answer = many(outcome, count, MONSTROUS)
    message = answer_message(answer, ID, expanded=expanded, shareable=True)
    assert block_breaches(message.blocks, most=50) == []
    shown = texts(message.blocks) + texts(message.blocks, "context")
    assert sum(map(len, shown)) < 10_000
    assert len(message.text) <= 3000
    assert not any(text.rstrip("…").endswith(("&am", "&l", "&g")) for text in shown)


@pytest.mark.parametrize(
    "answer",
    [diabetes("zebra stripes"), header(), abstained("zebra"), guided(rule("I.A", "Text."))],
)
def test_the_question_is_not_repeated(answer: Answer) -> None:
    given = replace(answer, question="zebra stripes")
    for expanded in (False, True):
        message = answer_message(given, ID, expanded=expanded, shareable=True)
        assert "zebra" not in json.dumps(message.blocks) + message.text
