-- Who sees which orders.
-- drop: DROP POLICY store_manager_orders ON retail.orders;
-- drop: DROP POLICY regional_manager_orders ON retail.orders;
-- drop: DROP POLICY head_office_orders ON retail.orders;
-- drop: DROP POLICY doctor_orders ON retail.orders;
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

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_orders ON retail.orders;
CREATE POLICY doctor_orders ON retail.orders FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.orders;
CREATE POLICY tenant_guard ON retail.orders AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));
