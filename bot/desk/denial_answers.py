"""Answers about the codes of denials: what group, reason and remark mean, what usually follows, and
what the desk's own checks say of the codes named with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.desk.answer import Answer, Headline, Pair
from bot.desk.answer_denials import DenialCode, DenialKind, adjustments, named
from bot.desk.coverage import CoverageChecks
from bot.desk.coverage_asked import CoverageAsked, read_coverage
from bot.desk.denial_lists import categories, groups, may_exist, own_words, similar
from bot.desk.denial_mentions import MOST_LINES, Adjustment
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from codesets.model import Reference
from codesets.rows_payment import AdjustmentCode
from codesets.store.code_store import CodeStore

OWN = "Code Desk"
_UNKNOWN = "unknown code"
#: What to do is told for this many categories of a code.
_MOST_STEPS = 3
#: The systems of codes that are billed.
_BILLED = ("hcpcs", "cpt")
#: Categories on which pairs and numbers of units bear.
_ON_PAIRS, _ON_UNITS = "bundling", "units"
#: Categories on which coverage policies bear.
_ON_COVERAGE = frozenset({"medical necessity", "diagnosis"})
#: Policies and diagnoses that a check names.
_FEW = 4


@dataclass(frozen=True, slots=True)
class _Listed:
    """A code in the customer's list, with that list."""

    row: AdjustmentCode
    reference: Reference


class DenialAnswers:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore, on_codes: Callable[[Question, Answer], Answer]) -> None:
        """`on_codes` answers about the codes of diagnoses and services that a question names."""
        self._store = store
        self._on_codes = on_codes

    def on_denials(self, question: Question, answer: Answer) -> Answer:
        assert question.denials is not None
        lines = question.denials.adjustments
        if question.mentions:
            answer = self._on_codes(question, answer)
            answer = replace(answer, pairs=_bearing(_of_lines(answer.pairs, lines), lines))
        denials = [
            denial
            for number, line in enumerate(lines, 1)
            for denial in self._of_line(number, line, question, answer)
        ]
        if any(one.known and one.source == OWN for one in denials):
            answer = noticed(answer, reason("denials.own_words"))
        if left := question.denials.left_out:
            answer = noticed(answer, reason("denials.left_out", most=MOST_LINES, count=left))
        headline = _headline(denials)
        return replace(answer, outcome="denial", denials=denials, headline=headline)

    def _of_line(
        self, number: int, line: Adjustment, question: Question, answer: Answer
    ) -> Iterator[DenialCode]:
        billed = [
            mention.code
            for mention in question.mentions
            if mention.kind == "code"
            and mention.system in _BILLED
            and mention.typed.lower() in line.rest.lower()
        ]
        told: list[Reason] = []
        for kind, code in line.codes:
            denial = self._of_code(number, kind, code)
            checks = _checks(denial, billed, answer)
            if denial.known and billed and _ON_COVERAGE.intersection(denial.categories):
                checks += self._coverage(line, billed, question)
            checks = [check for check in checks if check not in told]
            told += checks
            yield replace(denial, reasons=[*denial.reasons, *checks])

    def _coverage(
        self, line: Adjustment, billed: Sequence[str], question: Question
    ) -> list[Reason]:
        """What coverage policies list for the services and diagnoses of a line."""
        checks = CoverageChecks(self._store, question.day)
        if not checks.is_loaded:
            return [reason("denials.check_no_coverage")]
        asked = read_coverage(line.rest)
        diagnoses = [
            mention.code
            for mention in question.mentions
            if mention.system == "icd10cm" and mention.typed.lower() in line.rest.lower()
        ]
        return [
            _on_policies(checks, service, diagnoses, asked) for service in dict.fromkeys(billed)
        ]

    def _of_code(self, line: int, kind: DenialKind, code: str) -> DenialCode:
        if kind == "group":
            told = reason("denials.group", text=groups()[code])
            return DenialCode(line, kind, code, True, source=OWN, reasons=[told])
        own, listed = own_words(kind).get(code), self._listed(kind, code)
        if own is None and listed is None:
            return self._unknown(line, kind, code)
        names = list(own.categories) if own else []
        found = DenialCode(
            line, kind, code, True, source=OWN, categories=names, next_steps=_steps(names)
        )
        if listed is None:
            assert own is not None  # one of the two has it
            told = reason(
                "denials.own_remark" if kind == "rarc" else "denials.own",
                categories=", ".join(names),
                about=own.about,
                means=categories()[names[0]].means,
            )
            return replace(found, reasons=[told])
        stopped = listed.row.stop
        told = reason("denials.listed", description=listed.row.description.rstrip("."))
        more = [reason("denials.stopped", date=stopped)] if stopped else []
        more += [reason("denials.categories", categories=", ".join(names))] if names else []
        return replace(found, source=listed.reference.name, reasons=[told, *more])

    def _unknown(self, line: int, kind: DenialKind, code: str) -> DenialCode:
        """A code that the desk does not have: it does not exist, or may be new or retired."""
        lists = self._store.references.all(kind)
        name = reason(f"denials.name_{kind}")
        others = similar(kind, code)
        if may_exist(kind, code) and not lists:
            told = reason("denials.not_in_list", code=code, name=name)
            return DenialCode(line, kind, code, False, reasons=[told], did_you_mean=others)
        said = [reason("denials.unknown", code=code, name=name)]
        if others:
            said.append(reason("denials.did_you_mean", codes=", ".join(others)))
        return DenialCode(
            line,
            kind,
            code,
            False,
            source=lists[-1].name if lists else OWN,
            categories=[_UNKNOWN],
            next_steps=_steps([_UNKNOWN]),
            did_you_mean=others,
            reasons=said,
        )

    def _listed(self, kind: DenialKind, code: str) -> _Listed | None:
        """The code in the newest list that was imported; None where it, or a list, is not there."""
        for reference in reversed(self._store.references.all(kind)):
            for row in self._store.references.rows(AdjustmentCode, reference, code=code):
                return _Listed(row, reference)
        return None


