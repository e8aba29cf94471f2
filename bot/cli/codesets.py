"""`codedesk codesets …`: what is loaded, and loading more."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.inbox import inbox
from bot.cli.shared import JSON_LINES, SYSTEM, echo_json, echo_text, progress, screen
from bot.desk import edition_changes
from bot.messages import message
from bot.settings import Settings
from bot.setup import index_again
from bot.views.checklist import short_line
from bot.views.terminal.changes import as_text
from codesets.loading.checklist import checklist
from codesets.lookups import edition_diff
from codesets.model import SYSTEM_NAMES, CodesetError, Reference, Release
from codesets.store.code_store import CodeStore


@click.group()
def codesets() -> None:
    """The code sets that are loaded."""


codesets.add_command(inbox)


@codesets.command("list")
@JSON_LINES
@click.pass_obj
def codesets_list(settings: Settings, as_json: bool) -> None:
    """What is loaded, from where, and for which dates."""
    if not settings.codes_db.exists():
        raise CodesetError(message("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        if as_json:
            echo_json(*(_as_dict(r, r.label, store.counts(r)) for r in store.releases()))
            echo_json(
                *(
                    _as_dict(r, r.name, {"entries": store.references.count(r)}, kind=r.kind)
                    for r in _references(store)
                )
            )
            return
        for release in store.releases():
            counts = store.counts(release)
            named = f"{SYSTEM_NAMES[release.system]} {release.label}"
            if release.system == "icd11":
                echo_text(message("icd11.listed", release=named, count=counts["codes"]))
                _echo_source(release)
                continue
            echo_text(
                f"{named}: {release.effective_from} through {release.effective_through}; "
                f"{counts['codes']:,} codes and headers, {counts['billable']:,} billable, "
                f"{counts['notes']:,} notes, {counts['terms']:,} inclusion terms"
            )
            _echo_source(release)
        for reference in _references(store):
            count = store.references.count(reference)
            echo_text(f"{reference.name}: {reference.dates}; {count:,} entries")
            _echo_source(reference)
        if short := short_line(checklist(store, dt.date.today())):
            echo_text(short)
    finally:
        store.close()


def _references(store: CodeStore) -> list[Reference]:
    return sorted(store.references.all(), key=lambda reference: reference.key)


def _as_dict(
    loaded: Release | Reference, name: str, counts: dict[str, int], kind: str = "codes"
) -> dict[str, Any]:
    return {
        "kind": kind,
        "system": loaded.system,
        "edition": loaded.label,
        "name": name,
        "from": loaded.effective_from,
        "through": loaded.effective_through,
        **counts,
        "source": loaded.source,
        "loaded_at": loaded.loaded_at,
        "files": [{"name": file.name, "sha256": file.sha256} for file in loaded.files],
    }


def _echo_source(loaded: Release | Reference) -> None:
    echo_text(f"  from {loaded.source}, loaded {loaded.loaded_at}")
    for file in loaded.files:
        echo_text(f"  {file.name}  sha256 {file.sha256}")


@codesets.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--release",
    "label",
    metavar="LABEL",
    help="Which edition it is, where its name does not say: FY2027, FY2026-April, 2026-January, "
    "2026.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Load a list that is not whole all the same: it replaces its edition, and the codes that "
    "it lacks will be unknown.",
)
@click.option("--no-index", is_flag=True, help="Leave the index as it is; build it later.")
@click.pass_obj
def codesets_import(
    settings: Settings, files: tuple[Path, ...], label: str | None, partial: bool, no_index: bool
) -> None:
    """Load official files that you have, as they are or in the zips they were published in.

    \b
    ICD-10-CM       order file or code descriptions file, Tabular XML (with or after its order
                    file), Index, External Cause Index, Table of Neoplasms, Table of Drugs,
                    conversion table, Official Guidelines (PDF), GEMs (CDC, CMS); addenda check
                    the lists
    ICD-10-PCS      order file or codes file, Tables, Index, Definitions, Guidelines (CMS)
    HCPCS Level II  quarterly file or its spreadsheet, ASP NDC-HCPCS crosswalk, Part B payment
                    limits (CMS)
    NCCI            procedure-to-procedure edits, medically unlikely edits (CMS)
    Inpatient       Tables 5, 6I, 6J, 6K of the IPPS final rule, POA exempt list, Appendix I of the
                    MS-DRG Definitions Manual (CMS), lists of the Medicare Code Editor
    Risk            mappings to HCCs: format files (CMS), and tables with labels and hierarchies
    CPT             tab-delimited descriptors, with your licence (AMA)
    ICD-11          simple tabulation of the MMS, maps with ICD-10 (WHO)
    Coverage        billing articles, LCDs and NCDs of the Medicare Coverage Database (CMS)
    Own rules       a table of house and payer policies (.csv, .xlsx)
    Other           place of service codes (CMS)

    The type of a file is recognised by its content, its edition by its content or name. An edition
    that is loaded already is replaced. Of a folder or a zip, every file is loaded, or left out with
    a sentence that says what it is; none stops the others. With several files, --release is for
    those that tell no edition.

    A list that is not whole is not loaded without --partial. It is not whole when its last line
    breaks off, or when it has a tenth fewer codes than the same edition or the one beside it.

    Exit code: 0 when every file was loaded, 1 when some were left out, 2 when nothing was loaded.
    The descriptions that come with a list in its zip do not count. The last line sums up.
    """
    from codesets.loading import importer

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = CodeStore(settings.codes_db)
    try:
        done = importer.import_files(store, files, label, progress, partial=partial)
        progress(done.summary)
        if done.loaded:
            index_again(store, settings, progress, build=not no_index)
    finally:
        store.close()
    if done.not_whole and not done.loaded:
        sys.exit(2)
    if done.left_out or done.not_whole:
        sys.exit(1)


@codesets.command("sync")
@click.option("--only", "only", multiple=True, metavar="NAME", help="Only this series or edition.")
@click.option("--no-index", is_flag=True, help="Leave the index as it is; build it later.")
@click.pass_obj
def codesets_sync(settings: Settings, only: tuple[str, ...], no_index: bool) -> None:
    """Fetch the current official files from CDC and CMS, and load what is new.

    Nothing is fetched twice. A file that cannot be fetched or read leaves what is loaded as it is.
    The addresses are from public sources and none has been tried: if one has moved, the message
    names its page. Files with CPT codes are never fetched: you must accept their terms.

    Exit code: 0, or 1 when a file was not loaded.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = CodeStore(settings.codes_db)
    try:
        from codesets.loading import sync

        report = sync.sync(store, settings.downloads, say=progress, only=only)
        if report.loaded:
            index_again(store, settings, progress, build=not no_index)
    finally:
        store.close()
    if report.problems:
        sys.exit(1)


@codesets.command("diff")
@click.argument("before")
@click.argument("after")
@click.option("--system", "system", type=SYSTEM, help="Only this code system.")
@click.option("--about", default="", metavar="WORDS", help="Only codes whose titles say these.")
@JSON_LINES
@click.pass_obj
def codesets_diff(
    settings: Settings, before: str, after: str, system: str | None, about: str, as_json: bool
) -> None:
    """What changed from one edition to another: codesets diff FY2024 FY2026-April."""
    if not settings.codes_db.exists():
        raise CodesetError(message("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        for earlier, later in edition_diff.releases_named(store, before, after, system):
            changes = edition_changes.compared(store, earlier, later, about, most=None)
            if as_json:
                echo_json(asdict(changes))
            else:
                click.echo(as_text(changes, screen()))
    finally:
        store.close()
