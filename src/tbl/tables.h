/*
 * Every table, and what it belongs to (the registry's test reads this):
 *   TABLE(name, SERVER | ACCOUNT | WORKSPACE)
 *   TABLE_APPEND(...)  rows that the programs add and read, and can neither
 *                      change nor remove (S36)
 *   TABLE_READ(...)    rows that they read alone
 * SERVER tables hold nothing of a tenant but ids: the directory by which a
 * tenant is found (account; api_key and session by digest; origins), the queue's claims, the
 * server's own state. Their rows never hold customers' data.
 */
TABLE_READ(schema_migration, SERVER)
TABLE(master_canary, SERVER)
TABLE(account, SERVER)
TABLE(api_key, SERVER)
TABLE(session, SERVER)
TABLE(workspace_origin, SERVER)
TABLE(job_queue, SERVER)
TABLE(job_share, SERVER)
TABLE_APPEND(audit, SERVER)
TABLE(audit_lease, SERVER)
TABLE(throttle, SERVER)
TABLE(search_due, SERVER)
TABLE(account_key, ACCOUNT)
TABLE(workspace, ACCOUNT)
TABLE(user, ACCOUNT)
TABLE(user_role, WORKSPACE)
TABLE(refresh_token, ACCOUNT)
TABLE(idempotency, ACCOUNT)
TABLE(job, ACCOUNT)
TABLE(job_chunk, ACCOUNT)
TABLE(job_error, ACCOUNT)
TABLE(trace, ACCOUNT)
TABLE(field, WORKSPACE)
TABLE(segment, WORKSPACE)
TABLE(segment_bucket, WORKSPACE)
TABLE(segment_member, WORKSPACE)
TABLE(customer, WORKSPACE)
TABLE(customer_unique, WORKSPACE)
TABLE(search_block, WORKSPACE)
TABLE(search_pending, WORKSPACE)
TABLE(export, WORKSPACE)
TABLE(export_block, WORKSPACE)
TABLE(export_gone, WORKSPACE)
