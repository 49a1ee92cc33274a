from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.queries import faces


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Anna Petrova", "AP"),
        ("cher", "C"),
        ("محمد الأحمد", "ما"),
        ("李小龍", "李"),
        ("", "·"),
        ("🎉 🎊", "·"),
        ("\u202eevil\u202c bidi", "EB"),
        ("<b>Bob</b>", "B"),
        ("Jean-Luc van der Picard", "JP"),
    ],
)
def test_initials_are_letters_only(name: str, initials: str) -> None:
    assert faces.of(name).initials == initials


@given(st.text())
def test_any_name_has_a_face_that_fits(name: str) -> None:
    face = faces.of(name)

    assert 1 <= len(face.initials) <= 2
    assert 0 <= face.hue < faces.HUES
    assert face == faces.of(name)
