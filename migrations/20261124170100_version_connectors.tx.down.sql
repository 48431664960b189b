ALTER TABLE funnel_version DROP COLUMN connectors;
