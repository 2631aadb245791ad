/* States of an export: X(NAME, "status in the API", whether it has a file, or
 * will have one) */
X(QUEUED, "queued", 1)
X(RUNNING, "running", 1)
X(COMPLETED, "completed", 1)
X(EXPIRED, "expired", 0)
X(FAILED, "failed", 0)
X(CANCELLED, "cancelled", 0)
X(WITHDRAWN, "withdrawn", 0)
