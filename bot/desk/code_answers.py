"""Answers about codes that a question names: verdicts, and what the rules say of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bot.desk.ambulance_trips import is_about_ambulances
from bot.desk.answer import Answer, CodeTitle, Verdict
from bot.desk.billing_units import billing_units
from bot.desk.code_checks import PairRules
from bot.desk.code_mentions import CodeMention, may_be_hcpcs, named_code
from bot.desk.guidelines import GuidelineLookup
from bot.desk.icd9_crosswalk import Icd9Crosswalk
from bot.desk.icd11 import Icd11
from bot.desk.icd11_mentions import asks_for_icd11, read_icd11
from bot.desk.known_codes import Known
from bot.desk.literals import put
from bot.desk.modifiers_and_places import ModifiersAndPlaces
from bot.desk.note_checks import Reported
from bot.desk.notices import dated, noticed
from bot.desk.question import Question
from bot.desk.range_verdicts import range_verdict
from bot.desk.reading_notices import ndc_notices, reading_notices
from bot.desk.reasons import reason
from bot.desk.typing_slips import letter_for_digit
from bot.desk.units_said import billed_with
from bot.desk.verdicts import Verdicts, damaged, unloaded
from codesets.code_format import dot
from codesets.formats.asp_ndc import units_arithmetic
from codesets.model import REFERENCE_NAMES, SYSTEM_NAMES, Modifier, Product, Release, System
from codesets.store.code_store import CodeStore, ReleaseMatch
from index.text.lexicon import Lexicon
from index.text.resources import read_words

#: How modifiers were read that answer "which modifier".
_BY_MEANING = ("described", "trip")
#: The systems of the codes that drugs are billed by.
_BILLED: tuple[System, ...] = ("hcpcs", "cpt")


class CodeAnswers:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, guideline_lookup: GuidelineLookup) -> None:
        self._store = store
        self._guideline_lookup = guideline_lookup
        self._crosswalk = Icd9Crosswalk(store)
        self.icd11 = Icd11(store)
        # Kept, because every question is read with them.
        self._modifiers_of = lru_cache(maxsize=1)(self._read_modifiers)
        #: What is asked of codes.db while a question is read, besides `lookup`.
        self.known = Known(
            title=self._crosswalk.title,
            icd9=self._crosswalk.titles,
            product=lambda ndc: bool(self._products(ndc)),
            modifiers=self._modifiers,
            icd11=self._icd11_in,
        )

    def lookup(self, typed: str) -> list[tuple[System, str]]:
        """(system, published form) for each loaded system that has a code, typed with or without
        its dot. The system that publishes it as typed comes first."""
        typed = typed.upper()
        forms: list[tuple[System, str]] = []
        for system in self._store.systems:
            # No other system has dots: E08.40 is no traction frame, E0840 may be.
            form = dot(typed) if system == "icd10cm" else typed
            if self._store.releases_with(system, form):
                forms.append((system, form))
        return sorted(forms, key=lambda system_and_form: system_and_form[1] != typed)

    def _icd11_in(self, text: str, chosen: bool) -> list[tuple[str, bool]]:
        named = chosen or asks_for_icd11(text)
        if not named and not self._store.releases("icd11"):
            return []
        return read_icd11(text, self.icd11.has, self.icd11.is_of_others, named=named)

    def on_products(self, question: Question, answer: Answer) -> Answer:
        """Verdicts on the codes by which the drugs of a question's NDCs are billed. Notices give
        the billing units in a package."""
        products: list[Product] = []
        for mention in question.ndcs:
            found = self._products(mention.ndc)
            answer = noticed(answer, *ndc_notices(mention, known=bool(found)))
            products += found
        if not products:
            return answer
        codes = dict.fromkeys(product.code for product in products)
        # The crosswalk has no diagnoses.
        billed = [mention for code in codes for mention in named_code(code, self.lookup, _BILLED)]
        of_the_codes = replace(question, mentions=tuple(billed), setting=None, text="")
        units = dict.fromkeys(map(units_arithmetic, products))
        return noticed(self.on_codes(of_the_codes, answer), *map(billing_units, units))

    def _modifiers(self) -> Sequence[tuple[str, str]]:
        """(code, title) of each modifier of the newest HCPCS release."""
        newest = self._store.releases("hcpcs")[-1:]
        return self._modifiers_of(newest[0]) if newest else ()

    def _read_modifiers(self, release: Release) -> tuple[tuple[str, str], ...]:
        return tuple((row.code, row.title) for row in self._store.rows(Modifier, release))

    def _products(self, ndc: str) -> list[Product]:
        """The drug products of an NDC, out of the newest crosswalk that has it; [] if none has."""
        for reference in reversed(self._store.references.all("asp")):
            if products := list(self._store.references.rows(Product, reference, ndc=ndc)):
                return products
        return []

    def on_codes(self, question: Question, answer: Answer) -> Answer:
        """Verdicts on the codes that a question names, in order, and what the rules say of them
        together."""
        day, loaded = question.day, self._store.systems
        named = [m for m in question.mentions if m.kind in ("code", "range")]
        systems = dict.fromkeys(m.system for m in named if m.system in loaded)
        coverages: dict[str, ReleaseMatch] = {
            system: self._store.for_date(system, day) for system in systems
        }
        judge = Verdicts(self._store, day, question.text)
        verdicts: list[Verdict] = []
        reported: list[Reported] = []
        notices = []
        for mention in named:
            if may_be_hcpcs(mention) and "hcpcs" not in loaded:
                system = SYSTEM_NAMES["hcpcs"]
                notices.append(reason("desk.maybe_other_system", code=mention.typed, system=system))
            notices += reading_notices(mention, self.known)
            coverage = coverages.get(mention.system)
            on_code = self._on_code(judge, mention, coverage, question)
            typed = mention.slip.upper() or mention.typed
            verdicts += [replace(verdict, typed=typed) for verdict in on_code]
            # Where several systems have a code, only the form as typed counts as reported.
            if coverage is not None and not mention.also and mention.kind == "code":
                code = self._store.get(coverage.release, mention.code)
                reported += [Reported(coverage.release, code)] if code is not None else []
        if any(m.reading == "described" and m.system == "hcpcs" for m in question.mentions):
            notices.append(reason("desk.modifiers_described"))
        if any(verdict.status == "not_covered" for verdict in verdicts):
            notices.append(reason("desk.load_the_edition"))
        rules = PairRules(self._store, day, question.setting)
        services = [m.code for m in named if m.system in _BILLED and m.system not in loaded]
        old = sorted(
            {
                (REFERENCE_NAMES[reference.kind], reference.label)
                for reference in rules.not_covered(reported)
            }
        )
        notices += [
            reason("desk.edits_not_covered", edits=kind, label=label) for kind, label in old
        ]
        answer = dated(answer, list(coverages.values()), day)
        answer = replace(
            noticed(answer, *notices),
            outcome="verdict",
            verdicts=[*verdicts, *self._beside(question)],
            pairs=rules.check(reported, *billed_with(question.scrubbed, named), services),
            not_checked=rules.not_checked(reported),
        )
        return self.icd11.answered(answer, question.text, day, question.limited_to)

    def _on_code(
        self,
        judge: Verdicts,
        mention: CodeMention,
        coverage: ReleaseMatch | None,
        question: Question,
    ) -> list[Verdict]:
        """The verdict on a code. Where the question asks for the same procedure with one axis
        changed, the verdict on the changed code follows."""
        if mention.damage:
            return [damaged(mention)]
        if mention.system == "icd11":
            return [self.icd11.verdict(mention, question.day) or unloaded(mention)]
        if mention.kind == "range" and coverage is not None:
            return [range_verdict(self._store, mention, coverage.release, question.day)]
        if coverage is None:
            may_be_retired = mention.system in ("", "icd9cm")
            retired = self._crosswalk.verdict(mention.code) if may_be_retired else None
            if retired is None:
                return [unloaded(mention)]
            # 120.0 may be I20.0 with the digit 1 in place of the letter.
            others = letter_for_digit(mention.code, self.lookup)
            meant = [CodeTitle(code, self._crosswalk.title(code)) for code in others]
            return [replace(retired, did_you_mean=meant)]
        verdict = judge.on(mention, coverage)
        governing = self._guideline_lookup.governing(verdict.code, coverage.release, question.day)
        verdicts = [replace(verdict, guidelines=governing)]
        if mention.system == "icd10pcs" and question.text:
            rest = put(question.text, mention.typed, " ")
            other = judge.changed(mention, coverage, _spelled_out(rest))
            verdicts += [other] if other and other.code != mention.code else []
        return verdicts

    def _beside(self, question: Question) -> list[Verdict]:
        """Verdicts on the modifiers and places of service that a question names."""
        ambulances = is_about_ambulances(question.text)
        judge = ModifiersAndPlaces(self._store, question.day, ambulances=ambulances)
        verdict_on = {"modifier": judge.modifier, "place_of_service": judge.place_of_service}
        # What answers "which modifier" comes before those that the question names.
        mentions = sorted(question.mentions, key=lambda mention: mention.reading not in _BY_MEANING)
        return [
            verdict
            for mention in mentions
            if mention.kind in verdict_on and (verdict := verdict_on[mention.kind](mention))
        ]


def _spelled_out(words: str) -> str:
    """Words with shorthand spelled out and approaches in the terms of ICD-10-PCS. "Percutaneous
    endoscopic" is left as it is: it is one approach, and not endoscopy through an opening."""
    if "percutaneous endoscopic" in words.lower():
        return words
    lexicon = Lexicon.shipped()
    approaches = read_words("approaches")
    spelled_out = " ".join(lexicon.spell_out(lexicon.typed(words)))
    return " ".join(approaches.get(word.lower(), word) for word in spelled_out.split())
