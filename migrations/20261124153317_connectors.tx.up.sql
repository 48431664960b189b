-- How each workspace has set connectors up, and the addresses at which providers call back.
CREATE TABLE connector_config (
    workspace_id   bigint NOT NULL REFERENCES workspace,
    connector      text NOT NULL,
    config         jsonb NOT NULL DEFAULT '{}',
    secrets_sealed bytea,
    etag           bigint NOT NULL DEFAULT 0,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, connector)
);

-- One address per run. The hash finds it; the sealed token is read back for the next call
-- of the same run, which hands the same address to the provider.
CREATE TABLE callback_token (
    workspace_id bigint NOT NULL,
    run_id       bigint NOT NULL,
    token_hash   bytea NOT NULL UNIQUE,
    token_sealed bytea NOT NULL,
    PRIMARY KEY (workspace_id, run_id),
    FOREIGN KEY (workspace_id, run_id) REFERENCES activity_run
);

SELECT protect('connector_config', 'SELECT, INSERT, UPDATE');
SELECT protect('callback_token', 'SELECT, INSERT');

GRANT SELECT ON callback_token TO kohomai_sys;

CREATE FUNCTION callback_by_hash(wanted bytea)
RETURNS TABLE (workspace_id bigint, journey_id bigint, run_id bigint, connector text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = kohomai, pg_temp AS $$
    SELECT c.workspace_id, r.journey_id, r.id, r.connector
    FROM callback_token c JOIN activity_run r ON r.workspace_id = c.workspace_id AND r.id = c.run_id
    WHERE c.token_hash = wanted
$$;
REVOKE ALL ON FUNCTION callback_by_hash FROM PUBLIC;
GRANT EXECUTE ON FUNCTION callback_by_hash TO kohomai_app;
ALTER FUNCTION callback_by_hash OWNER TO kohomai_sys;
