/*
 * System attributes that are no field's value, and that nobody writes:
 *   X(NAME, "$attribute")
 * The others are in tbl/field_roles.h.
 */
X(CUSTOMERID, "$customerid")
X(CREATED_DATETIME, "$createdDatetime")
X(UPDATED_DATETIME, "$updatedDatetime")
X(SEGMENTS, "$segments")
X(EVENT_LOG, "$eventLog")
