"""Answers whether the diagnoses that are named are enough, whether one of them is needed, and which
of two is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.desk import together_rows as table
from bot.desk.reasons import reason
from bot.desk.together_case import Case, Decided, listed
from bot.desk.together_conflicts import conflict
from bot.desk.together_model import Conflict, Ground
from bot.desk.together_order import CONDITIONAL
from bot.desk.together_partners import Partner, partners, wanted
from bot.desk.together_words import spelled_out
from codesets.model import Code
from index.text.tokens import read


def enough(case: Case) -> Decided:
    """Whether the codes are enough for what is said with them."""
    missing = partners(case.books, case.codes, case.asked.rest, case.search)
    for found in missing:
        if better := _combined(case, found.code):
            return case.no(better)
    if missing:
        return _needs_more(case, missing)
    if clash := case.conflict():
        return case.no(clash)
    alone = case.codes[0]
    if len(case.codes) == 1 and (ground := case.order.never_first(alone)):
        quoted = case.quote([alone.code], ground, "conflict")
        return case.answer("no", [alone.code], "together.not_alone", quoted, code=alone.code)
    if always := _outcome(case):
        return _needs_more(case, [always])
    names = [code.code for code in case.ordered()]
    return case.answer("yes", names, "together.enough", codes=listed(names))


def _needs_more(case: Case, missing: Sequence[Partner]) -> Decided:
    before = [one.code.code for one in missing if one.before]
    after = [one.code.code for one in missing if not one.before]
    told = "; ".join(f"{one.code.code} ({one.code.title})" for one in missing)
    key = "together.needs_before" if before and not after else "together.needs"
    pairs = [case.quote((one.of.code, one.code.code), one.ground, "obligation") for one in missing]
    codes = [*before, *case.names, *after]
    return case.answer("needs_more", codes, key, *pairs, codes=told, of=missing[0].of.code)


def _outcome(case: Case) -> Partner | None:
    """The partner that a code of pregnancy always has, as its own note names one code and no
    condition: the outcome of a normal delivery."""
    for code in case.codes:
        if code.code[0] != "O":
            continue
        for want in wanted(case.books, code):
            note = want.note
            if note is None or note.owner != code.code or note.kind != "use_additional_code":
                continue
            below = case.books.below(want.ranges[0].first) if len(want.ranges) == 1 else []
            if len(below) != 1 or below[0].code in case.names or CONDITIONAL.search(note.text):
                continue
            why = reason("together.missing", code=below[0].code, of=code.code)
            ground = Ground(note.kind, note.owner, why, note.text, note.release)
            return Partner(below[0], code, False, ground)
    return None


def _combined(case: Case, missing: Code) -> Conflict | None:
    """A code that says a given one and the missing one, as the guidelines presume it."""
    for code in case.codes:
        found = conflict(case.books, code, missing)
        if found is None or found.ground.rule == "excludes1" or not found.instead:
            continue
        if found.instead[0] not in (missing.code, *case.names):
            return found
    return None


def needed(case: Case) -> Decided | None:
    """Whether codes are needed beside the others; None where nothing is said of others."""
    places = case.asked.about or tuple(range(len(case.codes)))
    about = [code for at, code in enumerate(case.codes) if at in places]
    others = [code for code in case.codes if code not in about]
    if len(case.codes) == 1:
        searched = case.search(case.asked.rest) if case.search and case.asked.rest else []
        others = [code for code in searched if code.code != about[0].code][:1]
        if not others:
            return None
    beside = others or about
    compared = [(code, other) for code in about for other in beside if code is not other]
    for code, other in compared:
        if section := _not_needed(code, other):
            why = reason("together.says_it", code=other.code, other=code.code)
            ground = Ground("guideline", section, why)
            quoted = case.quote((other.code, code.code), ground, "conflict")
            return case.answer(
                "no",
                [other.code],
                "together.not_needed",
                quoted,
                code=code.code,
                other=other.code,
            )
        if clash := conflict(case.books, code, other):
            return case.no(clash)
    if clash := case.conflict():
        return case.no(clash)
    grounds = [found for code, other in compared if (found := _asking(case, code, other))]
    everything = tuple(dict.fromkeys([*case.codes, *others]))
    return replace(case, codes=everything).yes("yes_needed", *grounds[:1])


def _not_needed(code: Code, other: Code) -> str:
    """The section by which a code adds nothing to another; "" where none does."""

    def holds(row: table.Row) -> bool:
        return row.holds(code.code, other.code, ("codes", "beside"))

    row = table.first("not_needed", holds)
    return row.section if row else ""


def _asking(case: Case, code: Code, other: Code) -> Ground | None:
    """The note of `other` that asks for `code`."""
    for want in wanted(case.books, other):
        if want.note and any(named.contains(code.code) for named in want.ranges):
            why = reason("together.asks_for", code=code.code, of=other.code)
            note = want.note
            return Ground(note.kind, note.owner, why, note.text, note.release)
    return None


def choice(case: Case) -> Decided | None:
    """Which of two codes is reported: where a rule prefers neither, the one that a note of another
    given code asks for. None where both may be."""
    found = case.conflict()
    if found is None:
        return None
    pair = (found.one, found.other)
    for code in case.codes if not found.instead else ():
        asked = [one.code for one in pair if code not in pair and _asking(case, one, code)]
        if asked:
            return case.no(replace(found, instead=(asked[0],)))
    if not found.instead:
        said = read(spelled_out(case.asked.rest)).affirmed
        fits = [len(said & read(one.title).affirmed) for one in pair]
        if fits[0] != fits[1]:
            found = replace(found, instead=(pair[fits.index(max(fits))].code,))
    return case.no(found)
