-- What every registration writes carries no foreign key of its own: see
-- docs/decisions/foreign-keys-on-the-hot-path.md.
ALTER TABLE activity_run DROP CONSTRAINT activity_run_workspace_id_journey_id_fkey;
ALTER TABLE journey DROP CONSTRAINT journey_workspace_id_lead_id_fkey;
ALTER TABLE journey DROP CONSTRAINT journey_workspace_id_funnel_id_version_fkey;

-- One value of the sequence is a whole block of identifiers (adapters/pg, blockSize).
ALTER SEQUENCE id_seq INCREMENT BY 16384;
