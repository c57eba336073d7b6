-- tool.get_current_utc_date: now, in UTC, whatever the session's time zone.
BEGIN;
\ir ../tap.sql
SELECT plan(2);
SELECT be('seattle@zava.example');
SET LOCAL timezone = 'Asia/Tokyo';
SELECT is(
    tool.get_current_utc_date()::timestamptz, date_trunc('second', now()),
    'it is now, to the second'
);
SELECT ok(tool.get_current_utc_date() ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$', 'in ISO 8601');

SELECT * FROM finish();
ROLLBACK;
