BEGIN TRANSACTION;
CREATE TABLE codes (
    release text not null references releases(key), code text not null, title text not null,
    billable integer not null, parent text, section text, stem text not null,
    position integer not null, title_from text,
    primary key (release, code)
) without rowid;
INSERT INTO "codes" VALUES('icd10cm/FY2026','I10','Essential (primary) hypertension',1,NULL,NULL,'I10',1,NULL);
CREATE TABLE divisions (
    release text not null references releases(key), id text not null, kind text not null,
    title text not null, parent text,
    primary key (release, kind, id)
) without rowid;
CREATE TABLE note_codes (
    note integer not null references notes(id), first text not null, last text not null,
    as_published text not null
);
CREATE TABLE notes (
    id integer primary key, release text not null references releases(key), kind text not null,
    owner_kind text not null, owner text not null, "group" integer not null, mark text,
    text text not null
);
CREATE TABLE release_files (
    release text not null references releases(key), name text not null, sha256 text not null,
    primary key (release, name)
);
INSERT INTO "release_files" VALUES('icd10cm/FY2026','order.txt','0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE releases (
    key text primary key, system text not null, label text not null,
    effective_from text not null, effective_through text not null, serves_from text,
    source text not null, has_notes integer not null, loaded_at text not null
);
INSERT INTO "releases" VALUES('icd10cm/FY2026','icd10cm','FY2026','2025-10-01','2026-10-01',NULL,'imported order.txt',0,'2026-12-01T03:58:13+00:00');
CREATE TABLE terms (
    release text not null references releases(key), code text not null, text text not null,
    kind text not null
);
CREATE INDEX codes_by_code on codes (code);
CREATE INDEX notes_by_owner on notes (release, owner_kind, owner);
CREATE INDEX note_codes_by_note on note_codes (note);
CREATE INDEX terms_by_code on terms (release, code);
COMMIT;
pragma user_version = 1;
