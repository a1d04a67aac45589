"""The SCIM server: bearer token, one request, one answer (RFC 7644).

No session, no cookie, no page; the middleware passes it through. Failures are SCIM errors and appear in the daily report
(`identity/actions/scim.py`).
"""

from __future__ import annotations

import json
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Union

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from scim2_models import (
    Context,
    ListResponse,
    PatchOp,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    ScimProvider,
    SearchRequest,
    UnauthorizedException,
    UniquenessException,
)
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from scim2_server.storage import SearchPage
from scim2_server.utils import parametrize

from civicmail.city.directory.scim_row import Names
from civicmail.city.directory.scim_schema import PROVIDER, WITH_LISTS, EnterpriseUser, Group, published
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import AlreadyTaken, FeedHeld, NotPermitted, Unusable
from civicmail.city.identity.actions import feedkeys, scim
from civicmail.city.pages.city_request import CityRequest, absolute
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.front.web import refusal_log
from civicmail.front.web.scim.groups import Directory
from civicmail.front.web.scim.storage import Users
from civicmail.front.web.signin.request_actor import client

log = get_logger()

LARGEST = 262_144
"""Bytes of a user: a hundred times of what one has."""
OPERATIONS = 100
"""Maximum in one PATCH: each is compared with every value."""
RETRY_SECONDS = 900
"""Seconds after which a provider retries what the deletion threshold stopped."""
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Service(ScimService):
    """The protocol with the words of this city in its schemas."""

    def __init__(self, users: Users) -> None:
        super().__init__(_provider())
        self._users = users

    @property
    def _names(self) -> Names:
        return self._users.names

    def schemas(self, location: str, query: Any) -> ScimResponse:
        """Schemas with required attributes and allowed values."""
        self.forbid_filter(query)
        located = [self.locate(schema_, f"{location}/{schema_.id}") for schema_ in published(self._names, self.provider)]
        answer = ListResponse[Schema](total_results=len(located), items_per_page=len(located), start_index=1, resources=located)
        return ScimResponse(super().schemas(location, query).status, answer.model_dump())

    def schema(self, location: str, schema_id: str, query: Any) -> ScimResponse:
        """One schema."""
        for schema_ in published(self._names, self.provider):
            if schema_.id == schema_id:
                self.forbid_filter(query)
                return self.discovery_response(self.locate(schema_, location))
        return super().schema(location, schema_id, query)

    def publish(self, base_url: str, resource: Resource[Any]) -> Resource[Any]:
        """Set the locations of a resource and its references, in place."""
        where = self.resource_location(base_url, self.get_resource_type_of(resource), str(resource.id))
        assert resource.meta is not None
        resource.meta = resource.meta.model_copy(update={"location": where})
        for named in _named(resource):
            if named.ref is not None:
                named.ref = self.reference_location(base_url, str(named.ref))
        return resource

    def search_response(
        self, base_url: str, resource_types: list[ResourceType], page: SearchPage, search_request: SearchRequest[Any]
    ) -> ScimResponse:
        """A page of them, each built once."""
        shown = [
            self.publish(base_url, resource_).model_dump(
                scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=search_request
            )
            for resource_ in page.resources
        ]
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": page.total,
            "itemsPerPage": len(shown),
            "startIndex": search_request.start_index,
            "Resources": shown,
        }
        return ScimResponse(HTTPStatus.OK, body)

    def patch_response(self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]) -> ScimResponse:
        """204, unless attributes were requested."""
        if response_parameters.attributes or response_parameters.excluded_attributes:
            return super().patch_response(base_url, resource, response_parameters)
        version = resource.meta.version if resource.meta is not None else None
        return ScimResponse(HTTPStatus.NO_CONTENT, None, {"ETag": version} if version else {})


def _named(resource: Resource[Any]) -> list[Any]:
    """References to users in a user or group."""
    if isinstance(resource, Group):
        return list(resource.members or [])
    work = resource[EnterpriseUser]
    return [work.manager] if work is not None and work.manager is not None else []


def _provider() -> ScimProvider:
    return WITH_LISTS if settings.CITY.feeds.lists else PROVIDER


