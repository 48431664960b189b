ALTER TABLE app_user ADD CONSTRAINT app_user_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace;
UPDATE event e SET data = f.data FROM event_in_full f
    WHERE f.workspace_id = e.workspace_id AND f.id = e.id AND f.month = e.month AND e.run_id IS NOT NULL;
DROP VIEW event_in_full;
