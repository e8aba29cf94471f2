"""Reads the doses of a question: which drugs they are of, and what else the question says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from bot.desk.code_mentions import CodeMention
from bot.desk.doses import deciding
from bot.desk.doses.asking import asks, is_billing, may_ask
from bot.desk.doses.choosing import choose, says_a_form_of
from bot.desk.doses.deciding import Decision, decide
from bot.desk.doses.lines import Dosed
from bot.desk.doses.loaded import LoadedDrugs
from bot.desk.doses.names import Drug, DrugNames
from bot.desk.doses.words import pattern
from bot.desk.literals import put
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from bot.desk.report import role_of
from bot.desk.stored_words import StoredWords
from bot.desk.units_said import units_said
from codesets.formats.asp_ndc import units_arithmetic
from codesets.lookups.billing_unit import BillingUnit, rounded_up
from codesets.model import Code, Product
from codesets.store.code_store import CodeStore
from index.text.doses import Doses as Said
from index.text.doses import read_doses

_HAS_DOSE = re.compile(r"\d|\bgrams?\b|\bvials?\b|\bunits?\b|\bj[wz]\b", re.I)
_NEGATED = re.compile(
    r"(?:\bnot|\bno|\binstead of|\brather than|\bvs\.?|\bversus)\s+(?:the\s+)?$", re.I
)
_REFUSED = re.compile(
    r"\b(?:kick\w*|den(?:ied|ial|ies|y)|reject\w*|bounced|refus\w*|invalid)\b", re.I
)
_EYE = re.compile(r"\b(?:od|os|ou)\b", re.I)


@dataclass(frozen=True, slots=True)
class DoseQuestion:
    """A question about doses.

    - `dosed`: the drugs, each with its code and what is decided.
    - `search`: the words of the first drug, to find the codes that are its rivals.
    - `rest`: what the question says besides.
    - `alone`: what is decided where the question names a billing unit and no drug; else None.
    """

    dosed: tuple[Dosed, ...]
    search: str
    rest: str
    alone: Decision | None = None

    def searched(self, question: Question) -> Question:
        """The question as it is searched: for codes of HCPCS, by the words of its first drug."""
        return replace(question, subject=self.search, limited_to=("hcpcs",), systems=("hcpcs",))


class Doses:
    """Reads doses. Safe to use from many threads."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store
        self._loaded = LoadedDrugs(store)

    def read(self, question: Question) -> DoseQuestion | None:
        """What a question says of doses; None where it is not about the units of a drug."""
        if question.intent not in ("search", "codes", "drug_products"):
            return None
        if not _HAS_DOSE.search(question.text) or not self._may_be_hcpcs(question):
            return None
        return _Reader(self._loaded, question).read()

    def _may_be_hcpcs(self, question: Question) -> bool:
        if "hcpcs" not in self._store.systems:
            return False
        if question.limited_to and "hcpcs" not in question.limited_to:
            return False
        said = question.said
        return not (said is not None and said.named and "hcpcs" not in question.systems)


