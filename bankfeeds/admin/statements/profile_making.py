"""One visit of the page that makes a profile: what was guessed or posted, and what comes of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from bankfeeds import importing
from bankfeeds.importing import profiles, rehearsal
from bankfeeds.importing.rehearsal import Rehearsal
from bankfeeds.intake.guess import Guess, guess
from bankfeeds.intake.guess_layout import layout_with
from bankfeeds.intake.profile import Layout, Profile, WrongProfile
from bankfeeds.intake.recognise import in_columns
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.models import SampleFile

from .profile_choices import guess_initial, layout_initial, profile_initial
from .profile_form import ColumnsForm, LayoutForm


def digest(layout: Layout) -> str:
    return hashlib.sha256(repr(sorted(asdict(layout).items())).encode()).hexdigest()[:32]


class Making:
    """One visit of the form: what was posted or guessed, and what it makes of the sample."""

    def __init__(self, request: HttpRequest, sample: SampleFile) -> None:
        self.sample = sample
        self.content = in_columns(profiles.content_of(sample))
        self.posted = request.POST if request.method == "POST" else None
        self.is_guessed_again = False
        self.guess: Guess | None = None
        self.rehearsal: Rehearsal | None = None
        self.profile: Profile | None = None
        self.refused = ""
        self.missing: list[str] = []
        self.layout_form, self.columns_form = self._forms()
        self._rehearse()

    def _forms(self) -> tuple[LayoutForm, ColumnsForm]:
        if self.posted is None:
            found = self._first_guess()
            return self._guessed(LayoutForm(initial=layout_initial(found.layout)), found)
        form = LayoutForm(self.posted)
        layout = form.layout(self.content)
        if layout is None:
            return form, self._columns(Layout(columns=1), {})
        if self.posted.get("laid_out") != digest(layout):
            self.is_guessed_again = True
            return self._guessed(form, guess(self.content, layout))
        return form, ColumnsForm(self.posted, layout=layout, is_new=self.is_new)

    @property
    def is_new(self) -> bool:
        return self.sample.follows is None

    def _first_guess(self) -> Guess:
        """A next version begins with the layout of the last one where the file still has it."""
        before = profiles.of(self.sample.follows)
        if before is not None and (layout := self._as_before(before.layout)):
            return guess(self.content, layout)
        return guess(self.content)

    def _as_before(self, last: Layout) -> Layout | None:
        try:
            found = layout_with(
                self.content,
                delimiter=last.delimiter,
                widths=last.widths,
                encoding=last.encoding,
                above=last.above,
                has_header=bool(last.header),
            )
        except (UnreadableFile, WrongProfile):
            return None
        # Widths cannot always be told from a file; all else is guessed anew where it differs.
        return found if found == last or last.widths else None

    def _guessed(self, form: LayoutForm, found: Guess) -> tuple[LayoutForm, ColumnsForm]:
        self.guess = found
        initial = guess_initial(found)
        before = profiles.of(self.sample.follows)
        if before is not None and before.layout == found.layout:
            # Versions of old say nothing of the end of the table.
            ends = initial["end_words"]
            initial = dict(profile_initial(before))
            initial["end_words"] = initial["end_words"] or ends
        return form, self._columns(found.layout, initial)

    def _columns(self, layout: Layout, initial: dict[str, Any]) -> ColumnsForm:
        kept = self.posted or {"institution": settings.INSTITUTION_NAME}
        for name in ("institution", "name"):
            initial.setdefault(name, kept.get(name, ""))
        return ColumnsForm(initial=initial, layout=layout, is_new=self.is_new)

    def _rehearse(self) -> None:
        """As it is filled in; the names are asked for when the profile is to be kept."""
        shown_form = self.columns_form
        given = self.posted.dict() if self.posted and shown_form.is_bound else shown_form.initial
        names = {"institution": "x", "name": "x"}
        form = ColumnsForm({**given, **names}, layout=shown_form.layout, is_new=self.is_new)
        if not form.is_valid():
            self.missing = [str(form[name].label) for name in form.errors if name in form.fields]
            return
        self.profile = form.profile()
        try:
            self.rehearsal = rehearsal.rehearse(self.profile, self.content, self.sample.account)
        except UnreadableFile as error:
            self.refused = importing.words_of(error.reason)

    @property
    def is_confirmed(self) -> bool:
        """The sentences were read, and they were those of what is to be kept."""
        posted, found = self.posted, self.rehearsal
        return bool(
            posted and found and posted.get("right") == "yes" and self.is_shown and found.understood
        )

    @property
    def is_shown(self) -> bool:
        return bool(
            self.posted and self.rehearsal and self.posted.get("rehearsed") == self.rehearsal.digest
        )
