"""Fuzzes for as long as one wants: `make fuzz`, or

    python tests/fuzz/fuzz_run.py --minutes 10 [--only WORD] [--seed N] [--home HOME] [--atheris]

The targets run in turns, in a process of their own, until the time is over. A case that raises what
is not documented, takes more than 5 seconds of computing, or more than 1 GB of memory, is kept in
`.cache/fuzz` and printed; `--again FILE` runs it alone. Exit code: 1 when there is a finding.

With `--atheris` (`pip install atheris`) cases are chosen by which code they reach. Without it, each
is a change of a sample, or of an earlier case that raised no error.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests" / "support", ROOT / "tests" / "fuzz"):
    sys.path.insert(0, str(folder))

if "--atheris" in sys.argv:
    # Before anything of ours is imported, so that it is seen which code a case reaches.
    import atheris

    with atheris.instrument_imports(include=["bot", "codesets", "index"]):
        import fuzz_targets  # noqa: F401

from fuzz_mutation import mutated  # noqa: E402
from fuzz_targets import Target, makers  # noqa: E402

#: The most seconds of computing, of waiting, and bytes of memory that a case may take.
_SECONDS, _WAITING, _BYTES = 5, 90, 1024 * 1024 * 1024
_KEPT = ROOT / ".cache" / "fuzz"


class Hangs(BaseException):
    """A case takes more than its time. No `except Exception` catches it."""


def _ring(*_: object) -> None:
    raise Hangs


def limited() -> None:
    """Let no case take more than 1 GB beyond what is in use, nor more than 5 seconds."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _BYTES, used + _BYTES))
    signal.signal(signal.SIGALRM, _ring)
    signal.signal(signal.SIGPROF, _ring)


def tried(target: Target, data: bytes) -> str:
    """What is wrong with how a case ended; "" when nothing is."""
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    signal.alarm(_WAITING)
    try:
        target(data)
    except Hangs:
        return f"it takes more than {_SECONDS} seconds\n{traceback.format_exc(limit=-4)}"
    except MemoryError:
        return f"it takes more than {_BYTES >> 20} MB of memory\n{traceback.format_exc(limit=-4)}"
    except BaseException:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
    return ""


def keep(target: Target, data: bytes, wrong: str) -> bool:
    """Keep a finding, unless one with the same last lines is kept. Whether it is new."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    where = [line for line in wrong.splitlines() if line.startswith("  File")][-1:]
    name = hashlib.sha256("".join([target.name.split()[0], *where]).encode()).hexdigest()[:12]
    path = _KEPT / f"{target.name.replace(' ', '_').replace('/', '_')[:60]}.{name}"
    if any(_KEPT.glob(f"*.{name}")):
        return False
    path.write_bytes(data)
    print(f"FINDING in {target.name}, kept as {path.relative_to(ROOT)}\n{wrong}", flush=True)
    return True


def by_chance(target: Target, seed: int, seconds: float) -> tuple[int, int]:
    """The number of cases and of new findings."""
    random, cases, findings = Random(seed), 0, 0
    samples = list(target.samples)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        data = mutated(random.choice(samples), random)
        cases += 1
        if wrong := tried(target, data):
            findings += keep(target, data, wrong)
        elif random.random() < 0.02 and len(data) < 20_000:
            samples = [*samples[: len(target.samples)], *samples[len(target.samples) :][-20:], data]
    return cases, findings


def by_coverage(target: Target, seconds: float, seed: int) -> None:
    """Ends the process."""
    import atheris

    def change(data: bytes, most: int, number: int) -> bytes:
        random = Random(number)
        changed = mutated(data, random) if random.random() < 0.7 else atheris.Mutate(data, most)
        return changed[:most]

    def one(data: bytes) -> None:
        if wrong := tried(target, data):
            keep(target, data, wrong)

    corpus = _KEPT / "corpus" / target.name.replace(" ", "_")
    corpus.mkdir(parents=True, exist_ok=True)
    for sample in target.samples:
        (corpus / hashlib.sha256(sample).hexdigest()[:16]).write_bytes(sample)
    options = [
        f"-max_total_time={round(seconds)}",
        f"-seed={seed}",
        "-max_len=60000",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


def _child(options: argparse.Namespace) -> int:
    found = 0
    for name in options.target:
        target = makers(options.home)[name]()
        with target.held:
            for sample in target.samples:  # which loads what is loaded when it is first needed
                target(sample)
            if name == options.target[0]:
                limited()
            if options.again:
                wrong = tried(target, options.again.read_bytes())
                print(wrong or "nothing is wrong with it")
                return int(bool(wrong))
            if options.atheris:
                by_coverage(target, options.seconds, options.seed)
            cases, findings = by_chance(target, options.seed, options.seconds)
        print(f"{target.name}: {cases:,} cases, {findings} new findings", flush=True)
        found += findings
    return int(found > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=20, help="for each turn of a target")
    parser.add_argument("--only", default="", help="targets with this word in their name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="a home with an index: the real desk, too")
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--target", action="append", help=argparse.SUPPRESS)
    parser.add_argument("--again", type=Path, help="with --target NAME: this case alone")
    options = parser.parse_args()
    if options.target:
        return _child(options)
    names = [name for name in makers(options.home) if options.only in name]
    until, found, turn = time.monotonic() + options.minutes * 60, 0, 0
    seconds = min(options.seconds, options.minutes * 60 / max(1, len(names)))
    turns = [names] if not options.atheris else [[name] for name in names]
    while time.monotonic() < until and names:
        some = turns[turn % len(turns)]
        command = [sys.executable, __file__, f"--seed={options.seed + turn}"]
        command += [f"--seconds={seconds}", *(["--atheris"] if options.atheris else [])]
        command += ["--home", str(options.home)] if options.home else []
        command += [f"--target={name}" for name in some]
        ended = subprocess.run(command, env=os.environ, check=False).returncode
        if ended not in (0, 1):
            print(f"FINDING: the process of {some} ended with {ended}", flush=True)
        found += ended != 0
        turn += 1
    print(f"{turn} turns, {found} with findings")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
