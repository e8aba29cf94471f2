"""Answers about codes that a question names: verdicts, and what the rules say of them together."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.desk.answer import Answer, Verdict, reason
from bot.desk.billing_units import billing_units
from bot.desk.code_checks import PairRules
from bot.desk.code_mentions import CodeMention, may_be_hcpcs, named_code
from bot.desk.guidelines import GuidelineLookup
from bot.desk.note_checks import Reported
from bot.desk.notices import dated, noticed
from bot.desk.question import Question
from bot.desk.verdicts import Verdicts, unloaded
from codesets.code_format import dot
from codesets.formats.asp_ndc import units_arithmetic
from codesets.model import REFERENCE_NAMES, SYSTEM_NAMES, Product, System
from codesets.store.code_store import CodeStore, ReleaseMatch
from index.text.lexicon import Lexicon
from index.text.resources import read_words

#: The systems of the codes that drugs are billed by.
_BILLED: tuple[System, ...] = ("hcpcs", "cpt")


class CodeAnswers:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, guideline_lookup: GuidelineLookup) -> None:
        self._store = store
        self._guideline_lookup = guideline_lookup

    def lookup(self, typed: str) -> list[tuple[System, str]]:
        """(system, published form) in each loaded system that has a code typed with or without
        its dot; what is typed as it is published comes first."""
        typed = typed.upper()
        found: list[tuple[System, str]] = []
        for system in self._store.systems:
            # No other system has dots: E08.40 is no traction frame, E0840 may be.
            form = dot(typed) if system == "icd10cm" else typed
            if self._store.releases_with(system, form):
                found.append((system, form))
        return sorted(found, key=lambda one: one[1] != typed)

    def on_products(self, question: Question, answer: Answer) -> Answer:
        """Verdicts on the codes that bill the drugs of the NDCs that a question names, with the
        units that a package makes."""
        products = [product for ndc in question.ndcs for product in self._products(ndc)]
        if not products:
            return noticed(answer, reason("desk.unknown_ndc", ndc=", ".join(question.ndcs)))
        codes = dict.fromkeys(product.code for product in products)
        # The crosswalk has no diagnoses.
        billed = [one for code in codes for one in named_code(code, self.lookup, _BILLED)]
        about = replace(question, mentions=tuple(billed), setting=None, text="")
        units = dict.fromkeys(map(units_arithmetic, products))
        return noticed(self.on_codes(about, answer), *map(billing_units, units))

    def _products(self, ndc: str) -> list[Product]:
        """The drug products of an NDC, out of the newest crosswalk that has it."""
        for reference in reversed(self._store.references.all("asp")):
            if found := list(self._store.references.rows(Product, reference, ndc=ndc)):
                return found
        return []

    def on_codes(self, question: Question, answer: Answer) -> Answer:
        """Verdicts on the codes that a question names, in order, and what the rules say of them
        together."""
        day, loaded = question.day, self._store.systems
        named = [mention for mention in question.mentions if mention.kind == "code"]
        systems = dict.fromkeys(m.system for m in named if m.system in loaded)
        coverages: dict[str, ReleaseMatch] = {
            system: self._store.for_date(system, day) for system in systems
        }
        given = Verdicts(self._store, day)
        verdicts: list[Verdict] = []
        reported: list[Reported] = []
        doubts = []
        for mention in named:
            if may_be_hcpcs(mention) and "hcpcs" not in loaded:
                system = SYSTEM_NAMES["hcpcs"]
                doubts.append(reason("desk.maybe_other_system", code=mention.typed, system=system))
            coverage = coverages.get(mention.system)
            found = self._on_code(given, mention, coverage, question)
            verdicts += [replace(verdict, typed=mention.typed) for verdict in found]
            # Of a code that several systems have, the form as typed is the one that is reported.
            if coverage is not None and not mention.also:
                code = self._store.get(coverage.release, mention.code)
                reported += [Reported(coverage.release, code)] if code is not None else []
        if any(verdict.status == "not_covered" for verdict in verdicts):
            doubts.append(reason("desk.load_the_edition"))
        rules = PairRules(self._store, day, question.setting)
        old = sorted(
            {
                (REFERENCE_NAMES[reference.kind], reference.label)
                for reference in rules.not_covered(reported)
            }
        )
        doubts += [reason("desk.edits_not_covered", edits=kind, label=label) for kind, label in old]
        answer = dated(answer, list(coverages.values()), day)
        return replace(
            noticed(answer, *doubts),
            outcome="verdict",
            verdicts=[*verdicts, *self._beside(given, question)],
            pairs=rules.check(reported),
            not_checked=rules.not_checked(reported),
        )

    def _on_code(
        self,
        given: Verdicts,
        mention: CodeMention,
        coverage: ReleaseMatch | None,
        question: Question,
    ) -> list[Verdict]:
        """The verdict on a code and, where the question asks for the same procedure but for one
        axis, that on the other code."""
        if coverage is None:
            retired = given.on_icd9(mention.code) if mention.system in ("", "icd9cm") else None
            return [retired or unloaded(mention)]
        verdict = given.on(mention, coverage)
        governing = self._guideline_lookup.governing(verdict.code, coverage.release, question.day)
        found = [replace(verdict, guidelines=governing)]
        if mention.system == "icd10pcs" and question.text:
            beside = re.sub(re.escape(mention.typed), " ", question.text, flags=re.I)
            other = given.changed(mention, coverage, _spelled_out(beside))
            found += [other] if other and other.code != mention.code else []
        return found

    def _beside(self, given: Verdicts, question: Question) -> list[Verdict]:
        """Verdicts on the modifiers and places of service that a question names."""
        verdict_on = {"modifier": given.on_modifier, "place_of_service": given.on_place}
        return [
            replace(verdict, kind=mention.kind)
            for mention in question.mentions
            if mention.kind != "code" and (verdict := verdict_on[mention.kind](mention.code))
        ]


def _spelled_out(words: str) -> str:
    """Shorthand spelled out, and approaches in the words of ICD-10-PCS, whose "percutaneous
    endoscopic" is no endoscopy through an opening."""
    if "percutaneous endoscopic" in words.lower():
        return words
    lexicon = Lexicon.shipped()
    approaches = read_words("approaches")
    spelled_out = " ".join(lexicon.spell_out(lexicon.typed(words)))
    return " ".join(approaches.get(word.lower(), word) for word in spelled_out.split())
