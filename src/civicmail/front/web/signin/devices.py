"""Device passwords of mail programs and machines (P-07, S1), and tokens for the command line."""

from __future__ import annotations

from datetime import datetime, time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import devices, tokens
from civicmail.city.identity.models import Device, Token
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.identity.token_scopes import SCOPES
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.core.config.sentence import sentence
from civicmail.front.web.sessions import row_of
from civicmail.front.web.signin import step_up
from civicmail.front.web.signin.adapters import EPOCH
from civicmail.front.web.signin.forms import NewDevice, NewMachine, NewProgramToken, NewToken
from civicmail.front.web.signin.request_actor import account


def _shown() -> Page:
    return Page(gettext("This is shown once"), gettext("My devices"), once=True)


def _devices() -> tuple[str, str]:
    return gettext("My devices"), reverse("my-devices")


@acting("my.devices")
@login_required
@never_cache
def index(request: CityRequest) -> HttpResponse:
    """The person's device passwords and tokens."""
    require(request, "my.devices", OfPerson(me(request).uid))
    living = list(Token.objects.filter(person=me(request), ended__isnull=True, until__gt=request.now).order_by("-made"))
    context = {
        "page": Page(gettext("My devices")),
        "devices": Device.objects.filter(person=me(request), ended__isnull=True).order_by("-made"),
        "tokens": [t for t in living if not t.scopes],
        "programs": [t for t in living if t.scopes],
        "login": account(request).username,
    }
    return render(request, "signin/devices.html", context)


@acting("my.devices")
@login_required
@step_up.required
@never_cache
def add_device(request: CityRequest) -> HttpResponse:
    """A new device password, shown once."""
    require(request, "my.devices", OfPerson(me(request).uid))
    form = NewDevice(request.POST or None)
    if form.is_valid():
        try:
            password = devices.make(me(request), form.cleaned_data["name"], actor=request.actor, now=epoch_ms(request.now))
            shown = {"secret": password, "what": form.cleaned_data["name"], "login": account(request).username}
            return render(request, "signin/device_shown.html", {"page": _shown(), **shown})
        except Conflict as error:
            form.add_error(None, translate(error.args[0]))
    page = Page(gettext("Add a device password"), gettext("My devices"), [_devices()])
    return render(request, "signin/device_add.html", {"page": page, "form": form})


@acting("my.devices")
@login_required
@require_POST
def end_device(request: CityRequest, key: str) -> HttpResponse:
    """Revoke a device password; for machines by anybody who may make one."""
    device = get_object_or_404(Device.objects.select_related("person", "machine__department"), key=key)
    if device.person is not None and device.person != me(request):
        raise NotPermitted(sentence("This belongs to another person."))
    devices.end(device, actor=request.actor, now=epoch_ms(request.now), reason=request.POST.get("reason", "").strip()[:400])
    messages.success(request, gettext("{device} signs in no more.").format(device=device.name))
    back = reverse("machines", args=[device.machine.address]) if device.machine is not None else reverse("my-devices")
    return HttpResponseRedirect(back)


@acting("my.devices")
@login_required
@never_cache
def lost(request: CityRequest, key: str) -> HttpResponse:
    """The confirmation page for a lost device. It needs no step-up, because speed matters and nothing is granted."""
    device = get_object_or_404(Device.objects.select_related("person"), key=key, person__isnull=False)
    if device.person != me(request):
        raise NotPermitted(sentence("This belongs to another person."))
    if request.method == "POST":
        _, epoch = devices.lose(device, keep=row_of(request.session.session_key), actor=request.actor, now=epoch_ms(request.now))
        request.session[EPOCH] = epoch
        words = gettext("{device} is closed. Whatever was signed in as you elsewhere has ended.").format(device=device.name)
        messages.success(request, words)
        return HttpResponseRedirect(reverse("my-devices"))
    page = Page(gettext("Close {device}?").format(device=device.name), gettext("My devices"), [_devices()])
    return render(request, "signin/device_lost.html", {"page": page, "device": device})


