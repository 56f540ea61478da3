"""Names as Codat will store them, and what makes two clients look alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankfeeds.codat.shapes import stored_name
from bankfeeds.onboarding import changes_in_name, folded, name_at_codat


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Café Québec", "Cafe Quebec"),
        ("Cafe\u0301 Que\u0301bec", "Cafe Quebec"),
        ("Cœur & Fils", "Coeur & Fils"),
        ("Groß ŒUVRE", "Gross OEUVRE"),
        ("L’Épicerie – Laval", "L'Epicerie - Laval"),
        ("Company (Codat[1])", "Company Codat1"),
        ("  Two \t spaces\u00a0here ", "Two spaces here"),
        ("A/B #2 – 50%", "AB 2 - 50"),
        ("½ Price", "Price"),
        ("ﬁne Ｆｕｌｌ", "fine Full"),
        ("東京 ☃ ()", ""),
        ("", ""),
    ],
)
def test_name_at_codat(ours: str, theirs: str) -> None:
    assert name_at_codat(ours) == theirs


@given(st.text(max_size=300))
def test_codat_changes_nothing_of_the_name_that_we_send(name: str) -> None:
    made = name_at_codat(name)
    assert re.fullmatch(r"[A-Za-z0-9 \-',&@.?!]*", made)
    assert stored_name(made) == made
    assert made == " ".join(made.split())
    assert name_at_codat(made) == made
    assert len(made) <= 200


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=50))
def test_changes_lead_from_our_name_to_theirs(name: str) -> None:
    changed = "".join(name.split())
    for old, new in changes_in_name(name):
        changed = changed.replace(old, new)
    assert changed == "".join(name_at_codat(name).split())


def test_changes_are_pointed_out_once_each() -> None:
    assert changes_in_name("Été (été)") == [("É", "E"), ("é", "e"), ("(", ""), (")", "")]
    assert changes_in_name("Plain & Sons, Ltd.") == []


@pytest.mark.parametrize(
    "other", ["ACME BAKERY", "Acme Bakery, Inc.", "Acmé-Bakery LLC", "acme bakery co. ltd"]
)
def test_like_names_fold_to_the_same(other: str) -> None:
    assert folded(other) == folded("Acme Bakery Inc") == "acme bakery"


@pytest.mark.parametrize(
    "other", ["Cafe Roy and Sons", "CAFÉ ROY ET SONS, S.E.N.C.", "Café Roy & Sons ltée"]
)
def test_names_joined_in_either_language_fold_to_the_same(other: str) -> None:
    assert folded(other) == folded("Café Roy & Sons Inc.") == "cafe roy sons"


def test_a_name_that_only_joins_keeps_it() -> None:
    assert folded("Et") == "et" and folded("And Co.") == "and"
    assert folded("A.B. Roofing") == "a b roofing" and folded("L.L.C.") == "l l c"


def test_a_name_that_is_only_a_legal_form_keeps_it() -> None:
    assert folded("Ltd") == "ltd"
    assert folded("Acme") != folded("Acne")
