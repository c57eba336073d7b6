-- string_to_table(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.string_to_table(text, text);
-- drop: DROP FUNCTION guard.string_to_table(text, text, text);
CREATE OR REPLACE FUNCTION guard.string_to_table(string text, delimiter text)
RETURNS SETOF text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN unnest(guard.string_to_array(string, delimiter));

CREATE OR REPLACE FUNCTION guard.string_to_table(string text, delimiter text, null_string text)
RETURNS SETOF text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN unnest(guard.string_to_array(string, delimiter, null_string));

COMMENT ON FUNCTION guard.string_to_table(text, text) IS $comment$
The built-in function may compare each byte with each of the delimiter, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
COMMENT ON FUNCTION guard.string_to_table(text, text, text) IS 'As guard.string_to_table(text, text).';
REVOKE ALL ON FUNCTION guard.string_to_table(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.string_to_table(text, text, text) FROM PUBLIC;
