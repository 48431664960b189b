-- A postponed journey is postponed in its workspace's own time: with an offset ahead it was
-- due again at once, for another node to take as well.
CREATE OR REPLACE FUNCTION due_journeys(most integer)
RETURNS TABLE (workspace_id bigint, id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    UPDATE journey j SET wake_at = now() + due.clock_offset + interval '30 seconds'
    FROM (
        SELECT i.workspace_id, i.id, w.clock_offset FROM journey i JOIN workspace w ON w.workspace_id = i.workspace_id
        WHERE i.wake_at <= now() + w.clock_offset
        ORDER BY i.wake_at LIMIT most FOR UPDATE OF i SKIP LOCKED
    ) due
    WHERE j.workspace_id = due.workspace_id AND j.id = due.id
    RETURNING j.workspace_id, j.id
$$;
