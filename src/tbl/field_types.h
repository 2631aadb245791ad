/*
 * X(NAME, "name in the API", module)
 * `module` names struct field_type field_type_MODULE, a row of functions in
 * model/types/ (model/field.h).
 */
X(STRING, "string", string)
X(NUMBER, "number", number)
X(INTEGER, "integer", integer)
X(BOOLEAN, "boolean", boolean)
X(DATE, "date", date)
X(CURRENCY, "currency", currency)
X(ENUM, "enum", enum)
X(ARRAY, "array", array)
