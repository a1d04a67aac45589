"""Pages of acts (act.py): make the form from the input, ask the guard, carry out the verb, and show its message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.resources import CITY, Resource
from civicmail.city.pages import inputs
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, View, acting, require, require_could
from civicmail.city.pages.form_response import CONFIRM_TEMPLATE, FORM_TEMPLATE, respond_to_form
from civicmail.city.pages.forms import day_field, text_field
from civicmail.city.pages.inputs import Choices, Field
from civicmail.city.pages.page import Page
from civicmail.city.pages.person_fields import PeopleField, PersonField, set_actor
from civicmail.city.pages.wording import translate
from civicmail.core.config.sentence import Sentence, sentence

_SIMPLE: dict[type[Field[Any]], type[forms.Field]] = {
    inputs.Email: forms.EmailField,
    inputs.Flag: forms.BooleanField,
    inputs.PersonName: PersonField,
    inputs.OptionalPerson: PersonField,
}
"""Fields that a form takes as they are."""
CHANGED = sentence("Not saved: it was changed in the meantime. Reload the page, then decide.")
REFUSALS = (Unusable, Conflict, NotPermitted)


def paths(acts: Iterable[Act[Any, Any, Any]], prove: Callable[[View], View] | None = None) -> list[URLPattern]:
    """URL patterns of these acts: of those that need a fresh sign-in if prove is set, else of the others."""
    return [
        path(act.page.route, page_of(act) if prove is None else prove(page_of(act)), name=act.page.name)
        for act in acts
        if act.page is not None and act.fresh_proof is (prove is not None)
    ]


def page_of(act: Act[Any, Any, Any]) -> View:
    """The view of an act's page."""
    if hasattr(act, "button_page"):
        return _button_view(act)

    @acting(act.permission)
    def view(request: CityRequest, **keys: Any) -> HttpResponse:
        row = permitted_row(act, request, *keys.values(), view=request.method != "POST")
        return answer(request, act, row, act.form_page(row) if act.has_row else act.form_page())

    view.__doc__ = act.summary
    return view


def _button_view(act: Act[Any, Any, Any]) -> View:
    """The view of an act that is a button of another page, which shows invalid input as an error."""

    @acting(act.permission)
    @require_POST
    def view(request: CityRequest, **keys: Any) -> HttpResponse:
        row = permitted_row(act, request, *keys.values())
        return respond_to_button(request, act, row, act.button_page(row), shown=(Unusable,))

    view.__doc__ = act.summary
    return view


def respond_to_button(
    request: CityRequest,
    act: Act[Any, Any, Any],
    row: Any,
    page: str | Callable[[], str],
    *,
    shown: tuple[type[Exception], ...] = REFUSALS,
) -> HttpResponse:
    """The response to a button: its page, with the result or the error. row: from permitted_row; page: called afterwards, if it
    depends on the result; shown: errors to show above that page; others have a page of their own."""
    form = form_of(act, row, request.actor, request.POST)
    try:
        if not form.is_valid():
            raise Unusable(" ".join(str(error) for errors in form.errors.values() for error in errors))
        done = carry_out(act, row, form, request.actor, epoch_ms(request.now))
    except shown as error:
        messages.warning(request, translate(error.args[0]))
        return redirect(page() if callable(page) else page)
    if message := translate(act.message(row, done)):
        messages.add_message(request, messages.SUCCESS if act.is_success(done) else messages.WARNING, message)
    return redirect(act.after(done) or (page() if callable(page) else page))


def permitted_row(act: Act[Any, Any, Any], request: CityRequest, *keys: Any, view: bool = False) -> Any:
    """The row of an act, as row_of. view: the page is only viewed. Raises NotPermitted, before anything is read if that is possible
    without the row, so that its existence is not revealed; Http404 for a row that this person may not know of."""
    permission = (view and act.view_permission) or act.permission
    if PERMISSIONS[permission].resource is Resource:
        require(request, permission)
    now = epoch_ms(request.now)
    row = row_of(act, *keys, actor=request.actor, now=now)
    if act.is_hidden(row, request.actor, now):
        raise Http404
    permission = (view and act.view_permission) or act.permission_of(row, request.actor)
    resource = act.resource(row, request.actor)
    if isinstance(resource, PERMISSIONS[permission].resource):
        require(request, permission, resource)
    else:
        require_could(request, permission, resource or CITY)
    return row


