"""What a drug did, or what was done with it: adverse effect, poisoning with its intent, or
underdosing (Official Guidelines I.C.19.e.5)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from index.statement import drug_cues
from index.statement.drug_cues import MARK, cues, expression
from index.statement.drug_table import DrugNamed
from index.statement.model import Span, Statement
from index.text.resources import read_text

Circumstance = Literal["adverse effect", "poisoning", "underdosing"]
Intent = Literal["accidental", "self-harm", "assault", "undetermined"]

_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|denies|denied|denying|without|w/o|never|neg for|negative for|hx|h/o|history|prior"
    r"|previous|past)(?: (?:of|any|hx|h/o|recent|known|prior|an?|new))* *(?:[a-z]+ )?$"
)
#: Words after what was long ago.
_LONG_AGO = re.compile(
    r" *\(?(?:in (?:the |his |her )?past|in (?:19|20)\d\d|\d+ (?:years|yrs) ago|years ago|as a teen\w*"
    r"|last year|history)\b"
)
_EYE = re.compile(
    r"\b(?:os|ou|eyes?|glauc\w*|poag|cataract|retina\w*|visual|vision|iop|uveitis|conjunctiv\w*"
    r"|kerat\w*|ocular|optic|macul\w*|amd|drops?|gtts?|pink ?eye)\b"
)
_ALCOHOL = "alcohol"
_CHILD = re.compile(
    r"\b(?:toddler|child|infant|baby|kid|peds?|\d+ ?mo|[1-9] ?(?:yo|y/o|yr old|year old)|son|dtr"
    r"|daughter)\b"
)
_OWN_CUE = re.compile(r"poison|exposure|inhalation|toxicity|burn")
_OTC = re.compile(r"\botc\b|over[ -]the[ -]counter|non-?prescri\w+|\bherbal\b|\bnot prescribed\b")
_TOXIC_WORDS = re.compile(
    r"\b(?:toxicity|tox|toxic|reaction|rxn|side effects?|s/e|adverse (?:effect|reaction|event)s?"
    r"|intolerance|hypersensitivity)$"
)


@dataclass(frozen=True, slots=True)
class Use:
    """What a statement says of one drug. `span`: the words that say it, with the drug."""

    drug: DrugNamed
    circumstance: Circumstance
    span: Span
    intent: Intent = "accidental"


@dataclass(frozen=True, slots=True)
class _Cues:
    underdosing: drug_cues.Phrases
    of_meds: drug_cues.Phrases
    by_provider: re.Pattern[str]
    poisoning: drug_cues.Phrases
    toxic: drug_cues.Phrases
    taken: drug_cues.Phrases
    wrong: re.Pattern[str]
    causes: re.Pattern[str]
    not_cause: re.Pattern[str]
    after: re.Pattern[str]
    after_given: re.Pattern[str]
    given_once: frozenset[str]
    adverse: drug_cues.Phrases
    no_reaction: re.Pattern[str]
    reactions: re.Pattern[str]
    antidotes: frozenset[str]
    vague: frozenset[str]
    class_names: frozenset[str]
    toxicity_is_poisoning: frozenset[str]
    exposure_is_contact: frozenset[str]
    accidental: re.Pattern[str]
    self_harm: re.Pattern[str]
    undetermined: re.Pattern[str]
    assault: re.Pattern[str]


@cache
def _cues() -> _Cues:
    table = cues()
    adverse, poisoning, intent = table["adverse"], table["poisoning"], table["intent"]
    joins = tomllib.loads(read_text("statements", "facts.toml"))["joins"]
    lines = drug_cues.lines
    return _Cues(
        drug_cues.phrases(
            table["underdosing"]["cues"],
            # "on metformin, stopped taking lisinopril" stops the second.
            unless=rf"(?! +(?:(?:taking|using|her|his|their|the|of|all|doses) )*{MARK})",
        ),
        drug_cues.phrases(table["underdosing"]["of_meds"]),
        drug_cues.any_word(table["underdosing"]["by_provider"]),
        drug_cues.phrases(poisoning["cues"]),
        drug_cues.phrases(poisoning["toxic"]),
        drug_cues.phrases(poisoning["taken"]),
        drug_cues.any_word(poisoning["wrong"]),
        drug_cues.causes([*lines(joins["due to"]), *lines(adverse["causes"])]),
        expression(adverse["not_cause"]),
        drug_cues.causes(lines(adverse["after"])),
        drug_cues.causes(lines(adverse["after_given"])),
        frozenset(lines(adverse["given_once"])),
        drug_cues.phrases(adverse["cues"], drug_cues.JOINED),
        expression(adverse["no_reaction"]),
        expression(adverse["reactions"]),
        frozenset(lines(poisoning["antidotes"])),
        frozenset(lines(poisoning["vague"])),
        frozenset(lines(poisoning["class_names"])),
        frozenset(lines(adverse["toxicity_is_poisoning"])),
        frozenset(lines(poisoning["exposure_is_contact"])),
        drug_cues.any_word(intent["accidental"]),
        drug_cues.any_word(intent["self_harm"]),
        drug_cues.any_word(intent["undetermined"]),
        drug_cues.any_word(intent["assault"]),
    )


def is_toxic(drug: DrugNamed) -> bool:
    """Whether nobody is given it: a street drug, a chemical, a gas."""
    return drug.drug_class.toxic or bool(drug.entry and not drug.entry.is_medicine)


def is_denied(text: str, start: int) -> bool:
    """Whether the words before a place deny what follows, or say that it was long ago."""
    return bool(_DENIED_BEFORE.search(text[max(0, start - 40) : start]))


def find_uses(statement: Statement, named: Sequence[DrugNamed]) -> list[Use]:
    """What the statement says of each drug; a drug of which it says nothing has no use."""
    text = statement.folded
    marked = drug_cues.mark(text, (drug.span for drug in named))
    if _EYE.search(text):
        marked = re.sub(r"\bod\b", "**", marked)
    uses: dict[Span, Use] = {}
    for use in (
        *_interaction(marked, named),
        *_underdosed(statement, marked, named),
        *_poisoned(statement, marked, named),
        *_adverse(statement, marked, named),
    ):
        uses.setdefault(use.drug.span, use)
    found = _without_vague(_one_each(list(uses.values())))
    # A drug that did harm was stopped for it.
    harmed = {use.drug.generic for use in found if use.circumstance == "adverse effect"}
    own = re.search(r"\b(?:own|self|noncomplian\w*|nonadheren\w*)\b", text)
    return [
        use
        for use in found
        if own or use.circumstance != "underdosing" or use.drug.generic not in harmed
    ]


def _interaction(marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    """Drugs that act on each other: a poisoning where one was not prescribed or is alcohol, else
    adverse effects (I.C.19.e.5.b.iii and iv)."""
    told = re.search(r"\binteract\w*", marked)
    drugs = [drug for drug in named if not is_toxic(drug) or drug.generic == _ALCOHOL]
    if told is None or len(drugs) < 2 or is_denied(marked, told.start()):
        return
    unprescribed = any(drug.generic == _ALCOHOL for drug in drugs) or bool(_OTC.search(marked))
    for drug in drugs:
        if unprescribed:
            yield Use(drug, "poisoning", drug.span, _intent(marked))
        else:
            yield Use(drug, "adverse effect", drug.span)


def _one_each(uses: list[Use]) -> list[Use]:
    """One circumstance for each drug: what was taken wrongly is no adverse effect too."""
    poisoned = {use.drug.generic for use in uses if use.circumstance == "poisoning"}
    return [u for u in uses if u.circumstance == "poisoning" or u.drug.generic not in poisoned]


def _without_vague(uses: list[Use]) -> list[Use]:
    """ "Drug rash from bactrim" names its drug: "drug" is no other."""
    vague = _cues().vague
    clear = {use.circumstance for use in uses if use.drug.generic not in vague}
    kept = [u for u in uses if u.drug.generic not in vague or u.circumstance not in clear]
    several = {u.circumstance for u in kept if u.drug.generic == "multiple drugs"}
    kept = [u for u in kept if u.drug.generic != "drug" or u.circumstance not in several]
    return [u for u in kept if not any(_says_more(other, u) for other in kept)]


def _says_more(other: Use, use: Use) -> bool:
    """Whether another use names a drug of the class that a use names: "an antibiotic, amoxicillin".
    Antibiotics are of several classes, which share their code of long-term use."""
    return (
        use.drug.generic in _cues().class_names
        and other.circumstance == use.circumstance
        and other.drug.generic not in _cues().class_names
        and (
            other.drug.drug_class.name == use.drug.drug_class.name
            or (
                use.drug.generic == "antibiotic"
                and other.drug.drug_class.long_term == use.drug.drug_class.long_term
            )
        )
    )


def _within(match: re.Match[str], named: Sequence[DrugNamed]) -> Iterator[DrugNamed]:
    for drug in named:
        if match.start() <= drug.span.start and drug.span.end <= match.end():
            yield drug


def _so(statement: Statement, match: re.Match[str], text: str) -> bool:
    """Whether what a match says is so: not denied, past or uncertain."""
    if is_denied(text, match.start()) or _LONG_AGO.match(text, match.end()):
        return False
    allowed = ("affirmed", "uncertain") if statement.inpatient else ("affirmed",)
    places = [Span(match.start(), match.end())]
    if match.start() > 1:
        cut = text.rfind(",", 0, match.start())
        before = Span(max(match.start() - 3, cut + 1), match.start() - 1)
        if before.start < before.end and not re.search(r"[;.,]\s*$", text[: match.start()]):
            places.append(before)
    return all(statement.status_of(place) in allowed for place in places)


def _underdosed(statement: Statement, marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    here = _cues()
    if here.by_provider.search(marked):
        return
    for match in here.underdosing.find(marked):
        status = statement.status_of(Span(match.end() - 1, match.end()))
        if is_denied(marked, match.start()) or status in ("past", "uncertain"):
            continue
        for drug in _within(match, named):
            if not is_toxic(drug):
                yield Use(drug, "underdosing", Span(*match.span()))
    for match in here.of_meds.find(marked):
        for drug in _within(match, named):
            if re.search(r"\b(?:meds?|medicines?|medications?|pills?)$", drug.said):
                yield Use(drug, "underdosing", Span(*match.span()))


def _poisoned(statement: Statement, marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    here = _cues()
    intent = _intent(marked)
    wrong = here.wrong.search(marked)
    wrong = wrong if wrong and not is_denied(marked, wrong.start()) else None
    for drug in named:
        if drug.drug_class.toxic and _OWN_CUE.search(drug.said):
            yield Use(drug, "poisoning", drug.span, intent)
    for phrases, needs in ((here.poisoning, ""), (here.toxic, "toxic"), (here.taken, "wrong")):
        if needs == "wrong" and not wrong:
            continue
        for match in phrases.find(marked):
            if not _so(statement, match, marked):
                continue
            for drug in _within(match, named):
                if needs == "toxic" and not is_toxic(drug):
                    continue
                if drug.generic in here.antidotes or _is_plain(drug, match[0], marked):
                    continue
                yield Use(drug, "poisoning", Span(*match.span()), intent)
    # "tylenol, suicide attempt": what is left of the drugs when the statement tells an overdose.
    told = re.search(r"(?<![\w'])(?:overdos\w*|od|od'd|oded)(?![\w'])", marked)
    if told and _LONG_AGO.match(marked, told.end()):
        told = None
    if told and not is_denied(marked, told.start()) and statement.is_affirmed(Span(*told.span())):
        for drug in named:
            if re.fullmatch(r"[\s:,-]*(?:of|on|w/|with|from|by)?\s*", _between(marked, told, drug)):
                yield Use(drug, "poisoning", drug.span, intent)


def _between(marked: str, told: re.Match[str], drug: DrugNamed) -> str:
    first, last = sorted((Span(*told.span()), drug.span))
    return marked[first.end : last.start]


def _is_plain(drug: DrugNamed, said: str, marked: str) -> bool:
    """Whether what is said of a substance is no poisoning: alcohol that is drunk, a contact."""
    here = _cues()
    if drug.generic in here.exposure_is_contact and re.search(r"expos|inhal|smok", said):
        return drug.generic != "smoke" or "inhal" not in said
    if drug.generic == _ALCOHOL:
        other = re.search(r"poison|overdos|\bod|toxic|mix|combin|interact|wrong", said)
        several = len(re.findall(f"{MARK}+", said)) > 1
        return not (other or several or _CHILD.search(marked))
    return False


def _adverse(statement: Statement, marked: str, named: Sequence[DrugNamed]) -> Iterator[Use]:
    here = _cues()
    for match, kind in _adverse_matches(marked):
        drugs = list(_within(match, named))
        if not drugs or not _so(statement, match, marked):
            continue
        if kind == "given" and not all(d.drug_class.name in here.given_once for d in drugs):
            continue
        medicines = [drug for drug in drugs if not is_toxic(drug)]
        poisoning = len(medicines) and (
            any(drug.generic == _ALCOHOL for drug in drugs)
            or (len(drugs) > 1 and bool(_OTC.search(marked)))
            or (
                re.search(r"tox", match[0]) is not None
                and any(drug.generic in here.toxicity_is_poisoning for drug in drugs)
            )
        )
        for drug in drugs if poisoning else medicines:
            said = Span(*match.span()) if poisoning or _TOXIC_WORDS.search(match[0]) else drug.span
            if poisoning:
                yield Use(drug, "poisoning", said, _intent(marked))
            elif drug.is_own or len(drug.said) > 5:
                yield Use(drug, "adverse effect", said)


def _adverse_matches(marked: str) -> Iterator[tuple[re.Match[str], str]]:
    here = _cues()
    for match in here.causes.finditer(marked):
        if not here.not_cause.search(marked[: match.start()]):
            yield match, "cause"
    for pattern, kind in ((here.after, "after"), (here.after_given, "given")):
        for match in pattern.finditer(marked):
            before = re.split(r"[;.,]", marked[: match.start()])[-1]
            if before.strip() and not here.no_reaction.search(before):
                yield match, "after" if here.reactions.search(before) else kind
    for match in here.adverse.find(marked):
        yield match, "cue"


def _intent(marked: str) -> Intent:
    """The intent that a statement tells; accidental where it tells none (I.C.19.e.5.b)."""
    here = _cues()
    if here.undetermined.search(marked):
        return "undetermined"
    if here.assault.search(marked):
        return "assault"
    for match in here.self_harm.finditer(marked):
        ideation = re.match(r"\s*(?:ideation|thoughts|idea)", marked[match.end() :])
        if not ideation and not is_denied(marked, match.start()):
            return "self-harm"
    return "accidental"
