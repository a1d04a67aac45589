"""Page components and formats: `{% load cm %}` (docs/use/pages.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms, template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.forms import BoundField
from django.forms.forms import BaseForm
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import authorization_labels
from civicmail.city.pages import charts, wording
from civicmail.city.pages.states import Label, key_of, label
from civicmail.city.policy.clauses import CLAUSE_REFERENCE, CLAUSES, clause_url
from civicmail.core.config.sentence import Sentence
from civicmail.front.web import formatting

register = template.Library()
SHORT = 100
"""Characters; longer input is not repeated in an error."""

ICONS = {
    "": "radio_button_unchecked",
    "quiet": "radio_button_unchecked",
    "wait": "schedule",
    "done": "check_circle",
    "warn": "warning",
    "stop": "do_not_disturb",
    "lock": "lock",
}
"""Role of a state -> its icon; a state is icon, word and color, in that order of importance."""
_CLAUSE_ALONE = re.compile(r"\((P-\d\d)\)")

register.filter("state_word", lambda a: wording.translate(authorization_labels.current_state(a, timezone.now())[1]))
register.filter("role_word", authorization_labels.role_label)
register.filter("told", formatting.fact)
register.filter("when", formatting.when)
register.filter("briefly", formatting.briefly)
register.filter("day", formatting.day)
register.filter("last_day", formatting.last_day)
register.filter("exact", formatting.exact)
register.filter("instant", formatting.instant)
register.filter("span", formatting.span)
register.filter("size", formatting.size)
register.simple_tag(formatting.share)
register.filter("money", formatting.money)
register.filter("said", wording.translate)
register.filter("role", wording.role)


@register.filter
def clauses(words: str) -> SafeString:
    """Text in which every clause that is cited, like P-14, leads to where it is read."""
    return SafeString(CLAUSE_REFERENCE.sub(lambda m: clause(m[0]), conditional_escape(words)))


@register.filter
def explained(words: str) -> SafeString:
    """Text in which a clause in parentheses is behind an (i), and every other one leads to where it is read."""
    pieces = _CLAUSE_ALONE.split(str(words))
    return SafeString("".join(clause_info(piece) if piece in CLAUSES else clauses(piece) for piece in pieces))


@register.simple_tag
def clause_info(number: str) -> SafeString:
    """An (i) that leads to a clause of the policy, with its number and title for those who do not see it."""
    return info(clause_url(number), f"{number}: {wording.translate(CLAUSES[number].title)}")


@register.simple_tag
def clause(number: str) -> str:
    """A link to a clause of the policy; anything else as it is."""
    return format_html('<a class="cm-keep" href="{}">{}</a>', clause_url(number), number) if number in CLAUSES else number


@register.filter
def breakable(address: object) -> SafeString:
    """An address or an object's name that a line may break before an @ or after a colon, and nowhere in a word."""
    parts = str(address).replace(":", ":\0").replace("@", "\0@").split("\0")
    return format_html_join(SafeString("<wbr>"), "{}", ((p,) for p in parts))


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon beside a word; it is hidden from screen readers."""
    place = f"{static('vendor/uswds/sprite.svg')}#{name}"
    return format_html('<svg class="cm-icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', place)


@register.simple_tag
def role_icon(role: str) -> SafeString:
    """The icon of a color role, beside a word."""
    return icon(ICONS[role])


@register.simple_tag
def status(role: str, word: str, explain: str = "") -> SafeString:
    """A state (city/pages/states.py): icon, word and color. role "plain" is gray text. explain: a link that says why."""
    word = wording.translate(word) if isinstance(word, Sentence) else word
    if role == "plain":
        html = format_html('<span class="cm-st cm-st--plain">{}</span>', word)
    else:
        html = format_html('<span class="cm-st cm-st--{}">{}{}</span>', role or "quiet", icon(ICONS[role]), word)
    return format_html('{} <a href="{}">Why?</a>', html, explain) if explain else html


@register.simple_tag(takes_context=True)
def page_state(context: Mapping[str, Any], state: Label | None) -> SafeString:
    """The state of a page's object, with a link to the meaning of its word for people who are signed in."""
    if not state:
        return SafeString()
    pill, key = status(*state), key_of(state[1])
    if not key or not context["shell"].person:
        return pill
    means = gettext("What “{word}” means").format(word=wording.translate(state[1]))
    return format_html("{} {}", pill, info(f"{reverse('states')}#{key}", means))


@register.simple_tag
def info(url: str, words: str) -> SafeString:
    """A link behind an (i), with words for those who do not see it."""
    return format_html('<a class="cm-info" href="{}">{}<span class="cm-hidden">{}</span></a>', url, icon("info"), words)


