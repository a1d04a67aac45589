"""What is typed on pages about agencies, mailboxes, lists, departments, the policy and conflicts (forms.py has the rest)."""

from __future__ import annotations

from typing import Any

from django import forms

from civicmail.city.access.forms import PersonField, ReasonForm, ReasonsForm, day_field, set_choices, text_field


class ForDepartment(ReasonForm):
    """An address that a department gets. departments: (code, name) of those from which somebody may choose."""

    department = forms.ChoiceField(label="Which department owns it?")
    address = forms.EmailField(label="Address", help_text="In a domain of the city.")

    def __init__(self, departments: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "department", [("", "Choose"), *departments] if len(departments) > 1 else departments)


class NewMailbox(ForDepartment):
    """A mailbox of a duty or of a machine."""

    kind = forms.ChoiceField(
        label="For whom?",
        choices=[("function", "A duty: named people use it, as clerk@ or 311@"), ("service", "A machine that sends, as a printer")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    name = forms.CharField(label="Name", max_length=160, help_text="Mail from it carries this name.")
    purpose = text_field("What is it for?", "At least 20 characters.", min_length=20)
    expires = day_field("Until which day?", "Only for a machine: at most a year.", required=False)
    field_order = ("kind", "department", "address", "name", "purpose", "expires", "reason")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == "service" and not data.get("expires") and "expires" not in self.errors:
            self.add_error("expires", "A machine's mailbox has an end.")
        return data


class UntilBecause(ReasonForm):
    """An end and a reason."""

    until = day_field("Until which day?", "At most a year.")
    field_order = ("until", "reason")


class Extend(UntilBecause):
    """was: the end as it was shown, in ms."""

    was = forms.CharField(widget=forms.HiddenInput, max_length=20)


class NewAlias(ReasonForm):
    """Another address of a mailbox."""

    address = forms.EmailField(label="Address", help_text="In a domain of the city.")
    field_order = ("address", "reason")


class Whose(forms.Form):
    """An address and a day."""

    address = forms.EmailField(label="Address")
    day = day_field("Day", required=False)


class AskGrant(ReasonsForm):
    """Who shall use a mailbox, as what, why, until when. own: it is somebody's own."""

    person = PersonField(label="Who?", help_text="Personnel number or address.")
    role = forms.ChoiceField(
        label="As what?",
        choices=[
            ("delegate", "Delegate: reads, and sends from it under their own name"),
            ("successor", "Successor: reads what was left"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    until = day_field("Until which day?", "At most a year; for contractors at most to the end of the contract.")
    field_order = ("person", "role", "duties", "performance", "efficiency", "service", "until")

    def __init__(self, own: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not own:
            self.fields["role"] = forms.CharField(widget=forms.HiddenInput, initial="delegate")
            self.order_fields(self.field_order)


class NewList(ForDepartment):
    """An address with mailboxes behind it."""

    name = forms.CharField(label="Name", max_length=160)
    everyone = forms.ChoiceField(
        label="Who is on it?",
        choices=[("named", "Those whom you name next"), ("all", "Everybody of the department and its divisions, always")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    field_order = ("department", "address", "name", "everyone", "reason")


class AddMember(ReasonForm):
    """A mailbox or a list."""

    address = forms.EmailField(label="Address", help_text="Of a mailbox of the city, or of another list.")
    field_order = ("address", "reason")


class PolicyWords(forms.Form):
    """A version of the policy as it is being written. after: the newest version when the writer began; first: there
    is none."""

    title = forms.CharField(label="Title", max_length=200)
    text = text_field(
        "Text",
        "Empty lines part paragraphs; a line that begins with # and a space is a heading. Nothing else means anything.",
        min_length=100,
        max_length=60_000,
        rows=18,
    )
    changed = text_field("What is new?", "In plain words; people read it above the text.", max_length=2000, rows=3)
    material = forms.ChoiceField(
        label="Is it a material change?",
        choices=[
            ("yes", "Yes: everybody is asked to accept it, within 14 days"),
            ("no", "No: whoever accepted the last one is not asked"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    after = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, first: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["changed"].required = not first


class Paper(forms.Form):
    """What somebody signed on paper."""

    person = PersonField(label="Who signed?", help_text="Personnel number or address.")
    version = forms.ChoiceField(label="Which version?")
    answer = forms.ChoiceField(
        label="What does the paper say?",
        choices=[("accept", "Accepts the rules"), ("decline", "Declines")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reference = forms.CharField(
        label="Where is the paper, or its scan?", max_length=200, min_length=3, help_text="File number or box."
    )

    def __init__(self, versions: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "version", versions)
