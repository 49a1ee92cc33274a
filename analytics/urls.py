"""Addresses of the figures."""

from __future__ import annotations

from django.urls import include, path

from analytics.views import board, exports, lists, mails, reports, sla

app_name = "analytics"

pages = [
    path("", reports.home, name="home"),
    path("now/", board.show, name="now"),
    path("now/<slug:table>.csv", board.file, name="board-file"),
    path("now/<slug:what>/", board.conversations, name="waiting"),
    path("behind/", lists.show, name="behind"),
    path("sla/", sla.show, name="sla"),
    path("sla/missed.csv", sla.file, name="missed-file"),
    path("files/", exports.index, name="files"),
    path("files/conversations.csv", exports.stream, name="conversations-file"),
    path("files/<uuid:public_id>/", exports.file, name="export"),
    path("mails/", mails.index, name="mails"),
    path("definitions/", reports.definitions, name="definitions"),
    path("<slug:name>/", reports.show, name="report"),
    path("<slug:name>/<slug:chart>.csv", reports.file, name="chart-file"),
]
urlpatterns = [path("b/<slug:brand_slug>/reports/", include(pages))]
