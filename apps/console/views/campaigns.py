"""The public page of campaigns: what is in force, planned and past, and every version there was."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.console.public_pages import keep_page, public_page
from apps.console.readers import billing_city, reader_of
from apps.console.words.campaigns import shown_campaign
from apps.core import clock
from apps.promotions import queries as promotions


@public_page
def campaigns(request: HttpRequest) -> HttpResponse:
    at, reader = clock.now(), reader_of(request)
    shown = [shown_campaign(history, reader=reader, at=at) for history in promotions.campaign_histories()]
    context = {
        "live": [campaign for campaign in shown if campaign.state == "live"],
        "planned": [campaign for campaign in shown if campaign.state == "planned"],
        "past": [campaign for campaign in shown if campaign.state == "past"],
        "city": billing_city(),
    }
    return keep_page(request, render(request, "site/campaigns.html", context), at=at, until=None)
