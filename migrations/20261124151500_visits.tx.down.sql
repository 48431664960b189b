DROP FUNCTION account_by_email, account_by_id, account_places, set_account_password, end_account_visits, end_visit,
    try_sign_in, forget_sign_ins;
REVOKE DELETE ON web_session FROM kohomai_sys;
DROP INDEX mail_time;
DROP TABLE access_code;
DROP TABLE sign_in_attempt;
DROP INDEX app_user_account;
DROP INDEX web_session_user;
ALTER TABLE web_session DROP COLUMN journey_id;
