"""Views for mail programs and other servers, without sign-in. The answer is the same for every address of the city and needs no
database."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from civicmail.core.config import services
from civicmail.front.web.programs import autoconfig, autodiscover
from civicmail.mail.screening import stspolicy

_XML = "text/xml; charset=utf-8"
DISCOVERED = "/autodiscover/autodiscover.xml"


@require_safe
@cache_control(public=True, max_age=3600)
def configuration(request: HttpRequest) -> HttpResponse:
    """Mozilla's autoconfig; only the address's domain is read."""
    servers, city = services.from_settings(settings.CITY), settings.CITY.city
    if not servers or not autoconfig.wanted(request.GET.get("emailaddress", ""), city.domains):
        raise Http404
    help_page = f"{settings.CITY.web.url}{reverse('set-up')}" if settings.CITY.web.url else ""
    return HttpResponse(autoconfig.config(servers, city.domains, city.name, help_page), content_type=_XML)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def discovered(request: HttpRequest) -> HttpResponse:
    """Autodiscover as XML. Refusals are 200 with an error code inside, as MS-OXDSCLI requires."""
    servers, city = services.from_settings(settings.CITY), settings.CITY.city
    body = request.read(autodiscover.LARGEST + 1) if request.method == "POST" else b""
    query = autodiscover.read(body) if 0 < len(body) <= autodiscover.LARGEST else None
    why = None
    if not servers:
        why = autodiscover.NOT_OFFERED
    elif query is None:
        why = autodiscover.NOT_UNDERSTOOD
    elif not autoconfig.wanted(query.address, city.domains):
        why = autodiscover.NOT_OURS
    elif query.schema not in ("", autodiscover.OUTLOOK):
        why = autodiscover.NOT_THIS_SCHEMA
    if why is not None or query is None:
        now = timezone.now().strftime("%H:%M:%S.%f")[:-3]
        text = autodiscover.refusal(why or autodiscover.NOT_UNDERSTOOD, now)
    else:
        text = autodiscover.settings(servers, query.address, city.name)
    return HttpResponse(text, content_type=_XML)


@require_safe
@never_cache
def pointed(request: HttpRequest, address: str = "") -> HttpResponse:
    """Autodiscover V2: the URL of the XML. The address is in the path or the query."""
    query = {name.lower(): str(value) for name, value in request.GET.items()}
    where = f"{settings.CITY.web.pages}{DISCOVERED}" if services.from_settings(settings.CITY) else ""
    mail_address = address or query.get("email", "")
    status, answer = autodiscover.pointed(mail_address, query.get("protocol", ""), settings.CITY.city.domains, where)
    return JsonResponse(answer, status=status)


@require_safe
@cache_control(public=True, max_age=300)
def policy(request: HttpRequest) -> HttpResponse:
    """The MTA-STS policy, only under the host name of RFC 8461 3.3."""
    text, host = stspolicy.text(settings.CITY), request.get_host().rpartition(":")[0] or request.get_host()
    before, _, domain = host.lower().rstrip(".").partition(".")
    if not text or before != "mta-sts" or domain not in settings.CITY.city.domains:
        raise Http404
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@csrf_exempt
def book(request: HttpRequest) -> HttpResponse:
    """Redirect to the address book for any method (RFC 6764 5); it asks for the device password itself."""
    return HttpResponsePermanentRedirect("/dav/")
