-- A published version keeps its connectors as they stood: id, version, the types of their
-- facts. Versions of before have none and go by the catalog.
ALTER TABLE funnel_version ADD COLUMN connectors jsonb NOT NULL DEFAULT '[]';
