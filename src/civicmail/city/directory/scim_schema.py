"""The SCIM attributes that we keep, as models of RFC 7643 4.1 and 4.3: only what a mail directory needs.

Other attributes are ignored and not stored. The published schemas state which attributes this city requires and which values it
accepts.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator
from scim2_models import (
    URN,
    AnyExtension,
    Attribute,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from civicmail.city.directory.scim_row import ENTERPRISE, Names

MAX_RESULTS = 200
"""Users in one answer."""
LANGUAGES = ["en", "es"]


class Name(ComplexAttribute):
    """RFC 7643 4.1.1."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """An address of a person in the city's domains, the primary one first; type home: one elsewhere."""

    value: str | None = None
    type: str | None = Field(None, examples=["work", "home", "other"])
    primary: bool | None = None


class PhoneNumber(ComplexAttribute):
    """RFC 7643 4.1.2."""

    value: str | None = None
    type: str | None = Field(None, examples=["work", "mobile", "other"])
    primary: bool | None = None


class User(Resource[AnyExtension]):
    """A person."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = Field(None, examples=LANGUAGES)
    active: bool | None = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None


class Manager(ComplexAttribute):
    """Providers send the id alone."""

    value: Annotated[str | None, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.read_write] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display_name: Annotated[str | None, Mutability.read_only] = None


class EnterpriseUser(Extension):
    """The person's work."""

    __schema__ = URN(ENTERPRISE)

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None

    @field_validator("manager", mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        """Normalize a reference: Entra sends the id without an object around it, and empty text for none."""
        if isinstance(value, str):
            return {"value": value} if value.strip() else None
        return value


class Member(ComplexAttribute):
    """A user who is on a list."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    display: Annotated[str | None, Mutability.read_only] = None


class Group(Resource[AnyExtension]):
    """A list of the directory, as far as its members are users (RFC 7643 4.2)."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MAX_RESULTS),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token that the access office makes; it has an end.",
            primary=True,
        )
    ],
)
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""How deviations of providers from the specification are read."""

PROVIDER = ScimProvider(
    models=[User, EnterpriseUser],
    resource_types=[ResourceType.from_resource(User[EnterpriseUser])],
    config=CONFIG,
    policy=POLICY,
)
WITH_LISTS = ScimProvider(
    models=[User, EnterpriseUser, Group],
    resource_types=[ResourceType.from_resource(User[EnterpriseUser]), ResourceType.from_resource(Group)],
    config=CONFIG,
    policy=POLICY,
)
"""Where the identity provider says who is on lists ([feeds] lists)."""


def published(names: Names, provider: ScimProvider = PROVIDER) -> list[Schema]:
    """The schemas for this city: required attributes, and accepted values."""
    schemas = [schema.model_copy(deep=True) for schema in provider.schemas]
    user, work = schemas[:2]
    _set(user["name"], required=True)
    _set(user["name"]["familyName"], required=True)
    _set(user["active"], required=True)  # permanent attributes cannot be withdrawn
    _set(user["userType"], words=names.words_for_kinds())
    number = {"externalId": None, "userName": user["userName"]}.get(names.number, work["employeeNumber"])
    if number is not None:
        _set(number, required=True, fixed=True)
    _set(work["department"], required=not names.department, words=sorted(names.codes))
    return schemas


def _set(attribute: Attribute, *, required: bool = False, words: list[str] | None = None, fixed: bool = False) -> None:
    if required:
        attribute.required = Required.true
    if words is not None:
        attribute.canonical_values = words
    if fixed:
        attribute.mutability = Mutability.immutable
