-- What the attacks meet: canaries in every store, grants to write, and tools with the bugs that DBAs write.
-- Run as superuser.

-- Canaries: texts and numbers that occur once, made from the store's id. Those of the victim are the
-- greatest, so that max() of rows that must not be there shows it.
CREATE SCHEMA fixture;
CREATE TABLE fixture.canaries AS
SELECT
    s.store_id,
    s.name,
    left(md5(s.store_id::text), 8) AS mark,
    md5('customer' || s.store_id)::uuid AS customer_id,
    md5('order' || s.store_id)::uuid AS order_id,
    (CASE WHEN s.name = 'Zava Retail Bellevue' THEN 9970000000.37 ELSE 9870000000.37 END
        + abs(hashtext(s.store_id::text)) % 9999999)::numeric(12, 2) AS amount,
    (10000000.29 + abs(hashtext('price' || s.store_id)) % 9999999)::numeric(10, 2) AS price,
    (CASE WHEN s.name = 'Zava Retail Bellevue' THEN 2000000000 ELSE 1900000000 END
        + abs(hashtext('stock' || s.store_id)) % 99999999) AS stock,
    s.manager_id,
    'key-' || left(md5('key' || s.store_id), 8) AS key,
    (SELECT p.sku FROM retail.products AS p ORDER BY p.product_id LIMIT 1) AS sku,
    (SELECT p.sku FROM retail.products AS p ORDER BY p.product_id OFFSET 1 LIMIT 1) AS scarce_sku,
    to_char(now() AT TIME ZONE 'UTC', '"calls_"YYYY_MM') AS this_month
FROM retail.stores AS s;

INSERT INTO retail.customers (store_id, customer_id, first_name, last_name, email)
SELECT store_id, customer_id, 'Canary-' || mark, 'Surname-' || mark, 'canary-' || mark || '@leak.example'
FROM fixture.canaries;
INSERT INTO retail.orders (store_id, order_id, customer_id, order_date, total_amount, status)
SELECT store_id, order_id, customer_id, '2026-01-15 12:00+00', amount, 'completed' FROM fixture.canaries;
INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total)
SELECT store_id, order_id, 1, (SELECT min(product_id) FROM retail.products), 1, price, price
FROM fixture.canaries;
UPDATE retail.inventory AS i
SET stock_level = c.stock
FROM fixture.canaries AS c
WHERE i.store_id = c.store_id AND i.product_id = (SELECT min(product_id) FROM retail.products);
INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, note, made_by)
SELECT store_id, (SELECT min(product_id) FROM retail.products), stock, 'count', 'Note-' || mark, manager_id
FROM fixture.canaries;
-- Of a day of its own: there it is not added to anything.
INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
SELECT store_id, '2000-01-01', (SELECT min(product_id) FROM retail.products), 1, stock, price, 0
FROM fixture.canaries;
-- What each manager was told for tool.adjust_inventory('<sku>', 1, 'delivery', idempotency_key => '<key>1').
INSERT INTO gateway.answers (principal_id, tool, key, arguments_digest, answer)
SELECT
    manager_id, 'adjust_inventory', key || n,
    sha256(convert_to(jsonb_build_object(
        'sku', sku, 'change', 1, 'reason', 'delivery', 'store_name', NULL, 'note', NULL
    )::text, 'UTF8')),
    jsonb_build_object('store', name, 'sku', sku, 'product_name', 'Answer-' || mark, 'stock_level', stock)
FROM fixture.canaries, generate_series(1, 5) AS n;
SELECT gateway.record_calls(jsonb_agg(jsonb_build_object(
    'at', now(), 'tool', 'adjust_inventory', 'outcome', 'ok', 'duration_ms', 60000, 'request_id', 'r-' || mark,
    'principal', 'manager-' || mark, 'arguments', jsonb_build_object('note', 'Note-' || mark), 'statement', 'SELECT 1'
))) FROM fixture.canaries;
UPDATE retail.stores AS s SET location = 'Location-' || c.mark FROM fixture.canaries AS c WHERE s.store_id = c.store_id;

-- Head office sees every store by its policy; this one of them has two, which only the guard knows.
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000f2', 'auditor@zava.example', 'Auditor of two stores', 'head_office'
);
SELECT gateway.put_tenants(
    '00000000-0000-4000-8000-0000000000f2',
    ARRAY(SELECT store_id FROM retail.stores WHERE name IN ('Zava Retail Seattle', 'Zava Retail Spokane'))
);

-- A business whose tools write.
GRANT INSERT, UPDATE, DELETE ON retail.customers, retail.orders, retail.order_items, retail.inventory
    TO store_managers, regional_managers, head_office;

SET ROLE storekeeper_owner;
-- Each executes what it is told with the caller's rights, on the path of the connection.
CREATE FUNCTION tool.buggy_read(argument text) RETURNS SETOF text LANGUAGE plpgsql STABLE
    AS 'BEGIN RETURN QUERY EXECUTE argument; END';
