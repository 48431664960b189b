DROP FUNCTION webhook_candidates, due_webhooks, reap_webhooks;
DROP INDEX event_order;
DROP TABLE webhook_progress, webhook_attempt, webhook_delivery;
REVOKE SELECT ON event FROM kohomai_sys;
REVOKE SELECT, UPDATE ON webhook_endpoint FROM kohomai_sys;
REVOKE DELETE ON webhook_endpoint FROM kohomai_app;
DROP INDEX webhook_endpoint_wake, webhook_endpoint_created;
ALTER TABLE webhook_endpoint
    DROP COLUMN description, DROP COLUMN ordered, DROP COLUMN etag, DROP COLUMN changed_at, DROP COLUMN previous_sealed,
    DROP COLUMN previous_until, DROP COLUMN disabled_at, DROP COLUMN disabled_reason, DROP COLUMN failures,
    DROP COLUMN failing_since, DROP COLUMN open_until, DROP COLUMN succeeded_at, DROP COLUMN wake_at,
    DROP COLUMN leased_until, DROP COLUMN from_xid;
