"""An abbreviation with several senses is read by the words around it."""

from __future__ import annotations

import pytest

from index.search.searcher import Query
from index.text.lexicon import Lexicon
from index.text.resources import read_text
from index.text.senses import Groups
from index.text.tokens import read


def spelled(question: str) -> str:
    lexicon = Lexicon.shipped()
    return " ".join(lexicon.spell_out(lexicon.typed(question)))


def other_reading(question: str) -> str:
    lexicon = Lexicon.shipped()
    parts = lexicon.parts(lexicon.typed(question))
    if all(part.also is None for part in parts):
        return ""
    means = (part.means if part.also is None else part.also for part in parts)
    return " ".join(filter(None, means))


@pytest.mark.parametrize(
    ("question", "read_as"),
    [
        # A department beside a complaint, a blood pressure or a way there; else a diagnosis.
        ("ED: syncope, r/o PE", "syncope suspected condition ruled out other pulmonary embolism"),
        ("ED 224/120, hypertensive emergency", "224/120 hypertensive emergency"),
        ("brought to our ED by ambulance, seizure", "brought to our by ambulance seizure"),
        ("ED visit for migraine", "visit for migraine"),
        ("ED", "male erectile dysfunction"),
        ("ED, wants viagra", "male erectile dysfunction wants viagra"),
        ("HTN, ED, BPH", "hypertension male erectile dysfunction benign prostatic hyperplasia"),
        ("T2DM with ED", "type 2 diabetes mellitus with male erectile dysfunction"),
        ("ED f/u", "male erectile dysfunction follow-up examination"),
        ("restrictive ED in a teen", "restrictive eating disorder in a teen"),
        # joints, or the air of the room, or a chamber of the heart
        ("RA flare, both wrists", "rheumatoid arthritis with (acute) exacerbation both wrists"),
        ("spo2 87 on RA", "spo2 87 on"),
        ("thrombus in RA on echo", "thrombus in right atrial on echo"),
        # nerve, valve, mind
        ("MS relapse with spasticity", "multiple sclerosis relapse with spasticity"),
        ("MS, loud murmur", "mitral (valve) stenosis loud murmur"),
        ("MS change since fall", "altered mental status change since fall"),
        # chest, or palsy
        ("CP, troponin neg", "chest pain troponin negative"),
        ("spastic CP, wheelchair bound", "spastic cerebral palsy dependence on wheelchair"),
        # eyes and ears by what is said of them, in short or in full
        ("POAG,OD", "primary open-angle glaucoma right eye"),
        ("heroin OD", "heroin poisoning"),
        ("OD", "poisoning"),
        ("cerumen AD", "cerumen right ear"),
        ("AD with wandering", "alzheimer's disease with wandering"),
        # limbs, lobes and lids
        ("ulcer RLL, fat layer", "ulcer right lower leg fat layer"),
        ("RLL infiltrate", "right lower lobe infiltrate"),
        ("chalazion RLL", "chalazion right lower eyelid"),
        ("LE cellulitis", "lower extremity cellulitis"),
        ("burn rt ft", "burn right foot"),
        ("fell 12 ft", "fall 12"),
        # heart or hormones, side or liver
        ("hrt failure", "heart failure"),
        ("menopausal, on HRT", "menopausal on hormone replacement therapy"),
        ("LFT wrist sprain", "left wrist sprain"),
        ("elevated LFT", "elevated liver function study"),
        # bowels, breath, sugar
        ("BS 480, DM2", "blood glucose 480 type 2 diabetes mellitus"),
        ("BS clear, wheezes gone", "clear wheezes gone"),
        # therapy is said in passing
        ("knee OA, failed PT", "osteoarthritis of knee failed"),
        ("prolonged PT, INR 5", "prolonged prothrombin time abnormal coagulation profile 5"),
        # what an exam found normal, and how often a drug is taken
        ("gout R ankle, NAD, naproxen bid", "gout right ankle naproxen"),
        ("TTP over L wrist", "over left wrist"),
        # times and portions, or diseases
        ("fever 36 hrs", "fever 36"),
        ("cirrhosis with HRS", "cirrhosis with hepatorenal syndrome"),
        ("RTC 2 weeks", "2 weeks"),
        ("RTC tear", "rotator cuff tear or rupture"),
        # disorder, not a verb
        ("mood do, mild", "mood disorder mild"),
        ("what do I use for gout", "what do i use for gout"),
        # encounters and substances
        ("laceration scalp, subs", "laceration scalp subsequent encounter"),
        ("toxic subs exposure", "toxic substance exposure"),
        # acute, or a joint
        ("AC bronchitis", "acute bronchitis"),
        ("AC separation", "acromioclavicular joint separation"),
        # a word cut short, or a meniscus
        ("ulcer lmt to skin", "ulcer limited to skin"),
        ("knee LMT", "knee tear of lateral meniscus"),
        # likely, or a problem
        ("prob gout", "suspected gout"),
        ("housing prob", "housing problem"),
        # after surgery, or not
        (
            "CME after phaco OS",
            "cystoid macular edema following cataract surgery after phaco left eye",
        ),
        ("CME OS", "cystoid macular degeneration left eye"),
        # terms of DSM, in short
        (
            "major neurocog d/o d/t prion dis",
            "dementia in other diseases classified elsewhere due to prion dis",
        ),
        ("adj d/o w/ anx", "adjustment disorder with anxiety"),
        ("AFIB-new", "atrial fibrillation new"),
        # words that only a group names, and a group by another word of the same stem
        ("HL, sensorineural", "hearing loss sensorineural"),
        ("DVT in CKD", "acute embolism and thrombosis of deep veins in chronic kidney disease"),
    ],
)
def test_senses_by_company(question: str, read_as: str) -> None:
    assert spelled(question) == read_as


