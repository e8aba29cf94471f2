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
from index.statement.books import Books
from index.statement.drugs import drugs
from index.statement.facts import read_statement
from index.statement.model import Proposal

DAY = dt.date(2026, 6, 1)
#: A statement, "=>", and the codes that its words about drugs call for; none: they call for none.
_STATEMENTS = """
vomiting after codeine =>
pregnant with opioid use on methadone =>
newborn withdrawal mom on methadone =>
68 f on eliquis 5mg bid & asa81 w/ gib, stopped eliquis in ed => Z79.01 Z79.82
dm2 lantus qhs and ozempic wkly, a1c 8.2 => Z79.4 Z79.85
dm2 meds metformin/januvia => Z79.84
chr afib - coumadin => Z79.01
copd on trelegy => Z79.51
asthma, pulmicort daily => Z79.51
ra - mtx weekly, folic acid => Z79.631
breast ca on arimidex and prolia => Z79.811
crohns dz on humira q2wk, f/u => Z79.620
ckd4, no nsaids =>
oa knee, otc nsaids prn =>
chronic lbp takes meloxicam daily => Z79.1
chronic pain on ms contin and gabapentin => Z79.891
long-term (current) use of opiate analgesic => Z79.891
osteoporosis, alendronate weekly => Z79.83
post menopausal on premarin => Z79.890
recurrent cellulitis on suppressive penicillin => Z79.2
rheumatic fever ppx bicillin monthly => Z79.2
uti prophylaxis with nitrofurantoin daily => Z79.2
lyme on doxycycline x 21 days =>
osteomyelitis on iv abx 6 wks =>
copd, home o2, chronic prednisone, doxy for exac => Z79.52
local reaction tdap => T50.A15A
allergic reaction amoxicillin => T36.0X5A
dm2 on chronic insulin, metformin => Z79.4 Z79.84
ht on hctz, gout flare from hctz => T50.2X5A
s/p liver tx, on tacro, tremor d/t tacro => T45.1X5A Z79.621
mom found pt w/ empty pill bottle of seroquel, suicide attempt => T43.592A
narcan given for od of oxycodone => T40.2X1A
myocarditis after covid vaccine => T50.B95A
guillain barre after flu vaccine => T50.B95A
mushroom picker ate wild mushrooms, liver failure => T62.0X1A
rt eye glaucoma, od worse than os, on xalatan =>
swallowed button battery =>
extravasation of chemo =>
h/o opioid od, now on suboxone =>
burn from hydrofluoric acid to fingers => T54.2X1A
infusion reaction to remicade for crohns => T45.1X5A
priapism d/t viagra => T46.7X5A
rebound congestion from afrin => T48.5X5A
percocet overdose => T40.2X1A T39.1X1A
intentional od on vicodin => T40.2X2A T39.1X2A
constipation from percocet => T40.2X5A
poor medication compliance => Z91.148
med non-adherence => Z91.148
chf exac, poor compliance w/ lasix => T50.1X6A Z91.148
liver injury d/t herbal supplement => T50.995A
n/v d/t anesthesia => T41.205A
epistaxis d/t flonase => T49.6X5A
ms on tecfidera => Z79.61
dementia, noncompliant with meds d/t memory => T50.906A Z91.130
unable to afford medications => T50.906A Z91.120
pt ran out of all meds => T50.906A Z91.138
doesn't take his meds => Z91.148
copd exac secondary to running out of inhalers => T48.6X6A Z91.138
exac of chf after stopping lasix => T50.1X6A Z91.128
uncontrolled htn b/c he quit taking norvasc => T46.1X6A Z91.128
hyperglycemia, dm2, noncompliant w metformin and insulin due to cost => T38.3X6A Z91.120 Z79.4
withdrawal seizure after stopping xanax => T42.4X6A Z91.128
pt accidentally took double her synthroid => T38.1X1A
hypotension from too much lisinopril => T46.4X1A
drug toxicity => T50.905A
afib on coumadin, inr 6, no bleeding => T45.515A Z79.01
supratherapeutic inr on coumadin => T45.515A Z79.01
afib on coumadin inr supratherapeutic => T45.515A Z79.01
inr 2.5 on coumadin => Z79.01
dm2 hypoglycemia d/t glipizide => T38.3X5A Z79.84
dm2 hypoglycemia d/t insulin => T38.3X5A Z79.4
hypoglycemia due to insulin => T38.3X5A
immunosuppressed d/t humira for RA => T45.1X5A Z79.620
immunocompromised due to long term prednisone => T38.0X5A Z79.52
immunosuppressed d/t tacrolimus, kidney transplant => T45.1X5A Z79.621
anticoagulation management visit => Z79.01 Z51.81
elevated inr d/t coumadin => T45.515A
od'd on heroin => T40.1X1A
overdosed on her lisinopril accidentally => T46.4X1A
took 2 ambien instead of 1, fell => T42.6X1A
gave self 50 units humalog instead of 5, hypoglycemia => T38.3X1A
took ritalin thinking it was tylenol => T43.631A
mistook antifreeze for gatorade => T51.8X1A
grandma's blood pressure pills ingested by 2 yo => T46.5X1A
2yo found with open bottle of ibuprofen, ingestion => T39.311A
child ingested unknown amount of benadryl => T45.0X1A
kid swallowed 10 melatonin gummies => T42.6X1A
teen took 30 tylenol, si attempt => T39.1X2A
cut wrists and took klonopin od, suicide attempt => T42.4X2A
drank drano in suicide attempt => T54.3X2A
attempted suicide w/ insulin => T38.3X2A
intentional self harm w/ tylenol and advil => T39.1X2A T39.312A
denies suicidal intent, took too many xanax for sleep => T42.4X1A
accidental overdose of fentanyl patch => T40.411A
oxycodone od, intent could not be determined => T40.2X4A
wife put antifreeze in his drink, poisoning =>
cocaine toxicity => T40.5X1A
meth toxicity => T43.651A
chest pain after cocaine =>
salicylate overdose intentional => T39.092A
serotonin syndrome d/t lexapro + tramadol => T43.225A T40.425A
pneumonitis d/t chlorine gas inhalation => T59.4X1A
chemical pneumonitis d/t gasoline => T52.0X1A
encephalopathy due to lead => T56.0X1A
corneal burn from bleach splash => T54.91XA
alkali burn to eye lye => T54.3X1A
acid burn rt hand, sulfuric acid => T54.2X1A
contact dermatitis d/t laundry detergent =>
dizzy, ran generator inside, co poisoning => T58.01XA
found down in garage w/ car running co poisoning suicide => T58.02XA
smoke inhalation from house fire, burns => T59.811A
copd d/t smoking =>
cough due to smoke =>
nausea from vaping too much, nicotine toxicity => T65.291A
ate raw kidney beans =>
ate poisonous berries => T62.1X1A
fish poisoning, ciguatera => T61.01XA
shellfish poisoning => T61.781A
stung by jellyfish at beach lt thigh => T63.621A
portuguese man of war sting => T63.611A
sea urchin spine foot => T63.691A
centipede bite => T63.411A
tarantula bite => T63.321A
coral snake bite => T63.021A
cottonmouth bite finger => T63.061A
insect sting lip swelling => T63.481A
unknown insect sting, anaphylaxis => T63.481A
ran out of insulin 1 wk ago can't afford it, dka => T38.3X6A Z91.120 Z79.4
t1dm dka, stopped insulin => T38.3X6A Z91.128
t1dm dka ran out of insulin => T38.3X6A Z91.138
dka, missed insulin doses, t1 => T38.3X6A Z91.138
htn crisis, not compliant w/ clonidine => T46.5X6A Z91.148
htn emergency off bp meds x 2 mo => T46.5X6A Z91.148
afib rvr, hasn't taken diltiazem x 3 days => T46.1X6A Z91.148
chf, didn't fill lasix, too expensive => T50.1X6A Z91.120
copd exac, not using inhalers bc can't afford => T48.6X6A Z91.120
bipolar, quit lithium, manic => T43.596A Z91.128
depression relapse, stopped prozac d/t sexual side effects => T43.226A Z91.128
stroke, pt stopped taking eliquis on own 2 weeks ago => T45.516A Z91.128
pe, eliquis noncompliance => T45.516A Z91.148
transplant rejection d/t noncompliance w/ tacrolimus => T45.1X6A Z91.148
hypothyroidism, noncompliance with levothyroxine => T38.1X6A Z91.148
seizure, low dilantin level noncompliance =>
forgot to take metoprolol => T44.7X6A Z91.138
memory loss, forgets lisinopril => T46.4X6A Z91.130
skips lasix when traveling => T50.1X6A Z91.128
pt cutting eliquis in half to make it last, cost => T45.516A Z91.120
insurance won't cover ozempic, went without, a1c up => T38.3X6A Z91.120
pharmacy out of adderall => T43.626A Z91.138
tb meds stopped early by pt => T37.1X6A Z91.128
parent refuses to give adhd meds => T43.606A Z91.A28
mother gives half dose of prednisolone bc pt vomits => T38.0X6A Z91.A28
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
mixed hyperlipidemia on statin =>
mixed hld, atorvastatin =>
drowsy after mixing xanax and beer => T42.4X1A T51.0X1A
rash on amoxicillin => T36.0X5A
chronic gout due to diuretic => T50.2X5A
opioid dependence w/ opioid induced mood disorder =>
htn with ckd 3b =>
copd w/ acute bronchitis =>
chf + htn =>
acute mi, stemi inferior =>
alcohol dependence w/ withdrawal =>
cocaine abuse =>
pregnancy 30 wks, gestational htn =>
mrsa carrier =>
food poisoning =>
cat scratch =>
family hx of breast ca =>
type 2 dm without complications =>
contrast allergy =>
prediabetes =>
steroid injection knee OA =>
kenalog injection today for trigger finger =>
otitis media tx w/ amox =>
dvt, started eliquis =>
stroke given tpa =>
h/o suicide attempt by overdose =>
depression on zoloft stable =>
psych med management =>
hyperkalemia from potassium supplement => T50.3X5A
aki d/t vancomycin => T36.8X5A
aki from lisinopril and nsaids => T46.4X5A T39.395A
cushings d/t steroids for asthma => T38.0X5A
red man syndrome vanc =>
red man syndrome from vanc => T36.8X5A
gynecomastia d/t spironolactone => T50.0X5A
photosensitivity rash due to doxy => T36.4X5A
qt prolongation due to methadone => T40.3X5A
neuropathy d/t cisplatin => T45.1X5A
cardiomyopathy due to adriamycin => T45.1X5A
colitis from keytruda => T45.AX5A
constipation from oxycodone => T40.2X5A
delirium due to benadryl => T45.0X5A
orthostatic hypotension d/t losartan => T46.5X5A
dystonia from haldol => T43.4X5A
weight gain from zyprexa => T43.595A
lithium toxicity d/t dehydration, taken as prescribed => T43.595A
theophylline toxicity => T48.6X5A
dilantin toxicity => T42.0X5A
salicylate toxicity => T39.091A
aspirin overdose accidental => T39.011A
k2 overdose => T40.721A
marijuana edible ingestion, 3 yo => T40.711A
stung by bee rt foot => T63.441A
snake bite venomous lt hand => T63.001A
nonvenomous snake bite =>
chlorine gas inhalation => T59.4X1A
organophosphate poisoning farmer => T60.0X1A
methanol poisoning => T51.1X1A
pt dev hives 2/2 pcn inj => T36.0X5A
urticaria secondary to ibuprofen => T39.315A
nausea/vomiting from ozempic => T38.3X5A
dizziness s/e of lisinopril => T46.4X5A
drug induced thrombocytopenia => T50.905A
hand foot syndrome d/t xeloda => T45.1X5A
n/v post chemo => T45.1X5A
hematoma after heparin injection =>
long term use of anticoagulants, here for inr check => Z79.01 Z51.81
hepatitis due to inh => T37.1X5A
took 20 tylenol pm after fight w bf, sa => T39.1X2A
overdose =>
drug overdose => T50.901A
snorted fentanyl, unresponsive => T40.411A
insulin overdose suicide attempt => T38.3X2A
tca overdose => T43.011A
digoxin overdose accidental elderly => T46.0X1A
caffeine overdose energy drinks => T43.611A
baby swallowed hand sanitizer => T51.2X1A
lye burn esophagus => T54.3X1A
battery acid burn face => T54.2X1A
hornet sting neck => T63.451A
spider bite arm cellulitis => T63.301A
cva on asa and plavix, htn => Z79.82 Z79.02
pt on xarelto w/ hematuria => Z79.01
afib w/ rvr on eliquis, metoprolol => Z79.01
dm2 on lantus, novolog and metformin => Z79.4 Z79.84
steroid induced dm on insulin => T38.0X5A Z79.4
epilepsy on keppra =>
epilepsy on long term keppra => Z79.899
was on coumadin =>
allergic to aspirin =>
sinusitis, given medrol dosepak =>
breast ca er+ on tamoxifen, hot flashes => Z79.810
osteopenia from arimidex => T45.1X5A
dermatomyositis on ivig =>
psoriatic arthritis on enbrel and mtx => Z79.620 Z79.631
urinary retention d/t benadryl => T45.0X5A
urinary retention post anesthesia => T41.205A
malignant hyperthermia due to succinylcholine => T48.1X5A
interstitial nephritis d/t ppi => T47.1X5A
cough d/t acei => T46.4X5A
bradycardia after double dose of diltiazem => T46.1X1A
thrombocytopenia due to heparin => T45.515A
nausea on ozempic => Z79.85
drug induced acute pancreatitis => T50.905A
drug-induced hepatitis => T50.905A
adverse reaction to medication => T50.905A
medication side effect dizziness => T50.905A
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
        "d/t",
        "overdose of",
        "[(*",
        "od od",
        "amox, " * 200,
    ],
)
def test_any_text_is_read(text: str, books: Books) -> None:
    found(text, books)
