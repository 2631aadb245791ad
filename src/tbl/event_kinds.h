/*
 * What a customer's events tell: X(NAME, "event in the API", number as stored)
 * CREATED is the row's created_at, and is never stored.
 */
X(CREATED, "created", 0)
X(CHANGED, "changed", 1)
