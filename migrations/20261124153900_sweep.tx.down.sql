CREATE OR REPLACE FUNCTION due_journeys(most integer)
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
