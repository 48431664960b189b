DROP FUNCTION forget_expired;
REVOKE UPDATE, DELETE ON idempotency, sign_in_link, session, access_code, draft FROM kohomai_sys;
REVOKE SELECT ON idempotency, access_code, draft FROM kohomai_sys;
REVOKE UPDATE ON web_session FROM kohomai_sys;
DROP INDEX session_age, access_code_age, web_session_age;
