"""The form of a column profile: filled in with what was guessed, read back into a profile."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bankfeeds import free_text
from bankfeeds.importing import words_of
from bankfeeds.intake.guess_layout import layout_with
from bankfeeds.intake.masking import unnamed
from bankfeeds.intake.profile import (
    MONEY,
    MOST_ABOVE,
    SIGNS,
    Amounts,
    Column,
    Encoding,
    Layout,
    Order,
    Profile,
    Sign,
    WrongProfile,
)
from bankfeeds.intake.shape import UnreadableFile
from bankfeeds.intake.written import plainly

from .profile_choices import (
    AMOUNTS,
    COLUMNS,
    DECIMALS,
    FIXED,
    MARKS,
    MEANS,
    NONE,
    ORDERS,
    SEPARATED_BY,
    THOUSANDS,
    WRITTEN_IN,
    column_at,
    labels,
    words_in,
)

MISSING = gettext_lazy("Choose the column.")
NUMBER_IN_HEADER = gettext_lazy(
    "That line has a number as long as an account's, so it names no columns. Say how many lines"
    " stand above the header, or that no line names the columns."
)


class LayoutForm(forms.Form):
    """Where the cells stand. Whoever changes it has the columns guessed again."""

    delimiter = forms.ChoiceField(
        label=gettext_lazy("Columns are separated by"), choices=SEPARATED_BY
    )
    widths = forms.CharField(
        label=gettext_lazy("Widths"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Of columns of fixed width, in characters: 8, 30, 12, 12"),
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Written in"), choices=WRITTEN_IN)
    above = forms.IntegerField(
        label=gettext_lazy("Lines above the header"), min_value=0, max_value=MOST_ABOVE
    )
    has_header = forms.BooleanField(
        label=gettext_lazy("The first line then names the columns"),
        required=False,
        widget=forms.CheckboxInput(attrs={"value": "yes"}),
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        free_text.guard(self)

    def clean_widths(self) -> tuple[int, ...]:
        text = self.cleaned_data["widths"].replace(" ", "").strip(",")
        if self.cleaned_data.get("delimiter") != FIXED or not text:
            return ()
        parts = text.split(",")
        if not all(part.isascii() and part.isdigit() and 0 < len(part) < 5 for part in parts):
            raise forms.ValidationError(_("Write numbers with commas, such as 8, 30, 12, 12."))
        return tuple(map(int, parts))

    def layout(self, content: bytes) -> Layout | None:
        """None where it is none; then the form says why."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        if given["delimiter"] == FIXED and not given["widths"]:
            self.add_error("widths", _("Give the widths of the columns."))
            return None
        try:
            found = layout_with(
                content,
                delimiter=MARKS.get(given["delimiter"], given["delimiter"]),
                widths=given["widths"],
                encoding=Encoding(given["encoding"]),
                above=given["above"],
                has_header=given["has_header"],
            )
        except UnreadableFile as error:
            self.add_error(None, words_of(error.reason))
        except WrongProfile:
            self.add_error(None, _("The file cannot be cut into columns like this."))
        else:
            # What is kept of a profile is no secret, and its names are.
            if found.header == tuple(map(unnamed, found.header)):
                return found
            self.add_error("has_header", NUMBER_IN_HEADER)
        return None