def _shapes(provider: ScimProvider) -> tuple[type, ...]:
    """Request and response models, kept because pydantic would build them again at each request, which is slow."""
    service = ScimService(provider)
    each = [service.get_model(resource_type) for resource_type in provider.resource_types]
    types = [Union[tuple(service.get_models())], Union[tuple(each)], *each]  # noqa: UP007 - of types that are known at run time
    shapes = [parametrize(shape, models) for shape in (SearchRequest, ResponseParameters) for models in types]
    return (*shapes, *(parametrize(PatchOp, model) for model in each))


@csrf_exempt
def door(request: CityRequest, path: str = "") -> HttpResponse:
    """Every request below /scim/v2."""
    now = epoch_ms(request.now)
    service = _plain_service()
    try:
        actor = feedkeys.actor_by(_bearer(request), client=client(request), now=now)
    except NotPermitted as error:
        refusal_log.note(request, "feed", 401)
        return _answered(service.error_response(UnauthorizedException(detail=str(error))))
    except DatabaseError:
        return _away(service)
    scim_request = ScimRequest(
        method=request.method or "GET",
        base_url=absolute(request, "/scim/v2"),
        path=f"/{path}",
        query=request.GET.dict(),
        headers=dict(request.headers),
        body=request.body,
        subject=actor,
    )
    return _serve(scim_request, actor, now)


def _serve(scim_request: ScimRequest, actor: Actor, now: int) -> HttpResponse:
    users = Users(actor, now)
    if scim_request.method.upper() in _WRITES and not scim_request.path.rstrip("/").endswith(".search"):
        users.writes()
    service = Service(users)
    storage = Directory(users, settings.CITY.feeds.lists, actor, now)
    try:
        if len(scim_request.body) > LARGEST:
            return _answered(service.error_response(service.payload_too_large(LARGEST)))
        if _operations(scim_request) > OPERATIONS:
            return _error(413, f"At most {OPERATIONS} operations in one request; send the user as a whole by PUT.")
        return _answered(ScimHandler(service, storage).handle(scim_request))
    except SCIMException as error:
        return _answered(service.error_response(error))
    except (FeedHeld, Unusable) as error:
        scim.note_not_done(users.about, error, actor=actor, now=now)
        return _refused(service, error)
    except AlreadyTaken as error:
        return _answered(service.error_response(UniquenessException(detail=str(error))))
    except CivicmailError as error:
        return _refused(service, error)
    except DatabaseError:
        log.warning("a SCIM request could not be done: the database is away")
        return _away(service)


def _operations(scim_request: ScimRequest) -> int:
    """How many a PATCH has; 0 for what the library says itself."""
    if scim_request.method.upper() != "PATCH":
        return 0
    try:
        plain = json.loads(scim_request.body)
        return len(next((v for k, v in plain.items() if k.lower() == "operations"), ()))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return 0


@lru_cache(maxsize=1)
def _plain_service() -> ScimService:
    return ScimService(PROVIDER)


SHAPES = (*_shapes(PROVIDER), *_shapes(WITH_LISTS))


def _bearer(request: HttpRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _refused(service: ScimService, error: CivicmailError) -> HttpResponse:
    """The SCIM error: 400 invalidValue for bad input; a retry for what the deletion threshold stops."""
    if isinstance(error, Unusable):
        return _error(400, str(error), "invalidValue")
    answer = _error(error.http, str(error))
    if isinstance(error, FeedHeld):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _away(service: ScimService) -> HttpResponse:
    answer = _error(503, "This cannot be done at this moment; come again.")
    answer.headers["Retry-After"] = "60"
    return answer


def _error(status: int, detail: str, kind: str = "") -> HttpResponse:
    plain = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return _json(status, plain | ({"scimType": kind} if kind else {}))


def _answered(response: ScimResponse) -> HttpResponse:
    answer = _json(int(response.status), response.body)
    for name, value in response.headers.items():
        answer.headers[name] = value
    return answer


def _json(status: int, plain: Any) -> HttpResponse:
    content = b"" if plain is None else json.dumps(plain, default=str).encode()
    return HttpResponse(content, status=status, content_type="application/scim+json", headers={"Cache-Control": "no-store"})
