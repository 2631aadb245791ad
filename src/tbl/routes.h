/*
 * ROUTE(method, path, face, auth, right, body, reads, handler)
 * reads: what a successful answer is in the audit log, a row of
 * tbl/audit_actions.h; NONE where the model writes the entry itself, in the
 * transaction of the change.
 * See http/route.h. More literal paths stand before those with variables.
 */
ROUTE(GET, "/healthz", V1, NONE, 0, NONE, NONE, ops_healthz)
ROUTE(GET, "/readyz", V1, NONE, 0, NONE, NONE, ops_readyz)
ROUTE(GET, "/metrics", V1, NONE, 0, NONE, NONE, ops_metrics)

ROUTE(POST, "/v1/auth", V1, NONE, 0, JSON, NONE, api_auth_login)
ROUTE(GET, "/v1/auth", V1, NONE, 0, NONE, NONE, api_auth_refresh)
ROUTE(PATCH, "/v1/auth", V1, BEARER, 0, JSON, NONE, api_auth_password)
ROUTE(DELETE, "/v1/auth", V1, NONE, 0, NONE, NONE, api_auth_logout)
ROUTE(GET, "/v1/account/data-key", V1, BEARER, RIGHT_KEYS, NONE, NONE,
    api_account_data_key)

ROUTE(PUT, "/v1/cpf", V1, BEARER, RIGHT_FIELDS, JSON, NONE, api_field_create)
ROUTE(POST, "/v1/cpf", V1, BEARER, RIGHT_FIELDS_READ, JSON, FIELD_READ,
    api_field_list)
ROUTE(PATCH, "/v1/cpf", V1, BEARER, RIGHT_FIELDS, JSON, NONE, api_field_change)
ROUTE(DELETE, "/v1/cpf", V1, BEARER, RIGHT_FIELDS, JSON, NONE,
    api_field_delete)

ROUTE(PUT, "/v1/cg", V1, BEARER, RIGHT_GROUPS, JSON, NONE, api_group_create)
ROUTE(POST, "/v1/cg", V1, BEARER, RIGHT_FIELDS_READ, JSON, GROUP_READ,
    api_group_list)
ROUTE(PATCH, "/v1/cg", V1, BEARER, RIGHT_GROUPS, JSON, NONE, api_group_change)
ROUTE(DELETE, "/v1/cg", V1, BEARER, RIGHT_GROUPS, JSON, NONE, api_group_delete)

ROUTE(POST, "/v1/customer/check", V1, BEARER, RIGHT_UPLOAD, UPLOAD, NONE,
    api_customer_check)
ROUTE(POST, "/v1/customer/pages", V1, BEARER, RIGHT_READ, JSON, CUSTOMER_COUNT,
    api_customer_pages)
ROUTE(POST, "/v1/customer", V1, BEARER, RIGHT_READ, JSON, CUSTOMER_LIST,
    api_customer_list)
ROUTE(PATCH, "/v1/customer", V1, BEARER, RIGHT_WRITE, UPLOAD, NONE,
    api_customer_update)
ROUTE(DELETE, "/v1/customer", V1, BEARER, RIGHT_WRITE, JSON, NONE,
    api_customer_delete)
ROUTE(POST, "/v1/customer/find", V1, BEARER, RIGHT_READ, JSON, CUSTOMER_FIND,
    api_customer_find)
ROUTE(GET, "/v1/customer/{customer_id}", V1, BEARER, RIGHT_READ, NONE,
    CUSTOMER_READ, api_customer_show)

ROUTE(GET, "/v1/jobs", V1, BEARER, RIGHT_JOBS, NONE, JOB_LIST, api_job_list)
ROUTE(GET, "/v1/jobs/{uuid}", V1, BEARER, RIGHT_JOBS, NONE, JOB_READ,
    api_job_show)
ROUTE(DELETE, "/v1/jobs/{uuid}", V1, BEARER, RIGHT_JOBS, NONE, NONE,
    api_job_cancel)
ROUTE(GET, "/v1/jobs/{uuid}/errors", V1, BEARER, RIGHT_JOBS, NONE,
    JOB_ERRORS_READ, api_job_errors)
ROUTE(GET, "/scv/schema", SCV, KEY, PRIVILEGE_CUSTOMERS_SCHEMA_READ, NONE,
    SCHEMA_READ, scv_schema_show)
ROUTE(PUT, "/scv/schema", SCV, KEY, PRIVILEGE_CUSTOMERS_SCHEMA_UPDATE, JSON,
    NONE, scv_schema_put)
ROUTE(POST, "/scv/sessions", SCV, KEY, PRIVILEGE_CUSTOMER_SESSION, JSON, NONE,
    scv_session_open)
ROUTE(DELETE, "/scv/sessions/{handle}", SCV, KEY, PRIVILEGE_CUSTOMER_SESSION,
    NONE, NONE, scv_session_close)
