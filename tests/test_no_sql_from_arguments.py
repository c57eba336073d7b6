"""The arguments of a tool are values: they can't become SQL text, in Python or in PL/pgSQL."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import storekeeper
from conftest import BELLEVUE, PUGET_SOUND, SEATTLE, TESTS, Target
from wire import Wire

PYTHON = Path(storekeeper.__file__).parent
SQL = TESTS.parent / "sql"

# Python: what reaches a connection as a statement

RUNS_SQL = {
    *("execute", "executemany", "stream", "copy", "exec_", "exec_params", "SQL", "Statement"),
    "send_query_params",
}
COMPOSES = {"SQL", "Identifier", "Literal", "Placeholder", "format", "join", "as_string"}

STATEMENTS_MADE_ELSEWHERE = {
    ("function.py", "types[n]"): "format_type()'s name of the argument's declared type",
    ("connection.py", "text"): "what a Statement holds",
    ("dba.py", "statement"): "constants of the commands that the DBA calls",
    ("embedding_worker.py", "statement"): "constants of that module",
    ("gateway.py", "text"): "Function.statement, a composition, and a limit, a number",
}


class Module:
    """A module's constants, and the statements in it that are not plainly constant or composed."""

    def __init__(self, source: str, imported: dict[str, ast.expr] | None = None) -> None:
        self.tree = ast.parse(source)
        self.constants = {**(imported or {}), **dict(_assignments(self.tree.body))}

    def suspects(self) -> Iterator[str]:
        """The source of each statement that neither is known here nor is composed by psycopg.sql."""
        for function in ast.walk(self.tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
                local = {} if isinstance(function, ast.Module) else self._locals(function)
                for call in _own_nodes(function):
                    if (
                        isinstance(call, ast.Call)
                        and _name(call.func) in RUNS_SQL
                        and call.args
                        and not self._is_known(call.args[0], local)
                    ):
                        yield ast.unparse(call.args[0])

    def _locals(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr]:
        """Names that a function binds once and for all; those bound in another way are unknown."""
        nodes = list(_own_nodes(function))
        bound = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        bound += [n.arg for n in nodes if isinstance(n, ast.arg)]
        return {name: value for name, value in _assignments(nodes) if bound.count(name) == 1}

    def _is_known(self, node: ast.expr, local: dict[str, ast.expr]) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name):
                value = local.get(name) or self.constants.get(name)
                return value is not None and self._is_known(value, local)
            case ast.JoinedStr(values=values):
                return all(self._is_known(value, {}) for value in values)
            case ast.FormattedValue(value=value):
                return self._is_known(value, {})
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._is_known(left, local) and self._is_known(right, local)
            case ast.Subscript(value=value):
                return self._is_known(value, local)
            case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                return all(self._is_known(value, local) for value in values)
            case ast.IfExp(body=body, orelse=orelse):
                return self._is_known(body, local) and self._is_known(orelse, local)
            case ast.Call(func=ast.Attribute(attr=name)):
                # What sql.SQL itself is given is looked at where it stands.
                return name in COMPOSES and _is_composition(node)
        return False


def _name(function: ast.expr) -> str:
    """What is called: a method of whatever object, or a class."""
    if isinstance(function, ast.Attribute):
        return function.attr
    name = ast.unparse(function)
    return name if name[0].isupper() else ""


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions within it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own_nodes(child)


def _assignments(nodes: Any) -> Iterator[tuple[str, ast.expr]]:
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _is_composition(node: ast.expr) -> bool:
    """Whether a chain of calls begins with psycopg's `sql`: a text's own .format() does not."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id == "sql"


def _constants_of_all() -> dict[str, ast.expr]:
    """CONSTANTS of every module by name, as imports between them bring them in."""
    return {
        name: value
        for file in PYTHON.glob("*.py")
        for name, value in _assignments(ast.parse(file.read_text()).body)
        if name.isupper()
    }


def test_every_statement_of_the_server_is_constant_or_composed() -> None:
    constants = _constants_of_all()
    found = {
        (file.relative_to(PYTHON).as_posix(), statement)
        for file in PYTHON.rglob("*.py")
        for statement in Module(file.read_text(), constants).suspects()
    }
    assert found == set(STATEMENTS_MADE_ELSEWHERE)


@pytest.mark.parametrize(
    "statement",
    [
        "f'SELECT {name}'",
        "'SELECT ' + name",
        "'SELECT %s' % name",
        "'SELECT {}'.format(name)",
        "''.join(['SELECT ', name])",
        "text",
        "name",
        "lines[0]",
        "{'a': 'SELECT 1', 'b': name}['a']",
        "sql.SQL(name)",
        "sql.SQL(f'SELECT {name}').format(sql.Identifier(name))",
        "sql.SQL('SELECT {}').format(sql.SQL(name))",
        "'SELECT 1' if name else name",
        "CONSTANT.format(name)",
        "changed",
        "grown",
        "name_or_constant",
        "each",
    ],
)
def test_a_statement_made_of_an_argument_would_be_found(statement: str) -> None:
    source = f"""
