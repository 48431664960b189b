DROP TABLE event, audit, enrich_cache, mail, webhook_endpoint, idempotency, session, draft, activity_input,
    activity_run, journey, policy_member, policy, data_point, api_key, origin, funnel_version, funnel,
    web_session, sign_in_link, app_user, workspace, account CASCADE;
DROP FUNCTION key_by_lookup, web_session_by_hash, sign_in_link_by_hash, session_by_hash, workspaces, ref_taken,
    account_of, due_journeys, stale_calls, make_event_months, protect;
DROP SEQUENCE id_seq;