class _Reader:
    """Reads one question."""

    def __init__(self, loaded: LoadedDrugs, question: Question) -> None:
        self._loaded = loaded
        self._question = question
        self._text = question.text
        self._day = question.day
        self._stored = StoredWords(question)

    def read(self) -> DoseQuestion | None:
        text = self._without_other_codes()
        said = read_doses(text)
        codes = [m for m in self._question.mentions if m.kind == "code" and m.system == "hcpcs"]
        if not self._question.ndcs and not codes and not may_ask(text, said):
            return None
        names = self._loaded.names(self._day)
        if names is None:
            return None
        drugs = [drug for drug in names.drugs_in(text) if drug.whole and not self._negated(drug)]
        if self._question.ndcs:
            return self._of_products(text, said, names, drugs)
        if self._question.intent == "codes" and codes:
            return self._of_codes(text, said, names, drugs)
        if not drugs and said.stated_unit is not None:
            return self._without_a_drug(text, said)
        if not drugs or not asks(
            text,
            said,
            names,
            drugs,
            self._rest(text, said, drugs),
            has_diagnosis=bool(self._diagnoses()),
        ):
            return None
        dosed = tuple(self._each(text, names, drugs))
        return self._question_of(dosed, text, said, drugs) if dosed else None

    def _without_other_codes(self) -> str:
        """The text with blanks for NDCs, and for codes of other systems (diagnoses), whose digits
        are no doses."""
        text = self._text
        typed = [mention.typed for mention in self._question.ndcs]
        typed += [m.typed for m in self._diagnoses()]
        for one in typed:
            text = put(text, one, " " * len(one))
        return text

    def _diagnoses(self) -> list[CodeMention]:
        """The codes of diagnoses that are typed."""
        return [m for m in self._question.mentions if m.kind == "code" and m.system == "icd10cm"]

    def _negated(self, drug: Drug) -> bool:
        return _NEGATED.search(self._text[: drug.start]) is not None

    # The drugs

    def _each(self, text: str, names: DrugNames, drugs: Sequence[Drug]) -> Iterator[Dosed]:
        """Each drug with the words that are of it."""
        seen: set[str] = set()
        segments = _segments(text, drugs)
        read = [read_doses(own) for own in segments]
        if sum(said.says_an_amount for said in read) == 1:
            # How often and how long is said of the one that has a dose.
            read = [replace(said, times=read_doses(text).times) for said in read]
        for drug, own, said in zip(drugs, segments, read, strict=True):
            others = {
                code
                for other in names.drugs_in(text)
                if self._negated(other)
                for code in other.codes
            }
            kept = {
                code: fit - 4 * (code in others and len(drug.codes) > 1)
                for code, fit in drug.codes.items()
            }
            drug = replace(drug, codes=kept)
            choice = choose(
                drug, own, said, names, lambda code: self._loaded.code(code, self._day), self._day
            )
            if choice is None or choice.code.code in seen:
                continue
            if len(drugs) > 1 and not (said.says_an_amount or said.bare):
                continue
            if choice.code.code.startswith("P90") and not self._is_a_product(choice.code, text):
                continue
            seen.add(choice.code.code)
            name = self._text[drug.start : drug.end]
            sure = "medium" if choice.rivals else "high"
            yield self._dosed(choice.code, names, own, said, name, confidence=sure)

    def _is_a_product(self, code: Code, text: str) -> bool:
        """Whether a blood product is asked for, and not the procedure of transfusing it: how it is
        billed, its strength, or what was done to it."""
        if is_billing(text) or re.search(r"\bproducts?\b|\d\s*%", text, re.I):
            return True
        return says_a_form_of(code.title, text)

    def _dosed(
        self,
        code: Code,
        names: DrugNames,
        text: str,
        said: Said,
        name: str,
        *,
        products: Sequence[Product] | None = None,
        decision: Decision | None = None,
        about: Sequence[Reason] = (),
        confidence: str = "high",
    ) -> Dosed:
        unit = names.units[code.code]
        of_code = names.products.get(code.code, ())
        known = deciding.Drug(code.code, unit, products or _of_the_name(of_code, name))
        return Dosed(
            code,
            unit,
            decision or decide(known, said, text, self._day),
            self._stored.hide(name),
            of_code,
            self._loaded.crosswalk(self._day),
            confidence,  # type: ignore[arg-type]
            role_of("hcpcs", code.code),
            list(about),
        )

    # Named codes and products

    def _of_codes(
        self, text: str, said: Said, names: DrugNames, drugs: Sequence[Drug]
    ) -> DoseQuestion | None:
        codes = [m for m in self._question.mentions if m.kind == "code" and m.system == "hcpcs"]
        codes = [m for m in codes if m.code in names.units or drugs]
        if not codes or not (said.says_an_amount or (said.bare and drugs)):
            return None
        counted = units_said(text, [m.typed for m in codes])
        if counted and not (said.given or said.lost or said.opened or said.other or said.rate):
            return None
        beside = any(m.kind == "code" and m.system != "hcpcs" for m in self._question.mentions)
        if beside and not is_billing(text):
            return None
        dosed: list[Dosed] = []
        for mention in codes[:1] if len(codes) == 1 or drugs else codes:
            code, about = self._in_use(mention.code, names, text, said, drugs)
            if code is not None:
                own = text if len(codes) == 1 or drugs else _from(text, mention.typed, codes)
                own_said = read_doses(own)
                name = self._text[drugs[0].start : drugs[0].end] if drugs else mention.typed
                dosed.append(self._dosed(code, names, own, own_said, name, about=about))
        if not dosed or all(one.decision.units is None for one in dosed):
            return None
        return self._question_of(tuple(dosed), text, said, drugs)

    def _in_use(
        self, typed: str, names: DrugNames, text: str, said: Said, drugs: Sequence[Drug]
    ) -> tuple[Code | None, list[Reason]]:
        """The code to report for one that is named: itself or, where it may not be used on the day,
        the one that the name of its drug leads to."""
        code = self._loaded.code(typed, self._day)
        ended = code is not None and not code.in_force(self._day)
        listed = bool(names.products.get(typed))
        if code is not None and not ended and (listed or not drugs):
            return code, []
        # A code that a payer refused is doubted where the crosswalk has the drug under another.
        refused = _REFUSED.search(text) is not None
        if code and not ended and not refused and any(typed in drug.codes for drug in drugs):
            return code, []
        found = drugs
        if not found and code is not None:
            found = names.drugs_in(
                re.sub(r"^injection,?\s*", "", code.title, flags=re.I).split(",")[0]
            )
        for drug in found:
            choice = choose(
                drug, text, said, names, lambda one: self._loaded.code(one, self._day), self._day
            )
            if choice is None:
                continue
            other = choice.code
            if ended and code is not None:
                last = code.effective_through
                about = [
                    reason("doses.ended", typed=typed, date=last),
                    reason("doses.named_other", code=other.code),
                ]
                return other, about
            crosswalk = self._loaded.crosswalk(self._day)
            if names.products.get(other.code) and crosswalk:
                name = (
                    self._stored.hide(self._text[drug.start : drug.end]) if drugs else other.title
                )
                return other, [
                    reason(
                        "doses.moved",
                        label=crosswalk.label,
                        name=name,
                        code=other.code,
                        typed=typed,
                    )
                ]
        return (code, []) if code is not None and not ended and typed in names.units else (None, [])

    def _of_products(
        self, text: str, said: Said, names: DrugNames, drugs: Sequence[Drug]
    ) -> DoseQuestion | None:
        dosed: list[Dosed] = []
        for mention in self._question.ndcs:
            products = self._loaded.products_of_ndc(mention.ndc, self._day) if mention.ndc else []
            for code in dict.fromkeys(product.code for product in products):
                published = self._loaded.code(code, self._day)
                if published is None or code not in names.units:
                    continue
                of_code = [product for product in products if product.code == code]
                decision = None
                own = said
                if not (said.says_an_amount or said.bare):
                    decision = _of_a_package(of_code[0], names.units[code])
                about = self._ended(names)
                dosed.append(
                    self._dosed(
                        published, names, text, own, of_code[0].name,
                        products=of_code, decision=decision, about=about,
                    )
                )  # fmt: skip
        if not dosed and drugs:
            dosed = list(self._each(text, names, drugs))
        if not dosed:
            return None
        return self._question_of(tuple(dosed), text, said, drugs)

    def _ended(self, names: DrugNames) -> list[Reason]:
        """The codes of the question that may not be used on the day."""
        told = []
        for mention in self._question.mentions:
            code = self._loaded.code(mention.code, self._day) if mention.system == "hcpcs" else None
            if code is not None and not code.in_force(self._day):
                told.append(reason("doses.ended", typed=code.code, date=code.effective_through))
        return told

    def _without_a_drug(self, text: str, said: Said) -> DoseQuestion | None:
        """A dose of a billing unit that the question itself names: "70 mg, the code is per 100"."""
        assert said.stated_unit is not None
        unit = BillingUnit(said.stated_unit)
        decision = decide(deciding.Drug("", unit), said, text, self._day)
        if decision.arithmetic is None:
            return None
        return DoseQuestion((), "", "", decision)

    # What is left

    def _question_of(
        self, dosed: tuple[Dosed, ...], text: str, said: Said, drugs: Sequence[Drug]
    ) -> DoseQuestion:
        words = [text[drug.start : drug.end] for drug in drugs[:1]] or [dosed[0].code.title]
        return DoseQuestion(dosed, " ".join(words), self._rest(text, said, drugs))

    def _rest(self, text: str, said: Said, drugs: Sequence[Drug]) -> str:
        """The question without its drugs, doses, routes and the words that ask."""
        typed = [
            (m.start(), m.end())
            for one in self._question.mentions
            if one.typed
            for m in re.finditer(re.escape(one.typed), text, re.I)
        ]
        for start, end in (*said.spans, *((d.start, d.end) for d in drugs), *typed):
            blank = re.sub(r"[^,.;?\n]", " ", text[start:end])
            text = text[:start] + blank + text[end:]
        for name in ("routes", "billing"):
            text = pattern(name).sub(" ", text)
        text = _EYE.sub(" ", text)
        text = re.sub(r"(?:(?<=\s)|^)[^\w\s]+(?=\s|$)", " , ", text)
        text = re.sub(r"[\s(]*[,;?][\s,;?)]*", ", ", text)
        return " ".join(text.split()).strip(" ,;?.()")


