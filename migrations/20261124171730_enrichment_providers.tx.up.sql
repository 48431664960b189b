-- How each workspace uses the providers of facts, what they answered, and how often each
-- was asked on a day.
CREATE TABLE enrichment_provider (
    workspace_id  bigint NOT NULL REFERENCES workspace,
    key           text NOT NULL,
    kind          text NOT NULL,
    enabled       boolean NOT NULL,
    place         int NOT NULL,
    a_day         int NOT NULL,
    source        jsonb,
    secret_sealed bytea,
    revision      bigint NOT NULL DEFAULT 0,
    etag          bigint NOT NULL DEFAULT 0,
    changed_at    timestamptz,
    PRIMARY KEY (workspace_id, key)
);

-- Facts about companies only, by registrable domain; provider holds the revision of its
-- setting.
ALTER TABLE enrich_cache ADD COLUMN until timestamptz NOT NULL DEFAULT now();
CREATE INDEX enrich_cache_until ON enrich_cache (workspace_id, until);

CREATE TABLE enrichment_asked (
    workspace_id bigint NOT NULL REFERENCES workspace,
    provider     text NOT NULL,
    day          date NOT NULL,
    questions    int NOT NULL,
    PRIMARY KEY (workspace_id, provider, day)
);

SELECT protect('enrichment_provider', 'SELECT, INSERT, UPDATE, DELETE');
SELECT protect('enrichment_asked', 'SELECT, INSERT, UPDATE, DELETE');
