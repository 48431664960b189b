DROP TABLE enrichment_asked;
DROP INDEX enrich_cache_until;
ALTER TABLE enrich_cache DROP COLUMN until;
DROP TABLE enrichment_provider;
