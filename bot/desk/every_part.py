"""Sees to it that each part of a question has an answer: what has none gets one clause that says
what is out of reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Headline, Verdict
from bot.desk.beside_headlines import short
from bot.desk.modifier_mentions import cpt_modifiers, described
from bot.desk.modifier_search import asks_for_modifier, find_modifiers, is_of_billing
from bot.desk.modifiers_and_places import ModifiersAndPlaces
from bot.desk.ncci_checks import NcciChecks
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from bot.desk.together_case import listed
from bot.desk.units_said import units_said
from codesets.model import SYSTEM_NAMES
from codesets.store.code_store import CodeStore

_UNITS = re.compile(r"\bunits?\b|\bhow many\b|\bqty\b|\bquantity\b|\bmue\b", re.I)
_CPT = re.compile(r"\bcpts?\b(?!\s*code\s*set)", re.I)
_DX = re.compile(r"\b(?:dx|diagnos[ie]s|icd(?:-?10)?)\b", re.I)
_PLACE = re.compile(r"\bpos\b|\bplace of service\b", re.I)
#: A dose: whose units and waste are reckoned elsewhere.
_DOSE = re.compile(r"\d\s*(?:mg|mcg|ml|units?|iu|cc)\b", re.I)
_OF_WASTE = frozenset({"JW", "JZ"})
#: First lines that answer what NCCI says of a pair.
_PAIRED = ("together.ptp_never", "together.ptp_modifier", "together.ptp_none")


class EveryPart:
    """Completes answers from codes.db. Safe to use from many threads."""

    def __init__(self, store: CodeStore, modifiers: Sequence[tuple[str, str]]) -> None:
        """`modifiers`: code and title of each of HCPCS Level II, of the newest release."""
        self._store = store
        self._modifiers = modifiers

    def completed(self, question: Question, answer: Answer) -> Answer:
        """The answer with what its question asks besides: modifiers that its words describe or
        name, and a notice for each part that has no answer."""
        if question.intent not in ("codes", "search"):
            return answer
        if question.intent == "search":
            answer = self._with_modifiers(question, answer)
        return noticed(answer, *self._unanswered(question, answer))

    def _with_modifiers(self, question: Question, answer: Answer) -> Answer:
        """The answer to a search with the modifiers of its words beside it; alone where nothing
        else was found."""
        text = question.text
        mentions = cpt_modifiers(text)
        if any(line.units or line.modifiers for line in answer.report):
            found = []  # the lines have their modifiers
        else:
            found = find_modifiers(text, self._modifiers, asked=False)
        if _DOSE.search(text):
            found = [code for code in found if code not in _OF_WASTE]
        mentions += [described(code, text) for code in found]
        judge = ModifiersAndPlaces(self._store, question.day)
        verdicts = [verdict for one in mentions if (verdict := judge.modifier(one))]
        if not verdicts:
            return answer
        if answer.outcome == "abstained":
            told = [why for why in answer.reasons if why.key != "desk.off_topic"]
            answer = replace(answer, outcome="verdict", reasons=told)
            return replace(answer, verdicts=[*answer.verdicts, *verdicts])
        # A rule that is quoted stays what is answered.
        of_billing = bool(found) and answer.outcome == "answered" and is_of_billing(text, found[0])
        sure = any(line.confidence != "low" for line in answer.report)
        if of_billing and not sure:
            # Words of billing, and codes that are doubtful: these would only mislead.
            return replace(
                answer,
                outcome="verdict",
                verdicts=[*verdicts, *answer.verdicts],
                report=[],
                candidates=[],
                headline=Headline("none"),
            )
        answer = replace(answer, verdicts=[*answer.verdicts, *verdicts])
        doubtful = bool(answer.report) and answer.report[0].confidence != "high"
        if of_billing and doubtful:
            return replace(answer, headline=Headline("none"))  # that of the modifier
        return noticed(answer, *map(_also, verdicts))

    def _unanswered(self, question: Question, answer: Answer) -> Iterator[Reason]:
        text = question.text
        codes = [v for v in answer.verdicts if v.kind == "code"]
        if asks_for_modifier(text) and not any(v.kind == "modifier" for v in answer.verdicts):
            yield reason("parts.no_modifier")
        yield from self._of_pairs(question, answer, codes)
        yield from self._of_units(text, answer, codes)
        told = {why.key for why in answer.reasons}
        of_cpt = any(verdict.system == "cpt" for verdict in answer.verdicts)
        if (
            _CPT.search(text)
            and "cpt" not in self._store.systems
            and not of_cpt
            and not told & {"desk.needs_system", "desk.inpatient_only", "desk.not_loaded"}
        ):
            yield reason("parts.cpt")
        named = question.said.named if question.said else ()
        systems = [
            *(verdict.system for verdict in answer.verdicts),
            *(line.system for line in answer.report),
            *(candidate.system for candidate in answer.candidates),
        ]
        for system in named if len(named) > 1 and answer.outcome == "answered" else ():
            if system in self._store.systems and system not in systems:
                yield reason("parts.not_found", system=SYSTEM_NAMES[system])
        diagnosed = any(system in ("icd10cm", "icd9cm") for system in systems)
        if _DX.search(text) and answer.verdicts and not diagnosed:
            yield reason("parts.no_diagnosis")
        placed = any(v.kind == "place_of_service" for v in answer.verdicts)
        listed_places = self._store.references.all("places")
        if _PLACE.search(text) and not placed and listed_places and answer.outcome != "guideline":
            yield reason("parts.no_place")

    def _of_pairs(
        self, question: Question, answer: Answer, codes: Sequence[Verdict]
    ) -> Iterator[Reason]:
        """What NCCI says of two procedures, supplies or drugs, where nothing else has said it."""
        billed = list(dict.fromkeys(v.code for v in codes if v.system in ("hcpcs", "cpt")))
        first = {why.key for why in answer.headline.reasons}
        paired = any(pair.rule == "ncci_ptp" for pair in answer.pairs)
        if len(billed) < 2 or paired or "ncci_ptp" in answer.not_checked or first & set(_PAIRED):
            return
        checks = NcciChecks(self._store, question.day, question.setting)
        unknown = [code for code in billed if not checks.knows(code)]
        key = "parts.pair_not_known" if unknown else "parts.pair_none"
        yield reason(key, codes=listed(billed))

    def _of_units(self, text: str, answer: Answer, codes: Sequence[Verdict]) -> Iterator[Reason]:
        """That no file limits the units of a code that the question counts."""
        billed = [v for v in codes if v.system in ("hcpcs", "cpt")]
        counted = set(units_said(text, [v.typed for v in billed]))
        if _UNITS.search(text) and not counted:
            counted = {v.typed for v in billed}
        limited = {code for pair in answer.pairs if pair.rule == "mue" for code in pair.codes}
        if "mue" in answer.not_checked:
            return
        for verdict in billed:
            if verdict.typed in counted and verdict.code not in limited:
                yield reason("parts.no_limit", code=verdict.code)


def _also(verdict: Verdict) -> Reason:
    if verdict.system == "cpt":
        return reason("modifiers.also_cpt", code=verdict.code)
    return reason("modifiers.also", code=verdict.code, title=short(verdict.title))