@pytest.mark.parametrize(
    ("question", "read_as"),
    [
        ("CC: earache x2 days", "otalgia x2 days"),
        ("PMH: gout. Dx: sciatica", "gout sciatica"),
        ("PE: saddle embolus", "other pulmonary embolism saddle embolus"),
        ("PE: lungs clear, 2+ edema", "lungs clear 2 edema"),
        # A heading with nothing after it is what was asked.
        ("Dx:", "dx"),
        # The colon must follow, and a statement must begin.
        ("gout cc: none", "gout cc none"),
    ],
)
def test_headings_of_a_note_are_left_out(question: str, read_as: str) -> None:
    assert spelled(question) == read_as


@pytest.mark.parametrize(
    ("question", "other"),
    [
        # One word, far away, speaks for a sense: the usual one stays alive.
        ("vitreous strands and bands, OD", "vitreous strands and bands poisoning"),
        # Nothing decides between two senses.
        ("OM", "otitis media"),
        ("HL", "hearing loss"),
        # NEC represents "other specified" (Official Guidelines, I.A.6.a).
        ("dyspnea NEC", "dyspnea other specified"),
        # The words decide.
        ("OM of the great toe, bone exposed", ""),
        ("cataract OD", ""),
        # One sense.
        ("GERD", ""),
    ],
)
def test_the_other_reading_is_kept_in_doubt(question: str, other: str) -> None:
    assert other_reading(question) == other


def test_the_other_reading_is_searched_and_costs_a_little() -> None:
    means = "osteomyelitis"
    query = Query("OM", means, means, read(means), other_reading="otitis media")
    assert query.wordings["otitis media"] > query.wordings[means] == 0.0
    assert read("otitis media") in query.readings


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("ED: cough, seen in ED", "cough, seen in"),
        ("gout, NAD", "gout,"),
        # Something must be left to search.
        ("NAD", ""),
        ("ED", ""),
        ("gout", ""),
    ],
)
def test_what_is_not_searched_is_taken_from_the_question_as_typed(question: str, kept: str) -> None:
    lexicon = Lexicon.shipped()
    assert lexicon.kept(question, lexicon.parts(lexicon.typed(question))) == kept


SENSES = [
    {"shorthand": "xy", "means": "first", "when": "<usual> apple", "kind": "abbreviation"},
    {"shorthand": "xy", "means": "second", "when": "pear in_ _visit", "kind": "abbreviation"},
    {"shorthand": "xy", "means": "third", "when": "<usual> <eye>", "kind": "abbreviation"},
    {"shorthand": "pg", "means": "pigmentary glaucoma", "when": "", "kind": "abbreviation"},
]


@pytest.mark.parametrize(
    ("words", "means", "also"),
    [
        ("xy", "first", "third"),
        ("pears xy", "second", None),  # another form of the word
        ("apple for you xy pear", "second", "first"),  # the nearer word counts more
        ("apple xy pear", "first", "second"),  # as near
        ("in the xy", "second", None),  # directly before; articles do not count
        ("xy visit", "second", None),
        ("visit xy", "first", "third"),
        ("in a blue xy", "first", "third"),
        ("pg xy", "third", None),  # what another abbreviation means speaks, too
    ],
)
def test_nearness_and_place_count(words: str, means: str, also: str | None) -> None:
    parts = Lexicon(SENSES).parts(words.split())
    part = next(part for part in parts if part.typed == ("xy",))
    assert (part.means, part.also) == (means, also)


def test_groups_in_the_lexicon_are_defined() -> None:
    lines = read_text("vocabulary", "abbreviations.tsv").splitlines()[1:]
    used = {
        word.strip("_")
        for line in lines
        for word in line.split("\t")[2].split()
        if word.strip("_").startswith("<")
    }
    assert used - Groups.shipped().names == {
        "<usual>",
        "<alone>",
        "<drug>",
        "<number>",
        "<pressure>",
    }
