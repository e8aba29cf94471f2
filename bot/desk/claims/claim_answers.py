"""Answers a claim: a verdict on each code for its date, what the checks found, and what was not
checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Headline, Pair, Verdict
from bot.desk.answer_claims import ClaimCheck, ClaimLine
from bot.desk.claims.case import Case, Line, Listed, found
from bot.desk.claims.coverage_lines import coverage_of
from bot.desk.claims.coverage_lines import is_loaded as has_coverage
from bot.desk.claims.edit_checks import applies, edit_checks
from bot.desk.claims.list_checks import list_checks, reports_poa
from bot.desk.claims.order_checks import order_checks
from bot.desk.claims.patient_checks import patient_checks
from bot.desk.claims.payment_lines import payment_checks
from bot.desk.claims.side_checks import side_checks
from bot.desk.code_answers import CodeAnswers
from bot.desk.code_mentions import CodeMention, named_code
from bot.desk.flags import Flags
from bot.desk.guidelines import GuidelineLookup
from bot.desk.modifiers_and_places import ModifiersAndPlaces
from bot.desk.ncci_checks import NcciChecks
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from bot.desk.together import Together
from bot.x12.records import Claim
from codesets.code_format import undot
from codesets.lookups.inpatient_lists import InpatientLists
from codesets.model import NOTE_HEADINGS, Code, Product, Setting, System
from codesets.store.code_store import CodeStore
from index.statement.books import Books

#: Verdicts on a code that a payer would not take.
_WRONG = ("header", "not_yet_valid", "deleted", "unknown")
#: The rules that the checks of a claim tell in their own words.
_OWN = ("ncci_ptp", "mue")
_OF_PAYMENT = ("fee_schedule", "opps", "add_on")
_MOST_BRIEF = 3
#: 45 CFR 162.1002(c).
_FIRST_DAY_OF_ICD10 = dt.date(2015, 10, 1)


class ClaimAnswers:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, codes: CodeAnswers, guidelines: GuidelineLookup) -> None:
        self._store = store
        self._codes = codes
        self._guidelines = guidelines
        self._flags = Flags(InpatientLists(store.references))

    def on_claim(self, question: Question, answer: Answer) -> Answer:
        claim = question.claims[0]
        case = self._case(claim, question.day)
        answer = self._verdicts(case, question, answer)
        coverage, of_coverage = coverage_of(self._store, case)
        pairs = _once([*answer.pairs, *self._found(case), *of_coverage])
        order = {"conflict": 0, "obligation": 1, "caution": 2}
        pairs.sort(key=lambda pair: (not is_to_mend(pair), order[pair.severity]))
        answer = replace(answer, outcome="verdict", pairs=pairs, coverage=coverage)
        wrong = [v for v in answer.verdicts if v.status in _WRONG]
        open_ = [v for v in wrong if v.status == "unknown" and self._is_before(v, case.day)]
        mend, look = _told([v for v in wrong if v not in open_], open_, pairs)
        told = self._shown(case, len(mend), len(look))
        notices = [reason("claims.cut_off")] if claim.cut_off else []
        if question.service_date is None:
            notices.append(reason("claims.no_date"))
        return replace(
            noticed(answer, *notices),
            headline=_headline(mend, look, case),
            not_checked=self._not_checked(case, answer),
            claim=told,
        )

    # The claim with what codes.db has of it

    def _case(self, claim: Claim, day: dt.date) -> Case:
        reported = [
            d for d in claim.diagnoses if d.role in ("principal", "other", "external cause")
        ]
        known = []
        if "icd10cm" in self._store.systems and day >= _FIRST_DAY_OF_ICD10:
            release = self._store.for_date("icd10cm", day).release
            for place, diagnosis in enumerate(reported, 1):
                code = self._store.get(release, diagnosis.code)
                known += [Listed(place, code, release)] if code else []
        lines = [
            Line(number, line, line.day or day, self._service(line.code, line.day or day))
            for number, line in enumerate(claim.lines, 1)
            if line.code
        ]
        setting: Setting | None = "practitioner"
        if claim.kind == "institutional":
            setting = None if claim.inpatient else "outpatient"
        return Case(claim, day, tuple(known), tuple(lines), setting)

    def _service(self, code: str, day: dt.date) -> Code | None:
        system = _system_of(code)
        if system not in self._store.systems:
            return None
        return self._store.get(self._store.for_date(system, day).release, code)

    def _shown(self, case: Case, to_mend: int, to_look_at: int) -> ClaimCheck:
        claim = case.claim
        codes = [diagnosis.code for diagnosis in claim.diagnoses]
        if case.day < _FIRST_DAY_OF_ICD10:
            codes = list(map(_as_icd9, codes))
        lines = [
            ClaimLine(
                number,
                line.code,
                list(line.modifiers),
                line.units,
                [codes[p - 1] for p in line.pointers if 0 < p <= len(codes)],
                line.day.isoformat() if line.day and line.day != case.day else "",
                line.place,
                line.revenue,
            )
            for number, line in enumerate(claim.lines, 1)
        ]
        return ClaimCheck(
            claim.kind, codes, list(claim.procedures), lines, claim.place, claim.bill_type,
            claim.age, claim.sex, to_mend, to_look_at,
        )  # fmt: skip

    # Verdicts, and what the notes say of the diagnoses together

    def _verdicts(self, case: Case, question: Question, answer: Answer) -> Answer:
        claim = case.claim
        groups: list[tuple[dt.date, list[CodeMention]]] = []
        if case.day >= _FIRST_DAY_OF_ICD10:
            diagnoses = [self._named(d.code, "icd10cm") for d in claim.diagnoses]
            diagnoses += [self._named(code, "icd10pcs") for code in claim.procedures]
            groups.append((case.day, diagnoses))
        for day in sorted({line.day for line in case.lines}):
            codes = dict.fromkeys(line.service.code for line in case.lines if line.day == day)
            groups.append((day, [self._named(code, _system_of(code)) for code in codes]))
        verdicts: dict[tuple[str, str, str], Verdict] = {}
        setting = case.setting or "outpatient"
        left = (*_OWN, *_OF_PAYMENT)
        for day, mentions in groups:
            if not mentions:
                continue
            asked = replace(question, mentions=tuple(mentions), text="", day=day, setting=setting)
            one = self._codes.on_codes(asked, replace(answer, reasons=[], pairs=[], verdicts=[]))
            for verdict in one.verdicts:
                verdicts.setdefault((verdict.system, verdict.code, verdict.status), verdict)
            told = [why for why in one.reasons if why not in answer.reasons]
            answer = replace(
                answer,
                pairs=[*answer.pairs, *(pair for pair in one.pairs if pair.rule not in left)],
                not_checked=list(dict.fromkeys([*answer.not_checked, *one.not_checked])),
                reasons=[*answer.reasons, *told],
                releases=answer.releases | one.releases,
            )
        return replace(answer, verdicts=list(verdicts.values()))

    def _named(self, code: str, system: System) -> CodeMention:
        return named_code(code, self._codes.lookup, (system,), self._codes.known)[0]

    # Checks

    def _found(self, case: Case) -> Iterator[Pair]:
        books = None
        if "icd10cm" in self._store.systems:
            release = self._store.for_date("icd10cm", case.day).release
            books = Books(self._store, release, case.day)
        quoted = Together(self._store, self._guidelines, books).quoted
        yield from edit_checks(self._store, case)
        yield from payment_checks(self._store, case)
        yield from side_checks(self._store, case)
        yield from order_checks(self._store, case, quoted)
        yield from list_checks(self._flags, case)
        yield from patient_checks(self._store, case)
        yield from self._modifiers(case)
        yield from self._places(case)

    def _modifiers(self, case: Case) -> Iterator[Pair]:
        """Modifiers of HCPCS Level II that are not valid on the day of their line."""
        seen: set[str] = set()
        for line in case.lines:
            judge = ModifiersAndPlaces(self._store, line.day)
            for code in line.service.modifiers:
                told = code in seen or _is_cpt_modifier(code) or _is_of_ambulance(line, code)
                if code.isdigit() or told:
                    continue
                seen.add(code)
                mention = CodeMention(code, code, "hcpcs", True, kind="modifier")
                verdict = judge.modifier(mention)
                if verdict is not None and verdict.status in _WRONG:
                    yield replace(
                        found(
                            [line.service.code, code], "modifier", "conflict", verdict.reasons[0]
                        ),
                        reasons=verdict.reasons,
                        release=verdict.release or "",
                    )

    def _places(self, case: Case) -> Iterator[Pair]:
        judge = ModifiersAndPlaces(self._store, case.day)
        places = dict.fromkeys([case.claim.place, *(line.service.place for line in case.lines)])
        for place in filter(None, places):
            verdict = judge.place_of_service(
                CodeMention(place, place, "pos", True, kind="place_of_service")
            )
            if verdict is not None and verdict.status in _WRONG:
                yield found([place], "place", "conflict", verdict.reasons[0])

    # What was not checked

    def _not_checked(self, case: Case, answer: Answer) -> list[str]:
        claim, lines = case.claim, case.lines
        of_cpt = [line for line in lines if _system_of(line.service.code) == "cpt"]
        rules = [rule for rule in answer.not_checked if case.setting or rule not in _OWN]
        if of_cpt and "cpt" not in self._store.systems:
            rules.append("cpt")
        if case.setting and of_cpt and len(lines) > 1 and "ncci_ptp" not in rules:
            checks = NcciChecks(self._store, case.day, case.setting)
            if not all(checks.knows(line.service.code) for line in of_cpt):
                rules.append("ncci_of_cpt")
        if case.setting and lines:
            rules += [
                rule
                for rule, kind in (("ncci_ptp", "ptp"), ("mue", "mue"))
                if (rule == "mue" or len(lines) > 1) and self._is_too_new(kind, case)
            ]
        if lines and claim.diagnoses and not has_coverage(self._store, case.day):
            rules.append("coverage")
        rules += ["age"] if claim.age is None else []
        rules += ["sex"] if not claim.sex else []
        rules += ["jw_jz"] if any(map(self._is_open_drug, lines)) else []
        if claim.place and not self._store.references.all("places"):
            rules.append("place_of_service")
        if case.day < _FIRST_DAY_OF_ICD10 and claim.diagnoses:
            rules.append("icd9")
        rules += ["revenue"] if any(line.revenue for line in claim.lines) else []
        if claim.inpatient:
            exempt = self._store.references.all("poa_exempt")
            rules += [] if exempt and reports_poa(case) else ["poa"]
            rules.append("ms_drg")
        return list(dict.fromkeys(rules))

    def _is_too_new(self, kind: str, case: Case) -> bool:
        """Whether the only edits that are loaded began too long after the day of the claim."""
        reference = self._store.references.for_date(kind, "hcpcs", case.day, case.setting)
        return reference is not None and not applies(reference, case.day)

    def _is_before(self, verdict: Verdict, day: dt.date) -> bool:
        """Whether the day is before all loaded editions of a system: a code that none of them has
        may have been valid then."""
        if verdict.system not in self._store.systems:
            return False
        return self._store.for_date(verdict.system, day).release.first_served > day

    def _is_open_drug(self, line: Line) -> bool:
        """Whether a line is for a drug and says neither that some was discarded nor that none was.
        Which containers are for a single dose is in no file that is loaded."""
        if {"JW", "JZ"}.intersection(line.service.modifiers):
            return False
        for reference in reversed(self._store.references.all("asp")):
            rows = self._store.references.rows(Product, reference, code=line.service.code)
            return next(rows, None) is not None
        return False


def _as_icd9(code: str) -> str:
    """A diagnosis of before ICD-10-CM as ICD-9-CM writes it: E888.1, and not E88.81."""
    plain = undot(code)
    if code[:1] != "E" or len(plain) < 4:
        return code
    return f"{plain[:4]}.{plain[4:]}".rstrip(".")


def _once(pairs: Sequence[Pair]) -> list[Pair]:
    """What two checks found of the same codes, such as an age that a list and a note tell, once."""
    kept: dict[object, Pair] = {}
    for number, pair in enumerate(pairs):
        rule = "order" if pair.reasons[0].key == "pairs.order" else pair.rule
        twice = rule in ("age", "sex", "manifestation", "sequence", "order")
        kept.setdefault((frozenset(pair.codes), rule) if twice else number, pair)
    return list(kept.values())


def is_to_mend(pair: Pair) -> bool:
    """Whether what was found is to be mended before the claim is sent; else it is to be looked at:
    a code that a note asks for where the record supports it, an edit that a modifier bypasses."""
    if pair.severity == "obligation":
        return len(pair.codes) > 1 or pair.rule != "use_additional_code"
    return pair.severity == "conflict"


def _told(
    wrong: Sequence[Verdict], open_: Sequence[Verdict], pairs: Sequence[Pair]
) -> tuple[list[Reason], list[Reason]]:
    """What is to be mended and what is to be looked at, each in brief, and once where two notes say
    the same of two codes. `open_`: verdicts that may be wrong, which are to be looked at."""
    mend: dict[object, Reason] = {}
    look: dict[object, Reason] = {}
    for kept, verdicts in ((mend, wrong), (look, open_)):
        for verdict in verdicts:
            named = reason(f"headline.status_{verdict.status_shown}")
            code = verdict.code or verdict.typed
            kept[code] = reason("claims.brief", codes=code, rule=named)
    for pair in pairs:
        kept = mend if is_to_mend(pair) else look
        key = frozenset(pair.codes), pair.rule
        heading = NOTE_HEADINGS.get(pair.rule)
        rule = heading or reason(f"rule_names.{pair.rule.replace(' ', '_')}")
        kept.setdefault(key, reason("claims.brief", codes=" + ".join(pair.codes), rule=rule))
    return list(mend.values()), list(look.values())


def _headline(mend: Sequence[Reason], look: Sequence[Reason], case: Case) -> Headline:
    told = mend or look
    codes = list(dict.fromkeys(code for why in told for code in why.params["codes"].split(" + ")))
    if not told:
        return Headline("claim", [], reasons=[reason("claims.nothing")])
    what: list[Reason] = [reason("headline.listed", what=one) for one in told[: _MOST_BRIEF - 1]]
    what = (
        [*what, *told[_MOST_BRIEF - 1 : _MOST_BRIEF]] if len(told) >= _MOST_BRIEF else _joined(told)
    )
    if left := len(told) - _MOST_BRIEF:
        what += [reason("claims.more", count=left)] if left > 0 else []
    key = "claims.only_look"
    if mend:
        key = "claims.mend_and_look" if look else "claims.mend"
    why = reason(key, count=len(mend), look=len(look), what=what)
    return Headline("claim", codes, reasons=[why])


def _joined(told: Sequence[Reason]) -> list[Reason]:
    return [*(reason("headline.listed", what=one) for one in told[:-1]), *told[-1:]]


def _system_of(code: str) -> System:
    """CPT's codes are four digits and a digit or one of its letters; those of HCPCS Level II begin
    with a letter."""
    return "cpt" if code[:1].isdigit() else "hcpcs"


def _is_of_ambulance(line: Line, modifier: str) -> bool:
    """Whether a modifier of an ambulance is two letters for origin and destination, which the HCPCS
    file does not list (CMS, Medicare Claims Processing Manual, chapter 15, section 30.A)."""
    transport = line.service.code.startswith("A0")
    return transport and len(modifier) == 2 and set(modifier) <= set("DEGHIJNPRSX")


def _is_cpt_modifier(code: str) -> bool:
    """Modifiers of anaesthesia (P1 to P6) and of categories of CPT (1P to 8P) are the AMA's."""
    return code in ("P1", "P2", "P3", "P4", "P5", "P6", "1P", "2P", "3P", "8P")
