-- A text as the tokens of the built-in model.
-- drop: DROP FUNCTION embedding.tokenise;
CREATE OR REPLACE FUNCTION embedding.tokenise(pieces text)
RETURNS integer[]
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
-- Plans for three words and for three hundred are the same.
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_text    CONSTANT text := left(tokenise.pieces, 8001);
    v_size    CONSTANT integer := length(v_text);
    v_char    CONSTANT text[] := string_to_array(v_text, NULL);
    -- No piece goes on from a letter to a space, so nothing need be looked for behind the next space.
    v_runs    CONSTANT boolean := strpos(v_text, '▁▁') > 0;
    -- Parts of 64 letters, each with the beginning of the next: to count to a letter from the first costs time.
    v_parts   CONSTANT text[] := CASE
        WHEN v_size <= 64 THEN ARRAY[v_text]
        ELSE ARRAY(SELECT substr(v_text, n, 80) FROM generate_series(1, v_size, 64) AS n)
    END;
    -- What could be joined, in the order in which it is: where it begins, how long it is, its token.
    v_starts  integer[];
    v_sizes   integer[];
    v_tokens  integer[];
    v_last    integer;
    -- By where a piece begins: its size (0 inside of one), its token, and where the piece before it begins.
    v_size_at integer[] := array_fill(1, ARRAY[v_size + 16]);
    v_at      integer[] := array_fill(NULL::integer, ARRAY[v_size]);
    v_before  integer[];
    -- By 16 * start + size: where in that order a piece is.
    v_turn    integer[] := array_fill(NULL::integer, ARRAY[16 * v_size + 32]);
    v_now     integer;
    v_next    integer;
    v_start   integer;
    v_left    integer;
    v_whole   integer;
    v_other   integer;
    v_bytes   bytea;
    v_found   integer[] := '{}';
BEGIN
    SELECT array_agg(c.start), array_agg(c.size), array_agg(c.token_id), count(c.rank)
    INTO v_starts, v_sizes, v_tokens, v_last
    FROM (
        SELECT p.start, p.size, t.token_id, t.rank
        FROM (
            SELECT r.start, r.rest, generate_series(1, length(r.rest)) AS size
            FROM (
                SELECT
                    s.start::integer AS start,
                    CASE
                        WHEN v_runs THEN substr(v_parts[(s.start - 1) / 64 + 1], ((s.start - 1) % 64)::integer + 1, 16)
                        ELSE s.letter || split_part(
                            substr(v_parts[(s.start - 1) / 64 + 1], ((s.start - 1) % 64)::integer + 2, 15), '▁', 1
                        )
                    END AS rest
                FROM unnest(v_char) WITH ORDINALITY AS s (letter, start)
                OFFSET 0
            ) AS r
            OFFSET 0
        ) AS p
        CROSS JOIN LATERAL (
            SELECT k.token_id, k.rank FROM embedding.tokens AS k WHERE k.piece = left(p.rest, p.size) OFFSET 0
        ) AS t
        ORDER BY t.rank NULLS LAST, p.start
    ) AS c;

    v_before := ARRAY(SELECT generate_series(0, v_size + 15));
    FOR v_i IN 1 .. v_last LOOP
        v_turn[16 * v_starts[v_i] + v_sizes[v_i]] := v_i;
    END LOOP;
    FOR v_i IN v_last + 1 .. coalesce(cardinality(v_starts), 0) LOOP
        v_at[v_starts[v_i]] := v_tokens[v_i];
    END LOOP;

    v_now := 1;
    WHILE v_now <= v_last LOOP
        v_start := v_starts[v_now];
        v_whole := v_sizes[v_now];
        v_left := v_size_at[v_start];
        v_next := v_now + 1;
        -- Two pieces that together are this one: more than one way of dividing it is in the model.
        IF v_left BETWEEN 1 AND v_whole - 1 AND v_size_at[v_start + v_left] = v_whole - v_left THEN
            v_size_at[v_start] := v_whole;
            v_size_at[v_start + v_left] := 0;
            v_at[v_start] := v_tokens[v_now];
            v_before[v_start + v_whole] := v_start;
            -- With its neighbours it may make what should have been joined already: then that is next.
            v_other := v_before[v_start];
            IF v_start + v_whole - v_other <= 16 AND v_other > 0 THEN
                v_next := least(v_next, v_turn[16 * v_other + v_start + v_whole - v_other]);
            END IF;
            v_other := v_whole + v_size_at[v_start + v_whole];
            IF v_other <= 16 THEN
                v_next := least(v_next, v_turn[16 * v_start + v_other]);
            END IF;
        END IF;
        v_now := v_next;
    END LOOP;

    v_start := 1;
    WHILE v_start <= v_size LOOP
        IF v_at[v_start] IS NULL THEN
            -- What has no token goes byte by byte.
            v_bytes := convert_to(v_char[v_start], 'UTF8');
            FOR v_i IN 0 .. octet_length(v_bytes) - 1 LOOP
                v_found := v_found || get_byte(v_bytes, v_i) + 3;
            END LOOP;
        ELSE
            v_found := v_found || v_at[v_start];
        END IF;
        v_start := v_start + v_size_at[v_start];
    END LOOP;
    RETURN v_found;
END
$function$;

COMMENT ON FUNCTION embedding.tokenise IS $comment$
The ids of the tokens of a text in the form that embedding.words gives (one word, or several put together again),
just as the model's own tokeniser divides it: letter by letter at first, then the pair of the lowest rank is joined,
the leftmost of them first, until no pair is a piece. Control tokens (<s>, </s>, <unk>) are read as any other text.
Of more than 8001 characters the first ones.
$comment$;
REVOKE ALL ON FUNCTION embedding.tokenise FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.tokenise TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.tokenise TO %I', v_persona);
    END LOOP;
END
$do$;
