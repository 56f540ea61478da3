"""The one page that asks before something ends: what it does, the reason, the button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bankfeeds import leaving, words
from bankfeeds.messages import CodatError, explain
from bankfeeds.models import Company, Push

from .parts import PortalAdmin, given_form_key, new_form_key
from .posted import reason, see_other


@dataclass(frozen=True)
class Question:
    """`why_not`: why it cannot be done now; `push`: the one that has to end first. `confirm`: a
    name that has to be typed. `fields`: a template with further fields of the form, `more` its
    context. `company`: whose thing it is."""

    title: str
    consequences: Sequence[str]
    button: str
    cancel: str
    company: Company | None = None
    why_not: str = ""
    push: Push | None = None
    needs_reason: bool = True
    confirm: str = ""
    fields: str = ""
    more: dict[str, Any] | None = None


def answered(
    admin: PortalAdmin,
    request: HttpRequest,
    question: Question,
    act: Callable[[str, str], HttpResponse | bool | None],
) -> HttpResponse:
    """GET asks. POST calls `act` with the reason and the form key, and leads back to the thing.

    `act` tells the person what was done, and may say where to go from there; what it refuses is
    said on the page, with what was typed.
    """
    if request.method != "POST":
        return ask(admin, request, question)
    why, wrong = reason(request, required=question.needs_reason)
    if wrong:
        return ask(admin, request, question, problem=wrong)
    if question.confirm and not _is_typed(request, question.confirm):
        problem = _("Type the name exactly as it stands there, to confirm.")
        return ask(admin, request, question, problem=problem)
    try:
        done = act(why, given_form_key(request))
    except CodatError as error:
        messages.error(request, explain(error))
    except leaving.Blocked as blocked:
        messages.warning(request, str(blocked))
    except ValueError as refusal:
        return ask(admin, request, question, problem=str(refusal))
    else:
        if isinstance(done, HttpResponse):
            return done
    return see_other(question.cancel)


def ask(
    admin: PortalAdmin, request: HttpRequest, question: Question, *, problem: str = ""
) -> HttpResponse:
    company = question.company
    answer = admin.page(
        request,
        "ask",
        title=question.title,
        question=question,
        crumb=company,
        problem=problem,
        reason=request.POST.get("reason", ""),
        typed=request.POST.get("confirm", ""),
        form_key=request.POST.get("form_key") or new_form_key(),
        headline=words.closed(company) if company and company.closed_at else None,
        **(question.more or {}),
    )
    answer.template_name = "admin/bankfeeds/leaving/ask.html"
    return answer


def _is_typed(request: HttpRequest, name: str) -> bool:
    def plain(text: str) -> str:
        return " ".join(text.split()).casefold()

    return plain(request.POST.get("confirm", "")) == plain(name)
