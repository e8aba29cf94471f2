BEGIN TRANSACTION;
CREATE TABLE lifted (reason text not null) strict;
CREATE TABLE log (id text not null, created text not null) strict;
INSERT INTO "log" VALUES('588da83ae399059b','2026-12-01T03:57:37.371+00:00');
CREATE TABLE records (
    seq integer primary key, at text not null, kind text not null, subject text,
    body text not null, previous text not null, hash text not null, seal text
) strict;
INSERT INTO "records" VALUES(1,'2026-12-01T03:57:37.436+00:00','question','9c77631df87d','{"channel":"C1","event_id":"Ev1","options":{},"removed":[],"surface":"mention","team":"T1","texts":{"text":"sha256:f0d1d6505623da95e608eb9755f25994ee1877c1ec9be1f55aa777adc4d5f383"},"user":"U1"}','sha256:a1d514f14f714b3e013fb6744dac64134ce26daa9e9daee103ac6914d43f3339','sha256:3d66f811cbbad7d1087bce64c52af5e4e764530efb9a1ac49b06f4ca5581b0ac',NULL);
INSERT INTO "records" VALUES(2,'2026-12-01T03:57:37.820+00:00','answer','9c77631df87d','{"index_build":"build-1","latency_ms":7.5,"outcome":"abstained","releases":{},"texts":{"answer":"sha256:b9496180b5db6d1c9bfb72d4f95edc6c357251d4367011572921ca8e652ff7da","codes":"sha256:537aba3b68798902cc426f7af4b374907f95a37dd4ceecc16f9b828fe3cb6ff4"}}','sha256:3d66f811cbbad7d1087bce64c52af5e4e764530efb9a1ac49b06f4ca5581b0ac','sha256:74055fa02397765cb9c7e0a83291768e1c49873bdd0c0fb2dcb31cf01cf35e4f',NULL);
INSERT INTO "records" VALUES(3,'2026-12-01T03:57:37.838+00:00','delivery','9c77631df87d','{"kind":"answer","outcome":"delivered","texts":{"detail":"sha256:888051d65ad3b44975ed22ef4f45762d376c8d2377308d3ff087ea2c4bf884b5"}}','sha256:74055fa02397765cb9c7e0a83291768e1c49873bdd0c0fb2dcb31cf01cf35e4f','sha256:e4ab264930e32534983c5f5f21dda1b177d8359c678e312132b75d1d71ae8c4a',NULL);
INSERT INTO "records" VALUES(4,'2026-12-01T03:57:42.142+00:00','feedback','9c77631df87d','{"by":"U1","code":"I10","texts":{"note":"sha256:b6b3e0a90b935fd46e4821088bce8f49733bdafe9602872eb7c313a834c6639b"},"verdict":"used"}','sha256:e4ab264930e32534983c5f5f21dda1b177d8359c678e312132b75d1d71ae8c4a','sha256:41e8d484a931310084de0b14c80b001067cf6e9d3080089e5c88202fae1deb9f',NULL);
INSERT INTO "records" VALUES(5,'2026-12-01T03:57:42.184+00:00','correction','9c77631df87d','{"by":"R. Auditor","code":"I10","system":"icd10cm","texts":{"phrase":"sha256:889d938029cdc390c679c3a81581673ccc30d6102971688b31aa66bffdd1e74d"}}','sha256:41e8d484a931310084de0b14c80b001067cf6e9d3080089e5c88202fae1deb9f','sha256:cf28cd8f61f96607b9d9d2d74706060434c676786e1e0f2d9830840d102cf8c4',NULL);
INSERT INTO "records" VALUES(6,'2026-12-01T03:57:42.202+00:00','access',NULL,'{"by":"R. Auditor","texts":{"detail":"sha256:9f031bc8e7a0056d4d914d9d10ac9e42663c6ce9a4398486881ca2ae741dd509"},"what":"search"}','sha256:cf28cd8f61f96607b9d9d2d74706060434c676786e1e0f2d9830840d102cf8c4','sha256:a16f7fb2b51c3e45710bfa447dff135cd32a6e5e33e5a3013a22e5086a877e22',NULL);
INSERT INTO "records" VALUES(7,'2026-12-01T03:57:42.206+00:00','question','62846df40057','{"event_id":"Ev2","options":{},"removed":[],"surface":"dm","texts":{"text":"sha256:ae26ebb8214e5a2ae7c5026bb55bdfec37155765a913e81af772950cabd6aa36"},"user":"U2"}','sha256:a16f7fb2b51c3e45710bfa447dff135cd32a6e5e33e5a3013a22e5086a877e22','sha256:a1e57690d28fa5c9569e1ed479540320d5a8d3d5419c8e00bb71dda27cb44668',NULL);
CREATE TABLE texts (
    id integer primary key, record integer not null, name text not null, salt blob not null,
    text text not null
) strict;
INSERT INTO "texts" VALUES(1,1,'text',X'871807017D6625D38C0A479324961062','htn');
INSERT INTO "texts" VALUES(2,2,'answer',X'5852E0C818DCE783907F7E4B7FD70730','{"as_of":"","ask_options":[],"asks":[],"candidates":[],"claim":null,"coverage":[],"denials":[],"drg":null,"elapsed_ms":0.0,"explanation":null,"facts":[],"guidelines":[],"headline":{"codes":[],"kind":"none","text":""},"not_checked":[],"notices":[],"outcome":"abstained","pairs":[],"policies":[],"read_as":"","refines":"","report":[],"statements":[],"verdicts":[]}');
INSERT INTO "texts" VALUES(3,2,'codes',X'77A849017F244940E2E09409A86487FB','[]');
INSERT INTO "texts" VALUES(4,3,'detail',X'97260B29462CA23337F38F4744D14145','1.3');
INSERT INTO "texts" VALUES(5,4,'note',X'42565639CD911BFD8AAE498322FAD2B5','ours');
INSERT INTO "texts" VALUES(6,5,'phrase',X'C3A99D97121934755A305C137947B112','high pressure');
INSERT INTO "texts" VALUES(7,6,'detail',X'65826D3C81CA49FD29AD0620960D046B','htn');
INSERT INTO "texts" VALUES(8,7,'text',X'21442D342AACFC255A3BFBDD3A91AC1E','copd');
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
