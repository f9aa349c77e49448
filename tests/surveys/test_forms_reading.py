"""A form's body is read as the standard library reads it, only faster."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.surveys.faults import BrokenForm
from app.surveys.forms import FORM_TYPE, MAX_FIELDS, read


def standard(text: str) -> list[tuple[str, str]]:
    """`urllib.parse.parse_qsl`, then line breaks and NUL of values as pages keep them."""
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    return [(name, value.replace("\r\n", "\n").replace("\x00", "")) for name, value in pairs]


@given(st.text(alphabet="aZ1=&%+;C38AD0\r\n\x00 .", max_size=60))
@example("MOT1=3&&x&=&=5&a=b=c&%C3%A9=+%2B&id=1%2C2%0D%0A%00")
@example("a=%FF")
def test_any_body_reads_as_the_standard_library_reads_it(text: str) -> None:
    try:
        wanted = standard(text)
    except ValueError:
        with pytest.raises(BrokenForm):
            read(text.encode(), FORM_TYPE)
    else:
        assert read(text.encode(), FORM_TYPE) == wanted


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20))
def test_what_a_browser_encodes_comes_back(pairs: list[tuple[str, str]]) -> None:
    text = urlencode(pairs, errors="replace")
    assert read(text.encode(), FORM_TYPE) == standard(text)


def test_too_many_fields_are_no_form_of_ours() -> None:
    assert len(read(b"&".join([b"a=1"] * MAX_FIELDS), FORM_TYPE)) == MAX_FIELDS
    with pytest.raises(BrokenForm):
        read(b"&".join([b"a=1"] * (MAX_FIELDS + 1)), FORM_TYPE)
