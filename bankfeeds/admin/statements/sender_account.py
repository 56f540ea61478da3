"""The account of which a sender's files are that name none."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import free_text, importing, senders
from bankfeeds.admin.parts import PortalAdmin, demand
from bankfeeds.admin.posted import actor, see_other
from bankfeeds.models import Sender, SourceAccount


class AccountForm(forms.Form):
    """`cleaned_data["account"]` is the account, None for none."""

    account = forms.CharField(
        label=gettext_lazy("Account id"),
        required=False,
        max_length=100,
        help_text=gettext_lazy(
            "It stands on the account's page. Empty: files that name no account wait in quarantine."
        ),
    )

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        free_text.guard(self)

    def clean_account(self) -> SourceAccount | None:
        text = self.cleaned_data["account"].strip()
        if not text:
            return None
        rows = SourceAccount.objects.select_related("company", "connection")
        found = list(rows.defer("sealed_body").filter(account_id=text, gone_at=None)[:2])
        if len(found) != 1:
            words = _("More than one account has this id.") if found else _("No account has it.")
            raise forms.ValidationError(words)
        try:
            importing.refuse_unfit(found[0])
        except importing.CannotImport as unfit:
            raise forms.ValidationError(str(unfit)) from None
        return found[0]


def choose(admin: PortalAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the form. POST: keep it."""
    demand(request, "change_sender")
    row = Sender.objects.select_related("account").filter(pk=pk, revoked_at=None).first()
    if row is None:
        raise Http404(_("There is no such sender in use."))
    initial = {"account": row.account.account_id if row.account else ""}
    form = AccountForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        account = form.cleaned_data["account"]
        if not senders.bind(row, account, by=actor(request), now=timezone.now()):
            messages.info(request, _("It is set so already."))
        elif account is None:
            messages.success(request, _("Its files that name no account wait in quarantine."))
        else:
            text = _("Its files that name no account are of %(account)s of %(company)s.")
            said = {"account": account, "company": account.company}
            messages.success(request, text % said)
        return see_other(reverse(admin.page_name("change"), args=[pk]))
    title = _("Whose the files of %(sender)s are") % {"sender": row.name}
    return admin.page(request, "account", title=title, row=row, form=form)
