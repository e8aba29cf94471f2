"""X12 is reduced to plain text, and nothing that identifies a patient gets past that."""

from __future__ import annotations

import datetime as dt
import json
import logging
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
import x12_texts as x12
from paths import SHARED
from slack_server.envelopes import file_share
from slack_support import served

from bot.desk.desk import Desk
from bot.logged_desk import LoggedDesk
from bot.querylog import QueryLog, QuestionRecord
from bot.settings import Settings
from bot.x12.envelope import begins
from bot.x12.errors import X12Unreadable
from bot.x12.plain import claim_texts, denial_lines, plain_texts, unread, without_x12
from bot.x12.reading import adjustments, claims
from bot.x12.records import Adjustment, Claim, Diagnosis, ServiceLine
from index.errors import SearchError

SAMPLES = SHARED / "codesets" / "published" / "edi"


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    """A home with code sets and without an index."""
    (tmp_path / "codes.db").symlink_to(loaded / "codes.db")
    return tmp_path


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


# Reading


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (x12.PROFESSIONAL, [x12.PROFESSIONAL_TEXT]),
        (x12.PROFESSIONAL.replace("~", "~\r\n"), [x12.PROFESSIONAL_TEXT]),
        (x12.PROFESSIONAL.replace("~", "\n"), [x12.PROFESSIONAL_TEXT]),
        # Slack closes up blanks.
        (" ".join(x12.PROFESSIONAL.split()), [x12.PROFESSIONAL_TEXT]),
        # Other separators.
        (x12.PROFESSIONAL.replace("*", "|").replace(":", ">"), [x12.PROFESSIONAL_TEXT]),
        # The separator within an element is not that of the ISA.
        (x12.PROFESSIONAL.replace(":", ">").replace("P*>~", "P*:~"), [x12.PROFESSIONAL_TEXT]),
        (x12.INSTITUTIONAL, [x12.INSTITUTIONAL_TEXT]),
        (x12.REMITTANCE, x12.REMITTANCE_LINES),
        # Without the envelope, and segments alone.
        (x12.PROFESSIONAL[x12.PROFESSIONAL.index("ST*") :], [x12.PROFESSIONAL_TEXT]),
        (x12.PROFESSIONAL_CLAIM, [x12.PROFESSIONAL_TEXT.removesuffix(", 67 yo F")]),
        (
            "NM1*IL*1*QUILLFEATHER*OTTOLINE~DMG*D8*19580714*F~" + x12.PROFESSIONAL_CLAIM,
            [x12.PROFESSIONAL_TEXT],
        ),
        ("SV1*HC:99213:25*40*UN*1***1~\nSV1*HC:J3301*9*UN*4***1:2~",
         ["99213-25 x1 ptr A, J3301 x4 ptr AB"]),
        ("HI*ABK:M1711*ABF:E119~", ["dx M17.11 E11.9"]),
        ("CAS*CO*97*50~MOA***N19~", ["CO-97 remark N19"]),
        ("CAS*CO*97*50**45*10\nLQ*HE*N130", ["CO-97 remark N130", "CO-45 remark N130"]),
        ("SVC*HC:20610:59*100*0**1~DTM*472*20260303~CAS*CO*97*100~LQ*HE*N19~",
         ["CO-97 remark N19 on 20610-59, 2026-03-03"]),
    ],
)  # fmt: skip
def test_x12_as_plain_text(text: str, plain: list[str]) -> None:
    assert plain_texts(text) == plain


def test_a_claim_as_records() -> None:
    (claim,), wrong = claims(x12.PROFESSIONAL)
    assert wrong == []
    day = dt.date(2026, 3, 3)
    assert claim == Claim(
        "professional",
        (Diagnosis("M17.11", "principal"), Diagnosis("E11.9")),
        (
            ServiceLine("99213", ("25",), 1.0, (1, 2), day, day),
            ServiceLine("J3301", ("LT",), 4.0, (1,), day, day),
        ),
        day=day,
        through=day,
        place="11",
        age=67,
        sex="F",
    )


