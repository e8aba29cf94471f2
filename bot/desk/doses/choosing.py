"""Chooses the code of a drug: by its names, by the form and route that are said, by the dose."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.desk.doses.names import Drug, DrugNames, name_words, text_words
from bot.desk.doses.words import forms, hollow
from codesets.formats.asp_ndc import amount_of
from codesets.measures import Amount
from codesets.model import Code, Product
from index.text.doses import Doses

#: What a form counts that is said and titled; that is titled as a strong one and not said; that is
#: titled and another is said.
_SAID, _NOT_SAID, _NOT_SO = 2.0, -3.5, -0.6
#: What counts: being in the crosswalk of the day; a dose that is what a package holds; a dose in
#: another measure than the code's; a dose of whole units, or of one.
_IN_CROSSWALK, _OF_A_PACKAGE, _OTHER_MEASURE, _WHOLE, _ONE_UNIT = 1.0, 1.5, -2.0, 0.3, 1.3
#: What counts a name in brackets that is not said: "Insulin (fiasp)".
_OTHER_NAME = 1.2
#: What counts the code's own brand name that is said, and what a biosimilar lacks without it.
_OWN_NAME, _NOT_NAMED = 1.0, 0.6
_BIOSIMILAR = re.compile(r"(?<!excludes )biosimilar", re.I)
_UNSPECIFIED = re.compile(r"not otherwise specified|\bnos\b", re.I)
#: Codes that CMS gives for a while (C), and private payers' (S): others go first.
_LATER = {"C": -1.0, "S": -1.2, "G": -1.2, "Q": -0.1}


@dataclass(frozen=True, slots=True)
class Choice:
    """A code of a drug: how well it fits, and the codes that fit less well."""

    code: Code
    score: float
    rivals: tuple[str, ...] = ()


def choose(
    drug: Drug,
    text: str,
    said: Doses,
    names: DrugNames,
    get: Callable[[str], Code | None],
    day: dt.date,
) -> Choice | None:
    """The code that a drug's names, the words of `text` and the dose lead to, among those in force
    on the day; None where none is."""
    scored: list[tuple[float, Code]] = []
    for code, fit in drug.codes.items():
        published = get(code)
        if published is None or not published.in_force(day):
            continue
        score = fit + _by_form(published.title, text) + _by_dose(code, said, names)
        score += _LATER.get(code[0], 0.0) + (_IN_CROSSWALK if names.products.get(code) else 0.0)
        if _is_named(published.title, names.products.get(code, ()), text):
            score += _OWN_NAME
        elif _BIOSIMILAR.search(published.title):
            score -= _NOT_NAMED
        score += _by_percent(published.title, said.percent)
        score -= _OTHER_NAME if _names_another(published.title, text) else 0.0
        score += 0.4 if _UNSPECIFIED.search(published.title) else 0.0
        scored.append((score, published))
    if not scored:
        return None
    scored.sort(key=lambda one: (-one[0], one[1].code))
    best, chosen = scored[0]
    rivals = tuple(other.code for score, other in scored[1:] if score > best - 2)
    return Choice(chosen, best, rivals)


def is_of_a_strong_form(title: str) -> bool:
    """Whether a descriptor is of a form that must be said: oral, inhaled …"""
    return any(form.strong and form.titled.search(title) for form in forms())


def says_a_form_of(title: str, text: str) -> bool:
    """Whether a text says a form that a descriptor has."""
    return any(form.titled.search(title) and form.said.search(text) for form in forms())


def _names_another(title: str, text: str) -> bool:
    """Whether a descriptor has a name in brackets, and the text has no word of it."""
    for inside in re.findall(r"\(([^()]*)\)", title):
        words = set(name_words(inside)) - hollow()
        if re.search(r"\d|\be\.g|use\b|esrd|code|list ", inside, re.I) or not words:
            continue
        if words.isdisjoint(word.text for word in text_words(text)):
            return True
    return False


def _is_named(title: str, products: Sequence[Product], text: str) -> bool:
    """Whether a text has a brand name of a code: one in the brackets of its descriptor, or one of
    its products that the descriptor does not have."""
    outside = re.sub(r"\([^()]*\)", " ", title)
    inside = " ".join(re.findall(r"\(([^()]*)\)", title)).replace("/", " ")
    words = set(name_words(inside))
    words |= {word for product in products for word in name_words(product.name)}
    words -= hollow() | set(name_words(outside))
    return not words.isdisjoint(word.text for word in text_words(text))


def _by_percent(title: str, percent: Decimal | None) -> float:
    """What a strength in percent counts that a descriptor has: "albumin (human), 25%, 50 ml"."""
    titled = {Decimal(one) for one in re.findall(r"(\d+(?:\.\d+)?)\s*%", title)}
    if percent is None or not titled:
        return 0.0
    return _SAID if percent in titled else -_SAID


def _by_form(title: str, text: str) -> float:
    score = 0.0
    titled = {form.name for form in forms() if form.titled.search(title)}
    said = {form.name for form in forms() if form.said.search(text)}
    for form in forms():
        if form.name in titled and form.name in said:
            score += _SAID
        elif form.name in titled and form.strong:
            score += _NOT_SAID
        elif form.name in titled and said:
            score += _NOT_SO
        elif form.name in said and form.name not in titled:
            score -= 0.2
    return score


def _by_dose(code: str, said: Doses, names: DrugNames) -> float:
    unit = names.units[code]
    amounts = [one.amount for one in (*said.given, *said.other) if one.amount]
    if said.labelled and said.labelled[0].amount:
        amounts.append(said.labelled[0].amount)
    if "volume" in unit.dimensions:
        amounts += [one.amount for one in said.volumes if one.amount]
    vessels = [one.each.amount for one in said.opened if one.each and one.each.amount]
    in_measure = [one for one in (*amounts, *vessels) if one.dimension in unit.dimensions]
    if (amounts or vessels) and not in_measure:
        return _OTHER_MEASURE
    if not all(map(unit.admits, in_measure)):
        return _OTHER_MEASURE * 2
    packages = package_amounts(names.products.get(code, ()), unit.amount)
    factor = unit.amount.factor
    bare = [one.bare * factor for one in said.bare if one.bare]
    doses = [one.value for one in in_measure] or bare
    score = 0.0
    if any(value in packages for value in doses):
        score += _OF_A_PACKAGE
    ratios = [unit.per(one) for one in in_measure]
    if any(ratio is not None and ratio == ratio.to_integral() for ratio in ratios):
        score += _WHOLE
    if any(ratio == 1 for ratio in ratios):
        score += _ONE_UNIT
    return score


def package_amounts(products: Sequence[Product], unit: Amount) -> frozenset[Decimal]:
    """How much of the drug one item of each product holds, in the base measure of its code."""
    held = (amount_of(product) for product in products)
    return frozenset(units * unit.value for units in held if units)
