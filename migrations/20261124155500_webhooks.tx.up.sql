-- Webhooks: how endpoints stand, deliveries planned from the event log, their attempts.

ALTER TABLE webhook_endpoint
    ADD COLUMN description     text NOT NULL DEFAULT '',
    ADD COLUMN ordered         boolean NOT NULL DEFAULT false,
    ADD COLUMN etag            bigint NOT NULL DEFAULT 1,
    ADD COLUMN changed_at      timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN previous_sealed bytea,
    ADD COLUMN previous_until  timestamptz,
    ADD COLUMN disabled_at     timestamptz,
    ADD COLUMN disabled_reason text NOT NULL DEFAULT '',
    ADD COLUMN failures        integer NOT NULL DEFAULT 0,
    ADD COLUMN failing_since   timestamptz,
    ADD COLUMN open_until      timestamptz,
    ADD COLUMN succeeded_at    timestamptz,
    ADD COLUMN wake_at         timestamptz,
    ADD COLUMN leased_until    timestamptz,
    -- Everything below was over when the endpoint was made: it gets no such event.
    ADD COLUMN from_xid        xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot());
CREATE INDEX webhook_endpoint_created ON webhook_endpoint (workspace_id, created_at DESC, id DESC);
CREATE INDEX webhook_endpoint_wake ON webhook_endpoint (wake_at) WHERE wake_at IS NOT NULL;
GRANT DELETE ON webhook_endpoint TO kohomai_app;

-- No foreign key to the endpoint: a deleted one leaves rows that age away.
CREATE TABLE webhook_delivery (
    workspace_id bigint NOT NULL,
    id           bigint NOT NULL,
    endpoint_id  bigint NOT NULL,
    event_id     bigint NOT NULL,
    type         text NOT NULL,
    lead_id      bigint,
    journey_id   bigint,
    sequence     bigint,
    status       text NOT NULL CHECK (status IN ('Pending', 'Delivered', 'Failed')),
    reason       text NOT NULL DEFAULT '',
    attempts     integer NOT NULL DEFAULT 0,
    tries        integer NOT NULL DEFAULT 0,
    next_at      timestamptz,
    event_at     timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, endpoint_id, event_id)
) WITH (fillfactor = 85);
CREATE INDEX webhook_delivery_log ON webhook_delivery (workspace_id, endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_delivery_due ON webhook_delivery (workspace_id, endpoint_id, next_at) WHERE status = 'Pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (workspace_id, endpoint_id, journey_id, sequence)
    WHERE status = 'Pending' AND journey_id IS NOT NULL;
CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at);

CREATE TABLE webhook_attempt (
    workspace_id bigint NOT NULL,
    delivery_id  bigint NOT NULL,
    number       integer NOT NULL,
    at           timestamptz NOT NULL,
    took_ms      integer NOT NULL,
    url          text NOT NULL,
    body         text NOT NULL,
    status       integer NOT NULL,
    error        text NOT NULL DEFAULT '',
    answer       bytea NOT NULL DEFAULT '',
    PRIMARY KEY (workspace_id, delivery_id, number),
    FOREIGN KEY (workspace_id, delivery_id) REFERENCES webhook_delivery ON DELETE CASCADE
);
SELECT protect('webhook_delivery', 'SELECT, INSERT, UPDATE');
SELECT protect('webhook_attempt', 'SELECT, INSERT');

-- How far the event log is planned: one row for the installation. Everything up to
-- (xid, id) has its deliveries.
CREATE TABLE webhook_progress (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    xid    xid8 NOT NULL,
    id     bigint NOT NULL
);
INSERT INTO webhook_progress (xid, id) VALUES (pg_snapshot_xmin(pg_current_snapshot()), 0);
GRANT SELECT ON webhook_progress TO kohomai_app;

-- The order in which the log is read below the horizon.
CREATE INDEX event_order ON event (xid);

GRANT SELECT ON event TO kohomai_sys;
GRANT SELECT, UPDATE ON webhook_endpoint, webhook_progress TO kohomai_sys;
GRANT SELECT, DELETE ON webhook_delivery, webhook_attempt TO kohomai_sys;

