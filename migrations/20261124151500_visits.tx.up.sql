-- People come in: passwords and attempts, visits of browsers, codes by e-mail.

-- A visit that came by a journey's link belongs to that journey.
ALTER TABLE web_session ADD COLUMN journey_id bigint;
CREATE INDEX web_session_user ON web_session (workspace_id, user_id);
CREATE INDEX app_user_account ON app_user (account_id) WHERE account_id IS NOT NULL;

-- How often a password was tried, by the hash of what was given as the e-mail: unknown
-- people are slowed like known ones.
CREATE TABLE sign_in_attempt (
    subject  bytea PRIMARY KEY,
    failures integer NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_age ON sign_in_attempt (at);

-- The code that lets a person in whose link was used or is too old; the latest one only.
CREATE TABLE access_code (
    workspace_id bigint NOT NULL,
    user_id      bigint NOT NULL,
    id           bigint NOT NULL,
    journey_id   bigint,
    redirect_url text NOT NULL DEFAULT '',
    code_sealed  bytea NOT NULL,
    tries        integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    valid_until  timestamptz NOT NULL,
    used_at      timestamptz,
    PRIMARY KEY (workspace_id, user_id),
    FOREIGN KEY (workspace_id, user_id) REFERENCES app_user ON DELETE CASCADE
);
SELECT protect('access_code', 'SELECT, INSERT, UPDATE, DELETE');
CREATE INDEX mail_time ON mail (workspace_id, at DESC, id DESC);

GRANT DELETE ON web_session TO kohomai_sys;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempt TO kohomai_sys;

CREATE FUNCTION account_by_email(wanted text) RETURNS TABLE (id bigint, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT a.id, COALESCE(a.password_hash, '') FROM account a WHERE a.email = wanted
$$;

CREATE FUNCTION account_by_id(wanted bigint) RETURNS TABLE (id bigint, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT a.id, COALESCE(a.password_hash, '') FROM account a WHERE a.id = wanted
$$;

-- Where an account may enter the console, last visited first, real workspaces before sandboxes.
CREATE FUNCTION account_places(wanted bigint)
RETURNS TABLE (workspace_id bigint, user_id bigint, sandbox boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT u.workspace_id, u.id, w.sandbox FROM app_user u JOIN workspace w USING (workspace_id)
    WHERE u.account_id = wanted AND u.role <> ''
    ORDER BY (SELECT max(s.created_at) FROM web_session s
        WHERE s.workspace_id = u.workspace_id AND s.user_id = u.id AND s.kind = 'console') DESC NULLS LAST, w.sandbox, u.workspace_id
$$;

CREATE FUNCTION set_account_password(wanted bigint, hash text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    UPDATE account SET password_hash = hash WHERE id = wanted
$$;

-- Ends the console visits of an account in every workspace but one of a hash.
CREATE FUNCTION end_account_visits(wanted bigint, keep bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    DELETE FROM web_session s USING app_user u
    WHERE u.account_id = wanted AND s.workspace_id = u.workspace_id AND s.user_id = u.id AND s.kind = 'console'
        AND s.token_hash <> keep
$$;

CREATE FUNCTION end_visit(wanted bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    DELETE FROM web_session WHERE token_hash = wanted
$$;

-- Counts an attempt and answers 0, or counts nothing and answers for how many seconds yet
-- nothing may be tried. Delays are those after 0, 1, 2 … attempts; the last one stays.
CREATE FUNCTION try_sign_in(wanted bytea, moment timestamptz, delays double precision[]) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
DECLARE
    seen sign_in_attempt;
    wait double precision;
BEGIN
    DELETE FROM sign_in_attempt WHERE at < moment - interval '1 day';
    INSERT INTO sign_in_attempt (subject, failures, at) VALUES (wanted, 0, moment) ON CONFLICT DO NOTHING;
    SELECT * INTO seen FROM sign_in_attempt WHERE subject = wanted FOR UPDATE;
    wait := delays[least(seen.failures + 1, array_length(delays, 1))] - extract(epoch FROM moment - seen.at);
    IF seen.failures > 0 AND wait > 0 THEN
        RETURN wait;
    END IF;
    UPDATE sign_in_attempt SET failures = failures + 1, at = moment WHERE subject = wanted;
    RETURN 0;
END $$;

CREATE FUNCTION forget_sign_ins(wanted bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    DELETE FROM sign_in_attempt WHERE subject = wanted
$$;

DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'kohomai'::regnamespace
        AND p.proname IN ('account_by_email', 'account_by_id', 'account_places', 'set_account_password',
            'end_account_visits', 'end_visit', 'try_sign_in', 'forget_sign_ins')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO kohomai_app', f);
        EXECUTE format('ALTER FUNCTION %s OWNER TO kohomai_sys', f);
    END LOOP;
END $$;
