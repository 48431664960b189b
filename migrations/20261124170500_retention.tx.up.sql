-- What was kept long enough goes: links, codes, visits, idempotency records, drafts.

CREATE INDEX session_age ON session (valid_until);
CREATE INDEX access_code_age ON access_code (valid_until);
CREATE INDEX web_session_age ON web_session (expires_at);

-- Locking what goes takes the right to update it.
GRANT SELECT, UPDATE, DELETE ON idempotency, sign_in_link, session, access_code, web_session, draft TO kohomai_sys;

-- Deletes at most so many rows of each table, in every workspace, and tells the most it
-- deleted of one. Records and answers of before a moment; links and codes that were of no
-- more use by then; visits that ended by now; drafts of runs that are over. Rows that
-- somebody works on are left for the next time.
CREATE FUNCTION forget_expired(records_before timestamptz, links_before timestamptz, moment timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    WITH records AS (
        DELETE FROM idempotency d USING (
            SELECT i.workspace_id, i.holder, i.route, i.key FROM idempotency i WHERE i.created_at < records_before
            ORDER BY i.created_at LIMIT most FOR UPDATE SKIP LOCKED
        ) o WHERE d.workspace_id = o.workspace_id AND d.holder = o.holder AND d.route = o.route AND d.key = o.key RETURNING 1
    ), sign_ins AS (
        DELETE FROM sign_in_link d USING (
            SELECT i.workspace_id, i.id FROM sign_in_link i WHERE i.valid_until < links_before OR i.used_at < links_before
            LIMIT most FOR UPDATE SKIP LOCKED
        ) o WHERE d.workspace_id = o.workspace_id AND d.id = o.id RETURNING 1
    ), links AS (
        DELETE FROM session d USING (
            SELECT i.workspace_id, i.id FROM session i WHERE i.valid_until < links_before
            ORDER BY i.valid_until LIMIT most FOR UPDATE SKIP LOCKED
        ) o WHERE d.workspace_id = o.workspace_id AND d.id = o.id RETURNING 1
    ), codes AS (
        DELETE FROM access_code d USING (
            SELECT i.workspace_id, i.user_id FROM access_code i WHERE i.valid_until < links_before
            ORDER BY i.valid_until LIMIT most FOR UPDATE SKIP LOCKED
        ) o WHERE d.workspace_id = o.workspace_id AND d.user_id = o.user_id RETURNING 1
    ), visits AS (
        DELETE FROM web_session d USING (
            SELECT i.workspace_id, i.id FROM web_session i WHERE i.expires_at < moment
            ORDER BY i.expires_at LIMIT most FOR UPDATE SKIP LOCKED
        ) o WHERE d.workspace_id = o.workspace_id AND d.id = o.id RETURNING 1
    ), drafts AS (
        DELETE FROM draft d USING (
            SELECT i.workspace_id, i.run_id, i.field FROM draft i
            JOIN activity_run r ON r.workspace_id = i.workspace_id AND r.id = i.run_id
            WHERE r.status IN ('Completed', 'Failed', 'Skipped', 'Cancelled')
            LIMIT most FOR UPDATE OF i SKIP LOCKED
        ) o WHERE d.workspace_id = o.workspace_id AND d.run_id = o.run_id AND d.field = o.field RETURNING 1
    )
    SELECT greatest((SELECT count(*) FROM records), (SELECT count(*) FROM sign_ins), (SELECT count(*) FROM links),
        (SELECT count(*) FROM codes), (SELECT count(*) FROM visits), (SELECT count(*) FROM drafts))
$$;
REVOKE ALL ON FUNCTION forget_expired FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_expired TO kohomai_app;
ALTER FUNCTION forget_expired OWNER TO kohomai_sys;
