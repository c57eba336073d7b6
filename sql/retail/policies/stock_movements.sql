-- Who sees which movements of stock.
-- drop: DROP POLICY store_manager_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY regional_manager_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY head_office_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY doctor_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY tenant_guard ON retail.stock_movements;
DROP POLICY IF EXISTS store_manager_stock_movements ON retail.stock_movements;
CREATE POLICY store_manager_stock_movements ON retail.stock_movements FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_stock_movements ON retail.stock_movements;
CREATE POLICY regional_manager_stock_movements ON retail.stock_movements FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_stock_movements ON retail.stock_movements;
CREATE POLICY head_office_stock_movements ON retail.stock_movements FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_stock_movements ON retail.stock_movements;
CREATE POLICY doctor_stock_movements ON retail.stock_movements FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.stock_movements;
CREATE POLICY tenant_guard ON retail.stock_movements AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));
