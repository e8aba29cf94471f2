"""Decides what is asked of the diagnoses that a question names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.desk import together_rows as table
from bot.desk.answer import Headline, Pair, Severity, reason
from bot.desk.note_checks import NoteChecks, Reported
from bot.desk.together_asked import Asked
from bot.desk.together_conflicts import conflict
from bot.desk.together_model import Conflict, Ground
from bot.desk.together_order import CONDITIONAL, Order, is_first_only
from bot.desk.together_partners import Partner, Search, partners, wanted
from codesets.model import Code
from index.statement import sequencing
from index.statement.books import Books

#: Makes a pair of codes and a ground, with the rule quoted.
Quoted = Callable[[Sequence[str], Ground, Severity], Pair]


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer in one line, and the rules that it rests on, quoted."""

    headline: Headline
    pairs: tuple[Pair, ...] = ()


class Diagnoses:
    """Decides what is asked of diagnoses."""

    def __init__(
        self,
        books: Books,
        reported: Sequence[Reported],
        asked: Asked,
        quoted: Quoted,
        search: Search | None,
    ) -> None:
        """`quoted`: makes a pair of a ground; `search`: finds codes for words."""
        self._books = books
        self._quoted = quoted
        self._search = search
        self._reported = list(reported)
        self._codes = [r.code for r in reported]
        self._asked = asked
        self._order_of = Order(books, self._codes, asked.rest)

    def decide(self) -> Decided | None:
        asked = self._asked.ask
        several = len({code.code for code in self._codes}) > 1
        if not several:
            if asked == "place":
                return self._place()
            if asked == "enough":
                return self._enough()
            return self._needed() if asked == "needed" else None
        if asked == "order":
            return self._order()
        if asked == "place":
            return self._place()
        if asked == "needed":
            return self._needed()
        if asked == "enough":
            return self._enough()
        if asked == "choice":
            return self._choice()
        found = self._conflict()
        if found is not None:
            return self._no(found)
        return self._yes("together") if asked == "together" else None

    # Together

    def _conflict(self) -> Conflict | None:
        for one, other in combinations(self._codes, 2):
            if one.code != other.code and (found := conflict(self._books, one, other)):
                return found
        for pair in NoteChecks(self._books.store).check(self._reported):
            if pair.rule == "laterality":
                return self._of_sides(pair)
        return None

    def _of_sides(self, pair: Pair) -> Conflict:
        why = pair.reasons[0]
        one, other = (code for name in pair.codes for code in self._codes if code.code == name)
        if both := why.params.get("both"):
            instead: tuple[str, ...] = (str(both),)
        else:
            instead = (self._sided(one, other),)
        ground = Ground("guideline", "I.B.13", why)
        return Conflict(one, other, instead, ground)

    def _sided(self, one: Code, other: Code) -> str:
        """Of two codes of which one says both sides, or leaves the side open, the other or the
        first."""
        if "unspecified" in one.title.lower():
            return other.code
        if "unspecified" in other.title.lower() or "bilateral" in one.title.lower():
            return one.code
        return other.code

    def _no(self, found: Conflict) -> Decided:
        pair = (found.one.code, found.other.code)
        # Codes that are given beside them stay.
        instead = list(found.instead)
        if instead:
            key = "no_instead" if set(instead) - set(pair) else "no_alone"
            why = reason(f"together.{key}", one=pair[0], other=pair[1], codes=listed(instead))
        else:
            key = "no_excludes1" if found.ground.rule == "excludes1" else "no"
            why = reason(f"together.{key}", one=pair[0], other=pair[1])
        headline = Headline("no", instead or list(pair), reasons=[why])
        return Decided(headline, (self._pair(pair, found.ground, "conflict"),))

    def _yes(self, key: str, *grounds: Ground) -> Decided:
        names = [code.code for code in self._order_of.ordered(self._codes)]
        why = reason(f"together.yes_{key}", codes=listed(names))
        pairs = [self._pair(names, ground, "obligation") for ground in grounds]
        if not pairs:
            pairs = [
                replace(pair, reasons=list(pair.reasons))
                for pair in NoteChecks(self._books.store).check(self._reported)
                if pair.rule == "excludes2" and len(pair.codes) > 1
            ]
        return Decided(Headline("yes", names, reasons=[why]), tuple(pairs))

    def _pair(self, codes: Sequence[str], ground: Ground, severity: Severity) -> Pair:
        return self._quoted(codes, ground, severity)

    # Order

    def _order(self) -> Decided:
        found = self._presumed()
        if found is not None:
            return self._no(found)
        order = self._order_of.ordered(self._codes)
        names = [code.code for code in order]
        grounds = [
            (one, other, ground)
            for one, other in combinations(order, 2)
            if (ground := self._order_of.before(one, other))
        ]
        pairs = tuple(
            self._pair((one.code, other.code), ground, "obligation")
            for one, other, ground in grounds[:3]
        )
        decided = any(one is order[0] for one, _, _ in grounds)
        key = "order" if decided or not order else "order_either"
        why = reason(f"together.{key}", first=names[0], codes=", ".join(names))
        return Decided(Headline("order", names, reasons=[why]), pairs)

    def _presumed(self) -> Conflict | None:
        """A conflict that leaves no order to ask for: another code says both."""
        found = self._conflict()
        if found is None or found.ground.rule not in ("excludes1", "guideline"):
            return None
        return found if set(found.instead) - {found.one.code, found.other.code} else None

    def _place(self) -> Decided:
        """Whether a code may stand where it is put."""
        at = self._asked.about[0] if self._asked.about else 0
        code = self._codes[min(at, len(self._codes) - 1)]
        others = [other for other in self._codes if other.code != code.code]
        only = sequencing.rule_for(code.code)
        first_only = only is not None and only.name == "first_only" and is_first_only(code.code)
        if self._asked.later:
            return self._place_later(code, others, first_only=first_only)
        ground = None if others and first_only else self._order_of.never_first(code)
        if ground is not None:
            order = [
                other.code
                for other in self._order_of.ordered(self._codes)
                if other.code != code.code
            ]
            why = reason("together.not_first", code=code.code)
            codes = [*order, code.code] if order else [code.code]
            pairs = (self._pair([code.code], ground, "conflict"),)
            return Decided(Headline("no", codes, reasons=[why]), pairs)
        if others and (found := self._presumed()):
            return self._no(found)
        order = self._order_of.ordered(self._codes)
        if others and order[0].code != code.code:
            ground = self._order_of.before(order[0], code)
            names = [one.code for one in order]
            why = reason("together.other_first", code=code.code, codes=", ".join(names))
            pairs = (self._pair((names[0], code.code), ground, "conflict"),) if ground else ()
            return Decided(Headline("no", names, reasons=[why]), pairs)
        names = [one.code for one in order]
        why = reason("together.may_be_first", code=code.code)
        pairs = tuple(
            self._pair((code.code, other.code), found, "obligation")
            for other in others
            if (found := self._order_of.before(code, other))
        )
        if first_only and only is not None and not pairs:
            ground = Ground(
                "guideline", "I.C.21.c.15", reason("together.first_only", code=code.code)
            )
            pairs = (self._pair([code.code], ground, "obligation"),)
        return Decided(Headline("yes", names, reasons=[why]), pairs)

    def _place_later(self, code: Code, others: Sequence[Code], *, first_only: bool) -> Decided:
        if first_only:
            ground = Ground(
                "guideline", "I.C.21.c.15", reason("together.first_only", code=code.code)
            )
            why = reason("together.only_first", code=code.code)
            pairs = (self._pair([code.code], ground, "conflict"),)
            codes = [code.code, *(other.code for other in others)]
            return Decided(Headline("no", codes, reasons=[why]), pairs)
        if others and (found := self._presumed()):
            return self._no(found)
        order = self._order_of.ordered(self._codes)
        names = [one.code for one in order]
        if others and order[0].code == code.code and self._order_of.before(code, others[0]):
            why = reason("together.other_first", code=others[0].code, codes=", ".join(names))
            ground = self._order_of.before(code, others[0])
            pairs = (self._pair(names[:2], ground, "conflict"),) if ground else ()
            return Decided(Headline("no", names, reasons=[why]), pairs)
        why = reason("together.may_be_later", code=code.code)
        return Decided(Headline("yes", names, reasons=[why]))

    # Enough and needed

    def _enough(self) -> Decided | None:
        missing = partners(self._books, self._codes, self._asked.rest, self._search)
        for found in missing:
            if better := self._combined(found.code):
                return self._no(better)
        if missing:
            return self._needs_more(missing)
        if len(self._codes) > 1 and (clash := self._conflict()):
            return self._no(clash)
        for code in self._codes:
            if len(self._codes) == 1 and (ground := self._order_of.never_first(code)):
                why = reason("together.not_alone", code=code.code)
                pairs = (self._pair([code.code], ground, "conflict"),)
                return Decided(Headline("no", [code.code], reasons=[why]), pairs)
        if sure := self._always_missing():
            return sure
        names = [code.code for code in self._order_of.ordered(self._codes)]
        why = reason("together.enough", codes=listed(names))
        return Decided(Headline("yes", names, reasons=[why]))

    def _needs_more(self, missing: Sequence[Partner]) -> Decided:
        names = [code.code for code in self._codes]
        before = [one.code.code for one in missing if one.before]
        after = [one.code.code for one in missing if not one.before]
        told = "; ".join(f"{one.code.code} ({one.code.title})" for one in missing)
        key = "needs_before" if before and not after else "needs"
        why = reason(f"together.{key}", codes=told, of=missing[0].of.code)
        pairs = tuple(
            self._pair((one.of.code, one.code.code), one.ground, "obligation") for one in missing
        )
        return Decided(Headline("needs_more", [*before, *names, *after], reasons=[why]), pairs)

    def _always_missing(self) -> Decided | None:
        """A partner that a code always has: an outcome of delivery."""
        names = {code.code for code in self._codes}
        for code in self._codes:
            for want in wanted(self._books, code):
                if want.note is None or want.note.owner != code.code or len(want.ranges) != 1:
                    continue
                below = self._books.below(want.ranges[0].first)
                if len(below) != 1 or below[0].code in names or CONDITIONAL.search(want.note.text):
                    continue
                if want.note.kind != "use_additional_code" or code.code[0] != "O":
                    continue
                found = below[0]
                told = f"{found.code} ({found.title})"
                why = reason("together.needs", codes=told, of=code.code)
                ground = Ground(want.note.kind, code.code, why, want.note.text, want.note.release)
                codes = [code.code, found.code]
                pairs = (self._pair(codes, ground, "obligation"),)
                return Decided(Headline("needs_more", codes, reasons=[why]), pairs)
        return None

    def _combined(self, missing: Code) -> Conflict | None:
        """A code that says a given one and the missing one, as the guidelines presume it."""
        for code in self._codes:
            found = conflict(self._books, code, missing)
            if found and found.ground.rule != "excludes1" and set(found.instead) - {missing.code}:
                if found.instead[0] not in {one.code for one in self._codes}:
                    return found
        return None

    def _needed(self) -> Decided | None:
        names = list(dict.fromkeys(code.code for code in self._codes))
        places = self._asked.about or tuple(range(len(self._codes)))
        about = {self._codes[at].code: self._codes[at] for at in places if at < len(self._codes)}
        others = [code for code in self._codes if code.code not in about]
        if not others and len(about) == 1:
            search = self._search
            others = list(search(self._asked.rest))[:1] if search and self._asked.rest else []
            if not others:
                return None
        pool = others or list(about.values())
        for code in about.values():
            for other in pool:
                if code.code == other.code:
                    continue
                row = table.first(
                    "not_needed",
                    lambda row, a=code, b=other: row.holds(a.code, b.code, ("codes", "beside")),
                )
                if row is not None:
                    ground = Ground(
                        "guideline",
                        row.section,
                        reason("together.says_it", code=other.code, other=code.code),
                    )
                    why = reason("together.not_needed", code=code.code, other=other.code)
                    pairs = (self._pair((other.code, code.code), ground, "conflict"),)
                    return Decided(Headline("no", [other.code], reasons=[why]), pairs)
                if found := conflict(self._books, code, other):
                    return self._no(found)
        if len(names) > 1 and (clash := self._conflict()):
            return self._no(clash)
        grounds = []
        for code in about.values():
            for other in pool:
                for want in wanted(self._books, other):
                    if any(named.contains(code.code) for named in want.ranges) and want.note:
                        why = reason("together.asks_for", code=code.code, of=other.code)
                        note = want.note
                        grounds.append(Ground(note.kind, note.owner, why, note.text, note.release))
        every = {code.code: code for code in [*self._codes, *others]}
        self._codes = list(every.values())
        return self._yes("needed", *grounds[:1])

    def _choice(self) -> Decided | None:
        """Which of two codes is reported, where a rule says so."""
        found = self._conflict()
        if found is None:
            return None
        if not found.instead:
            pair = (found.one.code, found.other.code)
            for code in self._codes:
                asked = [
                    name
                    for name in pair
                    for want in wanted(self._books, code)
                    if want.note and any(named.contains(name) for named in want.ranges)
                ]
                if code.code not in pair and asked:
                    found = replace(found, instead=(asked[0],))
                    break
        return self._no(found)


def listed(codes: Sequence[str]) -> str:
    """Codes in a row: "A, B + C"."""
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} + {codes[-1]}"