def _steps(names: Sequence[str]) -> list[str]:
    """What to do, category by category; what informs only adds nothing."""
    telling = [name for name in names if name != "information"] or list(names)
    steps = [step for name in telling[:_MOST_STEPS] for step in categories()[name].next]
    return list(dict.fromkeys(steps))


def _of_lines(pairs: Sequence[Pair], lines: Sequence[Adjustment]) -> list[Pair]:
    """The pairs whose codes stand in one adjustment: lines of a remittance may be of several
    claims."""
    return [
        pair
        for pair in pairs
        if any(all(code.lower() in line.rest.lower() for code in pair.codes) for line in lines)
    ]


def _bearing(pairs: Sequence[Pair], lines: Sequence[Adjustment]) -> list[Pair]:
    """The pairs without the numbers of units, where no reason is about units and none is broken."""
    own = {kind: own_words(kind) for kind in ("carc", "rarc")}
    names = {
        name
        for line in lines
        for kind, code in line.codes
        if kind != "group" and code in own[kind]
        for name in own[kind][code].categories
    }
    if _ON_UNITS in names:
        return list(pairs)
    return [pair for pair in pairs if pair.rule != "mue" or pair.severity == "conflict"]


def _checks(denial: DenialCode, billed: Sequence[str], answer: Answer) -> list[Reason]:
    """What the desk's checks say of the codes of the line, as far as it bears on the reason."""
    if not billed or not denial.known:
        return []
    of_line = [pair for pair in answer.pairs if set(pair.codes) <= set(billed)]
    if _ON_PAIRS in denial.categories:
        if any(pair.rule == "ncci_ptp" for pair in of_line):
            return [reason("denials.check_pair")]
        if "ncci_ptp" in answer.not_checked:
            return [reason("denials.check_not_loaded")]
        if len(set(billed)) < 2:
            return [reason("denials.check_other", code=billed[0])]
        return [reason("denials.check_no_pair", codes=", ".join(dict.fromkeys(billed)))]
    if _ON_UNITS in denial.categories:
        has = any(pair.rule == "mue" for pair in of_line)
        key = "check_units" if has else "check_no_units"
        return [reason(f"denials.{key}", code=billed[0])]
    return []


def _on_policies(
    checks: CoverageChecks, service: str, diagnoses: Sequence[str], asked: CoverageAsked
) -> Reason:
    about = ", ".join(checks.about(service, asked)[:_FEW])
    if not about:
        return reason("denials.check_no_policy", service=service)
    if not diagnoses:
        return reason("denials.check_policies", service=service, policies=about)
    found = checks.check([service], diagnoses, asked)
    listed = [one for one in found if one.status == "listed"]
    policies = ", ".join(list(dict.fromkeys(one.policy for one in listed or found))[:_FEW])
    codes = list(dict.fromkeys(one.diagnosis for one in listed or found))[:_FEW]
    if listed:
        together = ", ".join(f"{code} + {service}" for code in codes)
        return reason("denials.check_listed", policies=policies, codes=together)
    named = ", ".join(codes)
    return reason("denials.check_not_listed", policies=policies, codes=named, service=service)


def _headline(denials: Sequence[DenialCode]) -> Headline:
    """The adjustments in one line; of one, what its reason is about and who bears it."""
    lines = adjustments(denials)
    codes = [denial.code for denial in denials]
    if len(lines) > 1:
        each = "; ".join(map(_short, lines))
        told = reason("denials.headline_several", count=len(lines), lines=each)
        return Headline("denial", codes, reasons=[told])
    return Headline("denial", codes, reasons=_one(lines[0]))


def _short(line: Sequence[DenialCode]) -> str:
    main = next((one for one in line if one.kind == "carc"), line[0])
    about = main.categories[0] if main.categories else "?"
    return f"{named(line)} {about}"


def _one(line: Sequence[DenialCode]) -> list[Reason]:
    main = next((one for one in line if one.kind == "carc"), line[0])
    several = [one for one in line if one.kind == "carc"]
    if not main.known:
        return [reason("denials.headline_unknown", name=named(line)), *main.reasons]
    about = "; ".join(
        own_words(one.kind)[one.code].about
        for one in (*several, *(o for o in line if o.kind == "rarc"))
        if one.known and one.code in own_words(one.kind)
    )
    names = ", ".join(dict.fromkeys(name for one in line for name in one.categories))
    said = [reason("denials.headline", name=named(line), categories=names, about=about)]
    borne = dict.fromkeys(one.code for one in line if one.kind == "group")
    return said + [
        reason("denials.headline_group", group=code, text=groups()[code]) for code in borne
    ]
