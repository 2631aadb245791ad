/*
 * What can be wrong with a cell or a row: X(NAME, "code in the API")
 */
X(REQUIRED, "required")
X(TYPE, "type")
X(FORMAT, "format")
X(ENUM, "enum")
X(REGEX, "regex")
X(UNIQUE, "unique")       /* the store has the value */
X(DUPLICATE, "duplicate") /* an earlier row of this upload has it */
X(UNKNOWN, "unknown")     /* no such field, or no such customer */
X(LENGTH, "length")
X(ENCODING, "encoding")
