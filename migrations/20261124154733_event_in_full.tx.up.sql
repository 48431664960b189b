-- An event of a run keeps only what the run's own row does not tell: its key, name, stage
-- and connector never change. Who reads events reads them here.
CREATE VIEW event_in_full WITH (security_invoker = true) AS
    SELECT e.workspace_id, e.id, e.month, e.type, e.at, e.lead_id, e.journey_id, e.sequence, e.run_id, e.by_user,
        CASE WHEN r.id IS NULL THEN e.data
            ELSE jsonb_build_object('Key', r.key, 'Name', r.name, 'Stage', r.stage, 'Connector', r.connector) || COALESCE(e.data, '{}')
        END AS data,
        e.xid
    FROM event e LEFT JOIN activity_run r ON r.workspace_id = e.workspace_id AND r.id = e.run_id;
GRANT SELECT ON event_in_full TO kohomai_app;

-- A lead's workspace is checked by row-level security, and no role that serves may delete
-- a workspace: see docs/decisions/foreign-keys-on-the-hot-path.md.
ALTER TABLE app_user DROP CONSTRAINT app_user_workspace_id_fkey;
