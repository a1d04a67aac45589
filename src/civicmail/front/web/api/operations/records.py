"""Requests for records (P-21)."""

from __future__ import annotations

from ninja import Router

from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.front.web.api.list_operations import list_operation

router = Router(tags=["Records requests"])

REQUEST_ROW = list_operation(router, REQUESTS)