@acting("my.devices")
@login_required
@step_up.required
@never_cache
def add_token(request: CityRequest) -> HttpResponse:
    """A token for the command line, shown once."""
    require(request, "my.devices", OfPerson(me(request).uid))
    form = NewToken(request.POST or None)
    if form.is_valid():
        text = tokens.make(me(request), days=form.cleaned_data["days"], actor=request.actor, now=epoch_ms(request.now))
        return render(request, "signin/token_shown.html", {"page": _shown(), "secret": text, "login": account(request).username})
    page = Page(gettext("Make a token for the command line"), gettext("My devices"), [_devices()])
    return render(request, "signin/token_add.html", {"page": page, "form": form})


@acting("my.devices")
@login_required
@step_up.required
@never_cache
def add_program_token(request: CityRequest) -> HttpResponse:
    """Make an API token with scopes; shown once."""
    require(request, "my.devices", OfPerson(me(request).uid))
    office = bool(request.actor.held or request.actor.departments or request.actor.supervises)
    offered = [(key, f"{translate(scope.words)} ({key})") for key, scope in SCOPES.items() if office or not scope.office]
    form = NewProgramToken(offered, request.POST or None)
    if form.is_valid():
        name, scopes, days = (form.cleaned_data[field] for field in ("name", "scopes", "days"))
        try:
            text = tokens.make_for_program(me(request), name, scopes, days=days, actor=request.actor, now=epoch_ms(request.now))
            shown = {"page": _shown(), "secret": text, "what": name, "program": True, "login": account(request).username}
            return render(request, "signin/token_shown.html", shown)
        except Conflict as error:
            form.add_error(None, translate(error.args[0]))
        except Unusable as error:
            for field, words in error.fields.items():
                form.add_error(field, translate(words))
    page = Page(gettext("Make a token for a program"), gettext("My devices"), [_devices()])
    return render(request, "signin/program_token_add.html", {"page": page, "form": form})


@acting("my.devices")
@login_required
@require_POST
def end_token(request: CityRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(Token.objects.select_related("person"), pk=pk, person=me(request))
    tokens.end(token, actor=request.actor, now=epoch_ms(request.now))
    messages.success(request, gettext("The token opens nothing any more."))
    return HttpResponseRedirect(reverse("my-devices"))


@acting("machine.make")
@login_required
@never_cache
def machines(request: CityRequest, address: str) -> HttpResponse:
    """The machines that send as a service mailbox."""
    mailbox = get_object_or_404(Mailbox.objects.select_related("department", "holder"), address=address, kind="service")
    require(request, "machine.make", about_mailbox(mailbox))
    rows = Device.objects.filter(machine=mailbox, ended__isnull=True).order_by("until")
    page = Page(f"Machines that send as {mailbox.address}", mailbox.department.name)
    return render(request, "signin/machines.html", {"page": page, "mailbox": mailbox, "devices": rows})


@acting("machine.make")
@login_required
@step_up.required
@never_cache
def add_machine(request: CityRequest, address: str) -> HttpResponse:
    """A machine's password, shown once, with an end."""
    mailbox = get_object_or_404(Mailbox.objects.select_related("department", "holder"), address=address, kind="service")
    require(request, "machine.make", about_mailbox(mailbox))
    form = NewMachine(request.POST or None)
    if form.is_valid():
        until = timezone.make_aware(datetime.combine(form.cleaned_data["until"], time.max))
        name, reason = form.cleaned_data["name"], form.cleaned_data["reason"]
        try:
            password = devices.make_for_machine(
                mailbox, name, until=epoch_ms(until), actor=request.actor, reason=reason, now=epoch_ms(request.now)
            )
            shown = {"page": _shown(), "secret": password, "what": name, "login": mailbox.address}
            return render(request, "signin/device_shown.html", shown)
        except Unusable as error:
            for field, problem in error.fields.items():
                form.add_error(field, problem)
    crumbs = [(mailbox.address, reverse("machines", args=[mailbox.address]))]
    page = Page("Add a machine", mailbox.department.name, crumbs)
    return render(request, "signin/machine_add.html", {"page": page, "form": form, "mailbox": mailbox})