class ColumnsForm(forms.Form):
    """What stands in which column, and how it is written."""

    institution = forms.CharField(
        label=gettext_lazy("Institution"),
        max_length=120,
        help_text=gettext_lazy("Or the system that makes the file."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the profile"),
        max_length=120,
        help_text=gettext_lazy("Such as Daily extract of chequing accounts."),
    )
    date = forms.ChoiceField(label=gettext_lazy("Date"))
    order = forms.ChoiceField(
        label=gettext_lazy("Dates are written"), choices=ORDERS, required=False
    )
    description = forms.ChoiceField(label=gettext_lazy("Description"))
    more = forms.ChoiceField(label=gettext_lazy("More of the description"), required=False)
    amounts = forms.ChoiceField(label=gettext_lazy("Amounts"), choices=AMOUNTS)
    amount = forms.ChoiceField(label=gettext_lazy("Amount"), required=False)
    money_out = forms.ChoiceField(label=gettext_lazy("Money out"), required=False)
    money_in = forms.ChoiceField(label=gettext_lazy("Money in"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Out or in"), required=False)
    out_words = forms.CharField(
        label=gettext_lazy("What it says for money out"), required=False, max_length=200
    )
    in_words = forms.CharField(
        label=gettext_lazy("What it says for money in"), required=False, max_length=200
    )
    sign = forms.ChoiceField(label=gettext_lazy("Signs"), choices=MEANS, required=False)
    balance = forms.ChoiceField(
        label=gettext_lazy("Balance after the transaction"),
        required=False,
        help_text=gettext_lazy(
            "Without one, a person states the balance before the first row of each file, and the"
            " others are worked out."
        ),
    )
    id = forms.ChoiceField(
        label=gettext_lazy("Id"),
        required=False,
        help_text=gettext_lazy(
            "Different for every transaction, and the same each time the file is made. Without"
            " one, an id is derived from the date, the text, the amount and, where the file has it,"
            " the balance."
        ),
    )
    account = forms.ChoiceField(
        label=gettext_lazy("Account number"),
        required=False,
        help_text=gettext_lazy("Where one file has several accounts: each gets its own rows."),
    )
    routing = forms.ChoiceField(label=gettext_lazy("Routing number or transit"), required=False)
    bank = forms.ChoiceField(
        label=gettext_lazy("Institution number"),
        required=False,
        help_text=gettext_lazy("In Canada, beside the transit."),
    )
    decimal = forms.ChoiceField(label=gettext_lazy("Cents stand behind"), choices=DECIMALS)
    thousands = forms.ChoiceField(
        label=gettext_lazy("Thousands are set apart by"), choices=THOUSANDS
    )

    end_words = forms.CharField(
        label=gettext_lazy("Lines below the table begin with"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Such as Total, End of report. A line at the end of the file that begins like this and"
            " has no date is left out and named; every other one is read as a row."
        ),
    )

    def __init__(self, *given: Any, layout: Layout, is_new: bool = True, **more: Any) -> None:
        super().__init__(*given, **more)
        free_text.guard(self)
        self.layout = layout
        choices = list(labels(layout).items())
        for name in COLUMNS:
            field: Any = self.fields[name]
            none = _("None: derive one") if name == "id" else "–"
            field.choices = [("", none), *choices]
        if not is_new:
            del self.fields["institution"], self.fields["name"]

    def leave_names_open(self) -> None:
        """For a look alone."""
        for name in ("institution", "name"):
            self.errors.pop(name, None)

    def clean_institution(self) -> str:
        return " ".join(self.cleaned_data["institution"].split())

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return given
        amounts = Amounts(given["amounts"])
        if not given["order"]:
            self.add_error("order", _("Say how dates are written."))
        for name in MONEY[amounts]:
            if not given[name]:
                self.add_error(name, MISSING)
        if not given["account"] and (given["routing"] or given["bank"]):
            self.add_error("account", MISSING)
        self._check_signs(given, amounts)
        self._check_marks(given)
        if not self.errors:
            self._check_whole()
        return given

    def _check_signs(self, given: dict[str, Any], amounts: Amounts) -> None:
        if given["sign"] not in {sign.value for sign in SIGNS[amounts]}:
            self.add_error("sign", _("Say what the signs mean; it has to go with the amounts."))
        if amounts is not Amounts.TYPED:
            return
        out, money_in = words_in(given["out_words"]), words_in(given["in_words"])
        for name, found in (("out_words", out), ("in_words", money_in)):
            if not found:
                self.add_error(name, _("Give the words, with commas between them."))
        if {plainly(word) for word in out} & {plainly(word) for word in money_in}:
            self.add_error("in_words", _("A word cannot mean money out and money in."))

    def _check_marks(self, given: dict[str, Any]) -> None:
        if given["decimal"] == given["thousands"] != NONE:
            self.add_error("thousands", _("This mark stands before the cents already."))

    def _check_whole(self) -> None:
        try:
            self.profile()
        except WrongProfile:
            self.add_error(None, _("A column can hold one thing alone. Choose another one."))

    def profile(self) -> Profile:
        """Of a form that is valid. Raises WrongProfile."""
        given = self.cleaned_data
        amounts = Amounts(given["amounts"])
        typed = amounts is Amounts.TYPED
        used = {*MONEY[amounts], "date", "description", "more", "balance", "id"}
        used |= {"account", "routing", "bank"}
        found = Profile(
            layout=self.layout,
            order=Order(given["order"]),
            amounts=amounts,
            sign=Sign(given["sign"]),
            out_words=words_in(given["out_words"]) if typed else (),
            in_words=words_in(given["in_words"]) if typed else (),
            end_words=words_in(given["end_words"]),
            decimal=MARKS.get(given["decimal"], given["decimal"]),
            thousands=MARKS.get(given["thousands"], given["thousands"]),
            **{name: self._column(given[name]) for name in COLUMNS if name in used and given[name]},
        )
        found.places()
        return found

    def _column(self, position: str) -> Column:
        return column_at(self.layout, int(position))
