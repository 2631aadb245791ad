/* What an upload does with a row whose unique value the store has:
 * X(NAME, "on_existing in the API") */
X(ERROR, "error")
X(JOIN, "join")
X(UPDATE, "update")
