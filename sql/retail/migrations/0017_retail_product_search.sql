-- Products as search sees them: their words, and how those are spelt.
-- depends: 0014_retail_record_and_writes 0016_embedding

SET LOCAL ROLE storekeeper_owner;

CREATE DOMAIN retail.similarity AS double precision CHECK (VALUE BETWEEN '-1' AND '1');
COMMENT ON DOMAIN retail.similarity IS 'Cosine similarity: 1 is the same meaning, 0 is unrelated.';

-- Beside retail, so that who asks for the tables of the business is not told of these.
CREATE SCHEMA search;
COMMENT ON SCHEMA search IS 'The words of the catalogue, as the search tools look for them.';
GRANT USAGE ON SCHEMA search TO store_managers, regional_managers, head_office, storekeeper_loader;

CREATE TABLE search.documents (
    product_id integer PRIMARY KEY REFERENCES retail.products ON DELETE CASCADE,
    document   tsvector NOT NULL
);
CREATE INDEX documents_document_idx ON search.documents USING gin (document);
COMMENT ON TABLE search.documents IS 'The words of each product, as retail.describe_products makes them.';
COMMENT ON COLUMN search.documents.document IS 'A: the name, B: type and category, C: the description, D: that of the type.';

CREATE TABLE search.lexemes (
    lexeme   text COLLATE "C" PRIMARY KEY,
    products integer NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE search.lexemes IS 'How many products have a word, by its stem; under the empty one, how many there are.';

CREATE TABLE search.words (
    word    text COLLATE "C" PRIMARY KEY,
    lexeme  text COLLATE "C" NOT NULL,
    shorter text[] COLLATE "C" NOT NULL
);
CREATE INDEX words_shorter_idx ON search.words USING gin (shorter);
COMMENT ON TABLE search.words IS 'The words of the catalogue as they are spelt.';
COMMENT ON COLUMN search.words.shorter IS 'The word, and what is left of it without a letter or two: misspelt words share some of that.';

CREATE TABLE search.synonyms (
    word  text COLLATE "C" PRIMARY KEY CHECK (word ~ '^[a-z]+( [a-z]+)?$'),
    means text NOT NULL
);
COMMENT ON TABLE search.synonyms IS 'What people say for words of the catalogue; rows come and go as a shop needs them.';
COMMENT ON COLUMN search.synonyms.word IS 'One word or two, in lower case and the singular.';
COMMENT ON COLUMN search.synonyms.means IS 'Words that are looked for beside it.';
-- Other English than that of the United States, and makers' names that are said for the thing.
INSERT INTO search.synonyms (word, means) VALUES
    ('aerosol', 'spray'),
    ('allen key', 'hex key'),
    ('allen wrench', 'hex key'),
    ('architrave', 'casing trim molding'),
    ('back box', 'junction box'),
    ('ballcock', 'toilet fill valve'),
    ('bark', 'mulch'),
    ('batten', 'furring strip'),
    ('bolt lock', 'latch deadbolt'),
    ('bookcase', 'shelving unit'),
    ('breaker', 'circuit breaker'),
    ('cable', 'wire'),
    ('castor', 'caster wheel'),
    ('catch', 'latch'),
    ('cement', 'concrete mortar mix'),
    ('channellock', 'tongue groove pliers'),
    ('chipboard', 'osb panel'),
    ('chop saw', 'miter saw'),
    ('cistern', 'toilet tank'),
    ('clothes hook', 'hook hanger'),
    ('coat hook', 'hook hanger'),
    ('colour', 'color'),
    ('compost', 'soil'),
    ('crate', 'storage tote bin'),
    ('crescent wrench', 'adjustable wrench'),
    ('cupboard', 'cabinet'),
    ('deadlock', 'deadbolt lock'),
    ('decking', 'deck board'),
    ('disc grinder', 'angle grinder'),
    ('door handle', 'door knob lever'),
    ('doorknob', 'door knob'),
    ('drain rod', 'drain auger'),
    ('drain snake', 'drain auger'),
    ('drano', 'drain cleaner'),
    ('drawer pull', 'cabinet pull handle'),
    ('durock', 'cement board'),
    ('dust sheet', 'drop cloth'),
    ('emulsion', 'interior latex paint'),
    ('extension lead', 'extension cord'),
    ('fairy light', 'string lights outdoor'),
    ('flex', 'extension cord wire'),
    ('flowerpot', 'planter pot'),
    ('fretsaw', 'jigsaw'),
    ('fuse', 'circuit breaker'),
    ('fuse box', 'circuit breaker'),
    ('garden light', 'outdoor lighting'),
    ('glass wool', 'fiberglass insulation'),
    ('glasspaper', 'sanding sheets abrasive'),
    ('grey', 'gray'),
    ('grout', 'mortar'),
    ('gyprock', 'drywall'),
    ('hacksaw', 'saw metal'),
    ('hardiebacker', 'cement board'),
    ('hex wrench', 'hex key'),
    ('hole saw', 'hole saw bit'),
    ('hosepipe', 'garden hose'),
    ('insulating tape', 'electrical tape'),
    ('jubilee clip', 'hose clamp'),
    ('junction', 'junction box'),
    ('lacquer', 'polyurethane clear finish'),
    ('lagging', 'pipe insulation'),
    ('lamp', 'light fixture'),
    ('lawn seed', 'grass seed'),
    ('lead', 'cord'),
    ('ledge', 'shelf bracket'),
    ('light fitting', 'light fixture'),
    ('loft', 'attic'),
    ('manure', 'fertilizer'),
    ('marrette', 'wire nut connector'),
    ('masking tape', 'painter tape'),
    ('mitre', 'miter'),
    ('mitre saw', 'miter saw'),
    ('mole grip', 'locking pliers'),
    ('molly bolt', 'toggle bolt wall anchor'),
    ('monkey wrench', 'pipe wrench'),
    ('organiser', 'organizer'),
    ('organizer', 'storage'),
    ('particle board', 'osb panel'),
    ('paving', 'concrete'),
    ('peg', 'hook'),
    ('plant feed', 'fertilizer'),
    ('plant food', 'fertilizer'),
    ('plant pot', 'planter pot'),
    ('plasterboard', 'drywall'),
    ('plexiglass', 'acrylic sheet'),
    ('plug socket', 'outlet'),
    ('plumber snake', 'drain auger'),
    ('plumber tape', 'teflon thread seal tape'),
    ('polyfilla', 'filler patch drywall compound'),
    ('power drill', 'drill driver'),
    ('power point', 'outlet'),
    ('ptfe', 'teflon thread seal tape'),
    ('quikrete', 'concrete mix'),
    ('rack', 'shelving unit'),
    ('rasp', 'file'),
    ('ratchet', 'socket wrench'),
    ('rawlplug', 'wall anchor'),
    ('rcd', 'gfci'),
    ('receptacle', 'outlet'),
    ('rockwool', 'mineral wool insulation'),
    ('roto rooter', 'drain auger'),
    ('rubbermaid', 'storage tote bin'),
    ('sabre saw', 'reciprocating saw'),
    ('sandpaper', 'sanding sheets discs abrasive'),
    ('sawzall', 'reciprocating saw'),
    ('screw gun', 'impact driver drill'),
    ('sealer', 'sealer polyurethane'),
    ('secateurs', 'pruning shears pruner'),
    ('shears', 'pruner pruning shears'),
    ('sheathing', 'osb plywood panel'),
    ('sheetrock', 'drywall'),
    ('skillsaw', 'circular saw'),
    ('skilsaw', 'circular saw'),
    ('skirting', 'baseboard molding'),
    ('sleeper', 'landscape timber'),
    ('spackle', 'filler patch drywall compound'),
    ('spanner', 'wrench'),
    ('spirit level', 'level'),
    ('stanley knife', 'utility knife'),
    ('stapler', 'staple gun'),
    ('stop valve', 'shutoff valve'),
    ('stopcock', 'shutoff valve'),
    ('styrofoam', 'foam board insulation'),
    ('tap', 'faucet'),
    ('tarp', 'plastic sheeting drop cloth'),
    ('tarpaulin', 'plastic sheeting drop cloth'),
    ('timber', 'lumber'),
    ('topsoil', 'soil'),
    ('tote', 'storage bin'),
    ('trestle', 'sawhorse'),
    ('tub', 'storage tote bin'),
    ('tupperware', 'storage bin'),
    ('turf', 'grass seed'),
    ('u bend', 'p trap drain'),
    ('undercoat', 'primer'),
    ('varnish', 'polyurethane clear finish'),
    ('vise grip', 'locking pliers'),
    ('visqueen', 'plastic sheeting'),
    ('wall plug', 'wall anchor'),
    ('wall socket', 'outlet'),
    ('wardrobe', 'locker cabinet'),
    ('waste pipe', 'drain pipe'),
    ('weed whacker', 'trimmer'),
    ('whitewash', 'white paint'),
    ('wire cap', 'wire nut'),
    ('wood chip', 'mulch'),
    ('wood file', 'rasp'),
    ('worktop', 'countertop');

-- A query that is a product's name finds it at once.
CREATE INDEX products_lower_name_idx ON retail.products (lower(name));

GRANT SELECT (product_id, document) ON search.documents TO store_managers, regional_managers, head_office;
GRANT SELECT (lexeme, products) ON search.lexemes TO store_managers, regional_managers, head_office;
GRANT SELECT (word, means) ON search.synonyms TO store_managers, regional_managers, head_office;
GRANT SELECT (word, lexeme, shorter) ON search.words TO store_managers, regional_managers, head_office;

RESET ROLE;