CONSTANT = "SELECT {{}}"
async def run(connection, name, name_or_constant=None):
    name_or_constant = name_or_constant or "SELECT 1"
    text = "SELECT " + name
    changed = "SELECT 1"
    changed = changed + name
    grown = "SELECT 1"
    grown += name
    for each in name:
        await connection.execute({statement})
"""
    assert list(Module(source).suspects())


def test_constants_and_compositions_pass() -> None:
    source = """
CONSTANT = "SELECT 1"
CHOICES = {"one": "SELECT 1", "two": CONSTANT}
def run(connection, name):
    text = sql.SQL("SELECT {}").format(sql.Identifier(name))
    connection.execute("SELECT %s", (name,))
    connection.execute(CONSTANT)
    connection.execute(f"LISTEN {CONSTANT}")
    connection.execute("COMMIT" if name else "ROLLBACK")
    connection.execute(text)
    connection.execute(CHOICES[name])
    connection.execute(sql.SQL(", ").join(map(sql.Identifier, name)))
"""
    assert list(Module(source).suspects()) == []


# PL/pgSQL: what reaches EXECUTE

TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<text> [eE]?'(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<word> [\w.]+ | "[^"]*" )
    | (?P<space> \s+ )
    | (?P<other> \|\| | :: | . )
    """,
    re.VERBOSE | re.DOTALL,
)
BODY = re.compile(r"\bAS\s+(\$function\$|')(.*)\1\s*;?", re.DOTALL)
SPECIFIER = re.compile(r"%(?:(\d+)\$)?-?\d*([sIL%])")
QUOTES = {"quote_ident", "quote_literal", "quote_nullable"}
RUNS_TEXT = re.compile(r"\w*_to_xml(schema|_and_xmlschema)?|ts_stat|dblink\w*")

# What the free SQL of a person reaches, and what only a DBA, a loader or a catalog can fill.
RAW_IN_EXECUTE = {
    ("gateway.activate_model", "v_hook"): "a regproc, which quotes itself",
    ("gateway.begin_model", "v_hook"): "a regproc, which quotes itself",
    ("gateway.explain_query", "explain_query.query"): "free SQL, as the sandbox role",
    ("gateway.put_embeddings", "v_hook"): "a regproc, which quotes itself",
    ("gateway.query_types", "( SELECT string_agg ( format ( 'pg_typeo"): "names made of numbers",
    ("gateway.query_types", "array_to_string ( v_names , ', ' )"): "names made of numbers",
    ("gateway.query_types", "v_query"): "free SQL, as the sandbox role",
    ("gateway.run_query", "v_query"): "free SQL, as the sandbox role",
    ("gateway.harden", "CASE WHEN harden.strength = 'none' THEN "): "one of two constants",
    ("gateway.harden", "v_from"): "a role's name, one of two",
    ("gateway.harden", "v_left"): "signatures out of pg_proc",
    ("gateway.harden", "v_taken"): "signatures out of pg_proc",
    ("gateway.harden", "v_to"): "names of roles, quoted where they are joined",
    ("gateway.harden", "v_what"): "names out of pg_class and pg_attribute",
    ("gateway.make_sandbox", "v_persona.free_sql_path"): "what the DBA gave to add_persona",
    ("retail.empty_next_embeddings", "v_index"): "a regclass, which quotes itself",
    (
        "retail.nearest_by_index",
        "v_statement",
    ): "constants, and the dimension of a vector, a number",
    ("retail.nearest_products", "v_by_lists"): "constants, and the dimension of a vector, a number",
    ("retail.nearest_products", "v_compare"): "constants",
    ("retail.nearest_products", "v_count"): "constants, and the limit, a number",
    ("retail.nearest_products", "v_sorted"): "constants",
    ("retail.nearest_products", "v_which"): "constants",
    ("retail.swap_embeddings", "v_grant.may"): "aclexplode()'s own word, with a quoted column",
    ("retail.swap_embeddings", "v_grant.who"): "a regrole, which quotes itself, or PUBLIC",
    ("retail.swap_embeddings", "v_name"): "one of a constant list",
    ("retail.swap_embeddings", "v_trigger.ddl"): "pg_get_triggerdef()'s own text",
    ("retail.swap_embeddings", "v_trigger.state"): "one of four constants",
    ("retail.swap_embeddings", "v_schema"): "one of a constant list",
    ("retail.wanted_embedding_index", "table_name"): "a regclass, which quotes itself",
    ("sample.load", "v_creates [ i ]"): "sample.bulk_load_ddl, out of the catalog",
    ("sample.load", "v_drops [ i ]"): "sample.bulk_load_ddl, out of the catalog",
    ("sample.load", "v_table"): "one of a constant list",
}


