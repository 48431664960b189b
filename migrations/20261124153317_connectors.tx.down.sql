DROP FUNCTION callback_by_hash;
DROP TABLE callback_token;
DROP TABLE connector_config;
