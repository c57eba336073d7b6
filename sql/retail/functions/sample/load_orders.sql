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
