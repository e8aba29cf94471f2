"""`codedesk doctor`: runs every check, whatever the others found. A check that fails itself is a
finding, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.operations.checks import answers, configuration, machine, others, record, storage
from bot.operations.findings import EXIT, Asked, Finding, State, broken, told
from codesets.errors import CodeDeskError

Check = Callable[[Asked], Iterator[Finding]]
#: The groups, in the order in which a fault of one explains faults of the next.
GROUPS: dict[str, tuple[Check, ...]] = {
    "settings": configuration.CHECKS,
    "storage": storage.CHECKS,
    "answers": answers.CHECKS,
    "record": record.CHECKS,
    "others": others.CHECKS,
    "machine": machine.CHECKS,
}
_ORDER: tuple[State, ...] = ("broken", "look", "ok")


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, by group."""

    groups: dict[str, list[Finding]]

    @property
    def worst(self) -> State:
        states = {finding.state for found in self.groups.values() for finding in found}
        return next((state for state in _ORDER if state in states), "ok")

    @property
    def exit_code(self) -> int:
        return EXIT[self.worst]

    def count(self, state: State) -> int:
        return sum(one.state == state for found in self.groups.values() for one in found)


def examine(asked: Asked) -> Examination:
    """Run all checks; of each group the worst findings come first. Raises nothing."""
    groups = {
        name: [one for check in checks for one in _run(check, asked)]
        for name, checks in GROUPS.items()
    }
    return Examination(
        {
            name: sorted(found, key=lambda one: _ORDER.index(one.state))
            for name, found in groups.items()
        }
    )


def _run(check: Check, asked: Asked) -> list[Finding]:
    found: list[Finding] = []
    try:
        for one in check(asked):
            found.append(one)
    except CodeDeskError as error:
        found.append(told("broken", "failed", str(error)))
    except Exception as error:
        # The error's message may hold a secret of an address.
        found.append(broken("check_failed", name=check.__name__, error=type(error).__name__))
    return found