def test_adjustments_as_records() -> None:
    assert adjustments(x12.REMITTANCE)[:-1] == [
        Adjustment("CO", reason, ("N19",), "20610", ("59",), dt.date(2026, 3, 3))
        for reason in ("97", "45")
    ]


def test_several_claims_and_one_that_is_bad() -> None:
    texts, wrong = claim_texts(x12.TWO_CLAIMS)
    assert texts == [
        x12.PROFESSIONAL_TEXT,
        "J1885 x2 ptr A, dx I10, dos 2026-03-04, POS 22, 67 yo M",
    ]
    assert wrong == []
    texts, wrong = claim_texts("ST*270*0009~BHT*0022*13~SE*3*0009~" + x12.PROFESSIONAL)
    assert texts == [x12.PROFESSIONAL_TEXT]
    assert len(wrong) == 1
    assert "270" in wrong[0]


def test_ages_are_whole_years_on_the_day_of_service() -> None:
    before = x12.PROFESSIONAL.replace("19580714", "19580304")
    assert claims(before)[0][0].age == 67
    assert claims(x12.PROFESSIONAL.replace("19580714", "19580303"))[0][0].age == 68
    assert claims(x12.PROFESSIONAL.replace("19580714", "20990101"))[0][0].age is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ST*270*0001~BHT*0022*13*1~", "other_kind"),
        ("ISA*00*x", "no_claim"),
        ("NM1*IL*1*QUILLFEATHER*OTTOLINE~N3*4417 LARKSPUR~", "no_claim"),
        (x12.PROFESSIONAL[: x12.PROFESSIONAL.index("CLM*")], "cut_off"),
        ("ST*837*1*005010X224A2~CLM*1*1***11:B:1~", "dental"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(text: str, key: str) -> None:
    with pytest.raises(X12Unreadable) as raised:
        plain_texts(text)
    assert raised.value.key == key
    assert not [secret for secret in x12.SECRETS if secret in str(raised.value)]
    mark = without_x12(text)
    assert str(unread(mark)) == str(raised.value)
    assert without_x12(mark) == mark


def test_a_claim_that_was_cut_off_says_so() -> None:
    cut = x12.PROFESSIONAL[: x12.PROFESSIONAL.index("LX*2")]
    assert without_x12(cut).endswith("claim cut off")


def test_no_cut_lets_anything_through() -> None:
    """Wherever a text is cut, and whatever is lost of it, the plain text has no secret."""
    chance = random.Random(7)
    for whole in (x12.PROFESSIONAL, x12.INSTITUTIONAL, x12.REMITTANCE):
        for _ in range(3):
            start, end = sorted(chance.sample(range(len(whole)), 2))
            for text in (whole[:end], whole[start:], whole[start:end]):
                if begins(text) is None:
                    continue
                at = begins(text) or 0
                shown = without_x12(text[at:])
                assert not [secret for secret in x12.SECRETS if secret in shown], (start, end)


@pytest.mark.parametrize(
    "text",
    ["gout", "E11.9 and E10.9", "20610*50", "what is CO-97 on 20610", "CAS 50-00-0 formaldehyde",
     "HI, does M17.11 go with 20610?", "pt on SV1 *maybe*", "NM1 gene", "ST* elevation MI",
     "99213-25, J3301 x4, dx M17.11 E11.9, dos 3/3/26, POS 11, 67yo F"],
)  # fmt: skip
def test_other_texts_are_no_x12(text: str) -> None:
    assert begins(text) is None
    assert without_x12(text) == text


def test_words_before_the_segments_stay() -> None:
    assert without_x12("is this ok? CAS*CO*97*50~") == "is this ok?\nCO-97"


def test_records_have_no_place_for_identifiers() -> None:
    names = {
        field.name for kind in (Claim, ServiceLine, Diagnosis, Adjustment) for field in fields(kind)
    }
    assert names == {
        "kind", "diagnoses", "lines", "procedures", "day", "through", "place", "bill_type", "age",
        "sex", "cut_off", "code", "modifiers", "units", "pointers", "revenue", "role", "present",
        "group", "reason", "remarks",
    }  # fmt: skip


# Nothing is kept


def everything_in(home: Path) -> str:
    paths = (path for path in home.rglob("*") if path.is_file() and not path.is_symlink())
    return b"".join(path.read_bytes() for path in paths).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "text",
    [
        x12.PROFESSIONAL,
        x12.INSTITUTIONAL,
        x12.REMITTANCE,
        "please check " + x12.TWO_CLAIMS,
        x12.PROFESSIONAL[:700],
        "ST*270*1~" + x12.PROFESSIONAL[300:],
    ],
)
def test_the_log_has_no_identifier(
    text: str, desk: Desk, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    log = QueryLog(home / "log.db")
    logged = LoggedDesk(desk, log)
    shown: list[str] = []

    def deliver(answers, done):
        shown.extend(json.dumps(answer.as_dict()) for answer in answers)
        done("delivered", "")

    taken = logged.take([text], QuestionRecord("", "cli", user="ann"))
    with suppress(SearchError):  # what is no claim is searched, and there is no index
        logged.answer([one for one in taken if one], deliver)
    log.close()
    kept = everything_in(home) + caplog.text + "".join(shown)
    assert not [secret for secret in x12.SECRETS if secret in kept]


class NoIndex(Desk):
    """A desk whose home has no index: claims need none."""

    def ready(self) -> None:
        self.scrubber.ready()


def test_slack_keeps_no_identifier(slack, log, home: Path, caplog) -> None:
    caplog.set_level(logging.INFO)
    desk = NoIndex(Settings(home=home))
    typed = x12.PROFESSIONAL.replace("&", "&amp;").replace(">", "&gt;")
    with served(slack, home, desk, log):
        slack.send_event(slack.direct_message(typed, user="U7")).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    told = json.dumps(post.args)
    assert "to mend" in told
    (record,) = log.recent()
    assert record.text.startswith("99213-25 x1 ptr AB, J3301-LT x4 ptr A, dx M17.11 E11.9")
    places = {"home": everything_in(home), "sent": told, "told": caplog.text}
    assert not [(s, at) for s in x12.SECRETS for at, text in places.items() if s in text]
    assert "2026-03-03" not in everything_in(home)


# Samples of other projects


def samples() -> list[Path]:
    return sorted(
        path for path in SAMPLES.rglob("*") if path.suffix in (".837", ".837i", ".835", ".txt")
    )


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
def test_every_sample_is_read() -> None:
    for path in samples():
        text = path.read_text()
        if "835" in path.name or path.suffix == ".txt" or path.suffix == ".835":
            found = denial_lines(adjustments(text))
        else:
            found = claim_texts(text)[0]
        assert found, path.name
        names = {
            element
            for segment in text.replace("\n", "").split("~")
            if segment.startswith(("NM1*", "N1*", "N3*", "PER*", "REF*"))
            for element in segment.split("*")[3:]
            if len(element) > 4
        }
        assert not [name for name in names for line in found if name in line], path.name


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
def test_a_status_report_is_refused() -> None:
    for path in SAMPLES.rglob("*.277"):
        with pytest.raises(X12Unreadable, match="277"):
            plain_texts(path.read_text())


def test_a_file_with_a_claim_is_answered_like_a_paste(slack, log, home: Path) -> None:
    desk = NoIndex(Settings(home=home))
    with served(slack, home, desk, log):
        sent = slack.add_file("march.837", x12.PROFESSIONAL.encode(), "U7")
        slack.send_event(file_share([sent], user="U7")).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert "to mend" in json.dumps(post.args)
    (record,) = log.recent()
    assert record.text.startswith("99213-25 x1 ptr AB, J3301-LT x4 ptr A")
    kept = everything_in(home)
    assert not [secret for secret in x12.SECRETS if secret in kept]


def test_a_long_paste_is_answered_in_part(desk: Desk) -> None:
    before, _, _ = x12.PROFESSIONAL.partition("HL*2*")
    many = before + "".join(
        x12._PATIENT.format(n=n, sex="F") + x12.PROFESSIONAL_CLAIM for n in range(2, 62)
    )
    answer = desk.ask(f"{many}SE*999*0001~GE*1*991~IEA*1*000009910~")
    assert len(answer.statements) == 20
    assert any("first 20 claims" in notice for notice in answer.notices)
