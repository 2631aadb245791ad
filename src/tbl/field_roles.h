/*
 * System attributes that a field may stand for:
 *   X(NAME, "role in the API", reserved field id)
 * The id is that of the attribute in the unique index, whether or not a field
 * has the role.
 */
X(VERIFIED_EMAIL, "verified_email", 1)
X(USERNAME, "username", 2)
X(TERTIARY_ID, "tertiary_id", 3)
