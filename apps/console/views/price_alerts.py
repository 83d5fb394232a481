"""Price alerts by mail: asked for without an account, confirmed and ended by links of mails; what changed, and RSS."""

from datetime import datetime
from typing import Final, cast

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import queries as accounts
from apps.console.decorators import own_page
from apps.console.forms.price_alerts import AlertForm, about_value
from apps.console.mail.unsubscribing import alerts_behind, alerts_token
from apps.console.readers import billing_city, default_unit, reader_at, reader_of, signed_in, zone_of
from apps.console.words.price_changes import feed_item, shown_change
from apps.console.words.prices import about_words, named, terms_words
from apps.core import clock
from apps.core.billing_calendar import billing_zone
from apps.core.errors import SluiceError
from apps.core.mail_addresses import mail_address
from apps.core.pagination import Cursor, CursorInvalid, parse_cursor
from apps.core.rss import rss_response
from apps.marketplace import queries
from apps.marketplace import services as marketplace
from apps.marketplace.errors import AlertMissing, WishInvalid
from apps.marketplace.types import Subject
from apps.marketplace.types.alerts import AlertCard, AlertTarget, AlertTargets, Sight

SIZE: Final = 20
FED: Final = 50
ACTION: Final = "price_alerts"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form, the reader's own alerts, and what changed. POST stores a wish; what it answers says nothing of whether
    the address has alerts.
    """
    at, sight = clock.now(), _sight(request)
    if request.method == "POST" and (limited := ratelimit.consume_or_429(request, action=ACTION)):
        return cast(HttpResponse, limited)
    targets = queries.alert_targets(sight)
    planned = _planned(request, targets)
    form = AlertForm(
        request.POST if request.method == "POST" else None, targets=targets, initial=_initial(request, targets)
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _asked(request, form, sight)
        except WishInvalid as error:
            form.refuse(error)
        except SluiceError as error:
            form.add_error(None, str(error.text))
    with timezone.override(zone_of(request)):
        context = {
            "form": form,
            "planned": planned and named(planned.name, planned.code),
            **_changes(request, sight, at),
        }
        return render(request, "site/price_alerts/page.html", {**context, **_own(request)})


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "site/price_alerts/asked.html")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """RSS of what strangers may read, in the language that the address names: the same for everybody who asks."""
    at, language = clock.now(), request.GET.get("language", "en")
    if language not in dict(settings.LANGUAGES):
        raise Http404
    model, vendor, direction = _filters(request)
    strangers = queries.sight_of_team(None, at=at)
    found = queries.changes_page(strangers, at=at, model=model, vendor=vendor, direction=direction, size=FED)
    reader = reader_at(default_unit(language), at=at)
    with translation.override(language), timezone.override(billing_zone()):
        return rss_response(
            [feed_item(card, reader) for card in found.results],
            title=_("Price changes of Sluice"),
            language=language,
            address=f"{settings.PUBLIC_URL}{reverse('console:price_alerts')}",
            feed_address=f"{settings.PUBLIC_URL}{request.get_full_path()}",
        )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """GET asks, POST says yes: programs that look at the links of mails confirm nothing."""
    at = clock.now()
    if request.method == "POST":
        try:
            card = marketplace.confirm_alert(secret, at=at)
        except AlertMissing as error:
            raise Http404 from error
        except SluiceError as error:
            return _private(render(request, "site/price_alerts/refused.html", {"why": str(error.text)}, status=410))
        if card.is_live:
            messages.success(request, _("The alert is confirmed. You hear of changes from now on."))
        return redirect("console:alert_link", alerts_token([card.public_id]))
    found = queries.asked_alert(secret)
    if found is None:
        raise Http404
    if found.confirmed_at is not None or found.ended_at is not None:
        return redirect("console:alert_link", alerts_token([found.public_id]))
    return _private(render(request, "site/price_alerts/confirm.html", {"alert": _row(found), "secret": secret}))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """What a mail's link opens: GET shows the alerts of its address, POST ends those that brought the mail.

    As RFC 8058 has it: a mail program sends the POST by itself, without cookies, and follows no redirect.
    """
    cards = _cards_behind(token)
    if request.method == "POST":
        for card in cards:
            marketplace.end_alert(card.public_id, at=clock.now())
    email = next((card.email for card in cards if card.email), "")
    live = queries.alerts_of_address(email) if email else []
    context = {
        "rows": [_row(card) for card in live],
        "email": email,
        "token": token,
        "is_done": request.method == "POST",
    }
    return _private(render(request, "site/price_alerts/link.html", context))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end_all(request: HttpRequest, token: str) -> HttpResponse:
    """Asks on GET: whoever ends all of them confirms it once."""
    email = next((card.email for card in _cards_behind(token) if card.email), "")
    if request.method == "POST" and email:
        marketplace.end_alerts_of_address(email, at=clock.now())
        messages.success(request, _("All alerts have ended. Nothing more comes."))
        return redirect("console:alert_link", token)
    return _private(render(request, "site/price_alerts/end_all.html", {"email": email, "token": token}))


@require_POST
@own_page
def end(request: HttpRequest, alert: str) -> HttpResponse:
    """One of the reader's own; 404 for anybody else's."""
    if alert not in {card.public_id for card in queries.alerts_of_person(signed_in(request).pk)}:
        raise Http404
    marketplace.end_alert(alert, at=clock.now())
    messages.success(request, _("The alert has ended."))
    return redirect("console:price_alerts")


def _asked(request: HttpRequest, form: AlertForm, sight: Sight) -> HttpResponse:
    """An address that the reader has confirmed counts at once; any other is asked."""
    at, email = clock.now(), mail_address(form.cleaned_data["email"])
    if request.user.is_authenticated and email in accounts.confirmed_addresses(signed_in(request).pk):
        marketplace.add_own_alert(form.wish, user_id=signed_in(request).pk, email=email, sight=sight, at=at)
        messages.success(request, _("The alert is set. You hear of changes from now on."))
        return redirect("console:price_alerts")
    marketplace.ask_address(form.wish, email=email, sight=sight, language=get_language() or "en", at=at)
    return redirect("console:price_alert_asked")


def _sight(request: HttpRequest) -> Sight:
    at = clock.now()
    if request.user.is_authenticated:
        return queries.sight_of_person(signed_in(request).pk, at=at)
    return queries.sight_of_team(None, at=at)


def _planned(request: HttpRequest, targets: AlertTargets) -> AlertTarget | None:
    """The planned model that the address, or the form, is about."""
    code = request.GET.get("model", "")
    return next((target for target in targets.models if target.is_planned and target.code == code), None)


def _initial(request: HttpRequest, targets: AlertTargets) -> dict[str, str]:
    """What the address names, if the reader may know of it; of anything else the form says nothing."""
    initial = {"email": signed_in(request).email} if request.user.is_authenticated else {}
    planned = _planned(request, targets)
    if planned is not None:
        return {**initial, "about": about_value(Subject.LAUNCH, planned.code)}
    known = {
        Subject.MODEL: {target.code for target in targets.models},
        Subject.VENDOR: {target.code for target in targets.vendors},
        Subject.GROUP: set(targets.groups),
    }
    for subject, codes in known.items():
        code = request.GET.get(subject, "")
        if code in codes:
            return {**initial, "about": about_value(subject, code)}
    return initial


def _filters(request: HttpRequest) -> tuple[str, str, str]:
    """Model, vendor and direction. Unknown ones find nothing, like those that the reader may not see."""
    asked = request.GET
    return asked.get("model", ""), asked.get("vendor", ""), asked.get("direction", "")


def _changes(request: HttpRequest, sight: Sight, at: datetime) -> dict[str, object]:
    model, vendor, direction = _filters(request)
    kept, text = request.GET.copy(), request.GET.get("cursor")
    try:
        cursor = parse_cursor(text) if text else None
        found = queries.changes_page(
            sight, at=at, model=model, vendor=vendor, direction=direction, cursor=cursor, size=SIZE
        )
    except CursorInvalid:
        raise Http404 from None
    return {
        "changes": [shown_change(card, reader_of(request), at=at) for card in found.results],
        "newer": _query(kept, found.previous),
        "older": _query(kept, found.next),
        "feeds": [("English", "en"), ("中文", "zh-hans")],
        "is_filtered": any((model, vendor, direction)),
        "city": "" if request.user.is_authenticated else billing_city(),
    }


def _query(kept: QueryDict, cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    kept["cursor"] = cursor.as_text()
    return str(kept.urlencode())


def _own(request: HttpRequest) -> dict[str, object]:
    if not request.user.is_authenticated:
        return {"own": []}
    return {"own": [_row(card) for card in queries.alerts_of_person(signed_in(request).pk)]}


def _cards_behind(token: str) -> list[AlertCard]:
    """404 for a link that we did not sign; what was forgotten meanwhile has ended."""
    alerts = alerts_behind(token)
    if alerts is None:
        raise Http404
    found = [queries.alert(public_id) for public_id in alerts]
    return [card for card in found if card is not None]


def _row(card: AlertCard) -> dict[str, object]:
    wish = card.wish
    return {
        "public_id": card.public_id,
        "email": card.email,
        "about": about_words(wish.subject, wish.code, card.name),
        "terms": terms_words(wish),
        "since": card.confirmed_at,
        "token": alerts_token([card.public_id]),
    }


def _private(response: HttpResponse) -> HttpResponse:
    """No other site learns the link from the browser, and no index keeps it."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
