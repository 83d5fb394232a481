"""Price alerts count once the address has said yes; nobody learns of addresses of others, and no mailbox is flooded."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.core.secret_tokens import mint
from apps.journal.models import AuditEntry, OutboxMessage
from apps.marketplace import queries, services
from apps.marketplace.errors import AlertLinkExpired, AlertMissing, TooManyAlerts, WishInvalid
from apps.marketplace.models import Lifecycle, Model, PriceSubscription
from apps.teams.types import TeamAccess
from tests.cast import make_user
from tests.marketplace.alerts import ask, link_in_mail, subscribed, wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOB = "bob@example.com"


def mails(kind: str = "price.asked") -> list[str]:
    return list(OutboxMessage.objects.filter(kind=kind).order_by("pk").values_list("recipient", flat=True))


def test_an_address_is_asked_before_anything_counts() -> None:
    ask(" Bob@Example.com ", wish("model", "chat-small", percent="5"), at=NOON)

    assert mails() == [BOB]
    assert queries.alerts_of_address(BOB) == []

    card = services.confirm_alert(link_in_mail(BOB), at=NOON + HOUR)

    assert (card.is_live, card.wish.code, card.wish.threshold_percent) == (True, "chat-small", Decimal(5))
    assert queries.alerts_of_address(BOB) == [card]


def test_a_confirmation_may_come_twice() -> None:
    ask(BOB, wish(), at=NOON)
    first = services.confirm_alert(link_in_mail(BOB), at=NOON)

    assert services.confirm_alert(link_in_mail(BOB), at=NOON + HOUR) == first


def test_a_link_of_three_days_ago_confirms_nothing() -> None:
    ask(BOB, wish(), at=NOON)

    with pytest.raises(AlertLinkExpired):
        services.confirm_alert(link_in_mail(BOB), at=NOON + 3 * DAY)
    services.confirm_alert(link_in_mail(BOB), at=NOON + 3 * DAY - HOUR)


@pytest.mark.parametrize("secret", ["", "alert_guess", mint("alert_"), mint("inv_")])
def test_a_link_that_was_never_sent_confirms_nothing(secret: str) -> None:
    with pytest.raises(AlertMissing):
        services.confirm_alert(secret, at=NOON)


def test_strangers_can_have_an_address_asked_three_times_a_day() -> None:
    for number in range(5):
        ask(BOB, wish(percent=str(number)), at=NOON + number * timedelta(minutes=1))

    assert mails() == [BOB] * 3

    ask(BOB, wish(), at=NOON + DAY + HOUR)

    assert mails() == [BOB] * 4


def test_whoever_confirms_can_ask_on() -> None:
    for number in range(5):
        subscribed(BOB, wish("model", "chat-small", percent=str(number)), at=NOON + number * HOUR)

    assert [card.wish.threshold_percent for card in queries.alerts_of_address(BOB)] == [Decimal(4)]
    assert PriceSubscription.objects.filter(ended_at__isnull=False).count() == 4


def test_an_alert_about_another_thing_stands_beside_it() -> None:
    subscribed(BOB, wish("model", "chat-small"), at=NOON)
    subscribed(BOB, wish("vendor", "acme-ai"), at=NOON + HOUR)
    subscribed(BOB, wish("group", "default"), at=NOON + 2 * HOUR)

    assert [card.wish.subject for card in queries.alerts_of_address(BOB)] == ["group", "vendor", "model"]


def test_an_address_has_at_most_thirty_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.marketplace.services.subscriptions.MOST_ALERTS", 1)
    subscribed(BOB, wish("model", "chat-small"), at=NOON)
    ask(BOB, wish(), at=NOON)

    with pytest.raises(TooManyAlerts):
        services.confirm_alert(link_in_mail(BOB), at=NOON)


def test_the_table_holds_one_live_alert_about_a_thing() -> None:
    subscribed(BOB, wish(), at=NOON)

    with pytest.raises(IntegrityError, match="price_subscription_live_once"), transaction.atomic():
        PriceSubscription.objects.create(
            email=BOB, subject="all", language="en", secret_digest="another", confirmed_at=NOON
        )


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"email": ""}, "price_subscription_mail_or_webhook"),
        ({"subject": "vendor"}, "price_subscription_target_fits"),
        ({"direction": "left"}, "price_subscription_direction_known"),
        ({"threshold_percent": "-1"}, "price_subscription_threshold_not_negative"),
    ],
)
def test_the_table_refuses_what_no_alert_can_be(changed: dict[str, str], constraint: str) -> None:
    fields = {"email": BOB, "subject": "all", "language": "en", "secret_digest": "x"}

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PriceSubscription.objects.create(**{**fields, **changed})


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (wish("model", "chat-vip"), "about"),
        (wish("model", "no-such"), "about"),
        (wish("vendor", "no-such"), "about"),
        (wish("group", "vip"), "about"),
        (wish("launch", "chat-small"), "about"),
        (wish(percent="-1"), "threshold_percent"),
        (wish(percent="1000.01"), "threshold_percent"),
        (wish(percent="0.001"), "threshold_percent"),
    ],
)
def test_what_a_stranger_does_not_see_or_what_means_nothing_is_refused(wanted: object, field: str) -> None:
    with pytest.raises(WishInvalid) as refused:
        ask(BOB, wanted, at=NOON)  # type: ignore[arg-type]

    assert refused.value.field == field
    assert mails() == []


@pytest.mark.parametrize("email", ["", "bob", "bob@", "a@b\nc.example", "x" * 250 + "@example.com"])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(WishInvalid, match=r"ada@example\.com"):
        ask(email, wish(), at=NOON)


def test_a_planned_model_can_be_waited_for() -> None:
    Model.objects.filter(code="chat-small").update(lifecycle=Lifecycle.PLANNED)

    card = subscribed(BOB, wish("launch", "chat-small"), at=NOON)

    assert card.is_live


def test_an_own_address_needs_no_mail(ada: User) -> None:
    sight = queries.sight_of_person(ada.pk, at=NOON)
    card = services.add_own_alert(wish(), user_id=ada.pk, email="Ada@example.com", sight=sight, at=NOON)

    assert card.is_live
    assert mails() == []
    assert queries.alerts_of_person(ada.pk) == [card]


def test_an_address_of_somebody_else_does(ada: User) -> None:
    sight = queries.sight_of_person(ada.pk, at=NOON)

    with pytest.raises(WishInvalid):
        services.add_own_alert(wish(), user_id=ada.pk, email=BOB, sight=sight, at=NOON)


def test_people_find_what_was_asked_for_their_address_without_an_account() -> None:
    card = subscribed(BOB, wish(), at=NOON)
    bob = make_user(BOB)

    assert queries.alerts_of_person(bob.pk) == [card]


def test_an_end_is_final_and_may_come_twice() -> None:
    card = subscribed(BOB, wish(), at=NOON)

    services.end_alert(card.public_id, at=NOON + HOUR)
    services.end_alert(card.public_id, at=NOON + 2 * HOUR)

    assert PriceSubscription.objects.get().ended_at == NOON + HOUR
    assert not services.confirm_alert(link_in_mail(BOB), at=NOON + 3 * HOUR).is_live


def test_all_of_an_address_end_at_once_and_open_questions_too() -> None:
    subscribed(BOB, wish(), at=NOON)
    subscribed("eve@example.com", wish(), at=NOON)
    ask(BOB, wish("model", "chat-small"), at=NOON)

    assert services.end_alerts_of_address(BOB, at=NOON + HOUR) == 2

    assert not services.confirm_alert(link_in_mail(BOB), at=NOON + HOUR).is_live
    assert len(queries.alerts_of_address("eve@example.com")) == 1


def test_a_team_has_alerts_for_its_webhooks(team: TeamAccess) -> None:
    card = services.add_team_alert(wish("model", "chat-small", direction="up"), team, at=NOON)

    assert queries.alerts_of_team(team.id) == [card]
    services.end_team_alert(team, card.public_id, at=NOON + HOUR)
    assert queries.alerts_of_team(team.id) == []
    with pytest.raises(AlertMissing):
        services.end_team_alert(team, card.public_id, at=NOON + HOUR)
    acts = AuditEntry.objects.filter(scope=team.public_id, target="price_alert").order_by("id")
    assert [entry.act for entry in acts] == ["price_alert.added", "price_alert.ended"]


def test_what_ended_and_what_nobody_answered_is_forgotten_after_thirty_days() -> None:
    live = subscribed(BOB, wish(), at=NOON)
    ended = subscribed("eve@example.com", wish(), at=NOON)
    services.end_alert(ended.public_id, at=NOON + DAY)
    ask("new@example.com", wish(), at=NOON + 2 * DAY)

    assert services.forget_old_alerts(at=NOON + 31 * DAY) == 0
    assert services.forget_old_alerts(at=NOON + 31 * DAY + HOUR) == 1
    assert services.forget_old_alerts(at=NOON + 33 * DAY) == 1
    assert [row.public_id for row in PriceSubscription.objects.all()] == [live.public_id]
