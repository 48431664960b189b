-- As it was.
CREATE OR REPLACE FUNCTION webhook_candidates(most integer)
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
REVOKE UPDATE ON webhook_delivery FROM kohomai_sys;
