-- The block drawn last is in use.
SELECT setval('id_seq', nextval('id_seq'));
ALTER SEQUENCE id_seq INCREMENT BY 1;
ALTER TABLE journey ADD CONSTRAINT journey_workspace_id_funnel_id_version_fkey
    FOREIGN KEY (workspace_id, funnel_id, version) REFERENCES funnel_version;
ALTER TABLE journey ADD CONSTRAINT journey_workspace_id_lead_id_fkey
    FOREIGN KEY (workspace_id, lead_id) REFERENCES app_user;
ALTER TABLE activity_run ADD CONSTRAINT activity_run_workspace_id_journey_id_fkey
    FOREIGN KEY (workspace_id, journey_id) REFERENCES journey;
