/* States of a job: X(NAME, "status in the API") */
X(QUEUED, "queued")
X(RUNNING, "running")
X(COMPLETED, "completed")
X(COMPLETED_WITH_ERRORS, "completed_with_errors")
X(FAILED, "failed")
X(CANCELLED, "cancelled")
