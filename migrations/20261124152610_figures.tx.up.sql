-- What operators watch, counted over all workspaces. The function returns numbers only.
CREATE FUNCTION standing_figures() RETURNS TABLE (due bigint, calls bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT (SELECT count(*) FROM journey j JOIN workspace w USING (workspace_id) WHERE j.wake_at <= now() + w.clock_offset),
        (SELECT count(*) FROM activity_run WHERE call_open)
$$;
REVOKE ALL ON FUNCTION standing_figures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION standing_figures TO kohomai_app;
ALTER FUNCTION standing_figures OWNER TO kohomai_sys;