-- Takes the next events below the horizon and tells which enabled endpoints stand at their
-- levels; the caller keeps the deliveries in the same transaction. Nothing while another
-- node plans. Done is false when more events wait.
CREATE FUNCTION webhook_candidates(most integer)
RETURNS TABLE (workspace_id bigint, event_id bigint, type text, at timestamptz, lead_id bigint, journey_id bigint,
    sequence bigint, endpoint_id bigint, patterns jsonb, done boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = kohomai, pg_temp SET enable_seqscan = off AS $$
DECLARE
    from_place webhook_progress;
    horizon    xid8;
    to_xid     xid8;
    to_id      bigint;
    n          integer;
BEGIN
    -- Looking costs no write: an idle installation must not commit four times a second.
    SELECT * INTO from_place FROM webhook_progress;
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    IF NOT EXISTS (SELECT FROM webhook_endpoint w WHERE w.disabled_at IS NULL) THEN
        IF horizon::text::bigint - from_place.xid::text::bigint > 10000 THEN
            UPDATE webhook_progress p SET xid = horizon, id = 0 WHERE p.xid < horizon;
        END IF;
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM event e WHERE e.xid >= from_place.xid AND e.xid < horizon
            AND (e.xid > from_place.xid OR e.id > from_place.id)) THEN
        RETURN;
    END IF;
    SELECT * INTO from_place FROM webhook_progress FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*), max(s.xid) INTO n, to_xid FROM (
        SELECT e.xid FROM event e WHERE e.xid >= from_place.xid AND e.xid < horizon AND (e.xid > from_place.xid OR e.id > from_place.id)
        ORDER BY e.xid, e.id LIMIT most) s;
    SELECT max(s.id) INTO to_id FROM (
        SELECT e.xid, e.id FROM event e WHERE e.xid >= from_place.xid AND e.xid < horizon AND (e.xid > from_place.xid OR e.id > from_place.id)
        ORDER BY e.xid, e.id LIMIT most) s WHERE s.xid = to_xid;
    UPDATE webhook_progress SET xid = to_xid, id = to_id;
    RETURN QUERY
        SELECT e.workspace_id, e.id, e.type, e.at, e.lead_id, e.journey_id, e.sequence, w.id, to_jsonb(w.events), n < most
        FROM event e
        LEFT JOIN journey j ON j.workspace_id = e.workspace_id AND j.id = e.journey_id
        CROSS JOIN LATERAL (VALUES ('Workspace', 0), ('Lead', e.lead_id), ('Journey', e.journey_id), ('Funnel', j.funnel_id)) AS s (level, subject)
        JOIN webhook_endpoint w ON w.workspace_id = e.workspace_id AND w.level = s.level AND w.subject_id = s.subject
        WHERE e.xid >= from_place.xid AND e.xid <= to_xid AND (e.xid > from_place.xid OR e.id > from_place.id)
            AND (e.xid < to_xid OR e.id <= to_id) AND w.disabled_at IS NULL AND e.xid >= w.from_xid
        ORDER BY e.workspace_id, e.xid, e.id;
    IF NOT FOUND AND n = most THEN
        -- Nobody listens to these, and more wait.
        RETURN QUERY SELECT 0::bigint, 0::bigint, '', now(), NULL::bigint, NULL::bigint, NULL::bigint, 0::bigint, '[]'::jsonb, false;
    END IF;
END $$;

-- Postpones endpoints with something due and tells which: the caller makes their jobs in
-- the same transaction. One that is being served tells its next moment itself.
CREATE FUNCTION due_webhooks(most integer) RETURNS TABLE (workspace_id bigint, id bigint, failing boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    UPDATE webhook_endpoint w SET wake_at = now() + interval '30 seconds'
    FROM (
        SELECT i.workspace_id, i.id FROM webhook_endpoint i
        WHERE i.wake_at <= now() AND (i.leased_until IS NULL OR i.leased_until <= now())
        ORDER BY i.wake_at LIMIT most FOR UPDATE SKIP LOCKED
    ) due
    WHERE w.workspace_id = due.workspace_id AND w.id = due.id
    RETURNING w.workspace_id, w.id, w.failures > 0
$$;

CREATE FUNCTION reap_webhooks(before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    WITH gone AS (
        DELETE FROM webhook_delivery d USING (
            SELECT i.workspace_id, i.id FROM webhook_delivery i WHERE i.created_at < before
            ORDER BY i.created_at LIMIT most FOR UPDATE SKIP LOCKED
        ) old WHERE d.workspace_id = old.workspace_id AND d.id = old.id RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'kohomai'::regnamespace
        AND p.proname IN ('webhook_candidates', 'due_webhooks', 'reap_webhooks')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO kohomai_app', f);
        EXECUTE format('ALTER FUNCTION %s OWNER TO kohomai_sys', f);
    END LOOP;
END $$;
