"""Codes that a code of a report calls for beside it."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest

from bot.messages import message
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Span
from index.statement.rules.companions import companions
from index.statement.rules.revision import Chosen, revised
from index.text.resources import read_text

DAY = dt.date(2026, 8, 1)

# statement | codes of its single facts | codes that are reported
CASES = """
# sepsis
severe sepsis with aki | R65.20 N17.9 | R65.20 N17.9 A41.9
septic shock from pneumonia | R65.21 J18.9 | R65.21 J18.9 A41.9
mrsa septic shock | R65.21 A41.02 | R65.21 A41.02
deep wound infection after surgery with sepsis | T81.42XA A41.9 | T81.42XA A41.9 T81.44XA
postop wound infection, septic | T81.49XA | T81.49XA
mrsa sepsis from picc line | A41.02 | A41.02 T80.211A
sepsis d/t uti | A41.9 | A41.9 N39.0
severe sepsis, uti e coli | R65.20 N39.0 | R65.20 N39.0 A41.51
# hiv
thrush in aids pt | B37.0 | B37.0 B20
thrush, hearing aids | B37.0 | B37.0
hiv dementia | B20 | B20 F02.80
# covid
long covid, brain fog | U09.9 | U09.9 R41.89
fatigue since covid | R53.83 | R53.83 U09.9
fatigue since covid, long covid | R53.83 U07.1 | R53.83 U09.9
# airways
pneumonia in a copd pt | J44.0 | J44.0 J18.9
acute bronchitis and copd | J44.0 | J44.0 J20.9
copd, chronic bronchitis, pneumonia | J44.0 J18.9 | J44.0 J18.9
# dementia
alzheimers w/ dementia, wanders off | G30.9 Z91.83 | G30.9 F02.818 Z91.83
lewy body dementia w/ hallucinations | G31.83 R44.3 | G31.83 F02.82
alzheimers | G30.9 | G30.9
alzheimers w/ no dementia | G30.9 | G30.9
severe alzheimers dementia, combative | F03.C0 | G30.9 F02.C18
# strokes
old stroke w/ L sided weakness | Z86.73 | I69.354
old cva, r hemiparesis | Z86.73 | I69.351
old cva, left hemiparesis, left handed | Z86.73 | I69.352
cva 3 yrs ago, aphasia, dysphagia oral phase | I63.9 R47.01 R13.11 | I69.320 I69.391 R13.11
cva 3 yrs ago, no deficits | I63.9 | Z86.73
s/p cva w/ dysarthria | R47.1 | I69.322
aspiration pneumonia, dysphagia after stroke | J69.0 R13.10 | J69.0 I69.391 R13.10
acute cva, r hemiplegia | I63.9 | I63.9 G81.91
cva, aphasia | I63.9 I69.320 | I63.9 R47.01
# diabetes and thyroid
steroid induced diabetes w hyperglycemia | R73.9 T38.0X5A | E09.65 T38.0X5A
dm caused by prednisone | E11.9 T38.0X5A | E09.9 T38.0X5A
cf related diabetes | E08.9 | E84.8 E08.9
t2dm w/ gastroparesis | E11.43 | E11.43 K31.84
dfu R heel, dm2 | E11.621 | E11.621 L97.419
ed from diabetes, dm2 | E11.9 | E11.69 N52.1
hypothyroid since total thyroidectomy | E03.9 | E89.0
# cancers
breast ca L upper outer, bone mets | C50.412 | C50.412 C79.51
mets to liver and lung, unk primary | C78.7 J98.4 | C78.7 C78.00 C80.1
xrt to bone mets, prostate primary | Z51.0 C79.51 N42.9 | Z51.0 C79.51 C61
breast ca, no mets | C50.919 | C50.919
dlbcl spread to lung | C83.30 C78.00 | C83.398
neutropenic fever, dlbcl | D70.9 C83.30 | D70.9 C83.30 R50.81
# liver
ascites due to cirrhosis | K70.31 | K74.60 R18.8
alcoholic cirrhosis with ascites | K70.31 | K70.31
hepatic encephalopathy, nash cirrhosis | K76.82 K75.81 | K76.82 K75.81 K74.60
alcoholic cirrhosis, dependence | K70.30 F19.20 | K70.30 F10.20
# complications
postop ileus after colectomy | K91.89 | K91.89 K56.7
postop afib after cabg | I97.89 | I97.89 I48.91
# natures of adverse effects
hives from pcn | L50.9 T36.0X5A | L50.0 T36.0X5A
rash from bactrim | R21 T36.8X5A | L27.0 T36.8X5A
diarrhea from augmentin | R19.7 T36.0X5A | K52.1 T36.0X5A
neuropathy from vincristine | G62.9 T45.1X5A | G62.0 T45.1X5A
constipation from oxycodone | K59.00 T40.2X5A | K59.03 T40.2X5A
ace cough, lisinopril | R05.9 T46.4X5A | R05.8 T46.4X5A
hypothyroid from amiodarone | E03.9 T46.2X5A | E03.2 T46.2X5A
gi bleed d/t eliquis | K92.2 T45.515A | K92.2 T45.515A D68.32
hives | L50.9 | L50.9
# words that a code has not heard
incarcerated L inguinal hernia | K40.00 | K40.30
incarcerated bilat inguinal hernias | K40.00 | K40.00
DTI L heel | L89.629 | L89.626
uc pancolitis w/ rectal bleed | K51.90 K62.5 | K51.011
chf exac | I50.33 | I50.9
chf exac, hfref | I50.33 I50.23 | I50.23
# plain conditions stay as they are
copd | J44.9 | J44.9
htn | I10 | I10
neutropenic fever | D70.9 | D70.9
diabetic gastroparesis | E11.43 | E11.43
diabetic foot ulcer | E11.621 | E11.621
pneumonia | J18.9 | J18.9
stroke | I63.9 | I63.9
lewy body dementia | G31.83 | G31.83
"""


def _cases() -> list[tuple[str, list[str], set[str]]]:
    rows = [
        [cell.strip() for cell in line.split("|")]
        for line in CASES.strip().splitlines()
        if not line.startswith("#")
    ]
    return [(said, codes.split(), set(then.split())) for said, codes, then in rows]


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, DAY)


@pytest.mark.parametrize(
    ("said", "codes", "reported"),
    _cases(),
    ids=lambda v: " ".join(sorted(v))[:40] if isinstance(v, set) else str(v)[:40],
)
def test_codes_called_for_by_others(
    said: str, codes: list[str], reported: set[str], books: Books
) -> None:
    statement = read_statement(said)
    chosen = []
    for code in codes:
        found = books.code(code)
        if found is None:
            pytest.skip(f"{code} is of another release")
        chosen.append(Chosen(found, (Span(0, len(said)),), 0.9, ()))
    assert {each.code.code for each in revised(chosen, statement, books)} == reported


def test_each_row_has_what_it_needs() -> None:
    data = tomllib.loads(read_text("statements", "companions.toml"))
    for family in data["family"]:
        for row in family["rows"]:
            both = {**family, **row}
            assert both["has"], family["name"]
            assert both["add"], family["name"]


def test_grounds_have_their_messages(books: Books) -> None:
    found = companions(["R65.20"], read_statement("severe sepsis"), books)
    assert [each.code for each in found] == ["A41.9"]
    for each in found:
        assert message(each.ground.key, **each.ground.params)
