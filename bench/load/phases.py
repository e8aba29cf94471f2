"""The parts of a run: askers who ask again when answered, a steady rate, twice what the app can do,
and a soak. Each gives figures of the questions that it asked."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bench.load.asked import Asked
from bench.load.figures import milliseconds, percentile
from bench.load.processes import Roles, Usage
from bench.load.questions import Mix
from bench.load.slack_side import SlackSide

#: Seconds that an asker of `closed` waits for an answer before going on.
_GIVEN_UP = 60.0
#: Share of events that are sent again although they were acknowledged.
_SENT_AGAIN = 0.01


@dataclass
class Figures:
    """What a phase found. Times are milliseconds: median, 99th percentile and longest, from when a
    question was due; `answered` by kind. `waiting` questions had no answer when the last was sent;
    `drained_s` seconds later all had. `told_to_wait` askers were told how long the answer takes,
    and `busy` ones that there is none; `failed` commands were not acknowledged; of `lost` questions
    nobody was told anything. `cpu_ms` is CPU per question, by role."""

    name: str
    rate: float
    asked: int
    seconds: float
    answered_a_second: float
    acknowledged_ms: list[float | None]
    answered_ms: dict[str, list[float | None]]
    waiting: int
    drained_s: float | None
    told_to_wait: int
    busy: int
    failed: int
    lost: int
    sent_again: int
    refused: dict[str, int]
    limited: int
    cpu_ms: dict[str, float]
    cpu_share: dict[str, float]
    late_ms: float | None
    more: dict[str, Any] = field(default_factory=dict)
    questions: list[Asked] = field(default_factory=list, repr=False)
    #: Those that were asked while it recovered.
    after: list[Asked] = field(default_factory=list, repr=False)

    def count_lost(self) -> None:
        """Count anew: what was not answered in time may have been answered since."""
        self.failed, self.lost = _failed_and_lost(self.questions)
        if self.after:
            self.more["lost_after"] = sum(_failed_and_lost(self.after))

    def as_dict(self) -> dict[str, Any]:
        return asdict(replace(self, questions=[], after=[]))


@dataclass(frozen=True, slots=True)
class _Ended:
    """What was used until the last question was sent, and when that was."""

    cpu: dict[str, float]
    seconds: float
    at: float


@dataclass
class Load:
    """A generator: questions of `mix` to whatever `slack` sends to."""

    slack: SlackSide
    mix: Mix
    roles: Callable[[], Roles]
    seed: int = 1
    #: Seconds that answers are waited for after the last question.
    patience: float = 300.0

    async def closed(self, askers: int, seconds: float, name: str = "closed") -> Figures:
        """So many askers, each of whom asks again when answered: what the app can do."""
        asked: list[Asked] = []
        usage, limited = Usage(self.roles), self.slack.limited
        until = time.monotonic() + seconds

        async def use() -> None:
            while time.monotonic() < until:
                one = self.slack.ask(self.mix.next())
                asked.append(one)
                try:
                    await asyncio.wait_for(one.posted.wait(), _GIVEN_UP)
                except TimeoutError:
                    continue
                if one.busy:  # Whoever is told to wait does.
                    await asyncio.sleep(1.0)

        using = asyncio.gather(*(use() for _ in range(askers)))
        await asyncio.sleep(seconds)
        used = _ended(usage)
        await using
        return await self._figures(name, 0.0, asked, used, limited)

    async def steady(self, rate: float, seconds: float, name: str = "steady") -> Figures:
        """`rate` questions a second at random moments (a Poisson process), whatever is answered."""
        asked: list[Asked] = []
        usage, limited = Usage(self.roles), self.slack.limited
        await self._ask_at(rate, seconds, asked)
        return await self._figures(name, rate, asked, _ended(usage), limited)

    async def twice(self, rate: float, seconds: float, usual: Figures) -> Figures:
        """Twice `rate`, then half of it until the app has recovered: `more` says after how many
        seconds all questions of the rush had an answer, and after how many new ones were answered
        as quickly as in `usual` (95% of five seconds within twice its 99th percentile)."""
        rush: list[Asked] = []
        usage, limited = Usage(self.roles), self.slack.limited
        await self._ask_at(2 * rate, seconds, rush)
        used = _ended(usage)
        ended, waiting = used.at, _waiting(rush)
        after: list[Asked] = []
        asking = asyncio.create_task(self._ask_at(rate / 2, self.patience, after))
        most = 2 * (usual.answered_ms["all"][1] or 1_000.0) / 1000
        recovered = drained = None
        while time.monotonic() < ended + self.patience:
            await asyncio.sleep(0.25)
            now = time.monotonic()
            if drained is None and not _waiting(rush):
                drained = now - ended
            due = [one for one in after if now - 5 - most <= one.due <= now - most]
            quick = [one for one in due if one.ended and _wait(one) <= most]
            if now - ended > 5 + most and due and len(quick) >= 0.95 * len(due):
                recovered = recovered or now - ended - 5 - most
                if drained is not None:
                    break
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        figures = await self._figures("twice", 2 * rate, rush, used, limited)
        figures.waiting, figures.drained_s = waiting, _rounded(drained)
        later = await self._figures("after", rate / 2, after, _ended(usage), limited)
        figures.more = {
            "recovered_s": _rounded(recovered),
            "asked_after": later.asked,
            "lost_after": later.lost + later.failed,
            "answered_after_ms": later.answered_ms.get("all"),
        }
        figures.after = after
        return figures

    async def _ask_at(self, rate: float, seconds: float, asked: list[Asked]) -> None:
        draw = random.Random(self.seed)
        begun = due = time.monotonic()
        while (due := due + draw.expovariate(rate)) < begun + seconds:
            if (pause := due - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            one = self.slack.ask(self.mix.next(), due)
            asked.append(one)
            if draw.random() < _SENT_AGAIN and not _command(one):
                loop = asyncio.get_running_loop()
                loop.call_later(1.0, self.slack.send_again, one)
        if (rest := begun + seconds - time.monotonic()) > 0:
            await asyncio.sleep(rest)

    async def _figures(
        self,
        name: str,
        rate: float,
        asked: Sequence[Asked],
        used: _Ended,
        limited: int,
    ) -> Figures:
        waiting = _waiting(asked)
        while _waiting(asked) and time.monotonic() < used.at + self.patience:
            await asyncio.sleep(0.05)
        drained = None if _waiting(asked) else time.monotonic() - used.at
        cpu, seconds = used.cpu, used.seconds
        answered = [one for one in asked if one.first_post is not None]
        done = sum(1 for one in answered if (one.first_post or 0.0) <= used.at)
        kinds = sorted({one.kind for one in asked})
        by_kind: dict[str, list[float]] = {
            kind: [_wait(one) for one in answered if one.kind == kind] for kind in kinds
        }
        waits = [_wait(one) for one in answered]
        by_kind = {"all": waits, "searches": searches(by_kind), **by_kind}
        acknowledged = [one.acknowledged - one.due for one in asked if one.acknowledged]
        late = [one.sent - one.due for one in asked if one.sent is not None]
        return Figures(
            name=name,
            rate=round(rate, 2),
            asked=len(asked),
            seconds=round(seconds, 2),
            answered_a_second=round(done / seconds, 2),
            acknowledged_ms=milliseconds(acknowledged, 50, 99, 100),
            answered_ms={
                kind: milliseconds(values, 50, 99, 100)
                for kind, values in by_kind.items()
                if values or kind == "all"
            },
            waiting=waiting,
            drained_s=_rounded(drained),
            told_to_wait=sum(one.told_to_wait for one in asked),
            busy=sum(one.busy for one in asked),
            failed=_failed_and_lost(asked)[0],
            lost=_failed_and_lost(asked)[1],
            sent_again=sum(one.again for one in asked),
            refused=dict(Counter(why for one in asked for why in one.refused)),
            limited=self.slack.limited - limited,
            cpu_ms={r: round(1000 * s / max(1, done), 2) for r, s in cpu.items()},
            cpu_share={r: round(s / seconds, 3) for r, s in cpu.items()},
            late_ms=_ms(percentile(late, 99)) if late else None,
            questions=list(asked),
        )


def _ended(usage: Usage) -> _Ended:
    cpu, seconds = usage.so_far()
    return _Ended(cpu, seconds, time.monotonic())


def searches(by_kind: dict[str, list[float]]) -> list[float]:
    """Of all kinds that take a search; checks of codes and denials take look-ups."""
    kinds = (kind for kind in by_kind if kind not in ("verdict", "denial"))
    return [wait for kind in kinds for wait in by_kind[kind]]


def _waiting(asked: Iterable[Asked]) -> int:
    return sum(1 for one in asked if not one.ended)


def _wait(one: Asked) -> float:
    """Seconds until the answer, or until now."""
    return (one.first_post or time.monotonic()) - one.due


def _failed_and_lost(asked: Iterable[Asked]) -> tuple[int, int]:
    silent = [one for one in asked if one.first_post is None and not one.busy]
    failed = sum(one.gone and _command(one) for one in silent)
    return failed, len(silent) - failed


def _command(one: Asked) -> bool:
    """Slack sends a command once, and tells the asker when it was not acknowledged."""
    return one.question.surface == "slash"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