def _segments(text: str, drugs: Sequence[Drug]) -> list[str]:
    """The words of each drug: those up to the next one or, where a dose stands before the first,
    those since the one before."""
    if len(drugs) == 1:
        return [text]
    before = read_doses(text[: drugs[0].start])
    if before.says_an_amount:
        ends = [0, *(drug.end for drug in drugs)]
        ends[-1] = len(text)
        return [text[start:end] for start, end in pairwise(ends)]
    starts = [0, *(drug.start for drug in drugs[1:]), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def _from(text: str, typed: str, codes: Sequence[object]) -> str:
    """The words from a code up to the next one."""
    start = text.upper().find(typed.upper())
    rest = text[start + len(typed) :]
    ends = [
        at
        for one in codes
        if (at := rest.upper().find(str(getattr(one, "typed", "")).upper())) >= 0
    ]
    return rest[: min(ends)] if ends else rest


def _of_the_name(products: Sequence[Product], name: str) -> Sequence[Product]:
    """The products that have a word of the name, all where none has."""
    words = {word for word in re.findall(r"[a-z]{3,}", name.lower())}
    own = [p for p in products if words & set(re.findall(r"[a-z]{3,}", p.name.lower()))]
    return own or products


def _of_a_package(product: Product, unit: BillingUnit) -> Decision:
    """The units in the package of an NDC."""
    total = units_arithmetic(product).total
    if total is None:
        return Decision(asks=reason("doses.ask_dose", unit=str(unit)))
    units = rounded_up(Decimal(total))
    return Decision(units, arithmetic=reason("doses.package_units", ndc=product.ndc))
