-- retail.today: the date in the stores.
BEGIN;
\ir ../tap.sql
SELECT plan(2);
SET LOCAL timezone = 'America/Los_Angeles';
SELECT is(retail.today(), current_date, 'it is the date on the West Coast');
SET LOCAL timezone = 'Pacific/Kiritimati';
SELECT is(
    retail.today(), (now() AT TIME ZONE 'America/Los_Angeles')::date, 'wherever the session is'
);

SELECT * FROM finish();
ROLLBACK;
