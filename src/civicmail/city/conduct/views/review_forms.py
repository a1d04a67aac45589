"""Forms of reviewers and the access office on review pages."""

from __future__ import annotations

from typing import Any

from django import forms

from civicmail.city.access.forms import set_choices, text_field
from civicmail.city.conduct.review_plans import PLANS
from civicmail.city.directory.models import Department, Mailbox


class Because(forms.Form):
    """A reason in words."""

    reason = text_field("Why?", "Whoever reads the evidence of this review reads it.", min_length=10)


class Start(forms.Form):
    """Which review to start, for which departments, and why."""

    tier = forms.ChoiceField(
        label="Which review?",
        choices=[(tier, f"{plan.name}: {plan.what}") for tier, plan in PLANS.items() if tier != "micro"],
        widget=forms.RadioSelect,
    )
    departments = forms.MultipleChoiceField(
        label="Only these departments",
        required=False,
        help_text="None chosen: the whole city.",
        widget=forms.CheckboxSelectMultiple,
    )
    reason = text_field("Why now?", min_length=10)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
        set_choices(self, "departments", rows)


class Batch(forms.Form):
    """What to do with rows that the breaker stopped; nothing is preselected."""

    what = forms.ChoiceField(
        label="What becomes of them?",
        choices=[("apply", "Suspend a tenth of the department's people, of those held back"), ("leave", "Leave them as they are")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    essential = forms.BooleanField(label="Those behind an essential mailbox, too", required=False)
    reason = text_field("Why?", min_length=20)


class MarkEssential(forms.Form):
    """A mailbox that non-response never suspends."""

    address = forms.EmailField(label="Address of the mailbox", max_length=254)
    reason = text_field("Why can the city not do without it?", min_length=10)

    def clean_address(self) -> Mailbox:
        mailbox = Mailbox.objects.filter(address=self.cleaned_data["address"].lower(), closed__isnull=True).first()
        if mailbox is None:
            raise forms.ValidationError("No mailbox in use has this address.")
        return mailbox
