/* States of a job: X(NAME, "status in the API", whether it has ended) */
X(QUEUED, "queued", false)
X(RUNNING, "running", false)
X(COMPLETED, "completed", true)
X(COMPLETED_WITH_ERRORS, "completed_with_errors", true)
X(FAILED, "failed", true)
X(CANCELLED, "cancelled", true)
