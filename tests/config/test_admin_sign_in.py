from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/"])
def test_the_admin_has_no_sign_in_of_its_own(client: Client, path: str) -> None:
    answer = client.post(path, {"username": "a@example.test", "password": "guess"}, follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
