-- functions: written by storekeeper ship from the object files named below.
-- depends: 0003_context_key_and_catalog_notice 0004_retail_tables

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/completion/store.sql
-- Stores whose names begin as somebody began to type.
-- drop: DROP FUNCTION completion.store;
CREATE OR REPLACE FUNCTION completion.store(prefix text, context jsonb)
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT s.name
    FROM retail.stores AS s
    WHERE starts_with(lower(s.name), lower(store.prefix))
       OR starts_with(lower(s.name), 'zava retail ' || lower(store.prefix))
    ORDER BY s.name
$function$;

COMMENT ON FUNCTION completion.store IS $comment$
Names of the stores that you may see, typed with or without the leading "Zava Retail".
@title Stores
@param prefix   What was typed so far.
@param context  The arguments that are filled in already; they make no difference here.
@return The names.
@example SELECT * FROM completion.store('sea', '{}');
$comment$;
REVOKE ALL ON FUNCTION completion.store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION completion.store TO store_managers, regional_managers, head_office;

-- object: functions/completion/table.sql
-- Tables that begin as somebody began to type.
-- drop: DROP FUNCTION completion."table";
CREATE OR REPLACE FUNCTION completion."table"(prefix text, context jsonb)
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT v.table_name
    FROM retail.visible_tables() AS v
    WHERE starts_with(v.table_name, lower("table".prefix))
    ORDER BY v.table_name
$function$;

COMMENT ON FUNCTION completion."table" IS $comment$
Names of the tables that you may read.
@title Tables
@param prefix   What was typed so far.
@param context  The arguments that are filled in already; they make no difference here.
@return The names.
@example SELECT * FROM completion."table"('ord', '{}');
$comment$;
REVOKE ALL ON FUNCTION completion."table" FROM PUBLIC;
GRANT EXECUTE ON FUNCTION completion."table" TO store_managers, regional_managers, head_office;

