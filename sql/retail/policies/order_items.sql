-- Who sees which order lines.
-- drop: DROP POLICY store_manager_order_items ON retail.order_items;
-- drop: DROP POLICY regional_manager_order_items ON retail.order_items;
-- drop: DROP POLICY head_office_order_items ON retail.order_items;
-- drop: DROP POLICY doctor_order_items ON retail.order_items;
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

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_order_items ON retail.order_items;
CREATE POLICY doctor_order_items ON retail.order_items FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
-- Lines are mostly reached from their orders. IS TRUE keeps the guard out of that index look-up: with
-- it the planner reckons with ten look-ups in place of one, and reads all the store's lines instead.
DROP POLICY IF EXISTS tenant_guard ON retail.order_items;
CREATE POLICY tenant_guard ON retail.order_items AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ((store_id = ANY ((SELECT gateway.tenant_ids())::uuid[])) IS TRUE)
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));
