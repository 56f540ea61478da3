"""Who the contact of a client is stays here: what Codat was asked, from the first press on."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from bankfeeds.models import Company, Connection, Look
from bankfeeds.sandbox.api import Api
from tests.admin.pushes import hidden, signed_in, text
from tests.adopting.support import at_codat, carry_out, row

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = "/admin/bankfeeds"
CONTACTS = ("Zoe Contact-One", "one@contact.example", "Max Contact-Two", "+1 555 0102 two")


@pytest.fixture
def seen(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All of every request that reached the sandbox: method, address, parameters, body."""
    reply, found = Api.reply, list[str]()

    def noted(self: Api, request: Any) -> Any:
        body = request.body.decode(errors="replace")
        found.append(f"{request.method} {request.path} {request.params} {body}")
        return reply(self, request)

    monkeypatch.setattr(Api, "reply", noted)
    return found


def edit(browser: Any, company: Company, name: str, details: str) -> None:
    url = reverse("admin:bankfeeds_company_edit", args=[company.pk])
    form = {"name": company.name, "country": "US", "language": "en", "seen": ""}
    form |= {"seen": hidden(browser.get(url), "seen")}
    told = {"contact_name": name, "contact_details": details}
    assert browser.post(url, {**form, **told}).status_code == 303
    company.refresh_from_db()
    assert (company.contact_name, company.contact_details) == (name, details)


def test_the_contact_never_leaves(people: dict[str, Any], seen: list[str]) -> None:
    browser: Any = signed_in(people["manager"])
    made = {"name": "Acme", "country": "US", "connect": "yes", "form_key": str(uuid.uuid4())}
    told = {"contact_name": CONTACTS[0], "contact_details": CONTACTS[1]}
    browser.post(f"{ROOT}/company/add/", {**made, **told})
    company, tie = Company.objects.get(), Connection.objects.get()
    assert (company.contact_name, company.contact_details) == CONTACTS[:2]
    account = {"name-0": "Main", "account_type-0": "checking", "account_number-0": "12345678"}
    account |= {"sort_code-0": "021000021", "currency-0": "USD", "balance-0": "1.00"}
    page = browser.get(f"{ROOT}/connection/{tie.pk}/accounts/")
    kept = {name: hidden(page, name) for name in ("form_key", "rows")}
    browser.post(f"{ROOT}/connection/{tie.pk}/accounts/", {**kept, **account})
    edit(browser, company, *CONTACTS[2:])
    for path in (f"company/{company.pk}/refresh", f"connection/{tie.pk}/renew-link"):
        browser.post(f"{ROOT}/{path}/")
    at_codat("Bolt")
    look = browser.post(f"{ROOT}/company/adopt/", {"form_key": str(uuid.uuid4())})
    carry_out()
    found = row(Look.objects.get(), "Bolt")
    browser.post(look.url, {"found": [found.pk], "country": "US"})
    carry_out()
    assert "Adopted" in text(browser.get(look.url))
    edit(browser, Company.objects.get(name="Bolt"), *CONTACTS[:2])
    browser.post(f"{ROOT}/company/adopt/", {"form_key": str(uuid.uuid4())})
    carry_out()
    asked = "\n".join(seen)
    assert "Acme" in asked and "12345678" in asked and len(seen) > 10
    for each in CONTACTS:
        for part in (each, *each.split(" ")):
            assert len(part) < 5 or part not in asked, part
