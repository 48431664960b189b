-- The foundation: tenants, people, funnels, journeys, events, credentials.
--
-- Every table with workspace_id has composite keys that begin with it and forced
-- row-level security: policy ws for the workspace of the transaction (app.ws), policy sys
-- for the few definer functions that must look across tenants.

CREATE SEQUENCE id_seq AS bigint START 4096 MAXVALUE 9007199254740991;

CREATE TABLE account (
    id            bigint PRIMARY KEY,
    email         text NOT NULL UNIQUE,
    password_hash text,
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE workspace (
    workspace_id     bigint PRIMARY KEY,
    name             text NOT NULL,
    sandbox          boolean NOT NULL,
    sandbox_of       bigint,
    clock_offset     interval NOT NULL DEFAULT '0',
    redirect_origins text[] NOT NULL DEFAULT '{}',
    created_at       timestamptz NOT NULL
);

CREATE TABLE app_user (
    workspace_id  bigint NOT NULL REFERENCES workspace,
    id            bigint NOT NULL,
    account_id    bigint REFERENCES account,
    email         text NOT NULL,
    display_email text NOT NULL,
    firstname     text NOT NULL DEFAULT '',
    lastname      text NOT NULL DEFAULT '',
    phone         text NOT NULL DEFAULT '',
    role          text NOT NULL DEFAULT '' CHECK (role IN ('', 'Administrator', 'Manager')),
    stakeholder   boolean NOT NULL DEFAULT false,
    external_id   text,
    lead_since    timestamptz,
    facts         jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, email)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX app_user_external ON app_user (workspace_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX app_user_leads ON app_user (workspace_id, lead_since DESC, id DESC) WHERE lead_since IS NOT NULL;

CREATE TABLE sign_in_link (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    user_id      bigint NOT NULL,
    token_hash   bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    valid_until  timestamptz NOT NULL,
    used_at      timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

CREATE TABLE web_session (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('console', 'front')),
    user_id      bigint NOT NULL,
    token_hash   bytea NOT NULL UNIQUE,
    redirect_url text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

CREATE TABLE funnel (
    workspace_id bigint NOT NULL REFERENCES workspace,
    id           bigint NOT NULL,
    name         text NOT NULL,
    draft        jsonb NOT NULL,
    draft_etag   bigint NOT NULL,
    current      integer,
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX funnel_name ON funnel (workspace_id, lower(name)) WHERE archived_at IS NULL;

CREATE TABLE funnel_version (
    workspace_id bigint NOT NULL,
    funnel_id    bigint NOT NULL,
    number       integer NOT NULL,
    definition   jsonb NOT NULL,
    note         text NOT NULL DEFAULT '',
    published_by bigint,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, funnel_id, number),
    FOREIGN KEY (workspace_id, funnel_id) REFERENCES funnel
);

CREATE TABLE origin (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    funnel_id    bigint NOT NULL,
    name         text NOT NULL,
    ref          text NOT NULL UNIQUE,
    kind         text NOT NULL CHECK (kind IN ('API', 'Page', 'Manual', 'Import')),
    builtin      boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, funnel_id) REFERENCES funnel
);
CREATE INDEX origin_funnel ON origin (workspace_id, funnel_id);

CREATE TABLE api_key (
    workspace_id bigint NOT NULL REFERENCES workspace,
    id           bigint NOT NULL,
    name         text NOT NULL,
    lookup       text NOT NULL UNIQUE,
    hash         bytea NOT NULL,
    env          text NOT NULL CHECK (env IN ('live', 'test', 'pub')),
    scopes       text[] NOT NULL,
    origin_id    bigint,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE data_point (
    workspace_id bigint NOT NULL REFERENCES workspace,
    id           bigint NOT NULL,
    key          text NOT NULL,
    name         text NOT NULL,
    type         text NOT NULL,
    options      text[] NOT NULL DEFAULT '{}',
    builtin      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, key),
    UNIQUE (workspace_id, name)
);

CREATE TABLE policy (
    workspace_id bigint NOT NULL REFERENCES workspace,
    name         text NOT NULL,
    turn         bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE policy_member (
    workspace_id bigint NOT NULL,
    policy       text NOT NULL,
    user_id      bigint NOT NULL,
    position     integer NOT NULL,
    PRIMARY KEY (workspace_id, policy, user_id),
    FOREIGN KEY (workspace_id, policy) REFERENCES policy,
    FOREIGN KEY (workspace_id, user_id) REFERENCES app_user ON DELETE CASCADE
);

CREATE TABLE journey (
    workspace_id   bigint NOT NULL,
    id             bigint NOT NULL,
    funnel_id      bigint NOT NULL,
    version        integer NOT NULL,
    lead_id        bigint NOT NULL,
    origin_id      bigint NOT NULL,
    owner_id       bigint,
    external_id    text,
    status         text NOT NULL CHECK (status IN ('InProgress', 'Blocked', 'Converted', 'NotQualified', 'Cancelled')),
    waiting_on     text NOT NULL DEFAULT '',
    blocked_reason text NOT NULL DEFAULT '',
    sequence       bigint NOT NULL,
    state          jsonb NOT NULL,
    data           jsonb NOT NULL,
    redirect_url   text NOT NULL DEFAULT '',
    wake_at        timestamptz,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, lead_id) REFERENCES app_user,
    FOREIGN KEY (workspace_id, funnel_id, version) REFERENCES funnel_version
) WITH (fillfactor = 80);
CREATE INDEX journey_created ON journey (workspace_id, created_at DESC, id DESC);
CREATE INDEX journey_lead ON journey (workspace_id, lead_id, funnel_id);
CREATE INDEX journey_wake ON journey (wake_at) WHERE wake_at IS NOT NULL;
CREATE UNIQUE INDEX journey_external ON journey (workspace_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE activity_run (
    workspace_id    bigint NOT NULL,
    id              bigint NOT NULL,
    journey_id      bigint NOT NULL,
    key             text NOT NULL,
    name            text NOT NULL,
    stage           text NOT NULL,
    visit           integer NOT NULL,
    position        integer NOT NULL,
    connector       text NOT NULL,
    assignee_kind   text NOT NULL,
    assignee_user   bigint,
    assignee_role   text NOT NULL DEFAULT '',
    assignee_policy text NOT NULL DEFAULT '',
    required        boolean NOT NULL,
    status          text NOT NULL,
    waiting_on      text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    started_at      timestamptz,
    completed_at    timestamptz,
    due_at          timestamptz,
    call            integer NOT NULL DEFAULT 0,
    call_open       boolean NOT NULL DEFAULT false,
    attempts        integer NOT NULL DEFAULT 0,
    work            jsonb,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, journey_id) REFERENCES journey
) WITH (fillfactor = 80);
CREATE INDEX activity_run_journey ON activity_run (workspace_id, journey_id);
CREATE INDEX activity_run_inbox ON activity_run (workspace_id, assignee_user, due_at)
    WHERE status IN ('InProgress', 'Blocked') AND assignee_user IS NOT NULL;
CREATE INDEX activity_run_open_call ON activity_run (workspace_id, id) WHERE call_open;

CREATE TABLE activity_input (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    run_id       bigint NOT NULL,
    source       text NOT NULL,
    body         bytea NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, run_id) REFERENCES activity_run
);

CREATE TABLE draft (
    workspace_id bigint NOT NULL,
    run_id       bigint NOT NULL,
    field        text NOT NULL,
    value        jsonb NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, run_id, field),
    FOREIGN KEY (workspace_id, run_id) REFERENCES activity_run
);

