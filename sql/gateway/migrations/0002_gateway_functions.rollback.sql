-- functions: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: functions/gateway/who.sql
DROP FUNCTION gateway.who;

-- object: functions/gateway/tenant_ids.sql
DROP FUNCTION gateway.tenant_ids;

-- object: functions/gateway/stats.sql
DROP FUNCTION gateway.stats;

-- object: functions/gateway/sign_impersonation.sql
DROP FUNCTION gateway.sign_impersonation;

-- object: functions/gateway/sign_context.sql
DROP FUNCTION gateway.sign_context;

-- object: functions/gateway/run_query.sql
DROP FUNCTION gateway.run_query;

-- object: functions/gateway/record_calls.sql
DROP FUNCTION gateway.record_calls;

-- object: functions/gateway/put_tenants.sql
DROP FUNCTION gateway.put_tenants;

-- object: functions/gateway/put_tenant.sql
DROP FUNCTION gateway.put_tenant;

-- object: functions/gateway/put_principal.sql
DROP FUNCTION gateway.put_principal;

-- object: functions/gateway/publishable.sql
DROP FUNCTION gateway.publishable;

-- object: functions/gateway/progress.sql
DROP FUNCTION gateway.progress;

-- object: functions/gateway/principal_id.sql
DROP FUNCTION gateway.principal_id;

-- object: functions/gateway/people.sql
DROP FUNCTION gateway.people;

-- object: functions/gateway/notify_catalog.sql
DROP FUNCTION gateway.notify_catalog;

-- object: functions/gateway/mac.sql
DROP FUNCTION gateway.mac;

-- object: functions/gateway/login_faults.sql
DROP FUNCTION gateway.login_faults;

-- object: functions/gateway/install_key.sql
DROP FUNCTION gateway.install_key;

-- object: functions/gateway/impersonate.sql
DROP FUNCTION gateway.impersonate;

-- object: functions/gateway/identity.sql
DROP FUNCTION gateway.identity;

-- object: functions/gateway/free_query.sql
DROP FUNCTION gateway.free_query;

-- object: functions/gateway/enter.sql
DROP FUNCTION gateway.enter;

-- object: functions/gateway/drop_persona.sql
DROP FUNCTION gateway.drop_persona;

-- object: functions/gateway/doctor.sql
DROP FUNCTION gateway.doctor;

-- object: functions/gateway/catalog.sql
DROP FUNCTION gateway.catalog;

-- object: functions/gateway/authenticate.sql
DROP FUNCTION gateway.authenticate;

-- object: functions/gateway/assume.sql
DROP FUNCTION gateway.assume;

-- object: functions/gateway/add_persona.sql
DROP FUNCTION gateway.add_persona;

-- end of objects
NOTIFY storekeeper_catalog;
