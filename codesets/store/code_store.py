"""The code systems in codes.db, with any number of releases of each.

A release is loaded in one transaction, so an error changes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import msgspec
from sqlite_utils import Database

from codesets.model import (
    DATED_SYSTEMS,
    SYSTEM_NAMES,
    US_SYSTEMS,
    Code,
    CodeRange,
    Division,
    Note,
    OwnDates,
    Reference,
    Release,
    ReleaseData,
    ReleaseUnavailable,
    System,
)
from codesets.store import row_tables
from codesets.store.database import CodesDatabase
from codesets.store.kept import Kept
from codesets.store.reference_store import ReferenceStore
from codesets.store.searched import searched_sha256

#: The dates of a code for which no loaded release has any.
_NO_DATES = OwnDates()
#: Reads the codes of a note, which the query for notes gives as JSON.
_RANGES = msgspec.json.Decoder(tuple[CodeRange, ...])
#: The columns of a code, in the order in which `_code` takes them.
_CODE = "codes.code, title, billable, parent, section, stem, codes.position, title_from"
#: Codes, with all that stand above them. Lists are one parameter, as JSON, so that each statement
#: is prepared once, however many codes it is for.
_WITH_ABOVE = f"""
with recursive wanted (code) as (
    select value from json_each(:codes)
    union
    select parent from codes join wanted on codes.code = wanted.code
    where codes.release = :release and parent is not null
)
select {_CODE} from codes where release = :release and code in (select code from wanted)
"""
_BELOW = f"""
select stems.header, {_CODE} from (
    select json_extract(value, '$[0]') as header, json_extract(value, '$[1]') as prefix
    from json_each(:stems)
) as stems cross join codes
on release = :release and codes.code > header and codes.code < prefix || '~' and billable
order by header, codes.position
"""
_NOTES = """
select kind, text, owner_kind, owner, "group", mark, (
    select json_group_array(json_array(first, last, as_published))
    from note_codes where note = notes.id
) from notes where release = :release and owner_kind = :kind
and owner in (select value from json_each(:owners)) order by id
"""
_FILES_NOW = """
select key, name, sha256 from files where key in (select value from json_each(?))
"""
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ReleaseMatch:
    """The release that answers for a date, and how well it fits.

    `in_force`: its published dates include the date. `served`: they do not, but its code list is
    known to be valid on the date (`Release.serves_from`). `nearest`: no loaded release covers the
    date, and this one is the nearest.
    """

    release: Release
    fit: Literal["in_force", "served", "nearest"]


class Span(NamedTuple):
    """How many codes and headers a range has, and how many of them are billable."""

    codes: int
    billable: int


class CodeStore:
    """Loads and reads codes.db. Safe to share between threads: each has its own connection.

    What is derived from the stored rows (inherited notes, chapters, suggestions for a code that
    does not exist) is in codesets/lookups.
    """

    def __init__(self, path: Path) -> None:
        """Raises CodesetError when the file was written by another version."""
        self.path = path
        self._database = CodesDatabase(path)
        self.references = ReferenceStore(self._database)
        # Cached, because every question reads them; `load` clears the caches.
        self._releases = lru_cache(maxsize=1)(self._read_releases)
        self._divisions = lru_cache(maxsize=8)(self._read_divisions)
        self._own_dates = lru_cache(maxsize=8)(self._read_own_dates)
        self._code: Kept[Code | None] = Kept(16384)
        self._below: Kept[tuple[Code, ...]] = Kept(8192)
        # By owner, because the codes of a chapter share most of their notes.
        self._notes_under = {
            kind: Kept[tuple[Note, ...]](8192) for kind in ("code", "section", "chapter")
        }

    @property
    def _db(self) -> Database:
        return self._database.db

    def close(self) -> None:
        self._database.close()

    # Loading

    def load(self, data: ReleaseData) -> None:
        """Store a release, replacing it if it was loaded before."""
        release = data.release
        key = release.key
        with self._database.writing() as db:
            self._forget(key)
            db.table("releases").insert(
                {
                    "key": key,
                    "system": release.system,
                    "label": release.label,
                    "effective_from": release.effective_from.isoformat(),
                    "effective_through": release.effective_through.isoformat(),
                    "serves_from": release.serves_from and release.serves_from.isoformat(),
                    "source": release.source,
                    "has_notes": int(release.has_notes),
                    "loaded_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                }
            )
            db.table("files").insert_all(
                {"key": key, "name": file.name, "sha256": file.sha256} for file in release.files
            )
            _insert(
                db,
                "codes",
                "release code title billable parent section stem position title_from "
                "effective_from effective_through",
                (
                    (
                        key,
                        code.code,
                        code.title,
                        code.billable,
                        code.parent,
                        code.section,
                        code.stem,
                        code.position,
                        code.title_from,
                        _iso(code.effective_from),
                        _iso(code.effective_through),
                    )
                    for code in data.codes
                ),
            )
            _insert(
                db,
                "divisions",
                "release id kind title parent",
                ((key, d.id, d.kind, d.title, d.parent) for d in data.divisions),
            )
            first_id = db.execute("select coalesce(max(id), 0) + 1 from notes").fetchone()[0]
            numbered = list(enumerate(data.notes, first_id))
            _insert(
                db,
                "notes",
                'id release kind owner_kind owner "group" mark text',
                (
                    (number, key, n.kind, n.owner_kind, n.owner, n.group, n.mark, n.text)
                    for number, n in numbered
                ),
            )
            _insert(
                db,
                "note_codes",
                "note first last as_published",
                (
                    (number, named.first, named.last, named.as_published)
                    for number, note in numbered
                    for named in note.codes
                ),
            )
            row_tables.save(db, key, data.rows)
        for cache in (self._releases, self._divisions, self._own_dates):
            cache.cache_clear()
        self._code.clear()
        self._below.clear()
        for kept in self._notes_under.values():
            kept.clear()

    def _forget(self, key: str) -> None:
        self._db.execute(
            "delete from note_codes where note in (select id from notes where release = ?)", [key]
        )
        row_tables.forget(self._db, key)
        for table in ("notes", "divisions", "codes"):
            self._db.execute(f"delete from {table} where release = ?", [key])
        for table in ("files", "releases"):
            self._db.execute(f"delete from {table} where key = ?", [key])

    # Releases and dates

    def _read_releases(self) -> tuple[Release, ...]:
        if not self._database.is_made:
            return ()
        files = row_tables.files(self._db)
        releases = [
            msgspec.convert(row | {"files": files.get(row["key"], ())}, Release, strict=False)
            for row in self._db["releases"].rows_where(order_by="system, effective_from")
        ]
        return tuple(_cut_short(release, releases) for release in releases)

    def releases(self, system: str | None = None) -> list[Release]:
        """The loaded releases of a system (None: of all), oldest first."""
        return [r for r in self._releases() if system in (None, r.system)]

    @property
    def systems(self) -> list[System]:
        """The systems of US claims of which a release is loaded, in their order."""
        return [system for system in self.all_systems if system in US_SYSTEMS]

    @property
    def all_systems(self) -> list[System]:
        """All systems of which a release is loaded, ICD-11 among them."""
        loaded = {release.system for release in self._releases()}
        return [system for system in get_args(System) if system in loaded]

    def for_date(self, system: str, day: dt.date) -> ReleaseMatch:
        """The release of `system` in force on `day`, else the nearest one.

        Raises ReleaseUnavailable when no release of the system is loaded.
        """
        loaded = self.releases(system)
        if not loaded:
            raise ReleaseUnavailable(f"{SYSTEM_NAMES[system]} is not loaded.")
        in_force = [r for r in loaded if r.effective_from <= day <= r.effective_through]
        if in_force:
            return ReleaseMatch(max(in_force, key=lambda r: r.effective_from), "in_force")
        nearest = min(reversed(loaded), key=lambda r: r.days_away(day))
        return ReleaseMatch(nearest, "served" if nearest.days_away(day) == 0 else "nearest")

    def state(self) -> str:
        """All that is loaded, as this store has read it, as one SHA-256 in hexadecimal. A store
        that is opened later, after something was loaded by any process, has another."""
        sources: list[Release | Reference] = [*self._releases(), *self.references.all()]
        rows = sorted(
            (source.key, source.loaded_at, *(file.sha256 for file in source.files))
            for source in sources
        )
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()

    def replaced(self, keys: Collection[str]) -> dict[str, dict[str, str]]:
        """Of these releases and references those that were loaded again since this store read what
        is loaded, from other files: the SHA-256 of each of these, by its name. Their rows are read
        anew, but for those that this store keeps in memory."""
        rows = self._db.execute(_FILES_NOW, [_json(keys)])
        now: dict[str, dict[str, str]] = {}
        for key, name, sha256 in rows:
            now.setdefault(key, {})[name] = sha256
        known: list[Release | Reference] = [*self._releases(), *self.references.all()]
        before = {source.key: {f.name: f.sha256 for f in source.files} for source in known}
        return {key: files for key, files in now.items() if before.get(key) != files}

    # Codes

    def get(self, release: Release, code: str) -> Code | None:
        """The code of a release; None when it does not have it."""
        kept = self._code.of(release)
        if code in kept:
            return kept[code]
        found = next(self._codes(release, "code = ?", code), None)
        self._code.keep(release, {code: found})
        return found

    def get_many(self, release: Release, codes: Collection[str]) -> dict[str, Code]:
        """Those of `codes` that a release has, by code."""
        found = self._codes(release, "code in (select value from json_each(?))", _json(codes))
        return {code.code: code for code in found}

    def prepare(self, release: Release, codes: Collection[str]) -> None:
        """Read codes and all that stand above them in one statement, so that `get` and `ancestors`
        of each need none."""
        if lacking := self._code.lacking(release, codes):
            rows = self._db.execute(_WITH_ABOVE, {"release": release.key, "codes": _json(lacking)})
            found: dict[str, Code | None] = dict.fromkeys(lacking)
            found |= {code.code: code for code in self._made(release, rows)}
            self._code.keep(release, found)

    def prepare_families(self, release: Release, stems: Collection[str]) -> None:
        """The same for the codes under those of `stems` that are not billable, which `completions`
        gives."""
        self.prepare(release, stems)
        known = self._code.of(release)
        headers = [stem for stem in stems if not ((code := known.get(stem)) and code.billable)]
        if lacking := self._below.lacking(release, headers):
            self._read_below(release, lacking)

    def releases_with(self, system: str, code: str) -> list[Release]:
        """Loaded releases of `system` that have `code`, oldest first."""
        keys = {
            key for (key,) in self._db.execute("select release from codes where code = ?", [code])
        }
        return [release for release in self.releases(system) if release.key in keys]

    def own_dates(self, system: str, code: str) -> OwnDates:
        """A code's own first and last day, combined from all loaded releases of its system."""
        return self._own_dates(system).get(code, _NO_DATES)

    def _read_own_dates(self, system: str) -> dict[str, OwnDates]:
        dates: dict[str, OwnDates] = {}
        for release in self.releases(system) if system in DATED_SYSTEMS else ():
            # Action code R: "Re-activate discontinued/deleted procedure or modifier code".
            rows = self._db.execute(
                """
                select codes.code, effective_from, effective_through, coalesce(action, '') = 'R'
                from codes
                left join indicators on source = codes.release and indicators.code = codes.code
                where codes.release = ?
                """,
                [release.key],
            )
            for code, first, last, reactivated in rows:
                dates[code] = dates.get(code, _NO_DATES).updated_by(
                    release.label, _date(first), _date(last), reactivated=bool(reactivated)
                )
        return dates

    def codes(self, release: Release) -> Iterator[Code]:
        """Every code and header of a release, in published order."""
        yield from self._codes(release, "1 order by position")

    def rows(self, kind: type[R], release: Release, /, **equal: Any) -> Iterator[R]:
        """The rows of one kind (inclusion terms, HCPCS modifiers and indicators) of a release, in
        published order. `equal` are fields, and the value or list of values that they must have."""
        return row_tables.read(self._db, kind, release.key, **equal)

    def includes(self, release: Release) -> Iterator[tuple[str, str]]:
        """(code, text) of every Includes note that is printed under a code."""
        yield from self._db.execute(
            "select owner, text from notes"
            " where release = ? and kind = 'includes' and owner_kind = 'code'",
            [release.key],
        )

    def differing(self, before: Release, after: Release) -> list[str]:
        """The codes that may differ between two releases: those that only one of them has in force
        on its first day, those whose title or `billable` differs, and those whose own dates begin
        or end in between. Each code comes once."""
        rows = self._db.execute(
            """
            with old as (
                select * from codes where release = :before
                and coalesce(effective_from, :old_day) <= :old_day
                and coalesce(effective_through, :old_day) >= :old_day
            ), new as (
                select * from codes where release = :after
                and coalesce(effective_from, :new_day) <= :new_day
                and coalesce(effective_through, :new_day) >= :new_day
            )
            select code from new where code not in (select code from old)
            union all select code from old where code not in (select code from new)
            union all select code from old join new using (code)
                where old.title <> new.title or old.billable <> new.billable
            """,
            {
                "before": before.key,
                "after": after.key,
                "old_day": before.effective_from.isoformat(),
                "new_day": after.effective_from.isoformat(),
            },
        )
        changed = [code for (code,) in rows]
        # Where both list a code, a third release may have the date on which it began or ended.
        days = range(before.effective_from.toordinal(), after.effective_from.toordinal())
        dated = [
            code
            for code, own in self._own_dates(after.system).items()
            if (own.last and own.last.toordinal() in days)
            or (own.first and own.first.toordinal() - 1 in days)
        ]
        return list(dict.fromkeys([*changed, *dated]))

    def titles(self, release: Release) -> dict[str, str]:
        """The titles of the billable codes of a release, by code."""
        return dict(
            self._db.execute(
                "select code, title from codes where release = ? and billable", [release.key]
            )
        )

    def completions(self, release: Release, code: str, limit: int | None = None) -> list[Code]:
        """The billable codes under a header, or with an ICD-10-PCS stem, in published order, at
        most `limit`; [] for a billable code."""
        kept = self._below.of(release)
        if code in kept:
            return list(kept[code][:limit])
        if limit is not None:
            return list(
                self._codes(
                    release,
                    "code > ? and code < ? and billable order by position limit ?",
                    code,
                    _prefix(release, code) + "~",
                    limit,
                )
            )
        return list(self._read_below(release, [code])[code])

    def _read_below(
        self, release: Release, headers: Collection[str]
    ) -> dict[str, tuple[Code, ...]]:
        """What `completions` gives for each of these headers; kept."""
        stems = _json([(header, _prefix(release, header)) for header in headers])
        by_header: dict[str, list[tuple]] = {header: [] for header in headers}
        for header, *row in self._db.execute(_BELOW, {"release": release.key, "stems": stems}):
            by_header[header].append(tuple(row))
        found = {header: tuple(self._made(release, rows)) for header, rows in by_header.items()}
        self._below.keep(release, found)
        return found

    def children(self, release: Release, code: str) -> list[Code]:
        """The codes and headers right under a header, in published order."""
        return list(
            self._codes(
                release,
                "code > ? and code < ? and parent = ? order by position",
                code,
                _prefix(release, code) + "~",
                code,
            )
        )

    def page(
        self, release: Release, offset: int, count: int, under: str = ""
    ) -> tuple[int, list[Code]]:
        """How many codes and headers a release has, and `count` of them from place `offset` on, in
        published order. `under`: a header; then itself and what stands under it."""
        where, params = "true", []
        if under:
            where = "(code = ? or (code > ? and code < ?))"
            params = [under, under, _prefix(release, under) + "~"]
        row = self._db.execute(
            f"select count(*) from codes where release = ? and {where}", [release.key, *params]
        ).fetchone()
        codes = self._codes(
            release, f"{where} order by position limit ? offset ?", *params, count, offset
        )
        return row[0], list(codes)

    def span(self, release: Release, first: str, last: str) -> Span:
        """How many codes a range has. Both ends include everything under them."""
        row = self._db.execute(
            "select count(*), coalesce(sum(billable), 0) from codes "
            "where release = ? and code >= ? and code < ?",
            [release.key, first, last + "~"],
        ).fetchone()
        return Span(*row)

    def at_level(self, release: Release, first: str, last: str) -> list[Code]:
        """The codes of a range that are as long as its first end, and both ends, in published
        order."""
        return list(
            self._codes(
                release,
                "code >= ? and code <= ? and (length(code) = ? or code = ?) order by position",
                first,
                last,
                len(first),
                last,
            )
        )

    def ancestors(self, release: Release, code: Code) -> list[Code]:
        """The codes above `code`, nearest first."""
        above: list[Code] = []
        name = code.parent
        if name is not None:
            self.prepare(release, [name])
        while name is not None and (parent := self.get(release, name)) is not None:
            above.append(parent)
            name = parent.parent
        return above

    # Notes

    def notes_under(self, release: Release, owner_kind: str, owner: str) -> tuple[Note, ...]:
        """The notes that a release prints under a code, section or chapter, in order.

        What a code inherits is in codesets/lookups/inherited_notes.py.
        """
        kept = self._notes_under[owner_kind].of(release)
        if owner in kept:
            return kept[owner]
        return self._read_notes_under(release, owner_kind, [owner])[owner]

    def prepare_notes(self, release: Release, owners: Collection[str]) -> None:
        """Read the notes under these codes in one statement, so that `notes_under` of each needs
        none."""
        if lacking := self._notes_under["code"].lacking(release, owners):
            self._read_notes_under(release, "code", lacking)

    def divisions(self, release: Release) -> Mapping[tuple[str, str], Division]:
        """The chapters and sections of a release, by (kind, id)."""
        return self._divisions(release.key)

    def _read_divisions(self, key: str) -> Mapping[tuple[str, str], Division]:
        rows = self._db.execute(
            "select kind, id, title, parent from divisions where release = ?", [key]
        )
        return {(row[0], row[1]): Division(*row) for row in rows}

    def _read_notes_under(
        self, release: Release, owner_kind: str, owners: Collection[str]
    ) -> dict[str, tuple[Note, ...]]:
        """The notes under each of these owners of one kind; kept."""
        rows = self._db.execute(
            _NOTES, {"release": release.key, "kind": owner_kind, "owners": _json(owners)}
        )
        by_owner: dict[str, list[Note]] = {owner: [] for owner in owners}
        for kind, text, of_kind, name, group, mark, named in rows:
            codes = _RANGES.decode(named)
            note = Note(kind, text, of_kind, name, release.label, group, mark, codes)
            by_owner[name].append(note)
        found = {owner: tuple(notes) for owner, notes in by_owner.items()}
        self._notes_under[owner_kind].keep(release, found)
        return found

    def counts(self, release: Release) -> dict[str, int]:
        """The numbers of rows of a release: codes (headers included), billable, notes, terms."""
        row = next(
            self._db.query(
                """
                select (select count(*) from codes where release = :key) as codes,
                       (select count(*) from codes where release = :key and billable) as billable,
                       (select count(*) from notes where release = :key) as notes,
                       (select count(*) from terms where source = :key) as terms
                """,
                {"key": release.key},
            )
        )
        return dict(row)

    def searched_sha256(self) -> str:
        """The SHA-256 of all rows that an index is gathered from (codesets/store/searched.py)."""
        return searched_sha256(self._db)

    def groups(self, release: Release) -> dict[str, int]:
        """The number of codes and headers of a release by their first three characters."""
        return dict(
            self._db.execute(
                "select substr(code, 1, 3), count(*) from codes where release = ? group by 1",
                [release.key],
            )
        )

    def _codes(self, release: Release, where: str, *params: Any) -> Iterator[Code]:
        # Not by sqlite-utils' `query`, which makes a savepoint around each statement.
        rows = self._db.execute(
            f"select {_CODE} from codes where release = ? and {where}", [release.key, *params]
        )
        return self._made(release, rows)

    def _made(self, release: Release, rows: Iterable[tuple]) -> Iterator[Code]:
        """Codes of rows with the columns `_CODE`, with their own dates."""
        dates = self._own_dates(release.system)
        for code, title, billable, parent, section, stem, position, title_from in rows:
            own = dates.get(code, _NO_DATES)
            yield Code(
                release.system,
                release.label,
                code,
                title,
                bool(billable),
                parent,
                section,
                stem,
                position,
                title_from,
                own.first,
                own.last,
            )


def _json(values: Iterable[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _prefix(release: Release, code: str) -> str:
    # The codes under an ICD-10-CM category begin with it and a dot.
    return code if release.system != "icd10cm" or "." in code else code + "."


def _insert(db: Database, table: str, columns: str, rows: Iterator[tuple]) -> None:
    """Insert rows by executemany: the dictionaries of insert_all take a minute for 300,000 rows."""
    names = columns.split()
    db.conn.executemany(
        f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})", rows
    )


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _cut_short(release: Release, loaded: list[Release]) -> Release:
    """The release, which ends on the day before a loaded update begins: an October edition is
    published through 30 September, but that year's April edition replaces it on 1 April."""
    nexts = [
        other.effective_from
        for other in loaded
        if other.system == release.system
        and release.effective_from < other.effective_from <= release.effective_through
    ]
    if not nexts:
        return release
    return replace(release, effective_through=min(nexts) - dt.timedelta(days=1))
