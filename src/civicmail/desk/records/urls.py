"""URLs of the records desk."""

from __future__ import annotations

from django.urls import path

from civicmail.city.pages import act_pages, list_pages
from civicmail.desk.records.acts import (
    attestations,
    contests,
    fees,
    formats,
    letters,
    notices,
    productions,
    publications,
    replies,
    requests,
    reviews,
    scopes,
    searches,
)
from civicmail.desk.records.lists.contests import CONTESTS, REQUEST_CONTESTS
from civicmail.desk.records.lists.formats import FORMAT_REQUESTS
from civicmail.desk.records.lists.letters import LETTERS
from civicmail.desk.records.lists.notices import NOTICES, REQUEST_NOTICES
from civicmail.desk.records.lists.productions import PRODUCTIONS
from civicmail.desk.records.lists.publications import PUBLICATIONS
from civicmail.desk.records.lists.replies import REPLIES
from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.desk.records.views import (
    case_file,
    clock_page,
    contest_page,
    counter,
    detectors_page,
    difference_page,
    fees_page,
    format_page,
    letter_page,
    notice_page,
    overview,
    production_files,
    production_page,
    public_contests,
    public_formats,
    public_notice,
    public_requests,
    publication_page,
    reading_room,
    redaction_page,
    reply_page,
    review_page,
    scope_page,
    search_pages,
    statistics_page,
)

_ONE = "records/requests/<slug:number>/"
_ITEM = _ONE + "documents/<int:item>/"
_PUBLIC = "public/records/status/<str:token>/releases/<int:production>/"
_RELEASED = "public/records/released/<slug:slug>/"
_PRODUCTION = f"{_ONE}productions/<int:production>/"

urlpatterns = [
    path("public/records/", public_notice.notice, name="public-records"),
    path("public/records/request/", public_requests.ask, name="public-records-request"),
    path("public/records/request/released/", public_requests.released_suggestions, name="public-records-released"),
    path("public/records/status/", public_requests.status, name="public-records-status"),
    path("public/records/status/<str:token>/", public_requests.follow, name="public-records-follow"),
    path("public/records/status/<str:token>/contest/", public_contests.contest, name="public-records-contest"),
    path(f"{_PUBLIC}package/", production_files.public_whole, name="public-records-package"),
    path(f"{_PUBLIC}files/<str:name>", production_files.public_file, name="public-records-file"),
    path("public/records/released/", reading_room.room, name="public-reading-room"),
    path("public/records/released/feed.xml", reading_room.feed, name="public-feed"),
    path(_RELEASED, reading_room.release, name="public-release"),
    path(f"{_RELEASED}package/", reading_room.package, name="public-release-package"),
    path(f"{_RELEASED}files/<str:name>", reading_room.file, name="public-release-file"),
    path("public/records/statistics/", statistics_page.public_page, name="public-statistics"),
    path("public/records/statistics.csv", statistics_page.public_file, name="public-statistics-file"),
    path("records/statistics/", statistics_page.page, name="records-statistics"),
    path("records/statistics.csv", statistics_page.file, name="records-statistics-file"),
    path(f"{_RELEASED}format/", public_formats.of_release, name="public-release-format"),
    path("public/records/status/<str:token>/format/", public_formats.of_request, name="public-records-format"),
    path("public/records/formats/<str:token>/", public_formats.answer, name="public-format"),
    *list_pages.paths([PUBLICATIONS, FORMAT_REQUESTS]),
    path("records/formats/<int:pk>/", format_page.page, name="records-format"),
    path("records/reading-room/<int:pk>/", publication_page.page, name="records-publication"),
    *act_pages.paths([*publications.ACTS, *formats.ACTS]),
    *list_pages.paths([REQUESTS, REPLIES]),
    path("records/requests/new/", counter.enter, name="records-request-new"),
    *list_pages.paths([PRODUCTIONS, LETTERS, NOTICES, REQUEST_NOTICES, CONTESTS, REQUEST_CONTESTS]),
    path("records/contests/<int:pk>/", contest_page.contest, name="records-contest"),
    path("records/notices/<int:pk>/", notice_page.notice, name="records-notice"),
    path(_ONE, overview.overview, name="records-request"),
    path(f"{_ONE}scope/", scope_page.scope, name="records-scope"),
    path(f"{_ONE}search/", search_pages.search, name="records-search"),
    path(f"{_ONE}search/<int:pk>/affidavit.<slug:kind>", search_pages.affidavit_file, name="records-affidavit"),
    path(f"{_ONE}case-file/", case_file.export, name="records-case-file"),
    path(f"{_ONE}clock/", clock_page.page, name="records-clock"),
    path("records/mail/<int:pk>/", reply_page.page, name="records-reply"),
    path(_ONE + "review/", review_page.review, name="records-review"),
    path(_ITEM + "redact/", redaction_page.redact, name="records-redact"),
    path(_ITEM + "pages/<int:page>/", redaction_page.page, name="records-page"),
    path(_ITEM + "preview/", redaction_page.preview, name="records-preview"),
    path(_ITEM + "preview/<int:page>/", redaction_page.preview_page, name="records-preview-page"),
    path(_ITEM + "difference/<int:other>/", difference_page.difference, name="records-difference"),
    path("records/detectors/", detectors_page.detectors, name="records-detectors"),
    path(_ONE + "review/personal-mail.csv", review_page.personal_report, name="records-personal"),
    path(_ONE + "contradictions/", review_page.open_points, name="records-contradictions"),
    path(f"{_ONE}letters/<int:letter>/", letter_page.letter, name="records-letter"),
    path(f"{_ONE}fees/", fees_page.page, name="records-fees"),
    path(_PRODUCTION, production_page.production, name="records-production"),
    path(f"{_PRODUCTION}package/", production_files.whole, name="records-production-package"),
    path(f"{_PRODUCTION}files/<str:name>", production_files.file, name="records-production-file"),
    *act_pages.paths([*notices.ACTS, *contests.ACTS, *attestations.ACTS]),
    *act_pages.paths([*letters.ACTS, *fees.ACTS]),
    *act_pages.paths([*scopes.ACTS, *searches.ACTS, *reviews.ACTS, *requests.ACTS, *replies.ACTS, *productions.ACTS]),
]
