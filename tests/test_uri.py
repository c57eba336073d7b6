"""Which address fits which template, and what its variables are."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storekeeper.uri import LONGEST, match


@pytest.mark.parametrize(
    ("template", "address", "found"),
    [
        ("a://b", "a://b", {}),
        ("a://b", "a://b/", None),
        ("a://b", "A://b", None),
        ("a://{x}", "a://", {"x": ""}),
        ("a://{x}", "a://1", {"x": "1"}),
        ("a://{x}", "a://1/2", None),
        ("a://{+x}", "a://1/2", {"x": "1/2"}),
        ("a://{x}", "a://1?q", None),
        ("a://{+x}", "a://1#f", None),
        ("a://{x}", "a://%2F", {"x": "/"}),
        ("a://{x}", "a://%252F", {"x": "%2F"}),
        ("a://{x}", "a://%", {"x": "%"}),
        ("a://{x}", "a://%zz", {"x": "%zz"}),
        ("a://{x}", "a://%ff", {"x": "\N{REPLACEMENT CHARACTER}"}),
        ("a://{x}", "a://%00", {"x": "\0"}),
        ("a://{x}", "a://+", {"x": "+"}),
        ("a://{x}", "a://1\n", {"x": "1\n"}),
        ("a://{x}/{y}", "a://1/2", {"x": "1", "y": "2"}),
        ("a://{x}/{y}", "a://1", None),
        ("a://{x}-{y}", "a://1-2-3", {"x": "1", "y": "2-3"}),
        ("a.b*(c)://[{x}]", "a.b*(c)://[1]", {"x": "1"}),
        ("a.b://{x}", "aXb://1", None),
        ("a://{1x}", "a://{1x}", {}),
        ("a://{?x}", "a://{?x}", {}),
        ("a://{x", "a://{x", {}),
        ("a://{x}", "a://☃", {"x": "☃"}),
        ("", "", {}),
        ("{x}", "", {"x": ""}),
    ],
)
def test_an_address(template: str, address: str, found: dict[str, str] | None) -> None:
    assert match(template, address) == found


def test_what_is_longer_than_any_address_fits_nothing() -> None:
    head = "a://"
    assert match("a://{+x}", head + "x" * (LONGEST - len(head)))
    assert match("a://{+x}", head + "x" * (LONGEST - len(head) + 1)) is None


def test_many_variables_and_an_address_that_almost_fits() -> None:
    """The time it takes is bounded by the length of an address, for each template a DBA would write."""
    template = "a://" + "/".join(f"{{v{n}}}" for n in range(20)) + "/end"
    assert match(template, "a://" + "/" * 1000) is None
    assert match(template, "a://" + "x" * 2000) is None
    assert (
        match("a://" + "-".join(f"{{v{n}}}" for n in range(9)) + "!", "a://" + "-" * 2000) is None
    )


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4)
)
def test_what_is_put_in_quoted_comes_out(texts: list[str]) -> None:
    names = [f"v{n}" for n in range(len(texts))]
    template = "retail://" + "/".join(f"{{{name}}}" for name in names)
    address = "retail://" + "/".join(quote(text, safe="") for text in texts)
    if len(address) <= LONGEST:
        assert match(template, address) == dict(zip(names, texts, strict=True))


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_template_and_no_address_fails(template: str, address: str) -> None:
    found = match(template, address)
    assert found is None or isinstance(found, dict)


def test_random_templates_that_repeat_a_name_do_not_fail() -> None:
    random = Random(4)
    pieces = ["{x}", "{+x}", "{y}", "/", "a", "(", "\\", "[", "{", "}", "?", "#", "%2F", "☃"]
    for _ in range(500):
        template = "".join(random.choices(pieces, k=8))
        match(template, "".join(random.choices(pieces, k=8)))