CREATE FUNCTION tool.buggy_search(argument text) RETURNS SETOF text LANGUAGE plpgsql STABLE
    AS $$BEGIN RETURN QUERY EXECUTE 'SELECT name::text FROM retail.products WHERE name = ''' || argument || ''''; END$$;
CREATE FUNCTION tool.buggy_write(argument text) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    -- PL/pgSQL returns the rows of one statement only: of the last.
    v_last  text := regexp_replace(argument, '^.*;\n', '');
    v_first text := left(argument, -length(v_last));
BEGIN
    IF v_first <> '' THEN
        EXECUTE v_first;
    END IF;
    IF v_last ~* '^\s*(select|with|values|table|show|explain|execute|fetch)\y|\yreturning\y' THEN
        RETURN QUERY EXECUTE v_last;
    ELSE
        EXECUTE v_last;
    END IF;
END
$function$;
-- With its owner's rights: the owner sees no tenant's rows either.
CREATE FUNCTION tool.buggy_definer(argument text) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER
    AS 'BEGIN RETURN QUERY EXECUTE argument; END';
-- A definer function that sets whatever it is told; <now> stands for the transaction's time.
CREATE FUNCTION tool.buggy_remember(setting text, content text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE AS $function$
BEGIN
    PERFORM fixture.remember(setting, content);
    RETURN QUERY SELECT first_name::text FROM retail.customers ORDER BY first_name LIMIT 50;
END
$function$;
-- A context that the gateway did sign, but for another backend or another transaction.
CREATE FUNCTION tool.buggy_replay(person text, pid integer, seconds_ago numeric) RETURNS SETOF text
    LANGUAGE plpgsql STABLE AS $function$
BEGIN
    PERFORM fixture.remember('storekeeper.context', fixture.signed(person, pid, seconds_ago));
    RETURN QUERY SELECT first_name::text FROM retail.customers ORDER BY first_name LIMIT 50;
END
$function$;
RESET ROLE;

CREATE FUNCTION fixture.remember(setting text, content text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    AS $function$
BEGIN
    PERFORM set_config(
        setting, replace(content, '<now>', extract(epoch FROM transaction_timestamp())::text), false
    );
END
$function$;
CREATE FUNCTION fixture.signed(person text, pid integer, seconds_ago numeric) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER AS $function$
DECLARE
    v_parts text[] := string_to_array((SELECT s.context FROM gateway.sign_context(person) AS s), '|');
    v_said  text := concat_ws(
        '|', pid, extract(epoch FROM transaction_timestamp()) - seconds_ago, v_parts[4], v_parts[5], v_parts[6]
    );
BEGIN
    RETURN encode(gateway.mac('context', v_said), 'hex') || '|' || v_said;
END
$function$;

-- What the last call could have left on the connection. A setting of a name that nobody declared is not
-- in pg_settings, so the corpus agrees on attack.trace.
CREATE FUNCTION fixture.session_state(path text) RETURNS jsonb LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT jsonb_build_object(
        'backend', pg_backend_pid(),
        'login', session_user,
        'path', path,
        'settings', (
            SELECT jsonb_object_agg(name, setting ORDER BY name) FROM pg_settings
            WHERE source = 'session' AND name NOT IN ('application_name', 'search_path')
        ),
        'a setting of its own', nullif(current_setting('attack.trace', true), ''),
        'prepared statements', ARRAY(
            SELECT name FROM pg_prepared_statements WHERE name !~ '^sk_[0-9a-f]{16}$' ORDER BY name
        ),
        'cursors', ARRAY(SELECT name FROM pg_cursors WHERE name <> '' ORDER BY name),
        'channels', ARRAY(SELECT c FROM pg_listening_channels() AS c ORDER BY c),
        'temporary relations', ARRAY(
            SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() ORDER BY relname
        ),
        'advisory locks', ARRAY(
            SELECT concat_ws(' ', classid, objid, mode) FROM pg_locks
            WHERE pid = pg_backend_pid() AND locktype = 'advisory' ORDER BY 1
        )
    )
$function$;
-- Without a path of its own, for it tells the session's; hence nothing here is looked up along one.
CREATE FUNCTION tool.session_state() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
    AS 'SELECT fixture.session_state(pg_catalog.current_setting(''search_path''))';
GRANT USAGE ON SCHEMA fixture TO store_managers, regional_managers, head_office;
GRANT EXECUTE ON FUNCTION fixture.remember, fixture.signed TO store_managers, regional_managers, head_office;
GRANT EXECUTE ON FUNCTION
    tool.buggy_read, tool.buggy_search, tool.buggy_write, tool.buggy_definer, tool.buggy_remember, tool.buggy_replay, tool.session_state
    TO store_managers, regional_managers, head_office;
