"""The addresses of the ways out, for the admin of each thing: route, name, view."""

from __future__ import annotations

from . import company_close, leaving_pages, moving_pages, wanted_pages, wrong_person

COMPANY = (
    ("<int:pk>/close/", "close", company_close.close),
    ("<int:pk>/reopen/", "reopen", company_close.reopen),
    ("<int:pk>/books/", "books", moving_pages.books),
)
CONNECTION = (
    ("<int:pk>/wrong-person/", "wrong_person", wrong_person.view),
    ("<int:pk>/move/", "move", moving_pages.move),
    ("<int:pk>/unlink/", "unlink", leaving_pages.unlink),
    ("<int:pk>/remove/", "remove", leaving_pages.remove_connection),
    ("<int:pk>/revoke/", "revoke", leaving_pages.revoke),
    ("<int:pk>/go-on/", "go_on", leaving_pages.go_on),
    ("<int:pk>/leave-it/", "leave_it", leaving_pages.leave_it),
)
ACCOUNT = (
    ("<int:pk>/remove/", "remove", leaving_pages.remove_account),
    ("<int:pk>/not-wanted/", "not_wanted", wanted_pages.not_wanted),
    ("<int:pk>/wanted/", "wanted", wanted_pages.wanted),
    ("<int:pk>/goes-on-from/", "goes_on", wanted_pages.goes_on),
)
