"""The API: routers, error handlers, OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.release import VERSION
from civicmail.front.web import refusal_log
from civicmail.front.web.api import problems
from civicmail.front.web.api.errors import NoToken
from civicmail.front.web.api.operations import (
    agencies,
    approval_by_department,
    cases,
    compose,
    compromised_accounts,
    conduct,
    departments,
    drafts,
    emergencies,
    endings,
    entries,
    examination_report,
    exports,
    external_systems,
    feeds,
    files,
    holding,
    incidents,
    lists,
    mail,
    mail_actions,
    mailboxes,
    mandate_changes,
    mandates,
    me,
    own_mail,
    people,
    policy,
    privilege,
    protections,
    record_reviews,
    records,
    releases,
    retention,
    review_campaigns,
    reviewers,
    reviews,
    rights,
    roles,
    rosters,
    rule_authoring,
    rules,
    system,
    violations,
)
from civicmail.front.web.api.operations_decorator import (
    OPERATIONS as OPERATIONS,  # all of them: those above have entered themselves
)

DESCRIPTION = """What the pages do, for programs. Make a token on the page My devices and send it with each request:
`Authorization: Bearer cmt-…`. A token does what its person may do, as far as its scopes go. Lists come a page at a time; the Link
header has the next one. Errors are application/problem+json. docs/operate/api.md has the rest."""
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "instance": {"type": "string", "description": "Names the request in the log."},
        "clause": {"type": "string", "description": "Of the policy, where it says no."},
        "ask": {"type": "string", "description": "Whom to ask."},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}
HEARD = {400: "Not understood", 401: "No good token", 403: "Not yours, or not in scope", 404: "Nothing is here, or not for you"}
HEARD |= {409: "Things have changed", 412: "Not what was seen (If-Match)", 422: "What was sent cannot be used"}
HEARD |= {429: "Asked too often", 500: "Our fault", 503: "Not at this moment"}


class Api(NinjaAPI):
    """With problems and headers in its document."""

    _cached: OpenAPISchema | None = None

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> OpenAPISchema:
        """The document; paths stand below its server. Made once: it is the same for everybody, and takes a second."""
        if self._cached is None:
            self._cached = self._document(path_params)
        return self._cached

    def _document(self, path_params: dict[str, Any] | None) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix="", path_params=path_params)
        schema["servers"] = [{"url": problems.ROOT.rstrip("/")}]
        parts = schema["components"]
        parts["schemas"]["Problem"] = PROBLEM
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": "A token of the API"}}
        for ways in schema["paths"].values():
            for method, operation in ways.items():
                _complete(method, operation)
        return schema


def _complete(method: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"token": []}]
    content = {problems.TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, words in HEARD.items():
        operation["responses"][str(status)] = {"description": words, "content": content}
    response = operation["responses"].get(200, operation["responses"].get("200", {}))
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    parameters = operation.setdefault("parameters", [])
    if method == "get" and schema.get("type") == "array":
        limit = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
        parameters.append({"name": "limit", "in": "query", "required": False, "schema": limit})
        parameters.append({"name": "after", "in": "query", "required": False, "schema": {"type": "string"}})
    if method == "post":
        key = {"type": "string", "maxLength": 100}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    if method in ("post", "patch"):
        parameters.append({"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}})


def _api() -> Api:
    made = Api(title="Civicmail", version=VERSION, description=DESCRIPTION, docs_url=None, urls_namespace="api")
    subjects: tuple[Any, ...] = (
        me, mail, compose, drafts, mail_actions, own_mail, files, approval_by_department, people, feeds, departments,
        rosters, rights, endings, external_systems, conduct, reviews, review_campaigns, violations, cases,
        mailboxes, lists, agencies, roles, policy, entries, mandates, mandate_changes, exports, protections, privilege, rules,
        rule_authoring, emergencies, holding, releases, compromised_accounts, reviewers, incidents, records, record_reviews,
        retention, examination_report, system,
    )  # fmt: skip
    routers: dict[Router, None] = dict.fromkeys(subject.router for subject in subjects)  # two subjects may share one
    for router in routers:
        made.add_router("", router)
    answers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        CivicmailError: problems.error_response,
        Http404: lambda request, _: problems.problem_response(request, 404),
        AuthenticationError: lambda request, _: problems.error_response(request, NoToken(problems.DETAILS[401])),
        HttpError: lambda request, error: problems.problem_response(request, error.status_code),
        ValidationError: _invalid,
    }
    for kind, answer in answers.items():
        made.add_exception_handler(kind, answer)
    return made


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """What does not have the shape: where, and what should be there; never what was sent, because it may be anything."""
    refusal_log.note(request, "shape", 422)
    fields = {".".join(str(part) for part in e["loc"][1:] if part != "body") or "body": e["msg"] for e in error.errors}
    return problems.problem_response(request, 422, "What was sent does not have the right shape.", fields=fields)


API = _api()
