-- Two nodes that make months at one moment take turns: the second finds them made.
CREATE OR REPLACE FUNCTION make_event_months(around timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = kohomai, pg_temp AS $$
DECLARE
    start date;
    part  text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('kohomai.make_event_months', 0));
    FOR i IN 0..2 LOOP
        start := date_trunc('month', around AT TIME ZONE 'UTC')::date + make_interval(months => i);
        part := 'event_' || to_char(start, 'YYYY_MM');
        IF to_regclass('kohomai.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE kohomai.%I PARTITION OF kohomai.event FOR VALUES FROM (%L) TO (%L)',
                part, start, start + interval '1 month');
            PERFORM kohomai.protect(('kohomai.' || part)::regclass, '');
        END IF;
    END LOOP;
END $$;
