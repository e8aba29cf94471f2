BEGIN TRANSACTION;
CREATE TABLE books (
    key text primary key, kind text not null, system text not null, label text not null,
    setting text, part text, effective_from text not null, effective_through text not null,
    source text not null, loaded_at text not null
);
CREATE TABLE codes (
    release text not null references releases(key), code text not null, title text not null,
    billable integer not null, parent text, section text, stem text not null,
    position integer not null, title_from text, effective_from text, effective_through text,
    primary key (release, code)
) without rowid;
INSERT INTO "codes" VALUES('icd10cm/FY2026','I10','Essential (primary) hypertension',1,NULL,NULL,'I10',0,NULL,NULL,NULL);
CREATE TABLE definitions (source text not null, "section", "position", "axis", "value", "definition", "explanation", "includes");
CREATE TABLE divisions (
    release text not null references releases(key), id text not null, kind text not null,
    title text not null, parent text,
    primary key (release, kind, id)
) without rowid;
CREATE TABLE files (
    key text not null, name text not null, sha256 text not null,
    primary key (key, name)
);
INSERT INTO "files" VALUES('icd10cm/FY2026','order.txt','0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE guidelines (source text not null, "section", "title", "text", "page", "release", "codes");
CREATE TABLE indicators (source text not null, "code", "short_title", "coverage", "pricing", "multiple_pricing", "betos", "types_of_service", "action", "statute", "cross_references");
CREATE TABLE key_words (source text not null, "text", "use");
CREATE TABLE mappings (source text not null, "direction", "source_code", "target", "approximate", "combination", "scenario", "choice");
CREATE TABLE modifiers (source text not null, "code", "title", "added", "terminated");
CREATE TABLE note_codes (
    note integer not null references notes(id), first text not null, last text not null,
    as_published text not null
);
CREATE TABLE notes (
    id integer primary key, release text not null references releases(key), kind text not null,
    owner_kind text not null, owner text not null, "group" integer not null, mark text,
    text text not null
);
CREATE TABLE pair_edits (source text not null, "column1", "column2", "effective_from", "deleted", "modifier", "rationale");
CREATE TABLE places (source text not null, "code", "name", "description", "facility");
CREATE TABLE products (source text not null, "code", "ndc", "name", "labeler", "dosage", "package_size", "package_quantity", "units", "units_per_package");
CREATE TABLE releases (
    key text primary key, system text not null, label text not null,
    effective_from text not null, effective_through text not null, serves_from text,
    source text not null, has_notes integer not null, loaded_at text not null
);
INSERT INTO "releases" VALUES('icd10cm/FY2026','icd10cm','FY2026','2025-10-01','2026-10-01',NULL,'imported order.txt',0,'2026-12-01T03:58:17+00:00');
CREATE TABLE replacements (source text not null, "code", "effective", "previous");
CREATE TABLE table_rows (source text not null, "table", "row", "position", "axis", "values");
CREATE TABLE terms (source text not null, "code", "text", "kind", "release", "column", "needs_more", "second", "via");
CREATE TABLE units_edits (source text not null, "code", "units", "adjudication", "rationale");
CREATE INDEX codes_by_code on codes (code);
CREATE INDEX notes_by_owner on notes (release, owner_kind, owner);
CREATE INDEX note_codes_by_note on note_codes (note);
CREATE INDEX terms_by_code on terms (source, "code");
CREATE INDEX guidelines_by_section on guidelines (source, "section");
CREATE INDEX pair_edits_by_column1 on pair_edits (source, "column1");
CREATE INDEX pair_edits_by_column2 on pair_edits (source, "column2");
CREATE INDEX units_edits_by_code on units_edits (source, "code");
CREATE INDEX places_by_code on places (source, "code");
CREATE INDEX replacements_by_previous on replacements (source, "previous");
CREATE INDEX mappings_by_source_code on mappings (source, "source_code");
CREATE INDEX products_by_code on products (source, "code");
CREATE INDEX products_by_ndc on products (source, "ndc");
CREATE INDEX table_rows_by_table on table_rows (source, "table");
CREATE INDEX definitions_by_section on definitions (source, "section");
CREATE INDEX key_words_by_text on key_words (source, "text");
CREATE INDEX modifiers_by_code on modifiers (source, "code");
CREATE INDEX indicators_by_code on indicators (source, "code");
COMMIT;
pragma user_version = 2;
