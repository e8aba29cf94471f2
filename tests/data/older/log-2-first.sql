BEGIN TRANSACTION;
CREATE TABLE lifted (reason text not null) strict;
CREATE TABLE log (id text not null, created text not null) strict;
INSERT INTO "log" VALUES('fa43e693665ff45e','2026-12-01T03:59:35.496+00:00');
CREATE TABLE records (
    seq integer primary key, at text not null, kind text not null, subject text,
    body text not null, previous text not null, hash text not null, seal text
) strict;
INSERT INTO "records" VALUES(1,'2026-12-01T03:59:35.514+00:00','question','5d67f9bb36fe','{"channel":"C1","event_id":"Ev1","options":{},"removed":[],"surface":"mention","team":"T1","texts":{"text":"sha256:4ce216d389e53df455ebd97286aac0458440441bf0d58dc6a7e935bc05e6d347"},"user":"U1"}','sha256:385556e069ec9754c71bb4abd5baee52a531ef72b036d68b0c5447c60d6da2ec','sha256:4da1b35eb1586c8f931805c10b631f8060572d476e6f21f8d42502c8d4985c70',NULL);
INSERT INTO "records" VALUES(2,'2026-12-01T03:59:35.516+00:00','answer','5d67f9bb36fe','{"index_build":"build-1","latency_ms":7.5,"outcome":"abstained","releases":{},"texts":{"answer":"sha256:38d5642d8119cc99183d3c7e14b3f324f2d3246e8224aa039e338923d0b129cf","codes":"sha256:3f8502a6b3010592085bb71fbc4f81732688496a530ca3709daa4c0ca685fc6b"}}','sha256:4da1b35eb1586c8f931805c10b631f8060572d476e6f21f8d42502c8d4985c70','sha256:8ca0cbae691d68aa442182176bb8e8df69c60c75998fa98091dc99a76c8c1b98',NULL);
INSERT INTO "records" VALUES(3,'2026-12-01T03:59:35.539+00:00','delivery','5d67f9bb36fe','{"kind":"answer","outcome":"delivered","texts":{"detail":"sha256:b1fd7e432f8558d262be0759ea829f8535302691c393c51ac2b9335dcdc899e3"}}','sha256:8ca0cbae691d68aa442182176bb8e8df69c60c75998fa98091dc99a76c8c1b98','sha256:4c19b5567c3d8b002933fbe89142d68b2ffa319bf8d43db57a4c5ba3b4befba7',NULL);
INSERT INTO "records" VALUES(4,'2026-12-01T03:59:35.539+00:00','feedback','5d67f9bb36fe','{"by":"U1","code":"I10","texts":{"note":"sha256:fd49b0398b1799dabe98965d808ab27c6e901dadf2c37314476618e16ac659f8"},"verdict":"used"}','sha256:4c19b5567c3d8b002933fbe89142d68b2ffa319bf8d43db57a4c5ba3b4befba7','sha256:864753890dd705a95b3ee2351d4ca2e98bb622e0cf27cdf241567ba56baaab47',NULL);
INSERT INTO "records" VALUES(5,'2026-12-01T03:59:35.540+00:00','correction','5d67f9bb36fe','{"by":"R. Auditor","code":"I10","system":"icd10cm","texts":{"phrase":"sha256:56643e6b3c07af5bb1d0b06a390ff54ac5fea0e2ae34b8eabde296cd0147ecd9"}}','sha256:864753890dd705a95b3ee2351d4ca2e98bb622e0cf27cdf241567ba56baaab47','sha256:e466556de4fc389b40e29ca8e06cb9e2a3cf20394636d79d7c58d57e3de3d3de',NULL);
INSERT INTO "records" VALUES(6,'2026-12-01T03:59:35.540+00:00','access',NULL,'{"by":"R. Auditor","texts":{"detail":"sha256:1bcd664868b81f0c0a64c926df7e769baf40ffe8628291e7f2071653869f73d6"},"what":"search"}','sha256:e466556de4fc389b40e29ca8e06cb9e2a3cf20394636d79d7c58d57e3de3d3de','sha256:efc08e7c1abf6203a1a1633316deeccdf9b3b48560f53e59e3a8cd0ecbb2afe8',NULL);
INSERT INTO "records" VALUES(7,'2026-12-01T03:59:35.541+00:00','question','b421bc933f49','{"event_id":"Ev2","options":{},"removed":[],"surface":"dm","texts":{"text":"sha256:65d3f7d8e7ab2c8411d2f94c54de65e258948ab326eadf445e43e3597476ff33"},"user":"U2"}','sha256:efc08e7c1abf6203a1a1633316deeccdf9b3b48560f53e59e3a8cd0ecbb2afe8','sha256:edf45147b479c97a3192c21fc4b3838a7488010972552043243c335fe76e8ef0',NULL);
CREATE TABLE texts (
    id integer primary key, record integer not null, name text not null, salt blob not null,
    text text not null
) strict;
INSERT INTO "texts" VALUES(1,1,'text',X'4F476AFDEB800F731E8887A7D9E17E38','htn');
INSERT INTO "texts" VALUES(2,2,'answer',X'FE81D1B2D88CE27CA3AED056F22B6062','{"as_of":"","candidates":[],"elapsed_ms":0.0,"guidelines":[],"not_checked":[],"notices":[],"outcome":"abstained","pairs":[],"verdicts":[]}');
INSERT INTO "texts" VALUES(3,2,'codes',X'B04A0E83A2C8D9FCEF8C7E4F610E6F74','[]');
INSERT INTO "texts" VALUES(4,3,'detail',X'006E44E08CA63264E3E7ED3F114C4B9E','1.3');
INSERT INTO "texts" VALUES(5,4,'note',X'9A7502390A1F88A237FC5410F94FBEDA','ours');
INSERT INTO "texts" VALUES(6,5,'phrase',X'7A724685818C88C1001990DDFB778BB5','high pressure');
INSERT INTO "texts" VALUES(7,6,'detail',X'4AE02CE01411C6836CC00CCE7810C1BE','htn');
INSERT INTO "texts" VALUES(8,7,'text',X'96508F6C451BEDAA2BF2D633A2D47EE4','copd');
CREATE UNIQUE INDEX texts_by_record on texts (record, name);
CREATE INDEX records_by_subject on records (subject, kind);
CREATE INDEX records_by_kind on records (kind);
CREATE UNIQUE INDEX one_question_an_id on records (subject)
    where kind = 'question';
