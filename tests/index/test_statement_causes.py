"""How an injury happened: the external causes, places, activities and abuse codes of statements."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesets.model import Reference, ReferenceData, Release, Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.causes import external_causes
from index.statement.facts import read_statement
from index.statement.model import Proposal

#: A statement, "=>", and the codes of chapter 20 (and of abuse) that it calls for; none: it calls
#: for none. One a line.
_STATEMENTS = """
dog bite rt lower leg => W54.0XXA
cat bite lt hand, cellulitis => W55.01XA
cat scratch forearm infected => W55.03XA
bit by squirrel, finger => W53.21XA
rat bite => W53.11XA
human bite L forearm during fight => Y04.1XXA
bitten by another toddler at daycare => W50.3XXA Y92.210
kicked by horse, rib fx => W55.12XA
thrown from horse, pelvic fx => V80.010A
tick bite abdomen => W57.XXXA
flea bites both legs => W57.XXXA
spider bite arm nonvenomous => W57.XXXA
bee sting lt hand =>
rattlesnake bite ankle =>
fell down stairs at home, rt hip fx => W10.9XXA Y92.009
tripped on curb, sprained ankle => W10.1XXA
fell out of bed at nursing home, hip contusion => W06.XXXA Y92.129
slipped in shower, wrist fx => W18.2XXA
fell off toilet, head lac => W18.11XA
fell off couch, 8 mo, skull fx => W08.XXXA
fell from changing table => W08.XXXA
fell out of wheelchair => W05.0XXA
fell off scaffold at construction site, l1 burst fx => W12.XXXA Y92.69 Y99.0
fell from roof while working, t12 compression fx => W13.2XXA Y99.0
fell out of tree broke arm => W14.XXXA
fell into swimming pool hit bottom neck injury => W16.022A
dove into shallow pool, c5 fx => W16.522A
fall from swing at playground, supracondylar fx => W09.1XXA Y92.838
fell off slide at school => W09.0XXA Y92.219
ground level fall, hip fracture => W18.30XA
GLF w/ SDH => W18.30XA
mechanical fall, wrist pain => W19.XXXA
fell, knee abrasion => W19.XXXA
s/p fall, facial contusion => W19.XXXA
hip pain after fall 2 days ago => W19.XXXA
tripped and fell, colles fx => W01.0XXA
slipped on wet floor at grocery store, knee contusion => W01.0XXA Y92.512
slip and fall at walmart, back pain => W01.0XXA Y92.512
tripped over dog, patella fx => W01.0XXA
slipped on icy sidewalk, ankle sprain => W00.0XXA Y92.480
fell down icy steps, coccyx contusion => W00.1XXA
stepped in hole, ankle sprain => W18.42XA
stubbed toe on bed frame, fx great toe => W22.03XA
ran into wall, forehead hematoma => W22.01XA
punched wall, boxer's fx => W22.09XA
hit in eye by baseball, hyphema => W21.03XA
struck by golf ball, scalp lac => W21.04XA
hit by softball in the mouth, tooth fx => W21.07XA
hit w/ hockey puck => W21.220A
tree branch fell on head, concussion => W20.8XXA
hammer fell on foot, toe contusion => W20.8XXA
closed finger in car door, crush injury index finger => W23.0XXA
finger slammed in door, nail bed lac => W23.0XXA
collided w/ teammate playing soccer, concussion => W51.XXXA Y93.66
elbowed in nose by opponent during basketball game, nasal fx => W50.0XXA Y93.67
ankle sprain playing basketball => Y93.67
lac thumb from table saw at work => W31.2XXA Y99.0
cut finger w/ chainsaw => W29.3XXA
lawn mower injury to foot, toe amputation => W28.XXXA
cut on broken glass, foot lac => W25.XXXA
cut finger on mandoline => W27.4XXA
box cutter lac palm => W26.8XXA
nail gun injury, nail in hand => W29.4XXA
fish hook in thumb => W45.3XXA
splinter finger => W45.8XXA
stepped on nail, puncture foot => W45.0XXA
accidental gsw foot while cleaning handgun => W32.0XXA
gsw abdomen, assault with handgun => X93.XXXA
self inflicted gsw head => X74.9XXA
stab wound chest, assaulted w/ knife => X99.1XXA
self inflicted lac wrist with razor => X78.8XXA
cut wrists w/ knife, suicide attempt => X78.1XXA
punched in jaw during bar fight, mandible fx => Y04.0XXA
assaulted, facial contusions => Y09
hit in head w/ bottle during assault, scalp lac => Y00.XXXA
hit w/ baseball bat, assault, skull fx => Y08.02XA
scald burn from hot coffee, chest => X10.0XXA
grease burn hand while cooking => X10.2XXA Y93.G3
boiling water burn thigh => X12.XXXA
burn hand on stove => X15.0XXA
curling iron burn neck => X15.8XXA
burned by campfire, 2nd deg hand => X03.0XXA
house fire, 3rd degree burns back => X00.0XXA
smoke inhalation from house fire => X00.1XXA
firework injury, hand burn => W39.XXXA
frostbite both feet => X31.XXXA
hypothermia found outside => X31.XXXA
heat exhaustion working outside => X30.XXXA
sunburn 2nd degree back at the beach => X32.XXXA Y92.832
near drowning in swimming pool => W67.XXXA
back strain lifting patient at work => X50.0XXA Y93.F2 Y99.0
electric shock from outlet => W86.0XXA
welders flash both eyes => W89.0XXA
swallowed penny => W44.E2XA
lego in nose => W44.B3XA
bead in ear => W44.B1XA
meat bolus stuck in esophagus => W44.F3XA
toddler swallowed magnets => W44.D0XA
bug in ear => W44.F4XA
needlestick w/ used needle at work => W46.1XXA Y99.0
hair tourniquet toe => W49.01XA
mva, whiplash => V89.2XXA
mvc driver rear ended, cervical strain => V49.40XA
restrained passenger mvc, chest wall contusion => V49.50XA
car accident, neck pain => V49.9XXA
driver car vs tree, femur fx => V47.5XXA
driver of pickup hit by semi, rib fx => V54.5XXA
passenger in SUV rollover, clavicle fx => V58.6XXA
motorcycle crash, tib fib fx => V29.99XA
motorcycle driver hit by car, femur fx => V23.49XA
laid down motorcycle, road rash => V28.49XA
bicyclist hit by car, clavicle fx => V13.4XXA
pedestrian hit by car, tib plateau fx => V03.90XA
hit by bus while crossing street, pelvic fx => V04.10XA
bike vs car => V13.4XXA
dirt bike crash, wrist fx => V86.96XA
atv accident driver, femur fx => V86.55XA
fell off skateboard, wrist fx => V00.131A
fell off scooter => V00.141A
skiing accident, acl tear => V00.328A Y93.23
snowboarding fall, wrist fx => V00.311A Y93.23
fell off bike in driveway, elbow fx => V18.0XXA Y92.014
golf cart accident => V86.95XA
tractor rollover, crush inj chest => V84.9XXA
fell getting out of car, wrist fx => V48.4XXA
car hit deer, driver, neck strain => V40.5XXA
f/u wrist fx, fell off ladder 6 wks ago => W11.XXXD
healing ankle sprain, slipped on ice, recheck => W00.0XXD
fall on steps at home, subsequent encounter hip fx => W10.9XXD
frozen shoulder late effect of mva => V89.2XXS
fall risk, osteoporosis =>
hx of falls =>
frequent falls, gait instability =>
htn, dm2, copd =>
chest pain =>
no fall, hip pain =>
denies injury or fall, knee pain =>
confirmed adult physical abuse by husband, orbital fx => T74.11XA Y07.010
child neglect, suspected => T76.02XA
6 yo sexual abuse by uncle, confirmed => T74.22XA Y07.47
suspected child abuse ruled out => Z04.72
alleged rape, adult female, exam => Z04.41
elder abuse by caregiver => T74.11XA Y07.59
shaken baby syndrome, sdh, by father => T74.4XXA Y07.11
alcohol abuse =>
cocaine abuse, htn =>
hx of childhood sexual abuse =>
domestic violence, punched in eye by boyfriend => T74.11XA Y04.0XXA Y07.030
tased by police, abrasions => Y35.839A
struck by baton during arrest, forearm fx => Y35.313A
jumped off bridge suicide attempt, pelvic fx => X80.XXXA
wrong side surgery => Y65.53
depression, lost job at work =>
works at school, sore throat =>
tennis elbow =>
runner's knee =>
swimmers ear =>
hit head on cabinet, scalp lac => W22.03XA
wood splinter in finger => W45.8XXA
got hit by a car while riding bike, tib fx => V13.4XXA
rear ended at red light, driver, neck sprain => V49.40XA Y92.410
uti in nursing home resident =>
hospital acquired pneumonia =>
burning urination =>
burning feet, neuropathy =>
heartburn =>
foreign body sensation rt eye =>
ringworm arm =>
hot flashes, menopause =>
cuts lisinopril in half d/t cost, htn uncontrolled =>
walks with walker, knee pain =>
fell asleep, fatigue, back pain =>
foot drop =>
heat rash =>
flu shot given, sore arm =>
steroid shot in shoulder, shoulder pain =>
crushing chest pain =>
shooting pain down leg =>
ingrown nail rt great toe =>
cat scratch disease =>
dog allergy, rhinitis =>
chicken pox =>
sports physical for football =>
school physical =>
dot exam truck driver =>
cough worse lying in bed =>
dyspnea climbing stairs =>
knee pain going down stairs =>
hgb dropped from 10 to 8 after surgery =>
platelets fell after chemo, back pain =>
retained bullet in shoulder, old =>
knee pain w/ walking =>
leg pain while walking, claudication =>
shin splints from running => Y93.02
carpal tunnel from typing at work => Y93.C1 Y99.0
back pain, worse with lifting =>
incontinence when lifting =>
sting of wound =>
shingles rash burning pain =>
car sickness =>
stuck in traffic panic attack =>
here for suture removal, finger lac =>
postop wound infection =>
lives in apartment, copd =>
diabetic ulcer from stepping on nail =>
head cold, sinus pain =>
cold intolerance, hypothyroid =>
cold sore lip =>
rt hip fx pathological, osteoporosis =>
compression fx t12 osteoporotic no fall =>
fall allergies, itchy eyes =>
train wreck of a pt, chf copd ckd =>
bump on head, lipoma =>
bit her tongue =>
tongue bite during seizure =>
cataract od, machine =>
ran into work stress, anxiety =>
hit with depression after divorce =>
ingested tylenol overdose =>
swallowed bleach accidentally =>
overdose on purpose =>
choking on food dysphagia =>
ate peanut, anaphylaxis =>
peanut allergy =>
stuck on stairs due to parkinsons =>
ex husband abusive in past =>
tobacco abuse, cough =>
screening for domestic violence neg =>
ptsd from combat =>
gun safety counseling =>
hearing loss from noise at work => W42.9XXA Y99.0
bullet fragment in leg, pain =>
mechanic, back pain chronic =>
nurse, ppd positive =>
fight with insurance, stress =>
assault by cancer =>
bleeding after tooth extraction =>
bruising on eliquis =>
rash from poison ivy =>
contact dermatitis from plants =>
jumpy legs =>
ran out of meds, htn =>
mvp, palpitations =>
dvt rt leg after flight =>
accident prone, adhd =>
car wash employee with asthma =>
driver with sleep apnea =>
bus driver low back pain =>
passenger on airplane ear pain barotrauma =>
bitten nails =>
nail biting =>
ulcer lt heel in nursing home =>
lac repair =>
ice applied, ankle swelling =>
knee buckled and gave way =>
knee gave out and fell, hip pain => W19.XXXA
syncope w/ fall, scalp lac => W19.XXXA
seizure, fell and hit head on floor, scalp hematoma => W01.198A
got dizzy and fell in bathroom, rib fx => W19.XXXA Y92.002
mvc vs tree, driver, sternal fx => V47.5XXA
unrestrained driver in head on collision w/ truck, femur fx => V44.5XXA
t-boned by suv, passenger, rib fxs => V43.61XA
rear-ended by pickup, pt was driver, cervical strain => V43.53XA
passenger on bus that hit car, wrist fx => V73.6XXA
bus driver injured in collision with van, neck strain => V73.5XXA
semi driver rollover on interstate, rib fx => V68.5XXA Y92.411
school bus accident, passenger, contusion => V79.50XA
pedestrian struck by motorcycle, tibia fx => V02.90XA
ped vs auto, pelvic fx => V03.90XA
auto vs ped, tib fx => V03.90XA
pedestrian hit by bicycle, wrist fx => V01.90XA
hit by car in parking lot, leg contusion => V03.00XA Y92.481
run over by truck in driveway, crush foot => V04.00XA Y92.014
child run over by car, femur fx => V03.90XA
cyclist crashed into parked car, clavicle fx => V13.4XXA
bicycle accident, abrasions => V19.9XXA
flew over handlebars mountain biking on trail, clavicle fx => V18.0XXA Y92.828 Y93.55
e-bike crash, radius fx => V29.91XA
ebike rider hit by suv, fx tibia => V23.91XA
moped accident, road rash abrasions => V29.99XA
motorcycle passenger thrown off, pelvis fx => V28.59XA
motorcycle vs deer, concussion => V20.99XA
snowmobile accident hit tree, femur fx => V86.92XA
utv rollover passenger, arm fx => V86.69XA
dirt bike fall at motocross track, clavicle fx => V86.96XA
4 wheeler rolled over, driver, spleen lac => V86.55XA
ejected from atv, skull fx => V86.95XA
go kart crash, wrist fx => V86.99XA
tripped stepping off bus, ankle fx => V78.4XXA
twisted knee getting out of truck, sprain => V58.4XXA
forklift ran over foot at work, foot crush => V09.09XA Y99.0
train vs car, driver, polytrauma => V45.5XXA
hit by train, leg amputation => V05.90XA
airbag burn forearm, mvc driver => V49.40XA W22.10XA
mva 3 wks ago, neck pain, follow up => V89.2XXD
car crash last night pt driving, seatbelt contusion chest => V49.40XA
car rolled over, driver, c spine fx => V48.5XXA
car ran off road into ditch, driver, lumbar strain => V47.5XXA
mvc in company truck while at work, driver, back strain => V59.40XA Y99.0
fell off electric scooter, wrist fx => V00.841A
fell off hoverboard, elbow fx => V00.841A
sledding hit tree, spleen lac => V00.222A Y93.23
fell ice skating, wrist fx => V00.211A Y93.21
fell roller skating at roller rink, wrist fx => V00.121A Y92.331 Y93.51
fell off horse, horseback riding, l1 fx => V80.010A Y93.52
bucked off bull rodeo, shoulder disloc => V80.018A Y92.39
jet ski crash, rib fx => V91.83XA
fell on boat, wrist fx => V93.39XA
dragged by dog on leash fell, wrist fx => W54.1XXA
jumped on trampoline landed wrong ankle fx => Y93.44
dropped weight on foot at gym, toe fx => W20.8XXA Y92.39
lifting weights, pec tear => X50.0XXA Y93.B3
threw out back shoveling snow, lumbar strain => Y93.H1
torn acl playing football => Y93.61
knee injury tackled in football game => W03.XXXA Y93.61
hit by pitch, hand contusion => W21.03XA
kicked in shin by another player soccer game, contusion => W50.1XXA Y93.66
cleat to face soccer, lac => W21.31XA
baby pulled hot tea onto chest, burns => X10.0XXA
burn from steam, forearm => X13.1XXA
touched hot oven rack, burn finger => X15.0XXA
oil splashed on arm while frying chicken, burn => X10.2XXA Y93.G3
ramen noodles spilled on lap, thigh burn 2nd degree => X10.1XXA
scald from bath water, toddler buttocks => X11.0XXA
motorcycle muffler burn calf => X17.XXXA
heating pad burn back => X16.XXXA
set shirt on fire w/ lighter, burn chest => X06.2XXA
gasoline on bonfire, flash burn face => X03.0XXA
cigarette burn on oxygen, facial burns => X08.8XXA
propane explosion, burns face => W36.3XXA
cut hand washing dishes on broken glass => W25.XXXA Y93.G1
sliced finger with knife cutting bagel => W26.0XXA Y93.G1
lac palm, slipped w/ screwdriver => W27.0XXA
lac finger on tin can lid => W26.8XXA
barbed wire lac leg on farm => W26.8XXA Y92.79
lac from metal at work => W26.8XXA Y99.0
amputated fingertip in meat slicer at work => W29.0XXA Y99.0
hand caught in conveyor belt at factory => W24.1XXA Y92.63
hand crushed in press machine at work => W31.1XXA Y99.0
thumb smashed with hammer => W27.0XXA
hit thumb w/ hammer, subungual hematoma => W22.8XXA
pt fell from standing height, hip fx => W18.30XA
slid off chair onto floor, coccyx contusion => W07.XXXA
fell out of high chair, head inj => W07.XXXA
rolled off bed infant head injury => W06.XXXA
mom dropped baby, skull fx => W04.XXXA
fell off deck, ankle fx => W13.0XXA
fell out 2nd story window, pelvic fx => W13.4XXA
fell thru ceiling while working in attic, rib fx => W13.3XXA Y99.0
fell off truck bed, wrist fx => W17.89XA
fell 12 ft off ladder, calcaneus fx => W11.XXXA
fell off loading dock at warehouse => W17.4XXA Y92.59
fell down hill hiking, ankle fx => W17.81XA Y93.01
fell off shopping cart, head lac => W17.82XA
tripped over oxygen tubing, hip fx => W01.0XXA
tripped on uneven sidewalk, hit face on concrete, nasal fx => W01.198A Y92.480
fell into glass table, arm lac => W01.110A
pushed down by classmate at school, wrist fx => W03.XXXA Y92.219
bumped heads with another player, forehead lac => W51.XXXA
stuck by cactus, finger => W60.XXXA
rooster attack, leg puncture => W61.33XA
goose bite hand => W61.51XA
bat bite, rabies exposure => W55.81XA
raccoon bite hand => W55.51XA
cow stepped on foot, contusion => W55.22XA
pig bite => W55.41XA
ferret bite finger => W55.81XA
bedbug bites => W57.XXXA
chigger bites legs => W57.XXXA
jellyfish sting =>
scorpion sting foot =>
fire ant bites =>
black widow bite =>
poison ivy rash =>
quarter stuck in esophagus => W44.E2XA
pt swallowed nail =>
peanut in nose => W44.F3XA
cotton swab tip in ear => W44.8XXA
chicken bone stuck throat => W44.F3XA
rubber band on finger constriction => W49.03XA
ring stuck on finger => W49.04XA
tornado, rib fx => X37.1XXA
hurricane, leg lac => X37.0XXA
wrist fx d/t fall from ladder => W11.XXXA
neck pain 2/2 mva => V89.2XXA
hip fx, fell oob => W06.XXXA
tripped/fell, wrist fx => W01.0XXA
s/p mvc driver, sternal contusion => V49.40XA
dogbite hand => W54.0XXA
dog-bite face => W54.0XXA
fall f/ bed, hip contusion => W06.XXXA
l mca stroke, fall, hip contusion => W19.XXXA
gsw to leg => W34.00XA
quad tendon rupture, fell on stairs => W10.9XXA
mva, quad contusion => V89.2XXA
ped edema, fell, knee contusion => W19.XXXA
dtap ipv given today =>
left neglect after cva =>
hiv nat positive =>
self-inflicted lac wrists => X78.9XXA
cutting forearms, self harm => X78.9XXA
suicide attempt by gsw chest w/ handgun => X72.XXXA
stabbed in chest w/ knife during robbery => X99.1XXA
stab wound abdomen => X99.9XXA
shot in thigh by unknown assailant => X95.9XXA
undetermined intent handgun wound foot => Y22.XXXA
sexual assault, adult female => T74.21XA
raped by stranger, vaginal lac => T74.21XA Y07.59
child sexual abuse, suspected, 5 yo => T76.22XA
suspected physical abuse, 3 mo old, skull fx => T76.12XA
nat, 2 mo old, rib fxs => T74.12XA
elder financial abuse by son => T74.A1XA Y07.44
emotional abuse by husband, confirmed => T74.31XA Y07.010
neglect of elderly pt by caregiver, pressure ulcer => T74.01XA Y07.59
sex trafficking victim confirmed 25 yo f => T74.51XA
beaten by husband w/ belt, domestic violence, contusions back => T74.11XA Y00.XXXA Y07.010
medical neglect, child, confirmed, by mother => T74.02XA Y07.12
r/o child abuse, bruises => T76.12XA
pregnant, domestic violence by partner =>
hx of physical abuse by ex husband =>
alcohol abuse, fell down stairs, sdh => W10.9XXA
fall on ice, subsequent visit ankle fx routine healing => W00.0XXD
sequela of gsw, chronic leg pain => W34.00XS
burn scar contracture hand, old grease burn => X10.2XXS
nonunion tibia fx from motorcycle crash => V29.99XD
follow up dog bite hand, healing => W54.0XXD
cast removal, wrist fx from fall off swing => W09.1XXD
pt jumped from roof, bilat calcaneus fx => W17.89XA
fell while running, knee abrasion => W19.XXXA Y93.02
fell walking dog, wrist fx => W19.XXXA Y93.K1
tripped while jogging, ankle sprain => W01.0XXA Y93.02
concussion from cheerleading fall => W19.XXXA Y93.45
rock climbing fall, calcaneus fx => Y93.31 W19.XXXA
fell during gymnastics, elbow disloc => W19.XXXA Y93.43
hit in face with soccer ball at school, nasal fx => W21.02XA Y92.219
lac foot stepped on glass at beach => W25.XXXA Y92.832
seashell cut foot at the beach => W26.8XXA Y92.832
slipped on pool deck, elbow fx => W01.0XXA Y92.34
lifeguard pulled from lake, near drowning => W69.XXXA
fell off boat into lake, shoulder disloc => V94.0XXA
roofer fell off roof, pelvic fx => W13.2XXA Y99.0
volunteer firefighter burn hand house fire => X00.0XXA Y99.2
soldier twisted knee during training, active duty =>
heat stroke football practice => X30.XXXA Y93.61
hypothermia fell into lake => W16.112A X31.XXXA
electrocuted by power line at work, burns => W85.XXXA Y99.0
noise induced hearing loss, works in factory =>
paper cut finger => W26.2XXA
hot glue gun burn finger => X15.8XXA
hair straightener burn forehead => X15.8XXA
sunburn face 1st degree =>
tanning bed burn => W89.1XXA
lip lac, fell against table => W19.XXXA
tooth fx hit by elbow in basketball => W50.0XXA Y93.67
pencil lead in hand => W45.8XXA
thorn in foot => W60.XXXA
glass in foot =>
metal fb cornea =>
fell through roof => W13.2XXA
drowning, bathtub, toddler => W65.XXXA
cat bite => W55.01XA
snake bite nonvenomous => W59.11XA
nonvenomous snake bite ankle => W59.11XA
monkey bite => W55.81XA
pt pushed by husband fell down stairs => Y04.8XXA
crush injury foot, pallet fell on it at warehouse => W20.8XXA Y92.59
tree fell on car driver =>
struck by lightning =>
carpal tunnel, typing all day at work => Y93.C1 Y99.0
stress fx tibia marathon runner =>
stress fx foot from running => Y93.02
rotator cuff tear from throwing baseball => Y93.64
fx L radius, pt fell off monkey bars at school => W09.2XXA Y92.219
7 yo fell from bunk bed, clavicle fx => W06.XXXA
scalp lac, hit head on corner of coffee table after tripping on rug => W01.190A
2nd deg burn R forearm, spilled boiling water while cooking at home => X12.XXXA Y92.009 Y93.G3
crush inj L index finger, caught in car door => W23.0XXA
dog bite to face, neighbor's dog, at the park => W54.0XXA Y92.830
L ankle sprain stepped off curb wrong => W10.1XXA
laceration scalp, struck by falling branch => W20.8XXA
corneal abrasion from baby's fingernail => W50.4XXA
contusion chest, restrained driver in mvc, airbag deployed => V49.40XA
concussion, helmet to helmet hit football practice => W21.81XA Y93.61
hand lac from broken wine glass washing dishes in kitchen => W25.XXXA Y92.000 Y93.G1
rt shoulder dislocation fell skiing => V00.321A Y93.23
lumbar strain, lifting heavy boxes at warehouse job => X50.0XXA Y92.59
open fx tibia, motorcycle vs car, pt was driver of motorcycle => V23.49XA
multiple abrasions, fell off bicycle on bike path => V18.0XXA Y92.482
nail puncture wound foot stepped on at construction site => W45.0XXA Y92.69 Y99.0
carbon monoxide poisoning house fire =>
smoke inhalation, apartment fire => X00.1XXA
knee abrasion, fell on playground at recess => W19.XXXA Y92.219 Y99.8
facial fx, kicked by cow => W55.22XA
assault w/ bat, ulna fx => Y08.02XA
stabbed w/ knife by unknown assailant, liver lac => X99.1XXA
self inflicted stab wound abd w/ kitchen knife => X78.1XXA
elder physical abuse by son, confirmed, rib fx => T74.11XA Y07.44
suspected child neglect, failure to thrive => T76.02XA
pt hit by car while crossing street on foot, tibia fx => V03.10XA
hip fx after tripping over cord at home => W01.0XXA Y92.009
slip on wet bathroom floor, hip fx => W01.0XXA Y92.002
wrist fx, fall from standing => W18.30XA
unwitnessed fall in snf, forehead hematoma => W19.XXXA Y92.129
fell from bed in hospital, hip fx => W06.XXXA Y92.239
pt fell in hospital room bathroom, wrist fx => W19.XXXA Y92.231
fell off stage, ankle fx => W17.89XA
fell into hole, ankle fx => W17.2XXA
ladder slipped, fell 10 feet, calcaneal fx => W11.XXXA
eye injury from paintball => W34.011A
bb gun pellet in hand => W34.010A
struck by lightning, burns =>
tap water burn infant => X11.8XXA
infant scald in bath => X11.0XXA
fell in tub, rib contusion => W18.2XXA
hot oil burn hand at restaurant where he works => X10.2XXA Y92.511
iron burn palm toddler => X15.8XXA
treadmill friction burn hand =>
bitten by stray cat, hand cellulitis => W55.01XA
pt's finger bit by hamster => W53.81XA
snapping turtle bite finger => W59.21XA
parrot bite finger => W61.01XA
stung by wasp =>
hit by snowball eye contusion => W22.8XXA
finger caught in bike chain =>
thumb jammed playing basketball, sprain => Y93.67
hyperextended knee jumping on trampoline => Y93.44
elbow fx, fell on outstretched hand while rollerblading => V00.111A Y93.51
broken tooth biting on hard candy =>
aspirated peanut => W44.F3XA
earring back embedded in earlobe =>
cotton stuck in ear => W44.8XXA
fall from golf cart, head injury => V86.95XA
pedestrian vs bus => V04.90XA
pt was struck by falling box at work, neck strain => W20.8XXA Y99.0
blunt trauma chest from steering wheel mvc driver => V49.40XA
mva - head on collision, driver, sternal fx => V49.40XA
struck by forklift at warehouse, tibia fx => V09.09XA Y92.59
bicyclist doored by car, clavicle fx => V13.4XXA
sports injury, knee =>
fell, was intoxicated, scalp lac => W19.XXXA
fell d/t hypoglycemia, wrist fx => W19.XXXA
pt states was in mva last week, c/o neck and back pain => V89.2XXA
mvc yest, r shoulder pain => V89.2XXA
involved in mvc, restrained front seat passenger, no loc, sternal pain => V49.50XA
mvc, hit a deer, driver, contusion chest => V40.5XXA
mvc hit guardrail, driver, rib fx => V47.5XXA
single car mvc into pole, driver, femur fx => V47.5XXA
head on mvc, car vs car, passenger, pelvic fx => V43.62XA
motor vehicle collision with suv, driver of sedan, neck sprain => V43.51XA
his car was hit by an 18 wheeler, driver, tbi => V44.5XXA
pickup truck rollover, passenger, humerus fx => V58.6XXA
truck driver, semi overturned on highway, rib fx => V68.5XXA Y92.410
van vs train, driver, polytrauma => V55.5XXA
bicycle vs pole, wrist fx => V17.4XXA
bicycle hit by truck, driver of bicycle, tibia fx => V14.4XXA
motorcycle lost control, fell, clavicle fx => V28.49XA
motorcycle vs suv, rider, femur fx => V23.99XA
pedestrian struck by suv in parking lot => V03.00XA Y92.481
skateboarder hit by car, tibia fx => V03.92XA
fell off electric scooter on sidewalk, wrist fx => V00.841A Y92.480
wheelchair tipped over, fell out, hip fx => W05.0XXA
stroller fall infant head injury => V00.821A
walking dog pulled down, shoulder inj => W54.1XXA Y93.K1
horse fell on leg, tibia fx => W55.12XA
tractor rolled over on him, crush pelvis => V84.9XXA
atv rollover on trail, rider, humerus fx => V86.95XA Y92.828
snowmobile vs tree, driver, femur fx => V86.52XA
plane crash, burns => V95.9XXA
dove off boat into lake, c spine fx => W16.712A
chemical burn eye at work =>
f/u rib fx from mvc, routine healing => V89.2XXD
mvc 2 yrs ago, chronic neck pain sequela of whiplash => V89.2XXS
wound check dog bite, day 3 => W54.0XXD
post traumatic arthritis knee, old motorcycle accident => V29.99XS
subsequent visit, burn hand, hot oil => X10.2XXD
fall, 2nd visit, wrist fx subs enc => W19.XXXD
syncope, fell at church, laceration chin => W19.XXXA Y92.22
patient slipped getting out of bathtub, fractured wrist => W18.2XXA
slipped on stairs at work, tailbone contusion => W10.9XXA Y99.0
dropped knife on foot, lac => W20.8XXA
glass fell on foot, lac => W20.8XXA
stepped on by horse, foot contusion => W55.12XA
hit by swing at playground, lip lac => W22.8XXA Y92.838
ran into door, nose contusion => W22.09XA
walked into glass door, forehead lac => W22.8XXA
hit head on car door => W22.09XA
bumped head on low ceiling, concussion => W22.8XXA
struck in eye by elastic cord, hyphema => W22.8XXA
hit by thrown rock, scalp lac => W20.8XXA
hot soup spilled on lap =>
iv infiltration =>
retained sponge after surgery =>
fine needle aspiration thyroid nodule =>
screw removal rt ankle, painful hardware =>
pin removal foot =>
kidney stone in urethra =>
schatzki ring in esophagus, dysphagia =>
spider veins in nose =>
lac repair w/ staples, wound check =>
lac, with pain, can move fingers =>
burn scar w/ limited range of motion =>
septic shock, bmp panel abnormal =>
sob with strenuous activity, chest pain =>
fall, hx of bed bound, hip fx => W19.XXXA
wound dehiscence after c section =>
wound infection after knee surgery, on abx =>
surgical wound, seen at hospital =>
pressure ulcer, nursing home pt =>
cut down on drinking, htn =>
corn on toe, painful =>
amputation below knee, prosthesis =>
old mi, chest pain on exertion at gym =>
mi while shoveling snow => Y93.H1
asthma exacerbation while running => Y93.02
bit by anxiety, pain back =>
heat pad used for back pain =>
hand pain, types all day =>
knee pain, football player =>
back pain, works construction =>
dog dander allergy, asthma =>
car sick, vomiting =>
injury of liver during surgery =>
accidental puncture of dura during lumbar puncture =>
nerve injury from iv =>
shoulder injury related to vaccine =>
laceration of cervix during delivery =>
perineal laceration 2nd degree =>
birth injury clavicle fx newborn =>
cephalhematoma, vacuum delivery =>
stress fracture, osteoporosis =>
traumatic brain injury 5 yrs ago, headaches now =>
chronic pain after old back injury =>
strain of eyes from computer =>
broken tooth =>
broken heart syndrome =>
breaking out rash face =>
choked up, anxiety =>
gas pain after eating at restaurant =>
food poisoning after eating at restaurant =>
dehydration, heat, working outside =>
insomnia, wakes at night =>
palpitations when climbing stairs =>
pt fell ill at work, flu =>
temp fell to normal, infection resolved =>
falling platelet count, bruising =>
dropped foot after hip surgery =>
slipped disc l4-5, back pain =>
slipped capital femoral epiphysis =>
ran fever, ear pain =>
running nose, sore throat =>
walking pneumonia =>
swimming pool rash, folliculitis =>
hot tub folliculitis =>
shock wave therapy plantar fasciitis =>
drug abuse, wound infection arm =>
neglects diet, dm foot ulcer =>
assaultive behavior, dementia =>
fighting cancer, pain =>
gun shy =>
alcohol on board, fall w/ head injury => W19.XXXA
rt knee injury =>
head injury, no loc =>
finger lac =>
ankle sprain =>
wrist fx follow up =>
closed fx wrist, fell in recliner => W19.XXXA
ems brought from nursing home, hip fx =>
burn hand 2nd degree =>
bruise on arm unknown cause =>
trauma to eye =>
pt at home on hospice, bleeding =>
wound from biopsy =>
bleeding after fall asleep =>
dx from school nurse: pink eye, swelling =>
injured back yrs ago =>
multiple falls, parkinsons, hip contusion =>
fx toe, hit =>
whiplash =>
scratch on arm =>
bite on arm =>
insect bite arm => W57.XXXA
animal bite hand => W64.XXXA
"""
_CASES = [
    (said.strip(), sorted(codes.split()))
    for said, _, codes in (line.partition("=>") for line in _STATEMENTS.splitlines() if line)
]


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, dt.date(2026, 5, 4))


def _found(said: str, books: Books) -> list[Proposal]:
    return external_causes.find(read_statement(said), books)


@pytest.mark.parametrize(("said", "codes"), _CASES, ids=[said for said, _ in _CASES])
def test_codes(said: str, codes: list[str], books: Books) -> None:
    assert sorted(proposal.code for proposal in _found(said, books)) == codes


#: Entries as the External Cause Index has them.
_INDEX = {
    "Fall, from, off, out of, haystack": "W17.89",
    "Fall, from, off, out of, railing": "W13.9",
    "Contact, with, cotton gin": "W31.82",
    "Activity, cricket": "Y93.69",
    "Place of occurrence, synagogue": "Y92.22",
    "Place of occurrence, senior citizen center": "Y92.29",
    "Bite, bitten by, moray eel": "W56.51",
    "Fall, down, ladder": "W11",
    "Fall, from, off, out of, ladder": "W11",
}


@pytest.fixture(scope="module")
def with_index(
    loaded: Path, april: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Books]:
    """The same books with entries of the External Cause Index."""
    path = tmp_path_factory.mktemp("books") / "codes.db"
    shutil.copy(loaded / "codes.db", path)
    store = CodeStore(path)
    first, last = dt.date(2026, 4, 1), dt.date(2026, 9, 30)
    edition = Reference("external_causes", "icd10cm", "TEST", first, last, "test", ())
    terms = [Term(code, text, "index_entry", "TEST") for text, code in _INDEX.items()]
    store.references.load(ReferenceData(edition, tuple(terms)))
    yield Books(store, april, dt.date(2026, 5, 4))
    store.close()


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("fell from haystack, rib fx", ["W17.89XA"]),
        ("lac finger, caught in cotton gin", ["W31.82XA"]),
        ("ankle sprain playing cricket", ["Y93.69"]),
        ("fell at synagogue, hip fx", ["W19.XXXA", "Y92.22"]),
        ("fell at senior citizen center, hip fx", ["W19.XXXA", "Y92.29"]),
        ("bitten by moray eel hand", ["W56.51XA"]),
        ("htn at synagogue", []),
    ],
)
def test_what_only_the_index_names(said: str, codes: list[str], with_index: Books) -> None:
    assert [proposal.code for proposal in _found(said, with_index)] == codes


def test_the_entry_of_the_index_is_quoted(with_index: Books) -> None:
    (ladder,) = _found("fell from ladder, wrist fx", with_index)
    assert ladder.grounds[0].rule == "index"
    assert ladder.grounds[0].quote == "Fall, from, off, out of, ladder"
    assert ladder.grounds[1].section == "I.C.20.a"


def test_an_injury_and_its_cause_in_the_same_words_are_not_settled(books: Books) -> None:
    (bite,) = _found("dog bite rt lower leg", books)
    assert not bite.settles
    assert bite.role == "external cause"


def test_words_of_the_cause_alone_are_settled(books: Books) -> None:
    said = "nursemaid elbow fell off monkey bars at the park"
    settled = [said[span.start : span.end] for p in _found(said, books) for span in p.spans]
    assert settled == ["fell off monkey bars", "at the park"]


def test_the_words_of_an_injury_are_not_among_those_of_its_cause(books: Books) -> None:
    said = "lac L index finger w/ kitchen knife"
    (knife,) = _found(said, books)
    assert [said[span.start : span.end] for span in knife.spans] == ["w/ kitchen knife"]


def test_abuse_is_first_and_its_grounds_name_the_guideline(books: Books) -> None:
    abuse, perpetrator = _found("confirmed child physical abuse by stepfather, femur fx", books)
    assert (abuse.code, abuse.role, perpetrator.code) == ("T74.12XA", "first-listed", "Y07.430")
    assert abuse.grounds[0].section == "I.C.19.f"


def test_no_place_after_the_initial_encounter(books: Books) -> None:
    codes = [p.code for p in _found("fell at home, wrist fx, healing, f/u visit", books)]
    assert codes == ["W19.XXXD"]


@pytest.mark.parametrize("said", ["", "?", "\u00e9 \u0130 fell", "w/ " * 300, "fell " * 200, "((("])
def test_any_text_is_read(said: str, books: Books) -> None:
    _found(said, books)