def executed(body: str) -> Iterator[list[str]]:
    """The tokens of each EXECUTE's expression, without blanks and comments."""
    tokens = [
        found[0] for found in TOKEN.finditer(body) if found.lastgroup not in {"comment", "space"}
    ]
    for start, token in enumerate(tokens):
        if token.upper() == "EXECUTE" and tokens[start + 1].upper() != "ON":  # GRANT EXECUTE ON
            depth, expression = 0, []
            for word in tokens[start + 1 :]:
                depth += {"(": 1, ")": -1}.get(word, 0)
                if word == ";" or (depth == 0 and word.upper() in {"INTO", "USING", "LOOP"}):
                    break
                expression.append(word)
            yield expression


def raw_parts(expression: list[str]) -> Iterator[str]:
    """What gets into the statement unquoted: operands of || and what format() puts in for %s."""
    for operand in _split(expression, "||"):
        if operand[0].lower() == "format" and operand[1] == "(" and operand[-1] == ")":
            template, *arguments = _split(operand[2:-1], ",")
            if not all(map(_is_text, template)):
                yield " ".join(template)
                continue
            place = 0
            for position, kind in SPECIFIER.findall("".join(template)):
                if kind == "%":
                    continue
                place = int(position) if position else place + 1
                if kind == "s":
                    yield " ".join(arguments[place - 1])
        elif operand[0] not in QUOTES and not all(map(_is_text, operand)):
            yield " ".join(operand)


def _split(tokens: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0)
        if depth == 0 and token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _is_text(token: str) -> bool:
    return bool(re.match(r"[eE]?'|\$\w*\$", token))


def _functions() -> Iterator[tuple[str, str]]:
    """schema.function → its body."""
    for file in sorted(SQL.glob("*/functions/*/*.sql")):
        found = BODY.search(file.read_text())
        if found:  # otherwise RETURN …, which is bound when it is created
            yield f"{file.parent.name}.{file.stem}", found[2]


def test_every_execute_is_constant_or_quotes_what_it_is_given() -> None:
    found = {
        (name, part[:40])
        for name, body in _functions()
        for expression in executed(body)
        for part in raw_parts(expression)
    }
    assert found == set(RAW_IN_EXECUTE)


def test_no_function_uses_what_takes_sql_as_text() -> None:
    called = {
        (name, found[1])
        for name, body in _functions()
        for found in re.finditer(r"\b(\w+)\s*\(", body)
        if RUNS_TEXT.fullmatch(found[1])
    }
    assert called == set()


@pytest.mark.parametrize(
    ("statement", "raw"),
    [
        ("EXECUTE 'SELECT ' || given.name", "given.name"),
        ("EXECUTE given.name INTO v_row", "given.name"),
        ("EXECUTE format('SELECT %s', given.name) USING 1", "given.name"),
        ("EXECUTE format('SELECT %I, %2$s', 'a', upper(given.name))", "upper ( given.name )"),
        ("EXECUTE format('SELECT %L' || given.name, 'a')", "'SELECT %L' || given.name"),
        ("FOR v_row IN EXECUTE 'SELECT ' || v_text LOOP", "v_text"),
        ("OPEN v_cursor NO SCROLL FOR EXECUTE v_query", "v_query"),
        ("RETURN QUERY EXECUTE E'SELECT 1' || $1", "$ 1"),
    ],
)
def test_an_execute_of_an_argument_would_be_found(statement: str, raw: str) -> None:
    (expression,) = executed(f"BEGIN {statement}; END")
    assert list(raw_parts(expression)) == [raw]


@pytest.mark.parametrize(
    "statement",
    [
        "EXECUTE 'SELECT 1'",
        "EXECUTE format('SELECT %I.%2$L, 100 %%', v_a, v_b) INTO v_row USING v_c",
        "EXECUTE 'SET ROLE ' || quote_ident(v_role)",
        "EXECUTE 'SELECT ''x''' /* || v_no */ USING v_a",
    ],
)
def test_an_execute_that_quotes_passes(statement: str) -> None:
    (expression,) = executed(f"BEGIN {statement}; END")
    assert list(raw_parts(expression)) == []


# every tool, with arguments made of pieces of SQL

