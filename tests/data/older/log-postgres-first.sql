--
-- PostgreSQL database dump
--

-- Dumped from database version 16.2
-- Dumped by pg_dump version 16.2

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: codedesk; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA codedesk;


--
-- Name: json_extract(text, text); Type: FUNCTION; Schema: codedesk; Owner: -
--

CREATE FUNCTION codedesk.json_extract(body text, path text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select body::jsonb #>> string_to_array(substr(path, 3), '.') $$;


--
-- Name: records_follow(); Type: FUNCTION; Schema: codedesk; Owner: -
--

CREATE FUNCTION codedesk.records_follow() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.seq is distinct from (select coalesce(max(seq), 0) + 1 from codedesk.records) then
        raise exception 'the log is append-only: records are numbered without a gap'
        using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end$$;


--
-- Name: records_last(); Type: FUNCTION; Schema: codedesk; Owner: -
--

CREATE FUNCTION codedesk.records_last() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if not exists (select 1 from codedesk.lifted where reason = 'retention') then
        raise exception 'the log is append-only: only retention removes records'
        using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end$$;


--
-- Name: records_stay(); Type: FUNCTION; Schema: codedesk; Owner: -
--

CREATE FUNCTION codedesk.records_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if true then
        raise exception 'the log is append-only: no record is changed'
        using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end$$;


--
-- Name: texts_last(); Type: FUNCTION; Schema: codedesk; Owner: -
--

CREATE FUNCTION codedesk.texts_last() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if not exists (select 1 from codedesk.lifted) then
        raise exception 'the log is append-only: only redaction removes texts'
        using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end$$;


--
-- Name: texts_stay(); Type: FUNCTION; Schema: codedesk; Owner: -
--

CREATE FUNCTION codedesk.texts_stay() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if true then
        raise exception 'the log is append-only: no text is changed'
        using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: records; Type: TABLE; Schema: codedesk; Owner: -
--

CREATE TABLE codedesk.records (
    seq bigint NOT NULL,
    at text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    subject text COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C",
    previous text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C",
    seal text COLLATE pg_catalog."C"
);


--
-- Name: texts; Type: TABLE; Schema: codedesk; Owner: -
--

CREATE TABLE codedesk.texts (
    id bigint NOT NULL,
    record bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    salt bytea NOT NULL,
    text text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: accesses; Type: VIEW; Schema: codedesk; Owner: -
--

CREATE VIEW codedesk.accesses AS
 SELECT r.seq AS id,
    r.subject AS question,
    r.at,
    COALESCE(t.text, ''::text) AS detail,
    codedesk.json_extract(r.body, '$.what'::text) AS what,
    codedesk.json_extract(r.body, '$.by'::text) AS by
   FROM (codedesk.records r
     LEFT JOIN codedesk.texts t ON (((t.record = r.seq) AND (t.name = 'detail'::text))))
  WHERE (r.kind = 'access'::text);


--
-- Name: answers; Type: VIEW; Schema: codedesk; Owner: -
--

CREATE VIEW codedesk.answers AS
 SELECT r.subject AS question,
    r.seq,
    r.at AS answered_at,
    c.text AS codes,
    t.text AS answer,
    codedesk.json_extract(r.body, '$.outcome'::text) AS outcome,
    codedesk.json_extract(r.body, '$.as_of'::text) AS as_of,
    codedesk.json_extract(r.body, '$.confidence'::text) AS confidence,
    codedesk.json_extract(r.body, '$.releases'::text) AS releases,
    codedesk.json_extract(r.body, '$.index_build'::text) AS index_build,
    codedesk.json_extract(r.body, '$.latency_ms'::text) AS latency_ms,
    codedesk.json_extract(r.body, '$.made_with'::text) AS made_with
   FROM ((codedesk.records r
     LEFT JOIN codedesk.texts t ON (((t.record = r.seq) AND (t.name = 'answer'::text))))
     LEFT JOIN codedesk.texts c ON (((c.record = r.seq) AND (c.name = 'codes'::text))))
  WHERE (r.kind = 'answer'::text);


--
-- Name: corrections; Type: VIEW; Schema: codedesk; Owner: -
--

CREATE VIEW codedesk.corrections AS
 SELECT r.seq AS id,
    r.subject AS question,
    r.at,
    t.text AS phrase,
    codedesk.json_extract(r.body, '$.code'::text) AS code,
    codedesk.json_extract(r.body, '$.system'::text) AS system,
    codedesk.json_extract(r.body, '$.by'::text) AS by
   FROM (codedesk.records r
     LEFT JOIN codedesk.texts t ON (((t.record = r.seq) AND (t.name = 'phrase'::text))))
  WHERE (r.kind = 'correction'::text);


--
-- Name: deliveries; Type: VIEW; Schema: codedesk; Owner: -
--

CREATE VIEW codedesk.deliveries AS
 SELECT r.seq AS id,
    r.subject AS question,
    r.at,
    COALESCE(t.text, ''::text) AS detail,
    codedesk.json_extract(r.body, '$.kind'::text) AS kind,
    codedesk.json_extract(r.body, '$.outcome'::text) AS outcome
   FROM (codedesk.records r
     LEFT JOIN codedesk.texts t ON (((t.record = r.seq) AND (t.name = 'detail'::text))))
  WHERE (r.kind = 'delivery'::text);


--
-- Name: feedback; Type: VIEW; Schema: codedesk; Owner: -
--

CREATE VIEW codedesk.feedback AS
 SELECT r.seq AS id,
    r.subject AS question,
    r.at,
    COALESCE(t.text, ''::text) AS note,
    codedesk.json_extract(r.body, '$.verdict'::text) AS verdict,
    codedesk.json_extract(r.body, '$.code'::text) AS code,
    codedesk.json_extract(r.body, '$.by'::text) AS by
   FROM (codedesk.records r
     LEFT JOIN codedesk.texts t ON (((t.record = r.seq) AND (t.name = 'note'::text))))
  WHERE (r.kind = 'feedback'::text);


--
-- Name: lifted; Type: TABLE; Schema: codedesk; Owner: -
--

CREATE TABLE codedesk.lifted (
    reason text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: log; Type: TABLE; Schema: codedesk; Owner: -
--

CREATE TABLE codedesk.log (
    id text NOT NULL COLLATE pg_catalog."C",
    created text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: TABLE log; Type: COMMENT; Schema: codedesk; Owner: -
--

COMMENT ON TABLE codedesk.log IS 'Code Desk query log, version 2';


--
-- Name: questions; Type: VIEW; Schema: codedesk; Owner: -
--

CREATE VIEW codedesk.questions AS
 SELECT r.subject AS id,
    r.seq,
    r.at AS asked_at,
    t.text,
    codedesk.json_extract(r.body, '$.surface'::text) AS surface,
    codedesk.json_extract(r.body, '$.team'::text) AS team,
    codedesk.json_extract(r.body, '$.user'::text) AS "user",
    codedesk.json_extract(r.body, '$.channel'::text) AS channel,
    codedesk.json_extract(r.body, '$.thread'::text) AS thread,
    codedesk.json_extract(r.body, '$.event_id'::text) AS event_id,
    codedesk.json_extract(r.body, '$.message_key'::text) AS message_key,
    codedesk.json_extract(r.body, '$.options'::text) AS options,
    codedesk.json_extract(r.body, '$.removed'::text) AS removed,
    codedesk.json_extract(r.body, '$.releases'::text) AS releases
   FROM (codedesk.records r
     LEFT JOIN codedesk.texts t ON (((t.record = r.seq) AND (t.name = 'text'::text))))
  WHERE (r.kind = 'question'::text);


--
-- Name: texts_id_seq; Type: SEQUENCE; Schema: codedesk; Owner: -
--

ALTER TABLE codedesk.texts ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME codedesk.texts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Data for Name: lifted; Type: TABLE DATA; Schema: codedesk; Owner: -
--



--
-- Data for Name: log; Type: TABLE DATA; Schema: codedesk; Owner: -
--

INSERT INTO codedesk.log VALUES ('ccc1d1419f09cca4', '2026-12-01T03:58:43.122+00:00');


--
-- Data for Name: records; Type: TABLE DATA; Schema: codedesk; Owner: -
--

INSERT INTO codedesk.records VALUES (1, '2026-12-01T03:58:43.413+00:00', 'question', '6f7ba30a2762', '{"channel":"C1","event_id":"Ev1","options":{},"removed":[],"surface":"mention","team":"T1","texts":{"text":"sha256:3a69500ccd14d672827f5c5700f3c7b6ecf52d17ce0597e2adfbf0a6b6a383c3"},"user":"U1"}', 'sha256:53bd3756fa267c45f6b899a3abdaa232b1bf6d008d0d005aba21ac34cdd0e6e6', 'sha256:1c6147376b5f11d3944f2cf57dc6a17855528ea5225250fad1defe4cf9c6625d', NULL);
INSERT INTO codedesk.records VALUES (2, '2026-12-01T03:58:43.564+00:00', 'answer', '6f7ba30a2762', '{"index_build":"build-1","latency_ms":7.5,"outcome":"abstained","releases":{},"texts":{"answer":"sha256:c1b95c8b8358ac835f478173a2029dcd2bf4b23007072979c8679d27de970c7c","codes":"sha256:6db390a0faba1db20686772d7b590379be4e77ebce739631c24edfac5e0ce1ff"}}', 'sha256:1c6147376b5f11d3944f2cf57dc6a17855528ea5225250fad1defe4cf9c6625d', 'sha256:97dfa47113d4d01cb7c93b16a253ecf4f243fa522411306ab5a97f4e1533a2a7', NULL);
INSERT INTO codedesk.records VALUES (3, '2026-12-01T03:58:43.594+00:00', 'delivery', '6f7ba30a2762', '{"kind":"answer","outcome":"delivered","texts":{"detail":"sha256:e9e68eeaeec2c64d1171f5fb7b87f5080d2c465950374d0d9261813236de7014"}}', 'sha256:97dfa47113d4d01cb7c93b16a253ecf4f243fa522411306ab5a97f4e1533a2a7', 'sha256:5e131bd3ddd102a49d27016742c94aba8de50cce51913706fdc318bd6285a642', NULL);
INSERT INTO codedesk.records VALUES (4, '2026-12-01T03:58:44.645+00:00', 'feedback', '6f7ba30a2762', '{"by":"U1","code":"I10","texts":{"note":"sha256:0fb649e9a8b7884c78ee3e71bb16ab700270a7be2175fe427260c9b32f183045"},"verdict":"used"}', 'sha256:5e131bd3ddd102a49d27016742c94aba8de50cce51913706fdc318bd6285a642', 'sha256:9112083a083a6063ca306f8fff92a85c41ef1e54b2f219ef7cc011336ce72031', NULL);
INSERT INTO codedesk.records VALUES (5, '2026-12-01T03:58:44.693+00:00', 'correction', '6f7ba30a2762', '{"by":"R. Auditor","code":"I10","system":"icd10cm","texts":{"phrase":"sha256:4b65fb7c585c694867ca48c7d80a70e9e82c2ff1dfea281529dfba92a3e1233c"}}', 'sha256:9112083a083a6063ca306f8fff92a85c41ef1e54b2f219ef7cc011336ce72031', 'sha256:6d192c8590796450a90645eb6cf440086a442d0db83aedb333c71df6b96f0a65', NULL);
INSERT INTO codedesk.records VALUES (6, '2026-12-01T03:58:44.747+00:00', 'access', NULL, '{"by":"R. Auditor","texts":{"detail":"sha256:f85010dc325d8090368029e00a9cd2f3b3e641f79374591760121b20cd89ad11"},"what":"search"}', 'sha256:6d192c8590796450a90645eb6cf440086a442d0db83aedb333c71df6b96f0a65', 'sha256:9a6ecbf1d64acaf2c69354e5ba00eb80f60f52efe8713f04c249a4cca22238b6', NULL);
INSERT INTO codedesk.records VALUES (7, '2026-12-01T03:58:44.766+00:00', 'question', 'ad4736197d88', '{"event_id":"Ev2","options":{},"removed":[],"surface":"dm","texts":{"text":"sha256:476ecd0cba6d5522eb02516ccb17137677d74704faa1e98bf601029f96744185"},"user":"U2"}', 'sha256:9a6ecbf1d64acaf2c69354e5ba00eb80f60f52efe8713f04c249a4cca22238b6', 'sha256:da1254515aa3084e37e1601e6093c8bcb3ac960317eb105d857d122c8ee69059', NULL);


--
-- Data for Name: texts; Type: TABLE DATA; Schema: codedesk; Owner: -
--

INSERT INTO codedesk.texts VALUES (1, 1, 'text', '\xd9d1050aaa7f174beb5b8bbab6d4763c', 'htn');
INSERT INTO codedesk.texts VALUES (2, 2, 'answer', '\x476ef56ed3602309439b065d945223fc', '{"as_of":"","ask_options":[],"asks":[],"candidates":[],"claim":null,"coverage":[],"denials":[],"drg":null,"elapsed_ms":0.0,"explanation":null,"facts":[],"guidelines":[],"headline":{"codes":[],"kind":"none","text":""},"not_checked":[],"notices":[],"outcome":"abstained","pairs":[],"policies":[],"read_as":"","refines":"","report":[],"statements":[],"verdicts":[]}');
INSERT INTO codedesk.texts VALUES (3, 2, 'codes', '\x20985ff9848dfaeb26d453bc584b3e73', '[]');
INSERT INTO codedesk.texts VALUES (4, 3, 'detail', '\x2575bad952a631a6c44871de3fd1a2ff', '1.3');
INSERT INTO codedesk.texts VALUES (5, 4, 'note', '\xa7373e30e8def2342d4417f088c3f7fe', 'ours');
INSERT INTO codedesk.texts VALUES (6, 5, 'phrase', '\xdbe35c3fd49dcab90bf71f8be307f4e3', 'high pressure');
INSERT INTO codedesk.texts VALUES (7, 6, 'detail', '\xd825db8cdc75a7c4f4f6d456a9ff4265', 'htn');
INSERT INTO codedesk.texts VALUES (8, 7, 'text', '\x76d428a8468d33c9cfe7bb9e79a187c7', 'copd');


--
-- Name: texts_id_seq; Type: SEQUENCE SET; Schema: codedesk; Owner: -
--

SELECT pg_catalog.setval('codedesk.texts_id_seq', 8, true);


--
-- Name: records records_pkey; Type: CONSTRAINT; Schema: codedesk; Owner: -
--

ALTER TABLE ONLY codedesk.records
    ADD CONSTRAINT records_pkey PRIMARY KEY (seq);


--
-- Name: texts texts_pkey; Type: CONSTRAINT; Schema: codedesk; Owner: -
--

ALTER TABLE ONLY codedesk.texts
    ADD CONSTRAINT texts_pkey PRIMARY KEY (id);


--
-- Name: one_answer_a_question; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE UNIQUE INDEX one_answer_a_question ON codedesk.records USING btree (subject) WHERE (kind = 'answer'::text);


--
-- Name: one_question_a_message; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE UNIQUE INDEX one_question_a_message ON codedesk.records USING btree (codedesk.json_extract(body, '$.message_key'::text)) WHERE (kind = 'question'::text);


--
-- Name: one_question_an_event; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE UNIQUE INDEX one_question_an_event ON codedesk.records USING btree (codedesk.json_extract(body, '$.event_id'::text)) WHERE (kind = 'question'::text);


--
-- Name: one_question_an_id; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE UNIQUE INDEX one_question_an_id ON codedesk.records USING btree (subject) WHERE (kind = 'question'::text);


--
-- Name: records_by_kind; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE INDEX records_by_kind ON codedesk.records USING btree (kind);


--
-- Name: records_by_subject; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE INDEX records_by_subject ON codedesk.records USING btree (subject, kind);


--
-- Name: texts_by_record; Type: INDEX; Schema: codedesk; Owner: -
--

CREATE UNIQUE INDEX texts_by_record ON codedesk.texts USING btree (record, name);


--
-- Name: records records_follow; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER records_follow BEFORE INSERT ON codedesk.records FOR EACH ROW EXECUTE FUNCTION codedesk.records_follow();


--
-- Name: records records_last; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER records_last BEFORE DELETE ON codedesk.records FOR EACH STATEMENT EXECUTE FUNCTION codedesk.records_last();


--
-- Name: records records_stay; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER records_stay BEFORE UPDATE ON codedesk.records FOR EACH STATEMENT EXECUTE FUNCTION codedesk.records_stay();


--
-- Name: records records_whole; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER records_whole BEFORE TRUNCATE ON codedesk.records FOR EACH STATEMENT EXECUTE FUNCTION codedesk.records_stay();


--
-- Name: texts texts_last; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER texts_last BEFORE DELETE ON codedesk.texts FOR EACH STATEMENT EXECUTE FUNCTION codedesk.texts_last();


--
-- Name: texts texts_stay; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER texts_stay BEFORE UPDATE ON codedesk.texts FOR EACH STATEMENT EXECUTE FUNCTION codedesk.texts_stay();


--
-- Name: texts texts_whole; Type: TRIGGER; Schema: codedesk; Owner: -
--

CREATE TRIGGER texts_whole BEFORE TRUNCATE ON codedesk.texts FOR EACH STATEMENT EXECUTE FUNCTION codedesk.texts_stay();


--
-- PostgreSQL database dump complete
--