-- object: functions/prompt/weekly_review.sql
-- Asks for a review of one week.
-- drop: DROP FUNCTION prompt.weekly_review;
CREATE OR REPLACE FUNCTION prompt.weekly_review(
    store   text DEFAULT NULL,
    week_of date DEFAULT NULL
)
RETURNS TABLE (role text, content text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_yesterday CONSTANT date := retail.today() - 1;
    -- Monday to Sunday; the last week that is over when none is given.
    v_monday    CONSTANT date
        := date_trunc('week', coalesce(weekly_review.week_of, v_yesterday - 6)::timestamp);
    v_last      CONSTANT date := least(v_monday + 6, v_yesterday);
    v_store     CONSTANT text := (
        SELECT s.name FROM retail.stores AS s
        WHERE weekly_review.store IS NOT NULL
          AND s.store_id = ANY (retail.find_stores(weekly_review.store))
    );
    v_argument  CONSTANT text := coalesce('store_name: ' || to_json(v_store) || ', ', '');
BEGIN
    IF v_last < v_monday THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The week of %s has no full day yet.', weekly_review.week_of),
            HINT = 'The latest week that has one began on '
                || date_trunc('week', v_yesterday::timestamp)::date || '.';
    END IF;
    role := 'user';
    content := format(
        $text$Review the week from %1$s (a Monday) to %2$s for %3$s.

First collect the figures. These calls do not need one another, so make them together:
1. get_store_performance(%4$sdate_from: "%1$s", date_to: "%2$s"): the week against the week before,
   and against the same dates a year before (they fall on other weekdays, so do not lean on them).
2. get_store_performance(%4$sdate_from: "%5$s", date_to: "%2$s"): the four weeks that end
   with it, to tell a trend from the noise of one week.
3. top_products(%4$sdate_from: "%1$s", date_to: "%2$s", max_rows: 10)
4. top_products(%4$sdate_from: "%6$s", date_to: "%7$s", max_rows: 10): the week before, to
   see what rose and what fell.
If something moved by more than a tenth and these do not say why, look for the reason with
execute_sales_query (get_multiple_table_schemas first): by day, category, status or discount. Two or
three such queries are enough.

Then write, for someone who has five minutes:
- **Headline**: one sentence: was it a good week, and why.
- **Figures**: a table of revenue, orders, average basket, margin and discount percentages, each
  with its change against the week before where you have it.
- **What moved**: the two or three categories or products%8$s that explain the change, in dollars.
- **To do this week**: at most three actions, each resting on a figure above.
- **Doubts**: what the figures can't tell, such as open orders that may still be cancelled.

Use only numbers that the tools returned. A percentage of few orders says little: give the count
with it. Amounts are US dollars, net of discounts.$text$,
        v_monday, v_last, coalesce(v_store, 'all the stores you may see, together'), v_argument,
        v_last - 27, v_monday - 7, v_last - 7,
        CASE WHEN v_store IS NULL THEN ' or stores' ELSE '' END
    );
    RETURN NEXT;
END
$function$;

COMMENT ON FUNCTION prompt.weekly_review IS $comment$
A review of one week's sales: what happened, why, and what to do about it.
@title Weekly review
@param store    For example Seattle; left out: all your stores together.
@param week_of  Any day of the week to review, YYYY-MM-DD; left out: the last week that is over.
@return role     user.
@return content  The request, with dates and calls filled in.
@example SELECT content FROM prompt.weekly_review('Seattle', '2026-03-04');
$comment$;
REVOKE ALL ON FUNCTION prompt.weekly_review FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prompt.weekly_review TO store_managers, regional_managers, head_office;

-- object: functions/resource/schema.sql
-- One table's schema, to read without a call.
-- drop: DROP FUNCTION resource.schema;
CREATE OR REPLACE FUNCTION resource.schema("table" text)
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT tool.get_multiple_table_schemas(ARRAY["table"])
$function$;

COMMENT ON FUNCTION resource.schema IS $comment$
Columns, types, keys and valid values of one table of the sales data, with hints for good SQL.
@title Table schema
@uri retail://schema/{table}
@mime application/json
@param table  For example orders.
@return As get_multiple_table_schemas.
@example retail://schema/orders
$comment$;
REVOKE ALL ON FUNCTION resource.schema FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resource.schema TO store_managers, regional_managers, head_office;

-- object: functions/retail/counts_as_revenue.sql
-- Which orders count: one place that says so.
-- drop: DROP FUNCTION retail.counts_as_revenue;
-- The planner puts the expression in the function's place and knows of how many orders it is true.
-- Hence no pinned search_path; the body is bound when it is created.
CREATE OR REPLACE FUNCTION retail.counts_as_revenue(status text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN status IN ('pending', 'shipped', 'completed');

COMMENT ON FUNCTION retail.counts_as_revenue IS $comment$
Whether an order of this status counts as revenue: pending, shipped and completed ones do, cancelled
and returned ones do not.
@title Counts as revenue
@param status  orders.status.
@return true or false.
@example SELECT sum(total_amount) FROM retail.orders WHERE retail.counts_as_revenue(status);
$comment$;
REVOKE ALL ON FUNCTION retail.counts_as_revenue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.counts_as_revenue
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/describe_table.sql
-- One table as whoever writes SQL needs to know it.
-- drop: DROP FUNCTION retail.describe_table;
CREATE OR REPLACE FUNCTION retail.describe_table(table_oid oid)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Not of a table with row security: the estimate counts other people's rows.
    v_rows  bigint := (
        SELECT nullif(c.reltuples, -1)::bigint
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND c.relkind <> 'v' AND NOT c.relrowsecurity
    );
    v_names json;
BEGIN
    -- What things are called, where that is a short list: categories, regions, stores.
    IF EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = describe_table.table_oid AND a.attname = 'name'
          AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ) THEN
        EXECUTE format(
            'SELECT json_agg(n.name ORDER BY n.name)'
            ' FROM (SELECT t.name FROM %s AS t LIMIT 101) AS n HAVING count(*) <= 100',
            describe_table.table_oid::regclass
        ) INTO v_names;
    END IF;

    RETURN (
        SELECT json_strip_nulls(json_build_object(
            'table', c.relname,
            'description', obj_description(c.oid, 'pg_class'),
            'approximate_rows', v_rows,
            'columns', (
                SELECT json_agg(json_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod),
                    'nullable', NOT a.attnotnull,
                    'description', col_description(a.attrelid, a.attnum),
                    'values', coalesce(
                        CASE WHEN a.attname = 'name' THEN v_names END,
                        (
                            SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                            FROM pg_enum AS e
                            WHERE e.enumtypid = a.atttypid
                        ),
                        -- CHECK (column IN (…)) is stored as column = ANY (ARRAY['…'::type, …]).
                        (
                            SELECT json_agg(replace(v.quoted[1], '''''', '''') ORDER BY v.n)
                            FROM pg_constraint AS k
                            CROSS JOIN LATERAL regexp_matches(
                                pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g'
                            ) WITH ORDINALITY AS v (quoted, n)
                            WHERE k.conrelid = a.attrelid
                              AND k.contype = 'c'
                              AND k.conkey = ARRAY[a.attnum]
                              AND pg_get_constraintdef(k.oid) ~ '= ANY'
                        )
                    )
                ) ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE a.attrelid = c.oid
                  AND a.attnum > 0
                  AND NOT a.attisdropped
                  AND has_column_privilege(c.oid, a.attnum, 'SELECT')
            ),
            'primary_key', (
                SELECT retail.key_columns(k.conrelid, k.conkey)
                FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'p'
            ),
            'foreign_keys', (
                SELECT json_agg(format(
                    '%s REFERENCES %s %s', retail.key_columns(k.conrelid, k.conkey),
                    r.table_name, retail.key_columns(k.confrelid, k.confkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN retail.visible_tables() AS r ON r.table_oid = k.confrelid
                WHERE k.conrelid = c.oid AND k.contype = 'f'
            ),
            'referenced_by', (
                SELECT json_agg(format(
                    '%s %s', r.table_name, retail.key_columns(k.conrelid, k.conkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN retail.visible_tables() AS r ON r.table_oid = k.conrelid
                WHERE k.confrelid = c.oid AND k.contype = 'f'
            )
        ))
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid
    );
END
$function$;

COMMENT ON FUNCTION retail.describe_table IS $comment$
{table, description, approximate_rows, columns: [{name, type, nullable, description, values}],
primary_key, foreign_keys, referenced_by} of a table, as far as the caller may read it. From
pg_catalog, since information_schema shows keys to owners only.
@title Description of a table
@param table_oid  The table.
@return The description; parts that do not apply are left out.
@example SELECT retail.describe_table('retail.orders'::regclass);
$comment$;
REVOKE ALL ON FUNCTION retail.describe_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.describe_table TO store_managers, regional_managers, head_office;

-- object: functions/retail/dollars.sql
-- An amount as a sentence has it.
-- drop: DROP FUNCTION retail.dollars;
-- The planner puts the expression in the function's place. Hence no pinned search_path; the body is
-- bound when it is created.
CREATE OR REPLACE FUNCTION retail.dollars(amount numeric)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN CASE WHEN amount < 0 THEN '-$' ELSE '$' END
    || to_char(
        abs(amount),
        CASE WHEN abs(amount) < 999.995 THEN 'FM990.00' ELSE 'FM999,999,999,999,990' END
    );

COMMENT ON FUNCTION retail.dollars IS $comment$
US dollars for people: cents below a thousand, whole dollars with commas above.
@title Dollars
@param amount  US dollars.
@return For example $1,234.
@example SELECT retail.dollars(1234.5);
$comment$;
REVOKE ALL ON FUNCTION retail.dollars FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.dollars TO store_managers, regional_managers, head_office;

-- object: functions/retail/find_category.sql
-- The id of a category by its name.
-- drop: DROP FUNCTION retail.find_category;
CREATE OR REPLACE FUNCTION retail.find_category(category text)
RETURNS smallint
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_category_id smallint;
BEGIN
    SELECT c.category_id INTO v_category_id
    FROM retail.categories AS c
    WHERE lower(c.name) = lower(trim(find_category.category));
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no category %L.', find_category.category),
            HINT = (
                SELECT 'The categories: ' || string_agg(c.name, ', ' ORDER BY c.name) || '.'
                FROM retail.categories AS c
            );
    END IF;
    RETURN v_category_id;
END
$function$;

COMMENT ON FUNCTION retail.find_category IS $comment$
The category of this name, in any letter case; NULL for NULL. SK404, with the names in the hint,
when there is none.
@title Find a category
@param category  For example Power Tools.
@return The category id.
@example SELECT retail.find_category('power tools');
$comment$;
REVOKE ALL ON FUNCTION retail.find_category FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_category TO store_managers, regional_managers, head_office;

-- object: functions/retail/find_stores.sql
-- The ids of the stores that a question is about.
-- drop: DROP FUNCTION retail.find_stores;
CREATE OR REPLACE FUNCTION retail.find_stores(store_name text)
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_name     CONSTANT text := lower(trim(find_stores.store_name));
    v_store_id uuid;
BEGIN
    IF v_name IS NULL THEN
        RETURN retail.get_user_store_list();
    END IF;
    SELECT s.store_id INTO v_store_id
    FROM retail.stores AS s
    WHERE lower(s.name) IN (v_name, 'zava retail ' || v_name);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('You may see no store called %L.', find_stores.store_name),
            HINT = coalesce(
                (
                    SELECT 'Stores you may see: ' || string_agg(s.name, ', ' ORDER BY s.name) || '.'
                    FROM retail.stores AS s
                ),
                'There is no store that you may see.'
            );
    END IF;
    RETURN ARRAY[v_store_id];
END
$function$;

COMMENT ON FUNCTION retail.find_stores IS $comment$
The store of this name, in any letter case, with or without the leading "Zava Retail"; for NULL all
the caller's stores. SK404, with the visible names in the hint, for an unknown store and for one
that is not the caller's alike.
@title Find stores
@param store_name  Zava Retail Seattle, or Seattle, or NULL.
@return The store ids.
@example SELECT retail.find_stores('Seattle');
$comment$;
REVOKE ALL ON FUNCTION retail.find_stores FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_stores TO store_managers, regional_managers, head_office;

-- object: functions/retail/get_current_user_store.sql
-- The one store of a store manager.
-- drop: DROP FUNCTION retail.get_current_user_store;
CREATE OR REPLACE FUNCTION retail.get_current_user_store()
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_stores CONSTANT uuid[] := gateway.tenant_ids();
BEGIN
    RETURN CASE WHEN cardinality(v_stores) = 1 THEN v_stores[1] END;
END
$function$;

COMMENT ON FUNCTION retail.get_current_user_store IS $comment$
The id of the caller's store when they have exactly one, from the signed identity; otherwise NULL,
which equals nothing: whoever has no store or several sees nothing through it.
@title Store of the caller
@return The store id, or NULL.
@example SELECT name FROM retail.stores WHERE store_id = retail.get_current_user_store();
$comment$;
REVOKE ALL ON FUNCTION retail.get_current_user_store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.get_current_user_store
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/get_user_store_list.sql
-- The stores whose rows the caller may see.
-- drop: DROP FUNCTION retail.get_user_store_list;
CREATE OR REPLACE FUNCTION retail.get_user_store_list()
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- PL/pgSQL keeps its plan; before 18 a SQL function is planned again in every query.
    RETURN gateway.tenant_ids();
END
$function$;

COMMENT ON FUNCTION retail.get_user_store_list IS $comment$
The ids of the caller's stores, from the signed identity; none when nobody is signed in.
@title Stores of the caller
@return The store ids.
@example SELECT * FROM retail.stores WHERE store_id = ANY (retail.get_user_store_list());
$comment$;
REVOKE ALL ON FUNCTION retail.get_user_store_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.get_user_store_list
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/grant_managers.sql
-- Keeps the tenants, and who may see which, as retail.stores and retail.regions say.
-- drop: DROP FUNCTION retail.grant_managers;
CREATE OR REPLACE FUNCTION retail.grant_managers()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Who sees only some of the stores would take the others from their managers.
    IF row_security_active('retail.stores') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I may not change who manages what.', current_user),
            HINT = 'Change retail.stores and retail.regions as storekeeper_loader.';
    END IF;

    PERFORM gateway.put_tenant(s.store_id, s.name) FROM retail.stores AS s;

    -- Everybody anew, since whoever lost a store is named nowhere any more.
    PERFORM gateway.put_tenants(
        p.principal_id,
        CASE p.role
            WHEN 'store_managers' THEN ARRAY(
                SELECT s.store_id FROM retail.stores AS s WHERE s.manager_id = p.principal_id
            )
            WHEN 'regional_managers' THEN ARRAY(
                SELECT s.store_id
                FROM retail.stores AS s
                JOIN retail.regions AS r USING (region_id)
                WHERE r.manager_id = p.principal_id
            )
        END  -- NULL, every tenant, for the head office
    )
    FROM gateway.people() AS p
    WHERE p.role IN ('store_managers', 'regional_managers', 'head_office');
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.grant_managers IS $comment$
Trigger: each store is a tenant; managers see the stores they manage now, the head office all.
$comment$;
REVOKE ALL ON FUNCTION retail.grant_managers FROM PUBLIC;

-- object: functions/retail/key_columns.sql
-- The columns of a key, as a constraint lists them.
-- drop: DROP FUNCTION retail.key_columns;
CREATE OR REPLACE FUNCTION retail.key_columns(table_oid oid, column_numbers smallint[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT '(' || string_agg(a.attname, ', ' ORDER BY k.n) || ')'
    FROM unnest(key_columns.column_numbers) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute AS a ON a.attrelid = key_columns.table_oid AND a.attnum = k.attnum
$function$;

COMMENT ON FUNCTION retail.key_columns IS $comment$
(store_id, order_id) for the column numbers that pg_constraint has.
@title Columns of a key
@param table_oid       The table.
@param column_numbers  pg_constraint.conkey or confkey.
@return The names in parentheses.
@example SELECT retail.key_columns(conrelid, conkey) FROM pg_constraint WHERE contype = 'p';
$comment$;
REVOKE ALL ON FUNCTION retail.key_columns FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.key_columns TO store_managers, regional_managers, head_office;

-- object: functions/retail/percent.sql
-- A part of a whole in percent.
-- drop: DROP FUNCTION retail.percent;
-- The planner puts the expression in the function's place. Hence no pinned search_path; the body is
-- bound when it is created.
CREATE OR REPLACE FUNCTION retail.percent(part numeric, whole numeric)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN round(100 * part / nullif(whole, 0), 1);

COMMENT ON FUNCTION retail.percent IS $comment$
100 x part / whole, to one decimal place; NULL when the whole is zero.
A change in percent is retail.percent(now - before, before).
@title Percent
@param part   The part.
@param whole  What it is a part of.
@return Percent.
@example SELECT retail.percent(20, 80); -- 25.0
$comment$;
REVOKE ALL ON FUNCTION retail.percent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.percent TO store_managers, regional_managers, head_office;

-- object: functions/retail/performance_insights.sql
-- What tool.get_store_performance found, in sentences.
-- drop: DROP FUNCTION retail.performance_insights;
CREATE OR REPLACE FUNCTION retail.performance_insights(report json)
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH
    r AS (
        SELECT r.*, (r.period ->> 'days')::integer AS days
        FROM json_to_record(report) AS r (
            period json, revenue numeric, orders bigint, margin json, discount json,
            top_categories json, best_day json, worst_day json, change json, by_store json
        )
    ),
    comparison AS (
        SELECT c.n, c.name, f.*
        FROM r
        CROSS JOIN LATERAL (
            VALUES (
                2, 'previous_period',
                format('the %s before', CASE r.days WHEN 1 THEN 'day' ELSE r.days || ' days' END)
            ), (
                3, 'year_before', 'the same days a year before'
            )
        ) AS c (n, key, name)
        CROSS JOIN LATERAL json_to_record(r.change -> c.key) AS f (
            revenue numeric, revenue_change_percent numeric,
            orders_change_percent numeric, average_basket_change_percent numeric
        )
    ),
    store AS (
        SELECT
            count(*) AS stores,
            count(*) FILTER (WHERE s.against_average_percent > 0) AS above,
            (array_agg(s.store ORDER BY s.revenue DESC, s.store))[1] AS first,
            max(s.share_percent) AS first_share,
            (array_agg(s.store ORDER BY s.revenue, s.store))[1] AS last,
            min(s.share_percent) AS last_share
        FROM r, json_to_recordset(r.by_store) AS s (
            store text, revenue numeric, share_percent numeric, against_average_percent numeric
        )
    ),
    sentence (n, text) AS (
        SELECT 1, CASE r.orders
            WHEN 0 THEN 'No order counts as revenue in this period.'
            WHEN 1 THEN format('Revenue was %s, from one order.', retail.dollars(r.revenue))
            ELSE format(
                'Revenue was %s from %s orders, %s on average.',
                retail.dollars(r.revenue), r.orders, retail.dollars(r.revenue / r.orders)
            )
        END || CASE
            WHEN (r.period ->> 'is_over')::boolean THEN '' ELSE ' The period is not over yet.'
        END
        FROM r
        UNION ALL
        SELECT c.n, CASE
            WHEN c.revenue = 0
            THEN format('There is nothing to compare with: %s had no revenue.', c.name)
            ELSE format(
                'Revenue is %s %% %s than in %s (%s).',
                abs(c.revenue_change_percent),
                CASE WHEN c.revenue_change_percent < 0 THEN 'less' ELSE 'more' END,
                c.name, retail.dollars(c.revenue)
            ) || coalesce(
                format(
                    ' The number of orders changed by %s %%, the average basket by %s %%.',
                    to_char(c.orders_change_percent, 'FMSG999990.0'),
                    to_char(c.average_basket_change_percent, 'FMSG999990.0')
                ), ''
            )
        END
        FROM comparison AS c
        UNION ALL
        SELECT 4, format(
            '%s sold most: %s, %s %% of revenue.',
            r.top_categories #>> '{0, category}',
            retail.dollars((r.top_categories #>> '{0, revenue}')::numeric),
            r.top_categories #>> '{0, share_percent}'
        )
        FROM r
        WHERE r.orders > 0
        UNION ALL
        SELECT 5, format(
            'The margin is %s %% of revenue (%s); discounts took %s %% (%s) off list value.',
            r.margin ->> 'percent', retail.dollars((r.margin ->> 'amount')::numeric),
            r.discount ->> 'percent', retail.dollars((r.discount ->> 'amount')::numeric)
        )
        FROM r
        WHERE r.orders > 0
        UNION ALL
        SELECT 6, format(
            '%s leads with %s %% of revenue, %s is last with %s %%;'
            ' %s of %s stores are above the average.',
            s.first, s.first_share, s.last, s.last_share, s.above, s.stores
        )
        FROM r, store AS s
        WHERE r.orders > 0 AND s.stores > 0
        UNION ALL
        SELECT 6, format(
            'The best day was %s %s with %s, the weakest %s %s with %s.',
            r.best_day ->> 'weekday', r.best_day ->> 'date',
            retail.dollars((r.best_day ->> 'revenue')::numeric),
            r.worst_day ->> 'weekday', r.worst_day ->> 'date',
            retail.dollars((r.worst_day ->> 'revenue')::numeric)
        )
        FROM r, store AS s
        WHERE r.orders > 0 AND s.stores = 0 AND r.best_day ->> 'date' <> r.worst_day ->> 'date'
    )
    SELECT array_agg(s.text ORDER BY s.n) FROM sentence AS s
$function$;

COMMENT ON FUNCTION retail.performance_insights IS $comment$
Three to six sentences on a report of tool.get_store_performance, each with its figures.
@title Insights into performance
@param report  The report.
@return The sentences.
@example SELECT retail.performance_insights(tool.get_store_performance('Seattle'));
$comment$;
REVOKE ALL ON FUNCTION retail.performance_insights FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.performance_insights
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/sales_period.sql
-- The days that a question is about, checked, and the instants between which they lie.
-- drop: DROP FUNCTION retail.sales_period;
CREATE OR REPLACE FUNCTION retail.sales_period(
    INOUT date_from date,
    INOUT date_to   date,
    OUT starts      timestamptz,
    OUT ends        timestamptz
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    date_to := coalesce(date_to, greatest(date_from, retail.today() - 1));
    date_from := coalesce(date_from, date_to - 89);
    IF date_from > date_to THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('date_from %s is after date_to %s.', date_from, date_to),
            HINT = 'Give the first and the last day counted, or neither for the last 90 days.';
    ELSIF date_to >= date_from + interval '5 years' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('%s to %s is more than five years.', date_from, date_to),
            HINT = 'Ask for five years or less at a time.';
    END IF;
    -- Of the column's type: only then can the comparison reach an index below row security.
    starts := date_from::timestamp AT TIME ZONE retail.time_zone();
    ends := (date_to + 1)::timestamp AT TIME ZONE retail.time_zone();
END
$function$;

COMMENT ON FUNCTION retail.sales_period IS $comment$
Fills in what is missing (the last 90 full days; a period of 90 days when only date_to is given) and
checks the rest: SK400 when the days are in the wrong order or span more than five years.
Orders with order_date >= starts AND order_date < ends are those of the period.
@title Period of a question
@param date_from  First day counted, or NULL.
@param date_to    Last day counted, or NULL.
@return date_from  First day counted.
@return date_to    Last day counted.
@return starts     Midnight before the first day, where the stores are.
@return ends       Midnight after the last day.
@example SELECT * FROM retail.sales_period(NULL, NULL);
$comment$;
REVOKE ALL ON FUNCTION retail.sales_period FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.sales_period TO store_managers, regional_managers, head_office;

-- object: functions/retail/search_products_by_description.sql
-- Products whose descriptions mean nearly the same as a vector.
-- drop: DROP FUNCTION retail.search_products_by_description;
CREATE OR REPLACE FUNCTION retail.search_products_by_description(
    query_embedding      public.vector,
    similarity_threshold double precision DEFAULT 0.7,
    max_results          integer          DEFAULT 20
)
RETURNS TABLE (product_id integer, name text, description text, similarity_score double precision)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    -- The nearest first by distance, which an index can serve; the threshold outside, where it does
    -- not send the index looking further.
    SELECT p.product_id, p.name, p.description, 1 - n.distance
    FROM (
        SELECT
            e.product_id,
            e.description_embedding OPERATOR(public.<=>) query_embedding AS distance
        FROM retail.product_description_embeddings AS e
        ORDER BY e.description_embedding OPERATOR(public.<=>) query_embedding
        LIMIT max_results
    ) AS n
    JOIN retail.products AS p USING (product_id)
    WHERE n.distance <= 1 - similarity_threshold
    ORDER BY n.distance, p.product_id
$function$;

COMMENT ON FUNCTION retail.search_products_by_description IS $comment$
The products whose description embedding is nearest to the given one by cosine, the nearest first.
@title Products by description embedding
@param query_embedding       A vector of the same model and dimension as the table's.
@param similarity_threshold  Least cosine similarity, -1 to 1.
@param max_results           At most so many products.
@return product_id        The product.
@return name              Its name.
@return description       Its description.
@return similarity_score  Cosine similarity: 1 is the same meaning, 0 is unrelated.
@example SELECT * FROM retail.search_products_by_description('[0.1, 0.2, 0.3]', 0.5, 10);
$comment$;
REVOKE ALL ON FUNCTION retail.search_products_by_description FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.search_products_by_description
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/time_zone.sql
-- The time zone whose midnight ends a business day.
-- drop: DROP FUNCTION retail.time_zone;
CREATE OR REPLACE FUNCTION retail.time_zone()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT 'America/Los_Angeles'
$function$;

COMMENT ON FUNCTION retail.time_zone IS $comment$
The time zone of the business: order_date AT TIME ZONE retail.time_zone() is the clock on the wall.
@title Time zone of the business
@return A name that AT TIME ZONE takes.
@example SELECT (order_date AT TIME ZONE retail.time_zone())::date FROM retail.orders;
$comment$;
REVOKE ALL ON FUNCTION retail.time_zone FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.time_zone TO store_managers, regional_managers, head_office;

-- object: functions/retail/today.sql
-- The business day that it is now.
-- drop: DROP FUNCTION retail.today;
CREATE OR REPLACE FUNCTION retail.today()
RETURNS date
LANGUAGE sql
STABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT (now() AT TIME ZONE retail.time_zone())::date
$function$;

COMMENT ON FUNCTION retail.today IS $comment$
Today's date where the stores are; the last full business day is the day before.
@title Today's business day
@return The date.
@example SELECT retail.today() - 1 AS last_full_day;
$comment$;
REVOKE ALL ON FUNCTION retail.today FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.today TO store_managers, regional_managers, head_office;

-- object: functions/retail/visible_tables.sql
-- The tables and views of the business that the caller may read.
-- drop: DROP FUNCTION retail.visible_tables;
CREATE OR REPLACE FUNCTION retail.visible_tables()
RETURNS TABLE (table_oid oid, table_name text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid, c.relname::text
    FROM pg_class AS c
    WHERE c.relnamespace = 'retail'::regnamespace
      AND c.relkind IN ('r', 'p', 'v')
      AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY c.relname
$function$;

COMMENT ON FUNCTION retail.visible_tables IS $comment$
Tables and views of which the caller may read at least one column, by name.
@title Visible tables
@return table_oid   Its oid.
@return table_name  Its name without the schema.
@example SELECT table_name FROM retail.visible_tables();
$comment$;
REVOKE ALL ON FUNCTION retail.visible_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.visible_tables TO store_managers, regional_managers, head_office;

-- object: functions/sample/bulk_load_ddl.sql
-- The statements that take indexes and constraints off a few tables, and those that put them back.
-- drop: DROP FUNCTION sample.bulk_load_ddl;
-- The definitions are the catalog's own, so that the migrations stay the only place that has them.
CREATE OR REPLACE FUNCTION sample.bulk_load_ddl(tables regclass[])
RETURNS TABLE (phase integer, object text, drop_statement text, create_statement text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH needed AS (
        -- A view may rest on a primary key, by its GROUP BY; such keys stay.
        SELECT d.refobjid AS constraint_oid
        FROM pg_depend AS d
        WHERE d.refclassid = 'pg_constraint'::regclass
          AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass)
    )
    SELECT
        1,
        format('index %s', i.indexrelid::regclass),
        format('DROP INDEX %s', i.indexrelid::regclass),
        pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i
    WHERE i.indrelid = ANY (bulk_load_ddl.tables)
      AND NOT EXISTS (
            SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.contype <> 'f'
      )
    UNION ALL
    SELECT
        CASE WHEN c.contype = 'f' THEN 4 ELSE 2 END,
        format('constraint %I on %s', c.conname, c.conrelid::regclass),
        format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
        format(
            'ALTER TABLE %s ADD CONSTRAINT %I %s',
            c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)
        )
    FROM pg_constraint AS c
    WHERE c.contype IN ('p', 'u', 'f')
      AND (c.conrelid = ANY (bulk_load_ddl.tables) OR c.confrelid = ANY (bulk_load_ddl.tables))
      AND c.oid NOT IN (SELECT n.constraint_oid FROM needed AS n)
    UNION ALL
    -- Foreign keys are checked by a join, which wants a plan.
    SELECT 3, format('statistics of %s', t.name), NULL, format('ANALYZE %s', t.name)
    FROM unnest(bulk_load_ddl.tables) AS t (name)
    ORDER BY 1, 2
$function$;

COMMENT ON FUNCTION sample.bulk_load_ddl IS $comment$
The indexes (phase 1), keys (2), statistics (3) and foreign keys (4) of tables, those that point to
them included. Drop by falling phase, create by rising phase.
$comment$;
REVOKE ALL ON FUNCTION sample.bulk_load_ddl FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.bulk_load_ddl TO storekeeper_loader;

-- object: functions/sample/load.sql
-- Zava Retail's sample data: six years of eight stores, the same for the same arguments.
-- drop: DROP FUNCTION sample.load;
CREATE OR REPLACE FUNCTION sample.load(
    scale double precision DEFAULT 1,
    seed  bigint           DEFAULT 42,
    today date             DEFAULT current_date
)
RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET work_mem = '64MB'
SET maintenance_work_mem = '256MB'
SET jit = off
SET plan_cache_mode = force_custom_plan  -- folds the hashed names of streams into constants
AS $function$
DECLARE
    v_quarters       CONSTANT integer := 6 * 4;
    v_early_quarters CONSTANT integer := 3 * 4;  -- those in which people still bought dead stock
    -- The stores' day. current_date may be one ahead, and the day before it not over yet.
    v_today   CONSTANT date := least(load.today, retail.today());
    v_drops   text[];
    v_creates text[];
    v_objects text[];
    v_done    integer := 0;
    v_total   integer;
    v_from    date := v_today - interval '6 years';
    v_until   date;
    v_table   text;
BEGIN
    IF load.scale IS NULL OR load.scale <= 0 OR load.scale > 1000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('scale %s is not in (0, 1000].', coalesce(load.scale::text, 'NULL')),
            HINT = '1 makes 50,000 customers and 200,000 orders; 0.02 is enough for tests.';
    END IF;
    IF load.seed IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'seed is NULL.',
            HINT = 'Any whole number will do; the same one makes the same data.';
    END IF;
    IF load.today IS NULL OR load.today < date '2000-01-01' OR load.today > retail.today() + 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'today ' || coalesce(load.today::text, 'NULL') || ' is out of range.',
            HINT = 'The data ends the day before it: from 2000-01-01 on, and not in the future.';
    END IF;

    LOCK TABLE retail.customers, retail.orders, retail.order_items IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM retail.orders) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'retail.orders already holds orders.',
            HINT = 'Sample data needs empty tables: use a new database, or empty those of retail.';
    END IF;

    SELECT
        array_agg(d.drop_statement ORDER BY d.phase DESC, d.object)
            FILTER (WHERE d.drop_statement IS NOT NULL),
        array_agg(d.create_statement ORDER BY d.phase, d.object),
        array_agg(d.object ORDER BY d.phase, d.object)
    INTO v_drops, v_creates, v_objects
    FROM sample.bulk_load_ddl('{retail.customers, retail.orders, retail.order_items}') AS d;
    v_total := 1 + v_quarters + cardinality(v_creates) + 1;

    PERFORM gateway.progress(v_done, v_total, 'people, stores and catalogue');
    PERFORM sample.load_people(v_from);
    PERFORM sample.load_catalogue();
    PERFORM sample.plan_days(load.scale::numeric, load.seed, v_from, v_today - 1);
    PERFORM sample.plan_baskets();

    FOR i IN 1 .. cardinality(v_drops) LOOP
        EXECUTE v_drops[i];
    END LOOP;
    FOR q IN 1 .. v_quarters LOOP
        v_done := v_done + 1;
        PERFORM gateway.progress(v_done, v_total, 'orders from ' || v_from);
        v_until := v_today - (v_quarters - q) * interval '3 months';
        PERFORM sample.load_orders(load.seed, v_today, v_from, v_until - 1, q <= v_early_quarters);
        v_from := v_until;
    END LOOP;
    DROP TABLE sample.planned_days, sample.shelves, sample.priced_products;

    v_done := v_done + 1;
    PERFORM gateway.progress(v_done, v_total, 'inventory');
    PERFORM sample.load_inventory(load.seed, v_today);

    FOR i IN 1 .. cardinality(v_creates) LOOP
        v_done := v_done + 1;
        PERFORM gateway.progress(v_done, v_total, v_objects[i]);
        EXECUTE v_creates[i];
    END LOOP;

    ANALYZE retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.inventory;
    FOREACH v_table IN ARRAY '{
        retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.customers, retail.orders, retail.order_items, retail.inventory
    }'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %L, count(*) FROM %s', v_table, v_table);
    END LOOP;
    PERFORM gateway.progress(v_total, v_total, 'done');
END
$function$;

COMMENT ON FUNCTION sample.load IS $comment$
Fills the empty retail tables from sample.* with six years that end the day before today, and says
how many rows each has. The same arguments make the same rows.
@param scale  1 is 50,000 customers, about 200,000 orders and 420,000 items; up to 1000.
@param seed   Another seed, other chances.
@param today  The first day without data; at the latest the day that it is where the stores are.
$comment$;
REVOKE ALL ON FUNCTION sample.load FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load TO storekeeper_loader;

-- object: functions/sample/load_catalogue.sql
-- The catalogue: categories, product types, products.
-- drop: DROP FUNCTION sample.load_catalogue;
CREATE OR REPLACE FUNCTION sample.load_catalogue()
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO retail.categories (category_id, name, description)
    SELECT c.category_id, c.category_name, c.description
    FROM sample.categories AS c;

    INSERT INTO retail.product_types (type_id, category_id, name, description)
    SELECT t.type_id, t.category_id, t.type_name, t.description
    FROM sample.product_types AS t;

    -- A third of what lies dead is no longer bought in; the rest nobody has struck off yet.
    INSERT INTO retail.products (
        product_id, sku, type_id, name, description, unit, cost, base_price, is_active
    )
    SELECT
        p.product_id, p.sku, p.type_id, p.product_name, p.description, p.unit, p.cost, p.base_price,
        NOT (p.lifecycle = 'dead_stock' AND p.product_id % 3 = 0)
    FROM sample.products AS p;
$function$;

COMMENT ON FUNCTION sample.load_catalogue IS $comment$
Fills the categories, product types and products from sample.*.
$comment$;
REVOKE ALL ON FUNCTION sample.load_catalogue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_catalogue TO storekeeper_loader;

-- object: functions/sample/load_inventory.sql
-- What is in stock: by what sold in the last ninety days, with some of it running out.
-- drop: DROP FUNCTION sample.load_inventory;
CREATE OR REPLACE FUNCTION sample.load_inventory(seed bigint, today date)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH sold AS (
        SELECT i.store_id, i.product_id, sum(i.quantity) AS units
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.order_date >= (load_inventory.today - 90)::timestamp AT TIME ZONE retail.time_zone()
          AND retail.counts_as_revenue(o.status)
        GROUP BY i.store_id, i.product_id
    ),
    shelf AS (
        SELECT
            s.store_id,
            p.product_id,
            p.lifecycle,
            -- Two weeks' sales, which is how long a delivery takes.
            greatest(2, ceil(coalesce(sold.units, 0) * 14 / 90.0))::integer AS reorder_point,
            sample.uniform(seed, 'shortage in ' || s.store_id, p.product_id) AS shortage,
            sample.uniform(seed, 'stock of ' || s.store_id, p.product_id) AS fullness,
            sample.uniform(seed, 'counted in ' || s.store_id, p.product_id) AS counted
        FROM sample.stores AS s
        CROSS JOIN sample.products AS p
        LEFT JOIN sold USING (store_id, product_id)
    )
    INSERT INTO retail.inventory (store_id, product_id, stock_level, reorder_point, updated_at)
    SELECT
        s.store_id,
        s.product_id,
        CASE
            WHEN s.lifecycle = 'dead_stock' THEN 8 + floor(40 * s.fullness)
            WHEN s.shortage < 0.03 THEN 0
            WHEN s.shortage < 0.12 THEN floor(s.fullness * (s.reorder_point + 1))
            ELSE ceil(s.reorder_point * (1.2 + 4 * s.fullness))
        END,
        s.reorder_point,
        (load_inventory.today - 1 - floor(30 * s.counted)::integer + time '06:30')
            AT TIME ZONE retail.time_zone()
    FROM shelf AS s;
$function$;

COMMENT ON FUNCTION sample.load_inventory IS $comment$
Fills the inventory, from the orders that are there and sample.*: 3 % is sold out, another 9 % is at
or below its reorder point; dead stock lies there.
$comment$;
REVOKE ALL ON FUNCTION sample.load_inventory FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_inventory TO storekeeper_loader;

-- object: functions/sample/load_orders.sql
-- The orders of some days, with their items, and the customers who placed their first one then.
-- drop: DROP FUNCTION sample.load_orders;
-- Everything about an order follows from its number, so that no row needs another. CTEs are
-- materialized where the planner would otherwise work out the same numbers several times.
CREATE OR REPLACE FUNCTION sample.load_orders(
    seed      bigint,
    today     date,
    date_from date,
    date_to   date,
    is_early  boolean
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_seed CONSTANT bigint := load_orders.seed;
    v_zone CONSTANT text := retail.time_zone();
    v_categories CONSTANT smallint[] := ARRAY(SELECT category_id FROM sample.categories ORDER BY 1);
    -- The shares of orders with up to 1, 2, 3, 4 items, and of items with up to as many pieces.
    v_items_upto    CONSTANT double precision[] := '{0.40, 0.70, 0.85, 0.95}';
    v_quantity_upto CONSTANT double precision[] := '{0.60, 0.85, 0.95, 0.98}';
    v_first_names CONSTANT text[] := '{
        Aaliyah, Aaron, Abigail, Adam, Aisha, Alejandro, Alice, Amara, Amir, Ana, Andre, Angela,
        Anika, Anthony, Arjun, Ashley, Benjamin, Brandon, Brenda, Brian, Camila, Carlos, Carol,
        Catherine, Chen, Chloe, Christopher, Daniel, David, Deborah, Diego, Dmitri, Donna, Edward,
        Elena, Elijah, Elizabeth, Emily, Emma, Eric, Ethan, Fatima, Frank, Gabriel, George, Grace,
        Hana, Hannah, Haruto, Hassan, Heather, Henry, Hiroshi, Imani, Isabella, Jacob, Jamal,
        James, Jasmine, Jennifer, Jessica, Jin, John, Jorge, Joseph, Joshua, Juan, Julia, Karen,
        Kenji, Kevin, Kim, Kiran, Larry, Laura, Leila, Liam, Linda, Linh, Lisa, Lucas, Lucia,
        Luis, Maria, Mark, Mary, Mateo, Matthew, Mei, Mia, Michael, Michelle, Mohammed, Nancy,
        Naomi, Nia, Nicholas, Noah, Olga, Olivia, Omar, Patricia, Paul, Priya, Rachel, Rahul,
        Rebecca, Richard, Robert, Rosa, Ryan, Samantha, Samuel, Sandra, Santiago, Sara, Scott,
        Sofia, Stephanie, Steven, Susan, Tariq, Thomas, Trinh, Tyrone, Victoria, William, Xavier,
        Yuki, Yusuf, Zoe
    }';
    v_last_names CONSTANT text[] := '{
        Abdi, Adams, Aguilar, Ahmed, Ali, Allen, Alvarez, Anderson, Baker, Begay, Bell, Bennett,
        Brooks, Brown, Campbell, Carter, Castillo, Chavez, Chen, Choi, Clark, Collins, Cook,
        Cooper, Cruz, Davis, Diaz, Edwards, Evans, Fernandez, Fisher, Flores, Foster, Garcia,
        Gomez, Gonzalez, Gray, Green, Gupta, Gutierrez, Hall, Hansen, Harris, Hassan, Hernandez,
        Hill, Howard, Huang, Hughes, Ivanov, Jackson, James, Jenkins, Jimenez, Johnson, Jones,
        Kaur, Kelly, Khan, Kim, King, Kumar, Larsen, Le, Lee, Lewis, Li, Lin, Liu, Long, Lopez,
        Martin, Martinez, Mendoza, Miller, Mitchell, Mohamed, Moore, Morales, Morgan, Morris,
        Murphy, Nakamura, Nelson, Nguyen, Okafor, Olson, Ortiz, Park, Parker, Patel, Perez,
        Peterson, Petrov, Pham, Phillips, Powell, Price, Ramirez, Ramos, Reed, Reyes, Reynolds,
        Richardson, Rivera, Roberts, Robinson, Rodriguez, Rogers, Ross, Ruiz, Russell, Sanchez,
        Sanders, Santos, Sato, Scott, Shah, Singh, Smith, Stewart, Sullivan, Tanaka, Taylor,
        Thomas, Thompson, Torres, Tran, Turner, Walker, Wang, Ward, Washington, Watson, White,
        Williams, Wilson, Wood, Wright, Wu, Yamamoto, Yang, Young, Zhang
    }';
BEGIN
    WITH
    -- New customers come in quickly at first and ever more slowly: after n of a store's orders,
    -- 2n / (orders + n) of its customers have placed their first.
    placed AS MATERIALIZED (
        SELECT
            d.store_id, d.day, d.hours, d.category_bounds, d.customer_offset,
            d.order_offset + n AS order_number,
            (n - d.orders_before - 1 + sample.uniform(v_seed, 'time', d.order_offset + n))
                / (d.orders_upto - d.orders_before) AS share_of_day,
            (2 * d.customers * (n - 1) + d.orders + n - 2) / (d.orders + n - 1) AS customers_before,
            (2 * d.customers * n + d.orders + n - 1) / (d.orders + n) AS customers_upto,
            width_bucket(
                sample.uniform(v_seed, 'items', d.order_offset + n), v_items_upto
            ) + 1 AS item_count
        FROM sample.planned_days AS d
        CROSS JOIN LATERAL generate_series(d.orders_before + 1, d.orders_upto) AS n
        WHERE d.day BETWEEN load_orders.date_from AND load_orders.date_to
    ),
    new_order AS MATERIALIZED (
        SELECT
            p.store_id, p.order_number, p.category_bounds, p.item_count,
            p.customer_offset, p.customers_before, p.customers_upto,
            sample.make_uuid(v_seed, 'orders', p.order_number) AS order_id,
            -- Every tenth customer is a regular; the others come mostly soon after they joined.
            p.customer_offset + CASE
                WHEN p.customers_upto > p.customers_before THEN p.customers_upto
                WHEN sample.uniform(v_seed, 'regular', p.order_number) < 0.35
                    THEN 1 + 10 * floor(who * ((p.customers_before + 9) / 10))::bigint
                ELSE ceil(p.customers_before * (1 - who * who))::bigint
            END AS customer_number,
            (
                p.day + floor(3600 * (p.hours[tenth + 1]
                    + (10 * p.share_of_day - tenth) * (p.hours[tenth + 2] - p.hours[tenth + 1])))
                * interval '1 second'
            ) AT TIME ZONE v_zone AS order_date,
            CASE
                WHEN fate < 0.04 THEN 'cancelled'
                WHEN fate < 0.07 AND age >= 7 THEN 'returned'
                WHEN age <= 1 + 5 * pace THEN 'pending'
                WHEN age <= 5 + 8 * pace THEN 'shipped'
                ELSE 'completed'
            END AS status
        FROM placed AS p
        CROSS JOIN LATERAL (
            SELECT
                floor(10 * p.share_of_day)::integer AS tenth,
                load_orders.today - p.day AS age,
                sample.uniform(v_seed, 'who', p.order_number) AS who,
                sample.uniform(v_seed, 'fate', p.order_number) AS fate,
                sample.uniform(v_seed, 'pace', p.order_number) AS pace
        ) AS u
    ),
    line AS (
        SELECT
            o.store_id, o.order_id, o.order_number, v.line,
            8 * o.order_number + v.line AS item_number,
            v_categories[1 + width_bucket(
                sample.uniform(v_seed, 'category', 8 * o.order_number + v.line), o.category_bounds
            )] AS category_id
        FROM new_order AS o
        JOIN (VALUES (1), (2), (3), (4), (5)) AS v (line) ON v.line <= o.item_count
    ),
    picked AS MATERIALIZED (
        SELECT
            l.store_id, l.order_id, l.order_number, l.line, l.item_number,
            s.product_ids[1 + width_bucket(
                sample.uniform(v_seed, 'product', l.item_number), s.product_bounds
            )] AS product_id
        FROM line AS l
        JOIN sample.shelves AS s
            ON s.store_id = l.store_id
           AND s.category_id = l.category_id
           AND s.is_early = load_orders.is_early
    ),
    after_another AS (
        SELECT
            p.*,
            CASE WHEN p.line % 2 = 0 THEN lag(p.product_id) OVER basket END AS product_before
        FROM picked AS p
        WINDOW basket AS (PARTITION BY p.order_number ORDER BY p.line)
    ),
    -- Every other item may give way to what goes with the item before it. Beyond the last bound
    -- there is no partner, and the item stays as it was.
    paired AS (
        SELECT
            i.store_id, i.order_id, i.order_number, i.line, i.item_number,
            coalesce(
                p.partner_ids[1 + width_bucket(
                    sample.uniform(v_seed, 'partner', i.item_number), p.partner_bounds
                )],
                i.product_id
            ) AS product_id
        FROM after_another AS i
        LEFT JOIN sample.priced_products AS p ON p.product_id = i.product_before
    ),
    -- A product stands in an order once.
    item AS (
        SELECT DISTINCT ON (p.order_number, p.product_id) p.*
        FROM paired AS p
        ORDER BY p.order_number, p.product_id, p.line
    ),
    priced AS MATERIALIZED (
        SELECT
            i.store_id, i.order_id, i.order_number, i.line, i.product_id,
            1 + width_bucket(
                sample.uniform(v_seed, 'quantity', i.item_number), v_quantity_upto
            ) AS quantity,
            round(
                p.base_cents * (0.8 + 0.4 * sample.uniform(v_seed, 'price', i.item_number))
            )::integer AS unit_cents,
            CASE WHEN discount < 0.15 THEN 5 * (1 + floor(discount / 0.03)::integer) ELSE 0 END
                AS discount_percent
        FROM item AS i
        JOIN sample.priced_products AS p USING (product_id)
        CROSS JOIN LATERAL (
            SELECT sample.uniform(v_seed, 'discount', i.item_number) AS discount
        ) AS u
    ),
    -- Whole cents until the last step: the total is the sum of what the lines say, to the cent.
    new_item AS MATERIALIZED (
        SELECT
            p.*,
            (p.quantity * p.unit_cents::bigint * (100 - p.discount_percent) + 50) / 100
                AS line_cents
        FROM priced AS p
    ),
    written_item AS (
        INSERT INTO retail.order_items (
            store_id, order_id, line_number, product_id,
            quantity, unit_price, discount_percent, line_total
        )
        SELECT
            i.store_id,
            i.order_id,
            row_number() OVER (PARTITION BY i.order_number ORDER BY i.line),
            i.product_id,
            i.quantity,
            i.unit_cents * 0.01,
            i.discount_percent,
            i.line_cents * 0.01
        FROM new_item AS i
    ),
    -- They sign up an hour or more before they first order: in the night that has no hour from two
    -- to three, an order's time may be up to an hour later than that of the next.
    written_customer AS (
        INSERT INTO retail.customers (
            store_id, customer_id, first_name, last_name, email, created_at
        )
        SELECT
            o.store_id,
            sample.make_uuid(v_seed, 'customers', o.customer_offset + n),
            first_name,
            last_name,
            lower(first_name || '.' || last_name) || '.' || n || '@example.com',
            greatest(
                s.created_at,
                o.order_date
                    - floor(3600 + 30 * 86400 * lead * lead * lead * lead) * interval '1 second'
            )
        FROM new_order AS o
        JOIN retail.stores AS s USING (store_id)
        CROSS JOIN LATERAL generate_series(o.customers_before + 1, o.customers_upto) AS n
        CROSS JOIN LATERAL (
            SELECT
                sample.uniform(v_seed, 'lead', o.customer_offset + n) AS lead,
                v_first_names[1 + floor(cardinality(v_first_names)
                    * sample.uniform(v_seed, 'first name', o.customer_offset + n))::integer]
                    AS first_name,
                v_last_names[1 + floor(cardinality(v_last_names)
                    * sample.uniform(v_seed, 'last name', o.customer_offset + n))::integer]
                    AS last_name
        ) AS u
    )
    INSERT INTO retail.orders (store_id, order_id, customer_id, order_date, total_amount, status)
    SELECT
        o.store_id,
        o.order_id,
        sample.make_uuid(v_seed, 'customers', o.customer_number),
        o.order_date,
        t.cents * 0.01,
        o.status
    FROM new_order AS o
    JOIN (
        SELECT i.order_number, sum(i.line_cents) AS cents FROM new_item AS i GROUP BY i.order_number
    ) AS t USING (order_number);
END
$function$;

COMMENT ON FUNCTION sample.load_orders IS $comment$
Fills the orders of some days, their items and the customers who are new on them. To be called with
the days in their order, each once: regulars are customers of the days before.
@param is_early  Whether what is dead stock today still sold then.
$comment$;
REVOKE ALL ON FUNCTION sample.load_orders FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_orders TO storekeeper_loader;

-- object: functions/sample/load_people.sql
-- People first, then what they manage: the triggers give each manager the stores that are theirs.
-- drop: DROP FUNCTION sample.load_people;
CREATE OR REPLACE FUNCTION sample.load_people(opening_day date)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT gateway.put_principal(p.principal_id, p.email, p.display_name, p.role::name, p.active)
    FROM sample.people AS p;

    INSERT INTO retail.regions (region_id, name, manager_id)
    SELECT r.region_id, r.name, r.manager_id
    FROM sample.regions AS r;

    INSERT INTO retail.stores (
        store_id, name, location, region_id, is_online, manager_id, created_at
    )
    SELECT
        s.store_id, s.name, s.location, s.region_id, s.is_online, s.manager_id,
        load_people.opening_day::timestamp AT TIME ZONE retail.time_zone()
    FROM sample.stores AS s;
$function$;

COMMENT ON FUNCTION sample.load_people IS $comment$
Fills the people, the regions and the stores from sample.*.
@param opening_day  Since when the stores exist: the first day of business.
$comment$;
REVOKE ALL ON FUNCTION sample.load_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_people TO storekeeper_loader;

-- object: functions/sample/make_uuid.sql
-- The n-th UUID of a stream, of the form that gen_random_uuid() gives (version 4).
-- drop: DROP FUNCTION sample.make_uuid;
-- Inlined like sample.uniform, hence no pinned search_path.
CREATE OR REPLACE FUNCTION sample.make_uuid(seed bigint, stream text, n bigint)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN encode(
    int8send((hashint8extended(n, hashtextextended(stream, seed)) & ~0xF000::bigint) | 0x4000)
    || int8send((hashint8extended(n, ~hashtextextended(stream, seed)) & 0x3FFFFFFFFFFFFFFF)
        | ~0x7FFFFFFFFFFFFFFF),
    'hex'
)::uuid;

COMMENT ON FUNCTION sample.make_uuid IS $comment$
UUID n of the stream of this name: shaped like a random one, the same on every run.
$comment$;
REVOKE ALL ON FUNCTION sample.make_uuid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.make_uuid TO storekeeper_loader;

-- object: functions/sample/plan_baskets.sql
-- What people buy: how a category's sales share out over its products, and what goes with what.
-- drop: DROP FUNCTION sample.plan_baskets;
-- The tables are there while sample.load runs, as in sample.plan_days. The bounds of shares are
-- arrays for width_bucket, which finds the place of a number between 0 and 1 in them.
CREATE OR REPLACE FUNCTION sample.plan_baskets()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    CREATE UNLOGGED TABLE sample.shelves AS
    WITH seller AS (
        SELECT
            e.is_early,
            t.category_id,
            p.product_id,
            p.base_price,
            CASE p.lifecycle WHEN 'dead_stock' THEN 1 ELSE p.popularity END AS weight
        FROM sample.products AS p
        JOIN sample.product_types AS t USING (type_id)
        JOIN (VALUES (true), (false)) AS e (is_early) ON e.is_early OR p.lifecycle <> 'dead_stock'
    ),
    -- A category's mean price, and the square of its coefficient of variation.
    category_price AS (
        SELECT
            s.is_early,
            s.category_id,
            sum(s.weight * s.base_price) / sum(s.weight) AS mean,
            sum(s.weight * s.base_price ^ 2) * sum(s.weight) / sum(s.weight * s.base_price) ^ 2 - 1
                AS spread
        FROM seller AS s
        GROUP BY s.is_early, s.category_id
    ),
    -- What is dearer than the mean sells more, in the measure that makes the mean order_value times
    -- as high; nothing sells less than a twentieth of what it would.
    store_seller AS (
        SELECT
            st.store_id,
            s.is_early,
            s.category_id,
            s.product_id,
            s.weight * greatest(
                0.05, 1 + (st.order_value - 1) / nullif(c.spread, 0) * (s.base_price / c.mean - 1)
            ) AS weight
        FROM sample.stores AS st
        CROSS JOIN seller AS s
        JOIN category_price AS c USING (is_early, category_id)
    ),
    shelf AS (
        SELECT
            s.*,
            sum(s.weight) OVER (shelf ORDER BY s.product_id) / sum(s.weight) OVER shelf AS upto
        FROM store_seller AS s
        WINDOW shelf AS (PARTITION BY s.store_id, s.is_early, s.category_id)
    )
    SELECT
        s.store_id,
        s.is_early,
        s.category_id,
        array_agg(s.product_id ORDER BY s.product_id) AS product_ids,
        array_agg(s.upto::double precision ORDER BY s.product_id) AS product_bounds
    FROM shelf AS s
    GROUP BY s.store_id, s.is_early, s.category_id;

    CREATE UNLOGGED TABLE sample.priced_products AS
    WITH partner AS (
        SELECT
            a.product_a AS product_id,
            a.product_b AS partner_id,
            sum(a.strength) OVER (product ORDER BY a.product_b)
                / greatest(1, sum(a.strength) OVER product) AS upto
        FROM sample.product_affinities AS a
        WINDOW product AS (PARTITION BY a.product_a)
    ),
    partners AS (
        SELECT
            p.product_id,
            array_agg(p.partner_id ORDER BY p.partner_id) AS partner_ids,
            array_agg(p.upto::double precision ORDER BY p.partner_id) AS partner_bounds
        FROM partner AS p
        GROUP BY p.product_id
    )
    SELECT
        p.product_id,
        round(100 * p.base_price)::integer AS base_cents,
        g.partner_ids,
        g.partner_bounds
    FROM sample.products AS p
    LEFT JOIN partners AS g USING (product_id);

    ANALYZE sample.shelves, sample.priced_products;
END
$function$;

COMMENT ON FUNCTION sample.plan_baskets IS $comment$
Makes sample.shelves, what each store sells of a category (is_early: in the years in which what is
dead stock today still sold), and sample.priced_products, with the partners each product sells with.
$comment$;
REVOKE ALL ON FUNCTION sample.plan_baskets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.plan_baskets TO storekeeper_loader;

-- object: functions/sample/plan_days.sql
-- When the orders come in: how many on each day of each store.
-- drop: DROP FUNCTION sample.plan_days;
-- The table is there while sample.load runs; a temporary one needs a right the loader may lack.
-- Weights are numeric: their sums are exact, in whatever order a plan adds them up.
CREATE OR REPLACE FUNCTION sample.plan_days(
    scale     numeric,
    seed      bigint,
    first_day date,
    last_day  date
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_customers CONSTANT integer := 50000;  -- at scale 1
    v_orders    CONSTANT integer := 200000;
    -- Calendar years, of which the last is the last day's; weekdays from Monday.
    v_year_weights    CONSTANT numeric[] := '{1.0, 1.1, 1.21, 1.15, 1.265, 1.392, 1.531}';
    v_weekday_weights CONSTANT numeric[] := '{0.86, 0.82, 0.84, 0.90, 1.05, 1.42, 1.24}';
BEGIN
    CREATE UNLOGGED TABLE sample.planned_days AS
    WITH share AS (
        SELECT
            s.store_id,
            s.is_online,
            s.customer_weight / sum(s.customer_weight) OVER () AS of_customers,
            s.customer_weight * s.order_frequency
                / sum(s.customer_weight * s.order_frequency) OVER () AS of_orders
        FROM sample.stores AS s
    ),
    store AS (
        SELECT
            s.store_id,
            s.is_online,
            greatest(1, round(v_customers * plan_days.scale * s.of_customers))::bigint AS customers,
            greatest(1, round(v_orders * plan_days.scale * s.of_orders))::bigint AS orders
        FROM share AS s
    ),
    -- Customers and orders are numbered through all stores: each number is a row's own.
    numbered_store AS (
        SELECT
            s.*,
            (sum(s.customers) OVER upto - s.customers)::bigint AS customer_offset,
            (sum(s.orders) OVER upto - s.orders)::bigint AS order_offset
        FROM store AS s
        WINDOW upto AS (ORDER BY s.store_id)
    ),
    category_season AS (
        SELECT
            c.category_id,
            m.month,
            c.order_weight * m.weight AS weight,
            sum(c.order_weight * m.weight) OVER (PARTITION BY m.month ORDER BY c.category_id)
                / sum(c.order_weight * m.weight) OVER (PARTITION BY m.month) AS upto
        FROM sample.categories AS c
        CROSS JOIN LATERAL unnest(ARRAY[
            c.month_1, c.month_2, c.month_3, c.month_4, c.month_5, c.month_6,
            c.month_7, c.month_8, c.month_9, c.month_10, c.month_11, c.month_12
        ]) WITH ORDINALITY AS m (weight, month)
    ),
    season AS (
        SELECT
            s.month,
            sum(s.weight) AS weight,
            array_agg(s.upto::double precision ORDER BY s.category_id) AS category_bounds
        FROM category_season AS s
        GROUP BY s.month
    ),
    -- The local time by which 0, 10, 20 … 100 % of a day's orders are in: opening and rush hours.
    clock (is_online, weekdays, hours) AS (
        VALUES
            (false, int4range(1, 6), '{7, 8.4, 9.6, 10.8, 11.8, 12.7, 13.8, 15.2, 16.6, 17.8, 20}'),
            (false, int4range(6, 7), '{8, 9.1, 10, 10.8, 11.6, 12.4, 13.3, 14.4, 15.6, 17.1, 20}'),
            (false, int4range(7, 8), '{9, 10, 10.8, 11.5, 12.2, 12.9, 13.6, 14.4, 15.3, 16.4, 18}'),
            (true, int4range(1, 8), '{0, 7.5, 9.6, 11.4, 12.8, 14.6, 16.6, 18.3, 19.6, 20.9, 24}')
    ),
    business_day AS (
        SELECT
            d.day::date AS day,
            extract(month FROM d.day) AS month,
            extract(isodow FROM d.day)::integer AS weekday,
            v_year_weights[
                cardinality(v_year_weights)
                - (extract(year FROM plan_days.last_day) - extract(year FROM d.day))::integer
            ] AS weight
        FROM generate_series(
            plan_days.first_day::timestamp, plan_days.last_day::timestamp, interval '1 day'
        ) AS d (day)
    ),
    store_day AS (
        SELECT
            s.*,
            d.day,
            m.category_bounds,
            c.hours::double precision[] AS hours,
            d.weight * m.weight * v_weekday_weights[d.weekday] * (
                0.75 + 0.5 * sample.uniform(
                    plan_days.seed, 'busy days of ' || s.store_id, d.day - date '2000-01-01'
                )::numeric
            ) AS weight
        FROM numbered_store AS s
        CROSS JOIN business_day AS d
        JOIN season AS m USING (month)
        JOIN clock AS c ON c.is_online = s.is_online AND c.weekdays @> d.weekday
    ),
    -- Rounding what has been sold up to a day, not what is sold on it, keeps the store's sum exact.
    running AS (
        SELECT
            s.*,
            round(s.orders * sum(s.weight) OVER (PARTITION BY s.store_id ORDER BY s.day)
                / sum(s.weight) OVER (PARTITION BY s.store_id))::bigint AS orders_upto
        FROM store_day AS s
    )
    SELECT
        r.store_id, r.day, r.hours, r.category_bounds,
        r.customers, r.customer_offset, r.orders, r.order_offset,
        lag(r.orders_upto, 1, 0::bigint) OVER (PARTITION BY r.store_id ORDER BY r.day)
            AS orders_before,
        r.orders_upto
    FROM running AS r;

    ANALYZE sample.planned_days;
END
$function$;

COMMENT ON FUNCTION sample.plan_days IS $comment$
Makes sample.planned_days: the orders of each store and day, by year, season, weekday and chance;
and when on the day, and in which categories, people buy.
@param scale  1 is 50,000 customers and 200,000 orders.
$comment$;
REVOKE ALL ON FUNCTION sample.plan_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.plan_days TO storekeeper_loader;

-- object: functions/sample/uniform.sql
-- The n-th number of a stream: evenly spread over [0, 1), the same on every run and every version.
-- drop: DROP FUNCTION sample.uniform;
-- Hash partitioning rests on hashint8extended, so its results never change. No search_path is
-- pinned, as that would keep the planner from inlining; the body is bound when it is created.
CREATE OR REPLACE FUNCTION sample.uniform(seed bigint, stream text, n bigint)
RETURNS double precision
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (hashint8extended(n, hashtextextended(stream, seed)) & 9007199254740991)::double precision
    / 9007199254740992;  -- 53 bits: what a double holds exactly

COMMENT ON FUNCTION sample.uniform IS $comment$
Number n of the stream of this name, evenly spread over [0, 1). Streams are independent.
$comment$;
REVOKE ALL ON FUNCTION sample.uniform FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.uniform TO storekeeper_loader;

-- object: functions/tool/execute_sales_query.sql
-- Answers a SELECT of the caller's own.
-- drop: DROP FUNCTION tool.execute_sales_query;
CREATE OR REPLACE FUNCTION tool.execute_sales_query(
    postgresql_query text,
    max_rows         retail.query_row_limit DEFAULT 100
)
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT gateway.free_query(postgresql_query, max_rows)
$function$;

COMMENT ON FUNCTION tool.execute_sales_query IS $comment$
Runs one PostgreSQL SELECT (or WITH … SELECT) over your own stores' data, for questions no other
tool answers. Call get_multiple_table_schemas first: never guess names of tables or columns.
- Tables unqualified: orders, order_items, products … Only rows of stores you may see exist for the
  query; no filter by person is needed.
- Revenue: status IN ('pending', 'shipped', 'completed'). Join on store_id as well as order_id.
- The time zone is America/Los_Angeles: order_date::date is the business day.
- One statement, at most 8000 characters, that changes nothing. Aggregate in SQL: rows and bytes are
  capped, and truncated says when something is missing.
Returns columns (name, type), rows, row_count and truncated.
@title Query the sales data
@sql postgresql_query
@param postgresql_query  The SELECT statement.
@param max_rows          At most so many rows, 1 to 1000.
@return columns, rows, row_count, truncated
@example SELECT status, count(*) FROM orders GROUP BY status
$comment$;
REVOKE ALL ON FUNCTION tool.execute_sales_query FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.execute_sales_query
    TO store_managers, regional_managers, head_office;

-- object: functions/tool/get_current_utc_date.sql
-- What time it is.
-- drop: DROP FUNCTION tool.get_current_utc_date;
CREATE OR REPLACE FUNCTION tool.get_current_utc_date()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$function$;

COMMENT ON FUNCTION tool.get_current_utc_date IS $comment$
The current date and time in UTC, ISO 8601. Call it first when a question says today, yesterday,
last week, this quarter or so, and work the dates out from the answer: do not guess them.
Business days run from midnight to midnight in America/Los_Angeles, 7 or 8 hours behind UTC: in the
first hours of a UTC day it is still the day before in the stores.
@title Current date and time
@return For example 2026-03-01T06:30:00Z.
@example get_current_utc_date()
$comment$;
REVOKE ALL ON FUNCTION tool.get_current_utc_date FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_current_utc_date
    TO store_managers, regional_managers, head_office;

-- object: functions/tool/get_multiple_table_schemas.sql
-- The tables as whoever writes SQL needs to know them.
-- drop: DROP FUNCTION tool.get_multiple_table_schemas;
CREATE OR REPLACE FUNCTION tool.get_multiple_table_schemas(table_names text[] DEFAULT NULL)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Names as people write them: in any letter case, with the schema or without.
    v_names   CONSTANT text[] := ARRAY(
        SELECT regexp_replace(lower(trim(n.name)), '^retail\.', '')
        FROM unnest(get_multiple_table_schemas.table_names) AS n (name)
    );
    v_visible CONSTANT text[] := ARRAY(SELECT v.table_name FROM retail.visible_tables() AS v);
    v_unknown CONSTANT text[] := ARRAY(
        SELECT DISTINCT n FROM unnest(v_names) AS n WHERE (n = ANY (v_visible)) IS NOT TRUE ORDER BY n
    );
BEGIN
    IF v_unknown <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no table %s.', array_to_string(v_unknown, ', ', 'NULL')),
            HINT = 'The tables: ' || array_to_string(v_visible, ', ') || '.';
    END IF;
    RETURN json_build_object(
        'tables', (
            SELECT json_agg(retail.describe_table(v.table_oid) ORDER BY v.table_name)
            FROM retail.visible_tables() AS v
            WHERE v_names = '{}' OR v.table_name = ANY (v_names)
        ),
        'hints', ARRAY[
            'Name tables without a schema. Only rows of the stores you may see exist for you:'
                ' no filter by person is needed.',
            'Keys begin with store_id: join orders to order_items and customers on store_id too.',
            'Revenue: sum(orders.total_amount), or sum(order_items.line_total) by product, where'
                ' orders.status IN (''pending'', ''shipped'', ''completed''). US dollars.',
            format(
                'The session''s time zone is %s: order_date::date is the business day. Filter with'
                ' order_date >= timestamptz ''2026-01-01'', which can use an index.',
                retail.time_zone()
            ),
            'Example: SELECT c.name, sum(i.line_total) AS revenue FROM orders o'
                ' JOIN order_items i USING (store_id, order_id) JOIN products p USING (product_id)'
                ' JOIN product_types t USING (type_id) JOIN categories c USING (category_id)'
                ' WHERE o.status IN (''pending'', ''shipped'', ''completed'')'
                ' AND o.order_date >= timestamptz ''2026-01-01'''
                ' GROUP BY c.name ORDER BY revenue DESC'
        ]
    );
END
$function$;

COMMENT ON FUNCTION tool.get_multiple_table_schemas IS $comment$
Columns, types, keys, joins and valid values of the tables that execute_sales_query can read, with
hints for good SQL. Call it once before writing SQL, and never guess names or values.
@title Table schemas
@param table_names  For example ["orders", "order_items"]; left out or empty: every table (9 KB).
@return tables (table, description, columns, primary_key, foreign_keys, referenced_by) and hints
@example get_multiple_table_schemas(table_names => ARRAY['orders', 'order_items'])
$comment$;
REVOKE ALL ON FUNCTION tool.get_multiple_table_schemas FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_multiple_table_schemas
    TO store_managers, regional_managers, head_office;

-- object: functions/tool/get_store_performance.sql
-- How a store, or all the caller's stores together, did over a period.
-- drop: DROP FUNCTION tool.get_store_performance;
CREATE OR REPLACE FUNCTION tool.get_store_performance(
    store_name text DEFAULT NULL,
    date_from  date DEFAULT NULL,
    date_to    date DEFAULT NULL
)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- One plan for every store and every period would fit few of them; and what was sold of late is in
-- memory, where a look-up costs little.
SET plan_cache_mode = force_custom_plan
SET random_page_cost = 1.1
AS $function$
DECLARE
    -- Row security asks for them anyway; named in the query, they let the planner reckon rightly.
    v_store_ids CONSTANT uuid[] := retail.find_stores(get_store_performance.store_name);
    v_period    CONSTANT record
        := retail.sales_period(get_store_performance.date_from, get_store_performance.date_to);
    v_from      CONSTANT date := v_period.date_from;
    v_to        CONSTANT date := v_period.date_to;
    v_days      CONSTANT integer := v_to - v_from + 1;
    v_report    json;
BEGIN
    WITH
    period AS (
        SELECT
            p.name, p.first_day, p.last_day,
            p.first_day::timestamp AT TIME ZONE retail.time_zone() AS starts,
            (p.last_day + 1)::timestamp AT TIME ZONE retail.time_zone() AS ends
        FROM (
            VALUES
                ('current', v_from, v_to),
                ('previous_period', v_from - v_days, v_from - 1),
                (
                    'year_before',
                    (v_from - interval '1 year')::date, (v_to - interval '1 year')::date
                )
        ) AS p (name, first_day, last_day)
    ),
    store_day AS MATERIALIZED (
        SELECT
            p.name AS period, o.store_id,
            (o.order_date AT TIME ZONE retail.time_zone())::date AS day,
            count(*) AS orders, sum(o.total_amount) AS revenue
        FROM period AS p
        JOIN retail.orders AS o ON o.order_date >= p.starts AND o.order_date < p.ends
        WHERE o.store_id = ANY (v_store_ids)
          AND retail.counts_as_revenue(o.status)
        GROUP BY p.name, o.store_id, (o.order_date AT TIME ZONE retail.time_zone())::date
    ),
    store_category AS MATERIALIZED (
        SELECT
            o.store_id, t.category_id,
            sum(i.quantity) AS units, sum(i.line_total) AS revenue,
            sum(i.quantity * i.unit_price) AS list_value, sum(i.quantity * p.cost) AS cost
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        JOIN retail.products AS p USING (product_id)
        JOIN retail.product_types AS t USING (type_id)
        WHERE o.store_id = ANY (v_store_ids)
          AND o.order_date >= v_period.starts
          AND o.order_date < v_period.ends
          AND retail.counts_as_revenue(o.status)
        GROUP BY o.store_id, t.category_id
    ),
    total AS (
        SELECT
            p.name AS period, p.first_day, p.last_day,
            coalesce(sum(d.orders), 0) AS orders, coalesce(sum(d.revenue), 0) AS revenue,
            round(sum(d.revenue) / sum(d.orders), 2) AS average_basket
        FROM period AS p
        LEFT JOIN store_day AS d ON d.period = p.name
        GROUP BY p.name, p.first_day, p.last_day
    ),
    goods AS (
        SELECT
            coalesce(sum(c.units), 0) AS units,
            coalesce(sum(c.revenue), 0) AS revenue,
            coalesce(sum(c.revenue - c.cost), 0) AS margin,
            coalesce(sum(c.list_value), 0) AS list_value,
            coalesce(sum(c.list_value - c.revenue), 0) AS discount
        FROM store_category AS c
    ),
    category AS (
        SELECT
            c.name AS category, sum(s.revenue) AS revenue,
            retail.percent(sum(s.revenue), g.revenue) AS share_percent
        FROM store_category AS s
        JOIN retail.categories AS c USING (category_id)
        CROSS JOIN goods AS g
        GROUP BY c.name, g.revenue
        ORDER BY sum(s.revenue) DESC, c.name
        LIMIT 5
    ),
    -- Each day that is over, those without a sale too.
    day AS (
        SELECT
            c.day::date AS date, to_char(c.day, 'FMDay') AS weekday,
            coalesce(sum(d.revenue), 0) AS revenue, coalesce(sum(d.orders), 0) AS orders
        FROM generate_series(v_from::timestamp, least(v_to, retail.today() - 1), '1 day') AS c (day)
        LEFT JOIN store_day AS d ON d.period = 'current' AND d.day = c.day::date
        GROUP BY c.day
    ),
    comparison AS (
        SELECT
            b.period,
            json_build_object(
                'from', b.first_day,
                'to', b.last_day,
                'revenue', b.revenue,
                'revenue_change', t.revenue - b.revenue,
                'revenue_change_percent', retail.percent(t.revenue - b.revenue, b.revenue),
                'orders', b.orders,
                'orders_change', t.orders - b.orders,
                'orders_change_percent', retail.percent(t.orders - b.orders, b.orders),
                'average_basket', b.average_basket,
                'average_basket_change', t.average_basket - b.average_basket,
                'average_basket_change_percent',
                    retail.percent(t.average_basket - b.average_basket, b.average_basket)
            ) AS figures
        FROM total AS t
        JOIN total AS b ON b.period <> t.period
        WHERE t.period = 'current'
    ),
    store AS (
        SELECT
            s.name AS store,
            coalesce(d.revenue, 0) AS revenue,
            retail.percent(coalesce(d.revenue, 0), sum(d.revenue) OVER ()) AS share_percent,
            retail.percent(coalesce(d.revenue, 0) * count(*) OVER (), sum(d.revenue) OVER ()) - 100
                AS against_average_percent,
            coalesce(d.orders, 0) AS orders,
            round(d.revenue / d.orders, 2) AS average_basket,
            g.margin_percent,
            g.discount_percent,
            retail.percent(coalesce(d.revenue, 0) - d.revenue_before, d.revenue_before)
                AS change_percent,
            retail.percent(coalesce(d.revenue, 0) - d.revenue_year_before, d.revenue_year_before)
                AS year_change_percent
        FROM retail.stores AS s
        LEFT JOIN (
            SELECT
                d.store_id,
                sum(d.revenue) FILTER (WHERE d.period = 'current') AS revenue,
                sum(d.orders) FILTER (WHERE d.period = 'current') AS orders,
                sum(d.revenue) FILTER (WHERE d.period = 'previous_period') AS revenue_before,
                sum(d.revenue) FILTER (WHERE d.period = 'year_before') AS revenue_year_before
            FROM store_day AS d
            GROUP BY d.store_id
        ) AS d USING (store_id)
        LEFT JOIN (
            SELECT
                c.store_id,
                retail.percent(sum(c.revenue - c.cost), sum(c.revenue)) AS margin_percent,
                retail.percent(sum(c.list_value - c.revenue), sum(c.list_value)) AS discount_percent
            FROM store_category AS c
            GROUP BY c.store_id
        ) AS g USING (store_id)
        WHERE s.store_id = ANY (v_store_ids)
    )
    SELECT row_to_json(r) INTO v_report
    FROM (
        SELECT
            (SELECT json_agg(s.store ORDER BY s.store) FROM store AS s) AS stores,
            json_build_object(
                'from', v_from, 'to', v_to, 'days', v_days,
                'is_over', v_to < retail.today(), 'time_zone', retail.time_zone()
            ) AS period,
            t.revenue, t.orders, t.average_basket, g.units,
            json_build_object(
                'amount', g.margin, 'percent', retail.percent(g.margin, g.revenue)
            ) AS margin,
            json_build_object(
                'amount', g.discount, 'percent', retail.percent(g.discount, g.list_value)
            ) AS discount,
            (SELECT json_agg(c) FROM category AS c) AS top_categories,
            (SELECT row_to_json(d) FROM day AS d ORDER BY d.revenue DESC, d.date LIMIT 1)
                AS best_day,
            (SELECT row_to_json(d) FROM day AS d ORDER BY d.revenue, d.date LIMIT 1)
                AS worst_day,
            (SELECT json_object_agg(c.period, c.figures ORDER BY c.period) FROM comparison AS c)
                AS change,
            (
                SELECT json_agg(s ORDER BY s.revenue DESC, s.store)
                FROM store AS s
                HAVING count(*) > 1
            ) AS by_store
        FROM total AS t
        CROSS JOIN goods AS g
        WHERE t.period = 'current'
    ) AS r;

    RETURN (
        SELECT json_object_agg(e.key, e.value ORDER BY e.n)
        FROM (
            SELECT e.key, e.value, e.n
            FROM json_each(v_report) WITH ORDINALITY AS e (key, value, n)
            WHERE json_typeof(e.value) <> 'null'
            UNION ALL
            SELECT 'insights', to_json(retail.performance_insights(v_report)), NULL
        ) AS e
    );
END
$function$;

COMMENT ON FUNCTION tool.get_store_performance IS $comment$
How one store, or all your stores together, did over a period: revenue, orders, average basket,
units, margin, discounts, top categories, best and worst day, the change against the period just
before and the same days a year before, each store against the average (by_store), and insights
in plain words. Ask this before writing SQL of your own. US dollars, net of discounts; cancelled
and returned orders do not count. Margin is revenue less today's cost of the units.
@title Store performance
@param store_name  For example Seattle; left out: all your stores.
@param date_from   First day counted, YYYY-MM-DD; left out: the period has 90 days.
@param date_to     Last day counted; left out: yesterday.
@return One object; a percentage is null when there is nothing to compare with.
@example get_store_performance('Seattle', date_from => '2026-01-01', date_to => '2026-03-31')
$comment$;
REVOKE ALL ON FUNCTION tool.get_store_performance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_store_performance
    TO store_managers, regional_managers, head_office;

-- object: functions/tool/list_stores.sql
-- The stores the caller may see, with their size.
-- drop: DROP FUNCTION tool.list_stores;
CREATE OR REPLACE FUNCTION tool.list_stores()
RETURNS TABLE (
    store_name         text,
    region             text,
    location           text,
    is_online          boolean,
    customers          bigint,
    orders_last_30d    bigint,
    revenue_last_30d   numeric
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_period CONSTANT record := retail.sales_period(retail.today() - 30, retail.today() - 1);
BEGIN
    RETURN QUERY
    SELECT
        s.name::text, r.name::text, s.location::text, s.is_online,
        coalesce(c.customers, 0), coalesce(o.orders, 0), coalesce(o.revenue, 0)
    FROM retail.stores AS s
    JOIN retail.regions AS r USING (region_id)
    LEFT JOIN (
        SELECT c.store_id, count(*) AS customers
        FROM retail.customers AS c
        GROUP BY c.store_id
    ) AS c USING (store_id)
    LEFT JOIN (
        SELECT o.store_id, count(*) AS orders, sum(o.total_amount) AS revenue
        FROM retail.orders AS o
        WHERE o.order_date >= v_period.starts
          AND o.order_date < v_period.ends
          AND retail.counts_as_revenue(o.status)
        GROUP BY o.store_id
    ) AS o USING (store_id)
    ORDER BY 7 DESC, 1;
END
$function$;

COMMENT ON FUNCTION tool.list_stores IS $comment$
The stores you may see, the busiest first, with region, customers and sales of the last 30 days.
Call it for store names to hand to other tools, or for a first comparison of stores.
@title Stores
@return store_name        Name, as other tools take it.
@return region            Puget Sound, Eastside, Inland or Online.
@return location          City and state.
@return is_online         Whether it is the web shop.
@return customers         Customers registered there.
@return orders_last_30d   Orders that count as revenue (not cancelled, not returned).
@return revenue_last_30d  US dollars, net of discounts.
@example list_stores()
$comment$;
REVOKE ALL ON FUNCTION tool.list_stores FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.list_stores TO store_managers, regional_managers, head_office;

-- object: functions/tool/top_products.sql
-- What sells best, by revenue.
-- drop: DROP FUNCTION tool.top_products;
CREATE OR REPLACE FUNCTION tool.top_products(
    date_from  date             DEFAULT NULL,
    date_to    date             DEFAULT NULL,
    category   text             DEFAULT NULL,
    max_rows   retail.row_limit DEFAULT 20,
    store_name text             DEFAULT NULL
)
RETURNS TABLE (
    rank           bigint,
    sku            text,
    product_name   text,
    product_type   text,
    category_name  text,
    revenue        numeric,
    share_percent  numeric,
    units          bigint,
    orders         bigint,
    margin_percent numeric
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- One plan for every store and every period would fit few of them; and what was sold of late is in
-- memory, where a look-up costs little.
SET plan_cache_mode = force_custom_plan
SET random_page_cost = 1.1
AS $function$
DECLARE
    -- Row security asks for them anyway; named in the query, they let the planner reckon rightly.
    v_store_ids   CONSTANT uuid[] := retail.find_stores(top_products.store_name);
    v_category_id CONSTANT smallint := retail.find_category(top_products.category);
    v_period      CONSTANT record
        := retail.sales_period(top_products.date_from, top_products.date_to);
BEGIN
    RETURN QUERY
    WITH sold AS (
        SELECT
            i.product_id,
            sum(i.line_total) AS revenue,
            sum(i.quantity) AS units,
            count(DISTINCT i.order_id) AS orders
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.store_id = ANY (v_store_ids)
          AND o.order_date >= v_period.starts
          AND o.order_date < v_period.ends
          AND retail.counts_as_revenue(o.status)
        GROUP BY i.product_id
    )
    SELECT
        rank() OVER (ORDER BY s.revenue DESC),
        p.sku::text, p.name::text, t.name::text, c.name::text,
        s.revenue,
        retail.percent(s.revenue, sum(s.revenue) OVER ()),
        s.units,
        s.orders,
        retail.percent(s.revenue - s.units * p.cost, s.revenue)
    FROM sold AS s
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    JOIN retail.categories AS c USING (category_id)
    WHERE v_category_id IS NULL OR c.category_id = v_category_id
    ORDER BY s.revenue DESC, p.sku
    LIMIT coalesce(top_products.max_rows, 20);
END
$function$;

COMMENT ON FUNCTION tool.top_products IS $comment$
Best-selling products of the stores you may see, by revenue: what sells, what earns, in one category
or in all. Ask this before writing SQL of your own. US dollars, net of discounts; cancelled and
returned orders do not count.
@title Top products
@param date_from   First day counted, YYYY-MM-DD; left out: the period has 90 days.
@param date_to     Last day counted; left out: yesterday.
@param category    For example Power Tools; left out: all.
@param max_rows    1 to 200.
@param store_name  For example Seattle; left out: all your stores together.
@return rank            By revenue.
@return sku             Article number.
@return revenue         US dollars.
@return share_percent   Share of the revenue of all products asked about.
@return units           Units sold.
@return orders          Orders with the product.
@return margin_percent  Revenue less today's cost of the units, in percent of revenue.
@example top_products(category => 'Power Tools', max_rows => 10)
$comment$;
REVOKE ALL ON FUNCTION tool.top_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.top_products TO store_managers, regional_managers, head_office;

-- object: functions/tool/who_am_i.sql
-- Who the caller is, and whose figures they see.
-- drop: DROP FUNCTION tool.who_am_i;
CREATE OR REPLACE FUNCTION tool.who_am_i(
    OUT name   text,
    OUT email  text,
    OUT role   text,
    OUT stores text[]
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT w.display_name, w.email, w.persona, w.tenants
    FROM gateway.who() AS w
$function$;

COMMENT ON FUNCTION tool.who_am_i IS $comment$
Who is signed in, in which role, and the stores whose figures every other tool answers with.
Call it when it is unclear whose numbers these are, or before you say "your store".
@title Who am I
@return name    Name and post.
@return email   E-mail address.
@return role    store_managers (one store), regional_managers (a region) or head_office (all).
@return stores  Names of the stores that are visible.
@example who_am_i()
$comment$;
REVOKE ALL ON FUNCTION tool.who_am_i FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.who_am_i TO store_managers, regional_managers, head_office;

-- object: triggers/regions.sql
-- A region that changes hands changes who may see what.
-- drop: DROP TRIGGER grant_managers ON retail.regions;
CREATE OR REPLACE TRIGGER grant_managers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.regions
    FOR EACH STATEMENT EXECUTE FUNCTION retail.grant_managers();
COMMENT ON TRIGGER grant_managers ON retail.regions IS 'Sets what managers see.';

-- object: triggers/stores.sql
-- A store that comes, goes or changes hands changes who may see what.
-- drop: DROP TRIGGER grant_managers ON retail.stores;
CREATE OR REPLACE TRIGGER grant_managers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.stores
    FOR EACH STATEMENT EXECUTE FUNCTION retail.grant_managers();
COMMENT ON TRIGGER grant_managers ON retail.stores IS 'Registers tenants, sets what managers see.';

-- object: policies/customers.sql
-- Who sees which customers.
-- drop: DROP POLICY store_manager_customers ON retail.customers;
-- drop: DROP POLICY regional_manager_customers ON retail.customers;
-- drop: DROP POLICY head_office_customers ON retail.customers;
-- drop: DROP POLICY tenant_guard ON retail.customers;
DROP POLICY IF EXISTS store_manager_customers ON retail.customers;
CREATE POLICY store_manager_customers ON retail.customers FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_customers ON retail.customers;
CREATE POLICY regional_manager_customers ON retail.customers FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_customers ON retail.customers;
CREATE POLICY head_office_customers ON retail.customers FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.customers;
CREATE POLICY tenant_guard ON retail.customers AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/inventory.sql
-- Who sees whose stock.
-- drop: DROP POLICY store_manager_inventory ON retail.inventory;
-- drop: DROP POLICY regional_manager_inventory ON retail.inventory;
-- drop: DROP POLICY head_office_inventory ON retail.inventory;
-- drop: DROP POLICY tenant_guard ON retail.inventory;
DROP POLICY IF EXISTS store_manager_inventory ON retail.inventory;
CREATE POLICY store_manager_inventory ON retail.inventory FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_inventory ON retail.inventory;
CREATE POLICY regional_manager_inventory ON retail.inventory FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_inventory ON retail.inventory;
CREATE POLICY head_office_inventory ON retail.inventory FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.inventory;
CREATE POLICY tenant_guard ON retail.inventory AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/order_items.sql
-- Who sees which order lines.
-- drop: DROP POLICY store_manager_order_items ON retail.order_items;
-- drop: DROP POLICY regional_manager_order_items ON retail.order_items;
-- drop: DROP POLICY head_office_order_items ON retail.order_items;
-- drop: DROP POLICY tenant_guard ON retail.order_items;
DROP POLICY IF EXISTS store_manager_order_items ON retail.order_items;
CREATE POLICY store_manager_order_items ON retail.order_items FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_order_items ON retail.order_items;
CREATE POLICY regional_manager_order_items ON retail.order_items FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_order_items ON retail.order_items;
CREATE POLICY head_office_order_items ON retail.order_items FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
-- Lines are mostly reached from their orders. IS TRUE keeps the guard out of that index look-up: with
-- it the planner reckons with ten look-ups in place of one, and reads all the store's lines instead.
DROP POLICY IF EXISTS tenant_guard ON retail.order_items;
CREATE POLICY tenant_guard ON retail.order_items AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ((store_id = ANY ((SELECT gateway.tenant_ids())::uuid[])) IS TRUE)
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/orders.sql
-- Who sees which orders.
-- drop: DROP POLICY store_manager_orders ON retail.orders;
-- drop: DROP POLICY regional_manager_orders ON retail.orders;
-- drop: DROP POLICY head_office_orders ON retail.orders;
-- drop: DROP POLICY tenant_guard ON retail.orders;
DROP POLICY IF EXISTS store_manager_orders ON retail.orders;
CREATE POLICY store_manager_orders ON retail.orders FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_orders ON retail.orders;
CREATE POLICY regional_manager_orders ON retail.orders FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_orders ON retail.orders;
CREATE POLICY head_office_orders ON retail.orders FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.orders;
CREATE POLICY tenant_guard ON retail.orders AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/stores.sql
-- Who sees which stores.
-- drop: DROP POLICY store_manager_stores ON retail.stores;
-- drop: DROP POLICY regional_manager_stores ON retail.stores;
-- drop: DROP POLICY head_office_stores ON retail.stores;
-- drop: DROP POLICY tenant_guard ON retail.stores;
DROP POLICY IF EXISTS store_manager_stores ON retail.stores;
CREATE POLICY store_manager_stores ON retail.stores FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_stores ON retail.stores;
CREATE POLICY regional_manager_stores ON retail.stores FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_stores ON retail.stores;
CREATE POLICY head_office_stores ON retail.stores FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.stores;
CREATE POLICY tenant_guard ON retail.stores AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- end of objects
NOTIFY storekeeper_catalog;