def row_of(act: Act[Any, Any, Any], *keys: Any, actor: Actor, now: int) -> Any:
    """The row that an act is done to, by its keys; None for an act that has none. Raises Http404. now: ms."""
    if hasattr(act, "load"):
        return act.load(*keys, actor=actor, now=now)
    if not act.model:
        return None
    rows = apps.get_model(act.model).objects.select_related(*act.related or [None])
    owned = {act.owner: actor.uid} if act.owner else {}
    return get_object_or_404(rows, **{act.key: keys[0]}, **owned)


def answer(
    request: CityRequest,
    act: Act[Any, Any, Any],
    row: Any,
    form_page: FormPage,
    to: Callable[[Any], str] | None = None,
    once: Callable[[Any], HttpResponse] | None = None,
) -> HttpResponse:
    """The page of an act, or the response after it: for views that choose among acts by the state of a row, after the guard. to:
    result -> the next page, if Act.after is not enough; once: result -> a page that shows it once, like a secret."""
    form = form_of(act, row, request.actor, request.POST if request.method == "POST" else None, request.GET)
    form.initial = {**form.initial, **form_page.initial}
    return respond_to_form(
        request, form, lambda: carry_out(act, row, form, request.actor, epoch_ms(request.now)),
        page=head_of(form_page),
        back=form_page.back, to=to or act.after, once=once,
        message=lambda done: translate(act.message(row, done)), template=_template(form_page), **context_of(form_page),
    )  # fmt: skip


def head_of(form_page: FormPage) -> Page:
    """The head of the page around a form."""
    return Page(form_page.title, form_page.section, form_page.crumbs, form_page.state, form_page.facts, form_page.actions)


def carry_out(act: Act[Any, Any, Any], row: Any, form: forms.Form, actor: Actor, now: int) -> Any:
    """Carry out an act; return its result. form: valid. Raises Conflict if the row has changed since it was shown, and errors of
    the verb. now: ms."""
    require_seen(act, row, form)
    given = act.input(**{name: form.cleaned_data[name] for name in act.input.fields})
    return act.perform(*([row] if act.has_row else []), given, actor=actor, now=now)


def require_seen(act: Act[Any, Any, Any], row: Any, form: forms.Form) -> None:
    """Raise Conflict if the row has changed since the form was shown. The page then shows the present row, and the form can be sent
    again."""
    for name, field in act.input.fields.items():
        if isinstance(field, inputs.Seen) and name in form.data and str(form.data[name]).strip() != act.state(row):
            sent: Any = form.data
            form.data = again = sent.copy()
            again[name] = act.state(row)
            raise Conflict(CHANGED)


def form_of(
    act: Act[Any, Any, Any], row: Any, actor: Actor, data: Mapping[str, Any] | None, start: Mapping[str, str] | None = None
) -> forms.Form:
    """The form of an act's input for this actor; bound where data is given. start: what a link to the page fills in."""
    filled = {name: text[:254] for name, text in (start or {}).items() if name in act.from_link}
    initial = {**act.initial(row), **filled}
    initial |= {name: act.state(row) for name, field in act.input.fields.items() if isinstance(field, inputs.Seen)}
    form = form_class(act.input, act.choices(row, actor))(data, initial=initial)
    set_actor(form, actor)
    for name in act.required(row):
        form.fields[name].required = True
    for name in act.unneeded(row):
        form.fields[name].widget = forms.HiddenInput()
    return form


def form_class(kind: type[inputs.Input], offered: Mapping[str, Choices] | None = None) -> type[forms.Form]:
    """The form class of an input, for pages that ask for a part of it at a time. offered: choices of fields without choices of
    their own."""
    made = {name: _field(field, (offered or {}).get(name, ())) for name, field in kind.fields.items()}
    form: type[forms.Form] = type(f"{kind.__name__}Form", (forms.Form,), made)
    return form


