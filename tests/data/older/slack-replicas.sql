BEGIN TRANSACTION;
CREATE TABLE leaders (task text primary key, replica text not null);
CREATE TABLE outbox (
    id integer primary key autoincrement,
    question text not null,              -- its id in the log; '' for a message about none
    kind text not null,                  -- of the delivery in the log; '' for none
    lane text not null,
    post text not null,                  -- ways and messages, as JSON
    since double precision not null,
    until double precision not null,     -- when it is of no use any more
    due double precision not null,       -- when it may be tried next
    limited integer not null default 0,  -- 1: its lane has met a limit
    tries integer not null default 0,
    tried integer not null default 0,    -- 1: a try may have been carried out
    holder text not null default '',
    held_until double precision not null default 0,
    outcome text,                        -- what became of it, until the log has that, too
    detail text,
    replica text not null default ''     -- the lease of the replica that it belongs to
);
INSERT INTO "outbox" VALUES(1,'q1','answer','chat.postMessage C1','{"way":{"how":"chat.postMessage","args":{"channel":"C1","thread_ts":null,"unfurl_links":false,"unfurl_media":false},"otherwise":null},"message":{"text":"The answer","blocks":[{"text":{"text":"The answer","type":"mrkdwn"},"type":"section"}],"plainer":null},"tell":null,"copy":null}',1000.0,1600.0,1000.0,0,0,0,'',0.0,NULL,NULL,'');
CREATE TABLE replicas (
        id text primary key,
        place text not null,              -- host and process, for people
        until double precision not null
    );
CREATE TABLE work (question text primary key, replica text not null);
CREATE INDEX outbox_lane on outbox (lane, id) where outcome is null;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',1);
COMMIT;
pragma user_version = 0;