/* Of customers themselves; nginx has them below /__dxp/, too. */
ROUTE(GET, "/scv/customer", SCV, SESSION, 0, NONE, CUSTOMER_READ,
    scv_frontend_show)
ROUTE(PATCH, "/scv/customer", SCV, SESSION, 0, JSON, NONE, scv_frontend_change)
ROUTE(OPTIONS, "/scv/customer", SCV, NONE, 0, NONE, NONE, cors_preflight)
ROUTE(GET, "/scv/getCustomer", SCV, SESSION, 0, NONE, CUSTOMER_READ,
    scv_frontend_show)
ROUTE(OPTIONS, "/scv/getCustomer", SCV, NONE, 0, NONE, NONE, cors_preflight)
ROUTE(DELETE, "/scv/session", SCV, SESSION, 0, NONE, NONE, scv_session_logout)
ROUTE(OPTIONS, "/scv/session", SCV, NONE, 0, NONE, NONE, cors_preflight)
ROUTE(POST, "/scv/exports", SCV, KEY, PRIVILEGE_CUSTOMERS_EXPORT, JSON, NONE,
    scv_export_create)
ROUTE(GET, "/scv/exports", SCV, KEY, PRIVILEGE_CUSTOMERS_EXPORT, NONE,
    EXPORT_LIST, scv_export_list)
ROUTE(GET, "/scv/exports/{exportid}", SCV, KEY, PRIVILEGE_CUSTOMERS_EXPORT,
    NONE, EXPORT_READ, scv_export_show)
/* The signature in its query is what opens it. */
ROUTE(GET, "/exports/{workspace_id}/{exportid}", SCV, NONE, 0, NONE,
    EXPORT_DOWNLOAD, scv_export_download)

/* A job id is its own address: {hostname}/{account}/{operation}/{uuid} */
ROUTE(GET, "/{account}/{operation}/{uuid}", V1, BEARER, RIGHT_JOBS, NONE,
    JOB_READ, api_job_by_id)
ROUTE(DELETE, "/{account}/{operation}/{uuid}", V1, BEARER, RIGHT_JOBS, NONE,
    NONE, api_job_cancel_by_id)

ROUTE(GET, "/scv/customers", SCV, KEY, PRIVILEGE_CUSTOMERS_READ, NONE,
    CUSTOMER_LIST, scv_customer_list)
ROUTE(POST, "/scv/customers", SCV, KEY_REMEMBERED, PRIVILEGE_CUSTOMER_CREATE,
    OPTIONAL, NONE, scv_customer_create)
ROUTE(GET, "/scv/customers/{customerid}", SCV, KEY_REMEMBERED,
    PRIVILEGE_CUSTOMER_READ, NONE, CUSTOMER_READ, scv_customer_show)
ROUTE(PATCH, "/scv/customers/{customerid}", SCV, KEY_REMEMBERED,
    PRIVILEGE_CUSTOMER_UPDATE, JSON, NONE, scv_customer_patch)
ROUTE(PUT, "/scv/customers/{customerid}", SCV, KEY_REMEMBERED,
    PRIVILEGE_CUSTOMER_UPDATE, OPTIONAL, NONE, scv_customer_put)
ROUTE(DELETE, "/scv/customers/{customerid}", SCV, KEY,
    PRIVILEGE_CUSTOMER_DELETE, NONE, NONE, scv_customer_delete)

ROUTE(GET, "/scv/segments", SCV, KEY, PRIVILEGE_CUSTOMERS_SEGMENT, NONE,
    GROUP_READ, scv_segment_list)
ROUTE(POST, "/scv/segments", SCV, KEY, PRIVILEGE_CUSTOMERS_SEGMENT, JSON, NONE,
    scv_segment_create)
ROUTE(GET, "/scv/segments/{code}", SCV, KEY, PRIVILEGE_CUSTOMERS_SEGMENT, NONE,
    GROUP_READ, scv_segment_show)
ROUTE(PUT, "/scv/segments/{code}", SCV, KEY, PRIVILEGE_CUSTOMERS_SEGMENT,
    OPTIONAL, NONE, scv_segment_put)
ROUTE(DELETE, "/scv/segments/{code}", SCV, KEY, PRIVILEGE_CUSTOMERS_SEGMENT,
    NONE, NONE, scv_segment_delete)
ROUTE(PUT, "/scv/segments/{code}/customers/{customerid}", SCV, KEY,
    PRIVILEGE_CUSTOMERS_SEGMENT, NONE, NONE, scv_segment_join)
ROUTE(DELETE, "/scv/segments/{code}/customers/{customerid}", SCV, KEY,
    PRIVILEGE_CUSTOMERS_SEGMENT, NONE, NONE, scv_segment_leave)