class LinesField(forms.CharField):
    """Several texts in one box, one a line; cleans to a list without blank lines."""

    def __init__(self, lines: inputs.Lines, **words: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": lines.rows}), **words)
        self._lines = lines

    def clean(self, value: Any) -> list[str]:
        texts = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(texts) > self._lines.max_count:
            raise forms.ValidationError(f"At most {self._lines.max_count:,} lines.")
        if any(len(text) > self._lines.max_length for text in texts):
            raise forms.ValidationError(f"A line has at most {self._lines.max_length} characters.")
        return texts


def _field(field: Field[Any], offered: Choices) -> forms.Field:
    if isinstance(field, inputs.Seen):
        return forms.CharField(widget=forms.HiddenInput, max_length=field.max_length, required=False)
    made = _plain(field, offered or getattr(field, "choices", ()))
    if isinstance(field, inputs.Number) and not field.choices:
        made.initial = field.default
    if field.hidden:
        made.widget = forms.HiddenInput()
    if field.missing:
        made.error_messages["required"] = _translated(field.missing)
    return made


def _plain(field: Field[Any], choices: Choices) -> forms.Field:
    required = field.required and not isinstance(field, inputs.Flag)
    words: dict[str, Any] = {"label": _translated(field.label), "help_text": _translated(field.help), "required": required}
    offered = [(value, _translated(label)) for value, label in choices]
    if (simple := _SIMPLE.get(type(field))) is not None:
        return simple(**words)
    match field:
        case inputs.Slug():
            return forms.SlugField(max_length=field.max_length, **words)
        case inputs.Code():
            attrs = {"rows": field.rows, "spellcheck": "false", "wrap": "off"}
            return forms.CharField(max_length=field.max_length, widget=forms.Textarea(attrs=attrs), **words)
        case inputs.Text(rows=1):
            return forms.CharField(min_length=field.min_length or None, max_length=field.max_length, **words)
        case inputs.Text():
            return text_field(
                words["label"], words["help_text"], min_length=field.min_length, max_length=field.max_length, rows=field.rows,
                required=required,
            )  # fmt: skip
        case inputs.OptionalKey() | inputs.Choice() | inputs.Several():
            return _of_choices(field, offered, words)
        case inputs.Number() if offered:
            return _of_choices(field, offered, words)
        case inputs.Number() | inputs.OptionalNumber():
            return forms.IntegerField(min_value=field.minimum, max_value=field.maximum, **words)
        case inputs.Day() | inputs.OptionalDay():
            return day_field(words["label"], words["help_text"], required=required)
        case inputs.Amount():
            return forms.DecimalField(min_value=0, max_value=field.maximum, decimal_places=field.places, **words)
        case inputs.People():
            return PeopleField(max_length=2000, **words)
        case inputs.Lines():
            return LinesField(field, **words)
        case _:
            raise TypeError(f"No form has a field for {type(field).__name__}")


def _of_choices(field: Field[Any], offered: list[tuple[Any, Any]], words: dict[str, Any]) -> forms.Field:
    match field:
        case inputs.Number():
            return forms.TypedChoiceField(coerce=int, choices=offered, widget=forms.RadioSelect, **words)
        case inputs.OptionalKey():
            return forms.TypedChoiceField(coerce=int, empty_value=None, choices=offered, **words)
        case inputs.Several():
            return forms.MultipleChoiceField(choices=offered, widget=forms.CheckboxSelectMultiple, **words)
        case inputs.Choice(radio=True):
            return forms.ChoiceField(choices=offered, widget=forms.RadioSelect, **words)
        case _:
            return forms.ChoiceField(choices=[*_start(field, offered), *offered], **words)


def _start(field: Field[Any], offered: list[tuple[Any, Any]]) -> list[tuple[str, Any]]:
    """The initial choice: none, unless there is only one or the act sets it."""
    is_given = any(value == "" for value, _ in offered) or (field.required and len(offered) == 1)
    return [] if is_given else [("", gettext_lazy("Choose"))]


def _translated(words: str) -> Any:
    return gettext_lazy(words.text) if isinstance(words, Sentence) and not words.values else words


def _template(form_page: FormPage) -> str:
    return form_page.template or (CONFIRM_TEMPLATE if form_page.effects else FORM_TEMPLATE)


def context_of(form_page: FormPage) -> dict[str, Any]:
    """What the template of a form reads besides form and page."""
    names = ("effects", "stays", "submit", "stop", "note")
    return {name: getattr(form_page, name) for name in names} | {"verb": form_page.submit, **form_page.context}
