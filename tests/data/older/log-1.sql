BEGIN TRANSACTION;
CREATE TABLE answers (
    question text primary key references questions(id), answered_at text not null,
    outcome text not null, as_of text not null, codes text not null, releases text not null,
    index_build text, latency_ms real not null, answer text not null
);
INSERT INTO "answers" VALUES('ba8292bc3b4e','2026-12-01T03:57:14.295+00:00','abstained','2024-03-05','[]','{}','build-1',7.5,'{"question": "htn, seen 2024-03-05", "as_of": "2024-03-05", "outcome": "abstained", "notices": ["for 2024-03-05"], "candidates": [], "guidelines": [], "verdicts": [], "pairs": [], "not_checked": [], "elapsed_ms": 0.0}');
INSERT INTO "answers" VALUES('37a299fa1872','2026-12-01T03:57:14.326+00:00','abstained','2026-05-01','[]','{}',NULL,3.5,'{"question": "dm", "as_of": "2026-05-01", "outcome": "abstained", "notices": [], "candidates": [], "guidelines": [], "verdicts": [], "pairs": [], "not_checked": [], "elapsed_ms": 0.0}');
CREATE TABLE deliveries (
    id integer primary key, question text not null references questions(id), at text not null,
    kind text not null, outcome text not null, detail text
);
INSERT INTO "deliveries" VALUES(1,'ba8292bc3b4e','2026-12-01T03:57:14.306+00:00','answer','delivered','1.3');
CREATE TABLE questions (
    id text primary key, asked_at text not null, surface text not null, team text, user text,
    channel text, thread text, event_id text unique, message_key text unique, text text not null,
    options text not null
);
INSERT INTO "questions" VALUES('ba8292bc3b4e','2026-12-01T03:57:14.286+00:00','mention','T1','U1','C1',NULL,'Ev1','T1/C1/1.2','htn, seen 2024-03-05','{"limit": 5}');
INSERT INTO "questions" VALUES('37a299fa1872','2026-12-01T03:57:14.320+00:00','cli',NULL,'ann',NULL,NULL,NULL,NULL,'dm','{}');
INSERT INTO "questions" VALUES('d88b0cf40b76','2026-12-01T03:57:14.341+00:00','dm',NULL,'U2',NULL,NULL,'Ev2',NULL,'copd','{}');
CREATE INDEX questions_by_time on questions (asked_at);
CREATE INDEX deliveries_by_question on deliveries (question);
COMMIT;
pragma user_version = 1;