@register.simple_tag
def authorization(a: Authorization) -> SafeString:
    """The state of an authorization."""
    return status(*authorization_labels.current_state(a, timezone.now()))


@register.simple_tag
def state(key: str) -> SafeString:
    """A state by its key in the table."""
    return status(*label(key))


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, size: str = "l", optional: bool = False, hint: str = "") -> dict[str, Any]:
    """A form field: label, hint, error, control. size: s, m or l."""
    widget = bound.field.widget
    widget.attrs.pop("placeholder", None)
    kind = _kind(widget)
    hint = lengths(bound.field, kind, hint or str(bound.help_text))
    described = [f"{bound.auto_id}-error"] if bound.errors else []
    described += [f"{bound.auto_id}-hint"] if hint else []
    attrs: dict[str, Any] = {"class": _classes(kind, size, bool(bound.errors))}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if url := getattr(widget, "completed_by", ""):
        attrs |= _completion(url, several=getattr(widget, "several", False))
    control = "" if kind in ("radio", "checkboxes") else bound.as_widget(attrs=attrs)
    shown = {"bound": bound, "kind": kind, "hint": hint, "control": control, "described": " ".join(described)}
    return {**shown, "optional": optional or (not bound.field.required and kind not in ("checkbox", "hidden"))}


def _completion(url: str, *, several: bool) -> dict[str, str]:
    """What static/cm/complete.js needs: where to ask, and its words if the field takes several people."""
    attributes = {"autocomplete": "off", "data-complete": reverse(url), "data-fits": gettext("Suggestions")}
    if several:
        attributes |= {
            "data-remove": gettext("Remove {name}"),
            "data-wrong": gettext("not an address"),
            "data-unclear": gettext("not one person: choose"),
        }
    return attributes


def lengths(field: forms.Field, kind: str, hint: str) -> str:
    """The hint with the length limits, if it does not state them, so that nobody learns of them by an error."""
    min_length_, max_length_ = getattr(field, "min_length", None) or 0, getattr(field, "max_length", None) or 0
    if kind not in ("textarea", "input") or not (min_length_ or max_length_):
        return hint
    if min_length_ > 1 and not _says(hint, min_length_):
        hint = f"{gettext('At least {least} characters.').format(least=min_length_)} {hint}".strip()
    if max_length_ and (kind == "textarea" or max_length_ <= SHORT) and not _says(hint, max_length_):
        begin = f"{hint}{'.' if hint[-1:].isalnum() else ''}"
        hint = f"{begin} {gettext('At most {most} characters.').format(most=intcomma(max_length_))}".strip()
    return hint


def _says(hint: str, count: int) -> bool:
    return any(number in hint for number in (str(count), intcomma(count)))


def _kind(widget: Any) -> str:
    kinds = (
        (forms.CheckboxSelectMultiple, "checkboxes"),
        (forms.RadioSelect, "radio"),
        (forms.CheckboxInput, "checkbox"),
        (forms.Textarea, "textarea"),
        (forms.Select, "select"),
        (forms.FileInput, "file"),
    )
    tag = next((kind for type_, kind in kinds if isinstance(widget, type_)), "input")
    return "hidden" if getattr(widget, "is_hidden", False) else tag


def _classes(kind: str, size: str, wrong: bool) -> str:
    if kind == "checkbox":
        return "usa-checkbox__input"
    if kind in ("file", "hidden"):
        return "cm-file" if kind == "file" else ""
    return f"usa-{kind} cm-w-{size}" + (f" usa-{kind}--error" if wrong else "")


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """Errors of a form with links to their fields. Takes the focus."""
    fields = [(form[name], error) for name, errors in form.errors.items() if name in form.fields for error in errors]
    lines = [(bound.id_for_label or bound.auto_id, f"{str(bound.label).rstrip('?')}: {error}") for bound, error in fields]
    return {"own": form.non_field_errors(), "found": lines, "wrong": bool(form.errors)}


@register.inclusion_tag("components/note.html")
def note(role: str, title: str, text: str = "") -> dict[str, Any]:
    """A remark on a page: icon, a strong sentence, and more of it."""
    return {"role": role, "icon": "info" if role in ("quiet", "wait") else ICONS[role], "title": title, "text": text}


@register.inclusion_tag("components/chart.html")
def chart(c: charts.Chart) -> dict[str, Any]:
    """A chart with its sentence, key and table."""
    return {"c": c, "width": charts.WIDTH, "height": charts.HEIGHT}
