/*
 * System attributes that a field may stand for:
 *   X(NAME, "role in the API", reserved field id, "$attribute", TYPE, KEY)
 * Every workspace has each of them: as the field of that role, under its name,
 * or else as a built-in field whose name is the attribute's.
 * id    of the attribute's values in the unique index, and of the built-in
 *       field, whether or not a field has the role
 * TYPE  that a field of the role must have (tbl/field_types.h)
 * KEY   KEY: always PII and unique; PLAIN: neither by itself
 */
X(VERIFIED_EMAIL, "verified_email", 1, "$verifiedEmail", STRING, KEY)
X(USERNAME, "username", 2, "$username", STRING, KEY)
X(TERTIARY_ID, "tertiary_id", 3, "$tertiaryid", STRING, KEY)
X(CONSENTED, "consented", 4, "$consented", BOOLEAN, PLAIN)
X(CONSENT_DOCUMENT_VERSION, "consent_document_version", 5,
    "$consentDocumentVersion", STRING, PLAIN)
