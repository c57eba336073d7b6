-- embedding.embed: a unit vector of any text, for everybody.
BEGIN;
\ir ../tap.sql
SELECT plan(30);

-- Who may
SELECT is(has_function_privilege(role, 'embedding.embed(text)', 'EXECUTE'), true, role || ' may')
FROM unnest('{store_managers,regional_managers,head_office,operators,storekeeper_owner,storekeeper_loader}'::text[]) AS role;
SELECT is(
    has_function_privilege('storekeeper_gateway', 'embedding.embed(text)', 'EXECUTE'), false, 'the server''s login may not'
);
SELECT be('seattle@zava.example');
SELECT is(vector_dims(embedding.embed('claw hammer')), 256, 'a manager embeds');
SELECT is(
    gateway.free_query('SELECT vector_dims(embedding.embed(''claw hammer'')) AS d') ->> 'rows', '[{"d":256}]',
    'by free SQL, too'
);
SELECT throws_ok(statement, '42501', statement) FROM unnest(ARRAY[
    'UPDATE embedding.tokens SET rank = 0', 'DELETE FROM embedding.tokens',
    'INSERT INTO embedding.models (name, provider, dimension) VALUES (''x'', ''openai'', 3)',
    'SELECT ctid FROM embedding.tokens', 'SELECT created_at FROM embedding.models'
]) AS statement;

-- A unit vector, whatever the text
SELECT ok(
    vector_norm(embedding.embed(content)) BETWEEN 0.999 AND 1.001,
    format('%s… of %s characters', left(content, 12), length(content))
) FROM unnest(ARRAY[
    'claw hammer', 'watterproof electricle conectors', 'Schraubendreher für Größe 3', '日本語の工具', 'молоток', '🔨🔨',
    '1/4"-20 × 2'' ½', repeat('x', 8000), repeat('ab ', 2666), '<s></s><unk>', chr(1) || chr(127)
]) AS content;
SELECT ok(
    embedding.embed('claw hammer') <=> embedding.embed('hammer with a claw')
        < embedding.embed('claw hammer') <=> embedding.embed('latex paint'),
    'what is alike is near'
);

-- What is no text
SELECT is(embedding.embed(NULL), NULL, 'nothing of nothing');
SELECT throws_ok(format('SELECT embedding.embed(%L)', content), 'SK400', 'none of ' || quote_literal(left(content, 5)))
FROM unnest(ARRAY['', E' \n\t ', repeat('x', 8001)]) AS content;

SELECT * FROM finish();
ROLLBACK;
