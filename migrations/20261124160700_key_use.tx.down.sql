DROP FUNCTION key_used;
REVOKE UPDATE (last_used_at) ON api_key FROM kohomai_sys;