CREATE TABLE session (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    user_id      bigint NOT NULL,
    journey_id   bigint,
    token_hash   bytea NOT NULL UNIQUE,
    redirect_url text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    valid_until  timestamptz NOT NULL,
    used_at      timestamptz,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE idempotency (
    workspace_id bigint NOT NULL,
    holder       text NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    status       integer NOT NULL,
    answer       bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, holder, route, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE webhook_endpoint (
    workspace_id  bigint NOT NULL,
    id            bigint NOT NULL,
    level         text NOT NULL CHECK (level IN ('Workspace', 'Funnel', 'Journey', 'Lead')),
    subject_id    bigint NOT NULL,
    url           text NOT NULL,
    events        text[] NOT NULL,
    secret_sealed bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, level, subject_id, url)
);

CREATE TABLE mail (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    message_id   text NOT NULL,
    recipient    text NOT NULL,
    subject      text NOT NULL,
    body         text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, message_id)
);

CREATE TABLE enrich_cache (
    workspace_id bigint NOT NULL,
    provider     text NOT NULL,
    subject      text NOT NULL,
    facts        jsonb NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, provider, subject)
);

CREATE TABLE audit (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    at           timestamptz NOT NULL,
    actor_kind   smallint NOT NULL,
    actor_user   bigint,
    actor_key    bigint,
    action       text NOT NULL,
    object       text NOT NULL,
    detail       jsonb NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE event (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    month        date NOT NULL,
    type         text NOT NULL,
    at           timestamptz NOT NULL,
    lead_id      bigint,
    journey_id   bigint,
    sequence     bigint,
    run_id       bigint,
    by_user      bigint,
    data         jsonb,
    xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (workspace_id, id, month)
) PARTITION BY RANGE (month);
CREATE INDEX event_journey ON event (workspace_id, journey_id, sequence) WHERE journey_id IS NOT NULL;

-- Protects a table: forced row-level security with both policies, and the serving
-- role's rights.
CREATE FUNCTION protect(target regclass, rights text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY ws ON %s USING (workspace_id = NULLIF(current_setting(''app.ws'', true), '''')::bigint)', target);
    EXECUTE format('CREATE POLICY sys ON %s TO kohomai_sys USING (true)', target);
    IF rights <> '' THEN
        EXECUTE format('GRANT %s ON %s TO kohomai_app', rights, target);
    END IF;
END $$;

-- Makes the partitions of the months around a moment, protected like their table. The
-- serving role may call it and owns nothing of it.
CREATE FUNCTION make_event_months(around timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = kohomai, pg_temp AS $$
DECLARE
    start date;
    part  text;
BEGIN
    FOR i IN 0..2 LOOP
        start := date_trunc('month', around AT TIME ZONE 'UTC')::date + make_interval(months => i);
        part := 'event_' || to_char(start, 'YYYY_MM');
        IF to_regclass('kohomai.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE kohomai.%I PARTITION OF kohomai.event FOR VALUES FROM (%L) TO (%L)',
                part, start, start + interval '1 month');
            PERFORM kohomai.protect(('kohomai.' || part)::regclass, '');
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION make_event_months FROM PUBLIC;
REVOKE ALL ON FUNCTION protect FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_event_months TO kohomai_app;

CREATE TABLE event_default PARTITION OF event DEFAULT;

SELECT protect(t::regclass, r) FROM (VALUES
    ('workspace', 'SELECT, INSERT, UPDATE'),
    ('app_user', 'SELECT, INSERT, UPDATE'),
    ('sign_in_link', 'SELECT, INSERT, UPDATE'),
    ('web_session', 'SELECT, INSERT, UPDATE, DELETE'),
    ('funnel', 'SELECT, INSERT, UPDATE'),
    ('funnel_version', 'SELECT, INSERT'),
    ('origin', 'SELECT, INSERT'),
    ('api_key', 'SELECT, INSERT, UPDATE'),
    ('data_point', 'SELECT, INSERT, UPDATE'),
    ('policy', 'SELECT, INSERT, UPDATE'),
    ('policy_member', 'SELECT, INSERT, UPDATE, DELETE'),
    ('journey', 'SELECT, INSERT, UPDATE'),
    ('activity_run', 'SELECT, INSERT, UPDATE'),
    ('activity_input', 'SELECT, INSERT'),
    ('draft', 'SELECT, INSERT, UPDATE, DELETE'),
    ('session', 'SELECT, INSERT, UPDATE'),
    ('idempotency', 'SELECT, INSERT, DELETE'),
    ('webhook_endpoint', 'SELECT, INSERT, UPDATE'),
    ('mail', 'SELECT, INSERT, DELETE'),
    ('enrich_cache', 'SELECT, INSERT, UPDATE, DELETE'),
    ('audit', 'SELECT, INSERT'),
    ('event', 'SELECT, INSERT'),
    ('event_default', '')
) AS tables (t, r);

SELECT make_event_months(now());

GRANT USAGE ON SCHEMA kohomai TO kohomai_app, kohomai_sys;
GRANT USAGE ON SEQUENCE id_seq TO kohomai_app;

-- What must look across tenants: small definer functions owned by kohomai_sys. They
-- return ids, hashes, expiries and scopes only.
GRANT SELECT ON workspace, api_key, origin, sign_in_link, web_session, session, app_user, journey, activity_run TO kohomai_sys;
GRANT UPDATE ON journey TO kohomai_sys;
GRANT SELECT, INSERT, UPDATE ON account TO kohomai_sys;

CREATE FUNCTION key_by_lookup(wanted text)
RETURNS TABLE (workspace_id bigint, id bigint, name text, hash bytea, env text, scopes text[], origin_id bigint,
    expires_at timestamptz, revoked_at timestamptz, sandbox boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT k.workspace_id, k.id, k.name, k.hash, k.env, k.scopes, k.origin_id, k.expires_at, k.revoked_at, w.sandbox
    FROM api_key k JOIN workspace w USING (workspace_id) WHERE k.lookup = wanted
$$;

CREATE FUNCTION web_session_by_hash(wanted bytea)
RETURNS TABLE (workspace_id bigint, id bigint, kind text, user_id bigint, role text, seen_at timestamptz,
    expires_at timestamptz, sandbox boolean, redirect_url text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT s.workspace_id, s.id, s.kind, s.user_id, u.role, s.seen_at, s.expires_at, w.sandbox, s.redirect_url
    FROM web_session s JOIN workspace w USING (workspace_id)
    JOIN app_user u ON u.workspace_id = s.workspace_id AND u.id = s.user_id
    WHERE s.token_hash = wanted
$$;

CREATE FUNCTION sign_in_link_by_hash(wanted bytea)
RETURNS TABLE (workspace_id bigint, id bigint, user_id bigint, valid_until timestamptz, used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT l.workspace_id, l.id, l.user_id, l.valid_until, l.used_at FROM sign_in_link l WHERE l.token_hash = wanted
$$;

CREATE FUNCTION session_by_hash(wanted bytea)
RETURNS TABLE (workspace_id bigint, id bigint, user_id bigint, journey_id bigint, valid_until timestamptz, used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT s.workspace_id, s.id, s.user_id, s.journey_id, s.valid_until, s.used_at FROM session s WHERE s.token_hash = wanted
$$;

CREATE FUNCTION workspaces()
RETURNS TABLE (workspace_id bigint, name text, sandbox boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT w.workspace_id, w.name, w.sandbox FROM workspace w ORDER BY w.workspace_id
$$;

CREATE FUNCTION ref_taken(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT EXISTS (SELECT FROM origin WHERE ref = wanted)
$$;

CREATE FUNCTION account_of(wanted text, fresh bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    INSERT INTO account (id, email) VALUES (fresh, wanted)
    ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING id
$$;

-- Postpones due journeys and tells which: the caller wakes them. A crash in between
-- costs half a minute, never a journey.
CREATE FUNCTION due_journeys(most integer)
RETURNS TABLE (workspace_id bigint, id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    UPDATE journey j SET wake_at = now() + interval '30 seconds'
    FROM (
        SELECT i.workspace_id, i.id FROM journey i JOIN workspace w ON w.workspace_id = i.workspace_id
        WHERE i.wake_at <= now() + w.clock_offset
        ORDER BY i.wake_at LIMIT most FOR UPDATE OF i SKIP LOCKED
    ) due
    WHERE j.workspace_id = due.workspace_id AND j.id = due.id
    RETURNING j.workspace_id, j.id
$$;

-- Open calls older than a minute: their job may be lost.
CREATE FUNCTION stale_calls(most integer)
RETURNS TABLE (workspace_id bigint, journey_id bigint, id bigint, call integer, connector text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT r.workspace_id, r.journey_id, r.id, r.call, r.connector
    FROM activity_run r JOIN journey j ON j.workspace_id = r.workspace_id AND j.id = r.journey_id
    WHERE r.call_open AND j.changed_at < now() - interval '1 minute' LIMIT most
$$;

DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'kohomai'::regnamespace
        AND p.proname IN ('key_by_lookup', 'web_session_by_hash', 'sign_in_link_by_hash', 'session_by_hash',
            'workspaces', 'ref_taken', 'account_of', 'due_journeys', 'stale_calls')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO kohomai_app', f);
        EXECUTE format('ALTER FUNCTION %s OWNER TO kohomai_sys', f);
    END LOOP;
END $$;
