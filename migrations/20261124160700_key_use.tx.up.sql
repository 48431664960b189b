-- When a key was last used, to the minute: written by whoever finds the key, in any
-- workspace, outside of what the request does.

GRANT UPDATE (last_used_at) ON api_key TO kohomai_sys;

CREATE FUNCTION key_used(wanted text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    UPDATE api_key SET last_used_at = now()
    WHERE lookup = wanted AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
$$;
REVOKE ALL ON FUNCTION key_used FROM PUBLIC;
GRANT EXECUTE ON FUNCTION key_used TO kohomai_app;
ALTER FUNCTION key_used OWNER TO kohomai_sys;
