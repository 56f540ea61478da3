"""Before pushes are sent again: what would go, what not and why; then the order, with a reason.

What is meant comes in the address: `chosen`, or the filter of the push history as it stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bankfeeds import pushing, resending, words
from bankfeeds.admin import filtered, parts, push_words
from bankfeeds.admin.posted import actor, numbers, reason, see_other
from bankfeeds.models import Push, Resending

CHOSEN = "chosen"
# As many as a list counts; an order of more is no longer looked through by anybody.
MOST = parts.LIST_LIMIT
MOST_NAMED = 20


@dataclass(frozen=True)
class Meant:
    """Which pushes a person means, and how that is said."""

    pushes: list[int]
    words: str
    back: str

    @property
    def too_many(self) -> bool:
        return len(self.pushes) > MOST


def may(request: HttpRequest) -> bool:
    """Sending again decides on pushes: it takes both permissions."""
    user = request.user
    return user.has_perm("bankfeeds.add_resending") and user.has_perm("bankfeeds.decide_push")


def address(query: str) -> str:
    return f"{reverse('admin:bankfeeds_resending_add')}?{query}"


def view(admin: parts.PortalAdmin, request: HttpRequest) -> HttpResponse:
    if not may(request):
        raise PermissionDenied
    if request.method == "POST" and (made := _pressed_before(request)) is not None:
        tell(request, made)
        return see_other(page_of(made))
    meant = _meant(admin, request)
    if meant is None or not meant.pushes:
        messages.warning(request, _("No push fits. Choose pushes first. Nothing was sent."))
        return see_other(reverse("admin:bankfeeds_push_changelist"))
    if meant.too_many:
        return admin.page(request, "estimate", title=_title(), meant=meant, most=MOST)
    today = pushing.today(timezone.now())
    estimate = resending.estimate(meant.pushes, today=today)
    if request.method == "POST":
        return _pressed(admin, request, meant, estimate)
    return _page(admin, request, meant, estimate)


def tell(request: HttpRequest, made: Resending) -> None:
    """The same after the first press and after the second."""
    text = _("Order %(order)s is written down. What becomes of each push stands below.")
    messages.success(request, text % {"order": made})


def page_of(made: Resending) -> str:
    return reverse("admin:bankfeeds_resending_change", args=(made.pk,))


def _pressed_before(request: HttpRequest) -> Resending | None:
    return Resending.objects.filter(form_key=parts.given_form_key(request)).first()


def _meant(admin: parts.PortalAdmin, request: HttpRequest) -> Meant | None:
    if CHOSEN in request.GET:
        return _chosen(request.GET)
    found = filtered.changes(admin.admin_site._registry[Push], request)
    if found is None:
        return None
    pushes = found.queryset.order_by().values_list("pk", flat=True)[: MOST + 1]
    back = f"{reverse('admin:bankfeeds_push_changelist')}?{request.GET.urlencode()}"
    return Meant(list(pushes), filtered.in_words(found, otherwise=_("all pushes")), back)


def _chosen(given: QueryDict) -> Meant:
    wanted = numbers(",".join(given.getlist(CHOSEN)).split(","))
    rows = Push.objects.filter(pk__in=list(wanted)[:MOST]).order_by("pk")
    pushes = list(rows.values_list("pk", flat=True))
    if len(pushes) == 1:
        back = reverse("admin:bankfeeds_push_change", args=pushes)
        return Meant(pushes, _("push #%(id)d") % {"id": pushes[0]}, back)
    text = ngettext("%(n)d ticked push", "%(n)d ticked pushes", len(pushes))
    return Meant(pushes, text % {"n": len(pushes)}, reverse("admin:bankfeeds_push_changelist"))


def _pressed(
    admin: parts.PortalAdmin, request: HttpRequest, meant: Meant, estimate: resending.Estimate
) -> HttpResponse:
    why, wrong = reason(request)
    if estimate.fingerprint != request.POST.get("fingerprint") or not estimate.going:
        problem = _("What would go has changed since this page was shown.")
        return _page(admin, request, meant, estimate, problem=problem)
    if wrong:
        return _page(admin, request, meant, estimate, problem=wrong)
    made = resending.order(
        [one.push.pk for one in estimate.verdicts],
        choice=meant.words,
        reason=why,
        form_key=parts.given_form_key(request),
        by=actor(request),
        now=timezone.now(),
    )
    tell(request, made)
    return see_other(page_of(made))


def _page(
    admin: parts.PortalAdmin,
    request: HttpRequest,
    meant: Meant,
    estimate: resending.Estimate,
    *,
    problem: str = "",
) -> HttpResponse:
    return admin.page(
        request,
        "estimate",
        title=_title(),
        meant=meant,
        estimate=estimate,
        going=estimate.going[:MOST_NAMED],
        going_more=max(0, len(estimate.going) - MOST_NAMED),
        staying=[_group(code, group) for code, group in _in_order(estimate.staying)],
        button=_button(estimate),
        problem=problem,
        reason=request.POST.get("reason", ""),
        form_key=parts.new_form_key(),
        here=request.get_full_path(),
    )


def _title() -> str:
    return _("Send pushes again")


def _button(estimate: resending.Estimate) -> str:
    """`Send 3 pushes with 12 transactions again`; "" where nothing can go."""
    number = len(estimate.going)
    if not number:
        return ""
    text = ngettext(
        "Send %(n)d push with %(rows)s again", "Send %(n)d pushes with %(rows)s again", number
    )
    return text % {"n": number, "rows": push_words.transactions(estimate.rows)}


def _in_order(staying: dict[str, Any]) -> list[tuple[str, Any]]:
    """What needs a person first."""
    codes = list(words.WHY_NOT)
    return sorted(staying.items(), key=lambda group: codes.index(group[0]))


def _group(code: str, group: list[resending.Verdict]) -> dict[str, Any]:
    named = [one.push for one in group[:MOST_NAMED]]
    return {
        "word": words.why_not_sent_again(code),
        "number": len(group),
        "pushes": named,
        "more": len(group) - len(named),
    }
