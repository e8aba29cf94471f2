BEGIN TRANSACTION;
CREATE TABLE lifted (reason text not null) strict;
CREATE TABLE log (id text not null, created text not null) strict;
INSERT INTO "log" VALUES('b5a2f132b61f5992','2026-12-01T03:59:39.808+00:00');
CREATE TABLE records (
    seq integer primary key, at text not null, kind text not null, subject text,
    body text not null, previous text not null, hash text not null, seal text
) strict;
INSERT INTO "records" VALUES(1,'2026-12-01T03:59:39.838+00:00','question','b0ef143c3193','{"channel":"C1","event_id":"Ev1","options":{},"removed":[],"surface":"mention","team":"T1","texts":{"text":"sha256:0b102a35ab4e7012cb1fc9320228a96fbb5bd83aab32529aa369ea699105207e"},"user":"U1"}','sha256:232f96136cdeef5e465b145ea569dfd341633aa76734df3ff619397ee0f3e641','sha256:8f09d315da40d237a1b333d6721220dc84afaa28cb30578c1091c000da34948a',NULL);
INSERT INTO "records" VALUES(2,'2026-12-01T03:59:39.866+00:00','answer','b0ef143c3193','{"index_build":"build-1","latency_ms":7.5,"outcome":"abstained","releases":{},"texts":{"answer":"sha256:6a57cd6fc4f134eb21e0cd1bfa60ae689a3e4f812de9795e127e13b9839231ad","codes":"sha256:7a5692efec5a8c94acff214b855dca9af9097953d45568e2113b6938ed475e81"}}','sha256:8f09d315da40d237a1b333d6721220dc84afaa28cb30578c1091c000da34948a','sha256:03ff817a51d0084598082ba3652cd7b98cab3795d71832a5a8113b8280868e57',NULL);
INSERT INTO "records" VALUES(3,'2026-12-01T03:59:39.930+00:00','delivery','b0ef143c3193','{"kind":"answer","outcome":"delivered","texts":{"detail":"sha256:57c5e026d948bd6061b54df198f6ab1e6ec92a9ea26a7142f841af24c1808a58"}}','sha256:03ff817a51d0084598082ba3652cd7b98cab3795d71832a5a8113b8280868e57','sha256:ef5b270e25e859ce2ac42c4b5ce9bb7100ccc32db3471f94aef054c9c817b24a',NULL);
INSERT INTO "records" VALUES(4,'2026-12-01T03:59:40.371+00:00','feedback','b0ef143c3193','{"by":"U1","code":"I10","texts":{"note":"sha256:8cb420d6fcb33f46305ee8ae8636367d4256096ef55fc45e203050a2f4f33ba7"},"verdict":"used"}','sha256:ef5b270e25e859ce2ac42c4b5ce9bb7100ccc32db3471f94aef054c9c817b24a','sha256:9cb1463e0ceb8975c4e0de44b00038980d517c28ad0f603a82dc21233e84a85a',NULL);
INSERT INTO "records" VALUES(5,'2026-12-01T03:59:40.387+00:00','correction','b0ef143c3193','{"by":"R. Auditor","code":"I10","system":"icd10cm","texts":{"phrase":"sha256:77edea217ae92a834447a8d5a1b00f8f6d4e28e18fc8902daf468c36fb5d050a"}}','sha256:9cb1463e0ceb8975c4e0de44b00038980d517c28ad0f603a82dc21233e84a85a','sha256:e1b76def117dc9860dca40c6c56c67d3a5aee4d1ce9b77bcdc13be403d9c97a6',NULL);
INSERT INTO "records" VALUES(6,'2026-12-01T03:59:40.395+00:00','access',NULL,'{"by":"R. Auditor","texts":{"detail":"sha256:34ef6c6ffe56bbe1be5356b70408b98fc45c3e42d559dd23625895185bc65b71"},"what":"search"}','sha256:e1b76def117dc9860dca40c6c56c67d3a5aee4d1ce9b77bcdc13be403d9c97a6','sha256:d1c1dd1fd2349031270e461e36e99e8377179fcbadbe7b09f261ada24e74a3eb',NULL);
INSERT INTO "records" VALUES(7,'2026-12-01T03:59:40.399+00:00','question','92048fad81b5','{"event_id":"Ev2","options":{},"removed":[],"surface":"dm","texts":{"text":"sha256:49f99d0502ca751bdf894d5ff10190b201464f26e37ef8b298d0f253d1e6382c"},"user":"U2"}','sha256:d1c1dd1fd2349031270e461e36e99e8377179fcbadbe7b09f261ada24e74a3eb','sha256:72ba102ed52865d7c093d2ba3cd9accf351d45fdf6d7738679d69adbcdf7e714',NULL);
CREATE TABLE texts (
    id integer primary key, record integer not null, name text not null, salt blob not null,
    text text not null
) strict;
INSERT INTO "texts" VALUES(1,1,'text',X'827751D33A537E86C71E81718B0174B5','htn');
INSERT INTO "texts" VALUES(2,2,'answer',X'D90077A1FE763EFA7B369B305A5C8A7C','{"as_of":"","candidates":[],"elapsed_ms":0.0,"guidelines":[],"not_checked":[],"notices":[],"outcome":"abstained","pairs":[],"verdicts":[]}');
INSERT INTO "texts" VALUES(3,2,'codes',X'739E404C9BB9FB778B00E7DDF7A2F961','[]');
INSERT INTO "texts" VALUES(4,3,'detail',X'A0664870EB5BBE62D9C90459E7A15399','1.3');
INSERT INTO "texts" VALUES(5,4,'note',X'9079FD763F74975EA118E68AF4E7ACB7','ours');
INSERT INTO "texts" VALUES(6,5,'phrase',X'A113370B521934E3220C796BE8F365B7','high pressure');
INSERT INTO "texts" VALUES(7,6,'detail',X'07AAB0F95643DBB225A2D6D5E366B223','htn');
INSERT INTO "texts" VALUES(8,7,'text',X'3F36F429BDC1ADABDFFD3141D93CE403','copd');
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
