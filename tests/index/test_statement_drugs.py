"""Drugs of statements: adverse effect, poisoning, underdosing and why, venom, long-term use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA

from codesets.formats.icd10cm_index import read_drugs
from codesets.model import Reference, ReferenceData, Release
from codesets.store.code_store import CodeStore
from index.statement import drugs
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Proposal

DAY = dt.date(2026, 6, 1)
#: A statement, "=>", and the codes that its words about drugs call for; none: they call for none.
_STATEMENTS = """
cuts lisinopril in half d/t cost, htn uncontrolled => T46.4X6A Z91.120
rash d/t amoxicillin => T36.0X5A
hives after starting bactrim => T36.8X5A
drug rash from bactrim ds => T36.8X5A
rash from sulfamethoxazole/trimethoprim taken as prescribed => T36.8X5A
GI bleed d/t coumadin, taken correctly => T45.515A
gi bleed from eliquis for afib => T45.515A
afib on eliquis => Z79.01
afib, eliquis => Z79.01
h/o dvt on xarelto => Z79.01
nosebleed on coumadin => Z79.01
no bleeding on eliquis => Z79.01
dm2 on metformin => Z79.84
dm2 on metformin and lantus => Z79.84 Z79.4
dm2 on ozempic and insulin => Z79.85 Z79.4
t2dm, metformin 1000 bid, trulicity weekly => Z79.84 Z79.85
t1dm on insulin pump =>
type 2 dm w/ ckd on long term insulin => Z79.4
gdm on insulin =>
started on insulin today, new dm2 =>
dm2, metformin stopped, now on jardiance => Z79.84
not on insulin =>
no longer taking coumadin =>
breast ca on tamoxifen => Z79.810
breast ca hx on letrozole still => Z79.811
prostate ca on lupron => Z79.818
RA on methotrexate => Z79.631
RA on humira => Z79.620
psoriasis on otezla => Z79.61
kidney transplant on prograf and cellcept => Z79.621 Z79.624
uc on mesalamine =>
osteoporosis on fosamax => Z79.83
RA on prednisone 5 mg daily => Z79.52
copd exac on prednisone burst =>
asthma on advair => Z79.51
poison ivy on prednisone =>
cad s/p stent on plavix and asa => Z79.02 Z79.82
cad on dapt => Z79.02 Z79.82
daily aspirin 81 => Z79.82
took aspirin for chest pain =>
takes ibuprofen daily for OA => Z79.1
ibuprofen prn for knee pain =>
chronic pain on oxycodone => Z79.891
long term opioid use for chronic low back pain => Z79.891
opioid dependence on methadone maintenance =>
oud on suboxone =>
postop pain on percocet =>
chronic pain syndrome on methadone for pain => Z79.891
lupus on plaquenil => Z79.899
afib on amiodarone => Z79.899
bipolar on lithium => Z79.899
htn on lisinopril =>
hld on atorvastatin =>
htn on lisinopril and amlodipine, hld on statin =>
recurrent uti on prophylactic macrobid => Z79.2
on long term doxycycline for acne => Z79.2
uti on cipro =>
bronchitis given zpak =>
on ocps, migraine => Z79.3
ocp refill =>
menopause on hrt => Z79.890
high risk medication monitoring => Z79.899 Z51.81
INR check, afib on coumadin => Z79.01 Z51.81
here for inr check => Z51.81 Z79.01
lithium level check => Z79.899 Z51.81
supratherapeutic inr on coumadin => T45.515A
elevated inr d/t coumadin => T45.515A
digoxin toxicity, taken as prescribed => T46.0X5A
dig tox => T46.0X5A
lithium toxicity => T43.595A
tylenol overdose => T39.1X1A
tylenol OD, suicide attempt => T39.1X2A
suicide attempt by tylenol overdose => T39.1X2A
took bottle of xanax in suicide attempt => T42.4X2A
intentional OD on ambien and etoh => T42.6X2A T51.0X2A
heroin overdose => T40.1X1A
accidental heroin OD, given narcan => T40.1X1A
fentanyl overdose, unresponsive => T40.411A
overdose of unknown intent on benzos => T42.4X1A
oxycodone overdose, intent undetermined => T40.2X4A
took husband's metoprolol by mistake => T44.7X1A
toddler got into grandma's glipizide => T38.3X1A
2 yo ate thc gummies => T40.711A
child swallowed bleach => T54.91XA
drank antifreeze in suicide attempt => T51.8X2A
laundry pod ingestion 2yo => T55.1X1A
smoke inhalation house fire => T59.811A
took double dose of metoprolol by mistake, bradycardia => T44.7X1A
took too much insulin, hypoglycemia => T38.3X1A
given wrong drug, heparin => T45.511A
drowsy after mixing ativan with alcohol => T42.4X1A T51.0X1A
took ambien with wine =>
alcohol poisoning => T51.0X1A
alcohol intoxication =>
pancreatitis d/t etoh =>
polysubstance overdose => T50.911A
overdose unknown pills => T50.901A
bee sting => T63.441A
anaphylaxis d/t bee sting => T63.441A
wasp sting lt hand swelling => T63.461A
yellow jacket stings multiple => T63.461A
fire ant bites => T63.421A
jellyfish sting => T63.621A
rattlesnake bite rt leg => T63.011A
copperhead bite => T63.061A
black widow bite => T63.311A
brown recluse spider bite => T63.331A
spider bite => T63.301A
scorpion sting => T63.2X1A
bee allergy =>
allergic to bee stings =>
insect bite =>
hx bee sting allergy =>
dog bite rt lower leg =>
ran out of keppra, seizure => T42.6X6A Z91.138
stopped taking lisinopril on her own => T46.4X6A Z91.128
stopped coumadin bc of cost => T45.516A Z91.120
skips insulin doses because she can't afford it => T38.3X6A Z91.120 Z79.4
forgets to take donepezil d/t dementia => T44.0X6A Z91.130
forgets to take his bp meds => T46.5X6A Z91.138
noncompliant with lasix, chf exac => T50.1X6A Z91.148
med noncompliance => Z91.148
chf exac d/t medication noncompliance => Z91.148
not taking meds due to cost => T50.906A Z91.120
off his seizure meds => T42.76XA Z91.148
mom forgot to give keppra => T42.6X6A Z91.A3
nurse missed dose of vancomycin => T36.8X6A Y63.6
quit zoloft because of side effects, depression worse => T43.226A Z91.128
lisinopril cough => T46.4X5A
ace inhibitor cough => T46.4X5A
steroid induced hyperglycemia => T38.0X5A
opioid induced constipation => T40.2X5A
chemo induced neutropenia => T45.1X5A
neutropenic fever d/t chemo => T45.1X5A
nausea after chemo => T45.1X5A
statin myopathy => T46.6X5A
tardive dyskinesia from reglan => T45.0X5A
aki d/t iv contrast => T50.8X5A
fever after covid vaccine => T50.B95A
allergic reaction to penicillin => T36.0X5A
penicillin allergy =>
allergic to pcn =>
hx of rash with pcn =>
anemia d/t iron deficiency =>
ckd d/t htn =>
drug induced lupus from hydralazine => T46.5X5A
drug-induced lupus => T50.905A
medication overuse headache =>
hit d/t heparin => T45.515A
heparin induced thrombocytopenia => T45.515A
c diff d/t antibiotics => T36.95XA
c diff from clindamycin => T36.8X5A
possible lisinopril cough =>
denies side effects from metformin =>
no rash from amox =>
angioedema from lisinopril => T46.4X5A
hypokalemia due to hctz and lasix => T50.2X5A T50.1X5A
dm2 hyperglycemia d/t prednisone for asthma => T38.0X5A
switched from metformin to ozempic => Z79.85
immunosuppressed d/t humira for RA => T45.1X5A
alcohol use disorder =>
cocaine induced psychosis =>
iodine contrast ct =>
glaucoma OD on latanoprost =>
headache, no meds =>
overdose, sequela, anoxic brain damage from heroin overdose => T40.1X1S
f/u rash from amoxicillin => T36.0X5D
lead poisoning in child => T56.0X1A
allergic rxn to amox taken as directed => T36.0X5A
gastritis d/t long term nsaid use => T39.395A Z79.1
bradycardia d/t metoprolol => T44.7X5A
ate wild mushrooms => T62.0X1A
pepper spray exposure eyes => T59.3X1A
chemical burn to hand from drain cleaner => T54.3X1A
drugged at bar, rohypnol slipped in drink => T42.4X3A
on coumadin => Z79.01
insulin resistance =>
insulin dependent dm2 => Z79.4
dm2 with insulin => Z79.4
opioid overdose in past =>
bleeding from interaction of coumadin and otc aspirin => T45.511A T39.011A
co poisoning from generator in garage => T58.01XA
pt not taking coumadin as prescribed, inr low => T45.516A Z91.148
hasn't taken bp meds in 2 wks, ran out => T46.5X6A Z91.138
out of his metformin x 1 month, a1c 11, lost insurance => T38.3X6A Z91.120
dm2 uncontrolled, rationing insulin bc of price => T38.3X6A Z91.120 Z79.4
chf exacerbation, stopped lasix bc peeing too much => T50.1X6A Z91.128
afib rvr, ran out of metoprolol 3 days ago => T44.7X6A Z91.138
schizophrenia, stopped taking risperdal, felt better => T43.596A Z91.128
seizure, missed keppra doses => T42.6X6A Z91.138
breakthrough seizure, noncompliant w/ keppra => T42.6X6A Z91.148
epilepsy, skipped depakote x3 days => T42.6X6A Z91.128
asthma exac, not using flovent => T38.0X6A Z91.148
asthma exacerbation mom stopped giving flovent => T38.0X6A Z91.A28
mom can't afford childs keppra, seizures => T42.6X6A Z91.A20
copd exac, couldn't afford inhaler => T48.6X6A Z91.120
hypothyroid, not taking synthroid => T38.1X6A Z91.148
elderly, forgets her metformin => T38.3X6A Z91.130
alzheimers pt forgets eliquis => T45.516A Z91.130
takes lisinopril every other day to save money => T46.4X6A Z91.120
takes half of her losartan bc expensive => T46.5X6A Z91.120
splitting pills bc cost => T50.906A Z91.120
underdosing of insulin due to financial hardship => T38.3X6A Z91.120 Z79.4
insulin underdosing => T38.3X6A Z91.148 Z79.4
intentional underdosing of warfarin => T45.516A Z91.128
hypertensive urgency d/t med noncompliance => Z91.148
hypertensive urgency, medication noncompliance due to cost => Z91.141
nonadherent with hiv meds => T37.5X6A Z91.148
refuses to take her coumadin => T45.516A Z91.128
stopped eliquis before surgery per cardiology =>
plavix held for surgery =>
coumadin held, inr 6 =>
denies missing any doses of keppra =>
compliant with meds =>
patient self discontinued lexapro due to nausea => T43.226A Z91.128
weaned herself off effexor => T43.216A Z91.128
psych meds lost, psychotic => T43.96XA Z91.138
hospital omitted home levothyroxine => T38.1X6A Y63.6
kidney transplant rejection, not taking prograf => T45.1X6A Z91.148
cva, stopped asa and plavix on own => T39.016A T45.526A Z91.128
dvt, noncompliant with xarelto => T45.516A Z91.148
gout flare ran out of allopurinol => T50.4X6A Z91.138
adrenal crisis stopped prednisone abruptly => T38.0X6A Z91.128
on aspirin => Z79.82
asa 81 mg daily => Z79.82
afib on long term anticoagulation => Z79.01
long term anticoagulant use => Z79.01
chronic anticoagulation w/ coumadin for afib => Z79.01
hx of pe, lifelong eliquis => Z79.01
mech valve on warf => Z79.01
on blood thinners => Z79.01
on asa, plavix, and statin => Z79.82 Z79.02
dm2 on januvia and jardiance => Z79.84
dm2 on basal bolus insulin => Z79.4
t2dm on mounjaro, off metformin => Z79.85
dm 2 controlled w/ oral meds =>
dm2 on oral hypoglycemics and insulin => Z79.84 Z79.4
dm2 uses novolog sliding scale at home => Z79.4
dm2 given insulin in ed for bs 400 =>
dm2 temporarily on insulin while inpatient =>
refuses insulin =>
dm2 failed metformin, start ozempic =>
on metformin for pcos => Z79.84
crohns on remicade => Z79.620
crohns on stelara and azathioprine => Z79.620 Z79.624
ms on ocrevus => Z79.620
ra on xeljanz => Z79.622
lupus on cellcept and hydroxychloroquine => Z79.624 Z79.899
liver transplant on tacrolimus => Z79.621
heart transplant on sirolimus => Z79.623
et on hydroxyurea => Z79.64
myeloma on revlimid => Z79.61
ra on mtx, long term steroids => Z79.631 Z79.52
breast cancer on arimidex => Z79.811
takes tamoxifen for breast ca prevention => Z79.810
osteopenia on evista => Z79.810
on boniva monthly => Z79.83
pmr on chronic prednisone => Z79.52
copd on symbicort and spiriva => Z79.51
long term nsaid use => Z79.1
long term (current) use of aspirin => Z79.82
daily meloxicam for djd => Z79.1
fentanyl patch for cancer pain =>
on fentanyl patch for chronic cancer pain => Z79.891
chronic opioid therapy, uds => Z79.891
on testosterone for hypogonadism => Z79.890
transgender on estrogen => Z79.890
depo-provera for contraception =>
on birth control => Z79.3
long term current drug therapy => Z79.899
plaquenil eye exam, lupus =>
on plaquenil, eye exam => Z79.899
monitoring of amiodarone => Z79.899 Z51.81
tacrolimus level check kidney transplant => Z79.621 Z51.81
digoxin level => Z51.81 Z79.899
methotrexate monitoring labs => Z79.631 Z51.81
coumadin clinic => Z79.01 Z51.81
prophylactic amoxicillin long term asplenia => Z79.2
long term abx for osteomyelitis => Z79.2
htn with ckd 3b =>
copd w/ acute bronchitis =>
t2dm w neuropathy =>
POAG OD mild, OS severe =>
pneumonia d/t mrsa =>
iron deficiency anemia d/t chronic blood loss =>
vit d deficiency =>
alcohol dependence w/ withdrawal =>
cirrhosis due to alcohol =>
pregnancy 30 wks, gestational htn =>
chemo today for colon ca =>
flu shot =>
drug screen for employment =>
long term smoker =>
contrast allergy =>
allergy to sulfa =>
kenalog injection today for trigger finger =>
strep, started amoxicillin =>
post op day 3 on percocet for pain =>
vomiting after eating =>
medically noncompliant with dialysis =>
noncompliant with diet =>
suicidal ideation, no plan =>
r/o overdose =>
wheezing, uses albuterol =>
well child, vaccines given =>
osteoporosis from long term steroids => T38.0X5A Z79.52
cushings d/t steroids for asthma => T38.0X5A
red man syndrome from vanc => T36.8X5A
gynecomastia d/t spironolactone => T50.0X5A
photosensitivity rash due to doxy => T36.4X5A
chemo-induced peripheral neuropathy => T45.1X5A
colitis from keytruda => T45.AX5A
immune checkpoint inhibitor colitis => T45.AX5A
pneumonitis due to amiodarone => T46.2X5A
hypothyroidism from amiodarone => T46.2X5A
thrush from inhaled steroids => T38.0X5A
constipation from oxycodone => T40.2X5A
delirium due to benadryl => T45.0X5A
orthostatic hypotension d/t losartan => T46.5X5A
lithium toxicity d/t dehydration, taken as prescribed => T43.595A
dilantin toxicity => T42.0X5A
salicylate toxicity => T39.091A
OD on seroquel, suicidal => T43.592A
ingested bottle of amitriptyline, suicide attempt => T43.012A
drank bleach on purpose => T54.92XA
hydrocodone and xanax overdose => T40.2X1A T42.4X1A
coke and heroin od => T40.5X1A T40.1X1A
mdma overdose => T43.641A
k2 overdose => T40.721A
roofied at party =>
bee sting, anaphylactic shock => T63.441A
gasoline ingestion => T52.0X1A
methanol poisoning => T51.1X1A
diarrhea due to augmentin, taking as prescribed for sinusitis => T36.0X5A
urticaria secondary to ibuprofen => T39.315A
pancreatitis d/t ozempic => T38.3X5A
dizziness s/e of lisinopril => T46.4X5A
drug induced parkinsonism d/t haldol => T43.4X5A
drug induced thrombocytopenia => T50.905A
agranulocytosis secondary to ptu => T38.2X5A
pancytopenia due to chemo for breast ca => T45.1X5A
hypokalemia d/t diuretic => T50.2X5A
long term use of anticoagulants, here for inr check => Z79.01 Z51.81
antiepileptic drug level check => Z51.81 Z79.899
acetaminophen od unintentional => T39.1X1A
intentional overdose unknown meds => T50.902A
drug overdose accidental => T50.901A
iv heroin od w/ resp arrest => T40.1X1A
insulin overdose suicide attempt => T38.3X2A
methadone od => T40.3X1A
caffeine overdose energy drinks => T43.611A
accidental ingestion of bleach => T54.91XA
wrong med given: lasix instead of lisinopril => T50.1X1A
took extra coumadin by accident, inr 9 => T45.511A
took wife's ambien => T42.6X1A
smoke inhalation injury => T59.811A
mushroom poisoning => T62.0X1A
insecticide exposure farm worker nausea => T60.91XA
t2dm hgba1c 9 on glipizide/metformin => Z79.84
dm2 on lantus, novolog and metformin => Z79.4 Z79.84
dm2 hyperglycemia, increased lantus => Z79.4
dm due to pancreatitis, on insulin => Z79.4
ckd stage 5 on epo =>
migraine on topamax =>
hx of tia takes plavix => Z79.02
d/c'd metformin =>
start metformin today for new dm2 =>
ra, failed humira, now on orencia => Z79.620
copd on chronic prednisone => Z79.52
breast ca er+ on tamoxifen, hot flashes => Z79.810
hives after shrimp =>
anaphylaxis after bee sting => T63.441A
malignant hyperthermia due to succinylcholine => T48.1X5A
headache due to nitroglycerin => T46.3X5A
hypotension after taking extra metoprolol => T44.7X1A
bradycardia after double dose of diltiazem => T46.1X1A
aki due to nsaids => T39.395A
thrombocytopenia due to heparin => T45.515A
weight loss on ozempic => Z79.85
drug-induced hepatitis => T50.905A
arm swelling after flu shot => T50.B95A
chemo brain =>
contrast nephropathy => T50.8X5A
anaphylaxis to contrast dye => T50.8X5A
lidocaine toxicity => T41.3X5A
opioid toxicity => T40.2X5A
"""


@pytest.fixture(scope="module")
def books(
    loaded: Path, april: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Books]:
    """The packaged code sets, and a part of the Table of Drugs beside them."""
    store = CodeStore(loaded / "codes.db")
    table = CodeStore(tmp_path_factory.mktemp("table") / "codes.db")
    rows = read_drugs(TEST_DATA / "statements" / "drugs.xml", april.label)
    reference = Reference(
        kind="drugs",
        system="icd10cm",
        label=april.label,
        effective_from=april.effective_from,
        effective_through=april.effective_through,
        source="test",
        files=(),
    )
    table.references.load(ReferenceData(reference, rows))
    store.references = table.references
    yield Books(store, april, DAY)
    store.close()
    table.close()


def found(text: str, books: Books) -> list[Proposal]:
    return drugs.find(read_statement(text), books)


@pytest.mark.parametrize("line", _STATEMENTS.strip().splitlines())
def test_codes(line: str, books: Books) -> None:
    text, _, codes = line.partition("=>")
    got = [proposal.code for proposal in found(text.strip(), books)]
    assert sorted(got) == sorted(codes.split())


def test_without_a_table_no_drug_has_a_code(store: CodeStore, april: Release) -> None:
    """Nothing is invented: the codes of drugs are those of the Table."""
    books = Books(store, april, DAY)
    codes = [p.code for p in found("rash d/t amoxicillin, afib on eliquis, bee sting", books)]
    assert codes == ["Z79.01"]


def test_roles_and_grounds(books: Books) -> None:
    drug, reason = found("cuts lisinopril in half d/t cost", books)
    assert (drug.code, drug.role, reason.code, reason.role) == (
        "T46.4X6A",
        "drug",
        "Z91.120",
        "additional",
    )
    (ground,) = drug.grounds
    assert ground.rule == "table"
    assert ground.section == "I.C.19.e.5.c"
    assert ground.quote == "Lisinopril: Underdosing T46.4X6"
    (used,) = found("dm2 on lantus", books)
    assert (used.role, used.grounds[0].section) == ("status", "I.C.4.a.3")


def test_spans_are_the_words(books: Books) -> None:
    text = "chf exac, ran out of lasix bc of cost"
    by_code = {proposal.code: proposal for proposal in found(text, books)}
    said = [text[span.start : span.end] for span in by_code["T50.1X6A"].spans]
    assert said == ["lasix", "ran out of lasix"]
    assert "cost" in [text[span.start : span.end] for span in by_code["Z91.120"].spans]


def test_suicide_attempt_is_said_by_the_poisoning(books: Books) -> None:
    (proposal,) = found("suicide attempt by tylenol overdose", books)
    assert "T14.91" in proposal.excludes


@pytest.mark.parametrize(
    ("text", "generic"),
    [
        ("pcn", "penicillin"),
        ("apap", "acetaminophen"),
        ("amoxicilin", "amoxicillin"),
        ("lisinoprill", "lisinopril"),
        ("metforminn", "metformin"),
        ("z-pak", "azithromycin"),
        ("blood thinner", "anticoagulant"),
        ("asa/plavix", "aspirin"),
    ],
)
def test_names(text: str, generic: str, books: Books) -> None:
    named = drugs.drugs_named(read_statement(text), books)
    assert named[0].generic == generic


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "\u00e9",
        "DRUG",
        "\ue000",
        "on",
        "d/t",
        "overdose of",
        "[(*",
        "od od od",
        "a" * 2000,
    ],
)
def test_any_text_is_read(text: str, books: Books) -> None:
    found(text, books)