CREATE UNIQUE INDEX one_answer_a_question on records (subject)
    where kind = 'answer';
CREATE UNIQUE INDEX one_question_an_event
    on records (json_extract(body, '$.event_id')) where kind = 'question';
CREATE UNIQUE INDEX one_question_a_message
    on records (json_extract(body, '$.message_key')) where kind = 'question';
CREATE TRIGGER records_follow before insert on records
when new.seq is not (select coalesce(max(seq), 0) + 1 from records)
begin select raise(abort, 'the log is append-only: records are numbered without a gap'); end;
CREATE TRIGGER records_stay before update on records
begin select raise(abort, 'the log is append-only: no record is changed'); end;
CREATE TRIGGER records_last before delete on records
when not exists (select 1 from lifted where reason = 'retention')
begin select raise(abort, 'the log is append-only: only retention removes records'); end;
CREATE TRIGGER texts_stay before update on texts
begin select raise(abort, 'the log is append-only: no text is changed'); end;
CREATE TRIGGER texts_last before delete on texts
when not exists (select 1 from lifted)
begin select raise(abort, 'the log is append-only: only redaction removes texts'); end;
CREATE VIEW questions as
select r.subject as id, r.seq, r.at as asked_at, t.text,
    json_extract(r.body, '$.surface') as "surface", json_extract(r.body, '$.team') as "team", json_extract(r.body, '$.user') as "user", json_extract(r.body, '$.channel') as "channel", json_extract(r.body, '$.thread') as "thread", json_extract(r.body, '$.event_id') as "event_id", json_extract(r.body, '$.message_key') as "message_key", json_extract(r.body, '$.options') as "options", json_extract(r.body, '$.removed') as "removed", json_extract(r.body, '$.releases') as "releases"
from records r left join texts t on t.record = r.seq and t.name = 'text'
where r.kind = 'question';
CREATE VIEW answers as
select r.subject as question, r.seq, r.at as answered_at, c.text as codes, t.text as answer,
    json_extract(r.body, '$.outcome') as "outcome", json_extract(r.body, '$.as_of') as "as_of", json_extract(r.body, '$.confidence') as "confidence", json_extract(r.body, '$.releases') as "releases", json_extract(r.body, '$.index_build') as "index_build", json_extract(r.body, '$.latency_ms') as "latency_ms", json_extract(r.body, '$.made_with') as "made_with"
from records r left join texts t on t.record = r.seq and t.name = 'answer'
left join texts c on c.record = r.seq and c.name = 'codes'
where r.kind = 'answer';
CREATE VIEW deliveries as
select r.seq as id, r.subject as question, r.at, coalesce(t.text, '') as detail,
    json_extract(r.body, '$.kind') as "kind", json_extract(r.body, '$.outcome') as "outcome"
from records r left join texts t on t.record = r.seq and t.name = 'detail'
where r.kind = 'delivery';
CREATE VIEW feedback as
select r.seq as id, r.subject as question, r.at, coalesce(t.text, '') as note,
    json_extract(r.body, '$.verdict') as "verdict", json_extract(r.body, '$.code') as "code", json_extract(r.body, '$.by') as "by"
from records r left join texts t on t.record = r.seq and t.name = 'note'
where r.kind = 'feedback';
CREATE VIEW corrections as
select r.seq as id, r.subject as question, r.at, t.text as phrase,
    json_extract(r.body, '$.code') as "code", json_extract(r.body, '$.system') as "system", json_extract(r.body, '$.by') as "by"
from records r left join texts t on t.record = r.seq and t.name = 'phrase'
where r.kind = 'correction';
CREATE VIEW accesses as
select r.seq as id, r.subject as question, r.at, coalesce(t.text, '') as detail,
    json_extract(r.body, '$.what') as "what", json_extract(r.body, '$.by') as "by"
from records r left join texts t on t.record = r.seq and t.name = 'detail'
where r.kind = 'access';
COMMIT;
pragma user_version = 2;