SEED, PAYLOADS = 7, 20
AUDITOR = "auditor@zava.example"
CANARY = "canary-of-bellevue"
PIECES = (
    "'", "''", '"', "\\", "\\'", "$$", "$a$", ";", "--", "/*", "*/", "(", ")", ",", "%", "_", "%s", "%I",
    "%(x)s", "{0}", "{}", "$1", ":x", "?", "::text", "||", "=", "=>", "\n", "\t", "\u00a0", "\u202e",
    "\ufeff", "\u02bc", "\uff07", " ", " ", " ", "1", "0", "null", "true", "OR", "AND", "UNION", "SELECT",
    "FROM", "WHERE", "1=1", "*", "orders", "customers", "retail.customers", "gateway.keys", "pg_class",
    "email", "store_id", "max(email)", "set_config('role','head_office',true)", "current_user", "COMMIT",
    "DELETE", "DROP TABLE retail.orders", "RESET ROLE", "Seattle", "Zava Retail", "Bellevue", "Power Tools",
    "2026-01-01", "infinity", "ARRAY[1]", "{a,b}", "(1,2)", "[1]", "x",
)  # fmt: skip
FREE_SQL = "execute_sales_query"
HARMLESS = {"VALIDATION_ERROR", "NOT_FOUND"}
MENDABLE = HARMLESS | {"INVALID_QUERY", "AUTHORIZATION_ERROR", "LIMIT_EXCEEDED"}
CONTENTS = """
    SELECT format(
        'SELECT %1$L, count(*), sum(hashtextextended(t::text, 0)) FROM %1$s AS t', c.oid::regclass
    )
    FROM pg_class AS c
    WHERE c.relkind = 'r' AND c.relnamespace IN ('retail'::regnamespace, 'gateway'::regnamespace)
      -- What servers write of themselves: the record of calls and its seals.
      AND NOT c.relispartition AND c.relname NOT IN ('seals', 'watermarks', 'changes')
"""


def fuzzed(tools: list[dict[str, Any]], seed: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """For each argument of each tool: the tool, the argument, and what to call the tool with."""
    chance = random.Random(seed)
    for tool in tools:
        # Where the query is not what is tried, one that runs.
        fixed = {"postgresql_query": "SELECT 1 AS x"} if tool["name"] == FREE_SQL else {}
        for argument, schema in tool["inputSchema"]["properties"].items():
            for _ in range(PAYLOADS):
                text = chance.choice(("", " ")).join(
                    chance.choices(PIECES, k=chance.randint(1, 12))
                )
                value = [text] if schema.get("type") == "array" else text
                yield tool["name"], argument, {**fixed, argument: value}


@pytest.fixture
def planted(own: Target) -> Target:
    """With texts in a store that none of the three callers may see."""
    own.execute(
        "SELECT gateway.put_principal(%s, %s, 'Auditor', 'head_office')",
        "00000000-0000-4000-8000-0000000000f2", AUDITOR,
    )  # fmt: skip
    own.execute(
        "SELECT gateway.put_tenants('00000000-0000-4000-8000-0000000000f2', ARRAY("
        "SELECT store_id FROM retail.stores WHERE name IN ('Zava Retail Seattle', 'Zava Retail Spokane')))"
    )
    own.execute(
        "UPDATE retail.customers SET email = %s || customer_id, last_name = %s"
        " WHERE store_id IN (SELECT store_id FROM retail.stores WHERE name = 'Zava Retail Bellevue')",
        CANARY, CANARY,
    )  # fmt: skip
    own.execute(
        "UPDATE retail.stores SET location = %s WHERE name = 'Zava Retail Bellevue'", CANARY
    )
    return own


def contents(target: Target) -> dict[str, Any]:
    queries = [query for (query,) in target.execute(CONTENTS)]
    return {name: facts for name, *facts in target.execute(" UNION ALL ".join(queries))}


def test_no_argument_becomes_sql(planted: Target) -> None:
    before = contents(planted)
    calls = 0
    for person in (SEATTLE, PUGET_SOUND, AUDITOR):
        with Wire(planted.environment(person, STOREKEEPER_STATEMENT_TIMEOUT="5")) as wire:
            wire.greet()
            tools = wire.ask("tools/list")["result"]["tools"]
            for tool, argument, given in fuzzed(tools, f"{SEED} {person}"):
                result = wire.call(tool, **given)
                calls += 1
                assert CANARY not in str(result), (tool, given, result)
                if result["isError"]:
                    code = result["_meta"]["storekeeper/error"]["error_code"]
                    allowed = MENDABLE if argument == "postgresql_query" else HARMLESS
                    assert code in allowed, (tool, given, result)
    assert calls >= 300
    assert contents(planted) == before
    with Wire(planted.environment(BELLEVUE)) as wire:  # the canary is there for whoever may see it
        wire.greet()
        query = "SELECT max(last_name) AS name FROM customers"
        assert CANARY in str(wire.call(FREE_SQL, postgresql_query=query))
