"""Whether a question that has a dose in it is about the units of a drug."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.desk.doses import deciding
from bot.desk.doses.choosing import is_of_a_strong_form
from bot.desk.doses.names import Drug, DrugNames
from bot.desk.doses.words import pattern
from codesets.measures import MEASURE, MULTIPLIER, NUMBER, amounts_in
from index.text.doses import Doses as Said

_IS_ON = re.compile(
    r"\b(?:on|takes|taking|took|uses|using|started|for|from|to|due to|h/o|hx of)\s+(?:\w+\s+)?$",
    re.I,
)
#: An amount before the name of its drug, and how far behind the name it may stand.
_WITH_MEASURE = re.compile(rf"{NUMBER}\s*-?(?:{MULTIPLIER})?\s*(?:{MEASURE})", re.I)
_NEAR = 20
#: How often a drug is that a patient takes at home.
_AS_TAKEN = re.compile(
    r"\b(?:bi)?weekly\b|\bmonthly\b|\bq\s?\d*\s?(?:w|wk|weeks?)\b|\bevery\s", re.I
)


def may_ask(text: str, said: Said) -> bool:
    """Whether a text may be about units, before drugs are looked for."""
    return bool(said.says_an_amount or said.bare or is_billing(text))


def is_billing(text: str) -> bool:
    """Whether a text asks how something is billed. "Units" behind a number are a dose."""
    for start, end, _ in reversed(amounts_in(text)):
        text = text[:start] + " " * (end - start) + text[end:]
    return pattern("billing").search(text) is not None


def asks(
    text: str,
    said: Said,
    names: DrugNames,
    drugs: Sequence[Drug],
    rest: str,
    *,
    has_diagnosis: bool,
) -> bool:
    """Whether a text is about the units of the drugs that it names: at least one. `rest`: what it
    says besides. `has_diagnosis`: whether it has the code of a diagnosis."""
    billing = is_billing(text)
    says_how_much = said.says_an_amount or bool(said.bare)
    if billing and says_how_much:
        return True
    if said.times and said.says_an_amount and pattern("dispensed").search(text):
        return True
    begins = _begins_with(text, drugs[0], said) and not _AS_TAKEN.search(text)
    taken = any(_IS_ON.search(text[: drug.start]) for drug in (drugs[:1] if begins else drugs))
    if not billing and (pattern("not_given").search(text) or taken):
        return False
    if billing and re.search(r"\bhow many\b|\bunits?\b|\bqty\b|\bj[wz]\b", text, re.I):
        return True
    routed = pattern("routes").search(text) is not None or said.tells_of_containers
    if said.rate or (routed and says_how_much):
        return True
    # A dose beside the code of a diagnosis is what was given for it.
    if said.says_an_amount and (begins or has_diagnosis):
        return True
    if said.says_an_amount and len(re.findall(r"[a-z]{3,}", rest, re.I)) <= 2:
        return True
    return _is_of_a_package(said, names, drugs)


def _is_of_a_package(said: Said, names: DrugNames, drugs: Sequence[Drug]) -> bool:
    """Whether an amount, or a number without a measure, is what a package of a drug holds."""
    doses = [*said.given, *said.other, *said.bare]
    for drug in drugs:
        for code in drug.codes:
            unit = names.units[code]
            known = deciding.Drug(code, unit, names.products.get(code, ()))
            held = known.packages() if not is_of_a_strong_form(names.titles[code]) else []
            if any((amount := known.amount(one)) and amount.value in held for one in doses):
                return True
    return False


def _begins_with(text: str, drug: Drug, said: Said) -> bool:
    """Whether a question begins with a drug and an amount of it: what was given, and then why."""
    labelled = [said.labelled[0]] if said.labelled else []
    amounts = [one for one in (*said.given, *said.other, *said.volumes, *labelled) if one.amount]
    before = text[: drug.start]
    if any(one.start < drug.start for one in amounts):
        return not re.search(r"[a-z]{3,}", re.sub(_WITH_MEASURE, " ", before), re.I)
    near = any(one.start - drug.end < _NEAR for one in amounts)
    return near and not re.search(r"[a-z]{3,}", before, re.I)
