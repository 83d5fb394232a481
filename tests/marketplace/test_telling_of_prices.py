"""Announced prices reach whoever wants to hear of them: once, together, and only what they may know of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.journal import services as journal
from apps.journal.models import OutboxMessage, WebhookEndpoint
from apps.marketplace import queries, services
from apps.marketplace.models import (
    Lifecycle,
    Model,
    ModelGrant,
    PriceChange,
    PriceNotice,
    PriceSubscription,
    PriceVersion,
)
from apps.marketplace.types.alerts import Impact, MultiplierStep, PriceStep
from apps.teams.models import AccessGroup, Team
from apps.teams.types import TeamAccess
from tests.cast import make_user
from tests.marketplace.alerts import announced, multiplied, subscribed, wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BOB, EVE = "bob@example.com", "eve@example.com"


def no_impact(team_ids: object, step: PriceStep | MultiplierStep, *, at: datetime) -> Impact | None:
    return None


def told(kind: str = "price.changed", *, impact_of: Any = no_impact, at: datetime = NOON) -> list[OutboxMessage]:
    """What is new in the outbox after a round."""
    before = set(OutboxMessage.objects.values_list("pk", flat=True))
    services.spread_changes(at=at)
    services.tell_subscribers(impact_of=impact_of, now=lambda: at, until=at + DAY)
    services.tell_of_launches(at=at)
    return list(OutboxMessage.objects.filter(kind=kind).exclude(pk__in=before).order_by("recipient"))


def receivers(**terms: Any) -> list[str]:
    return [message.recipient for message in told(**terms)]


def test_a_change_is_told_once_with_old_and_new_and_when() -> None:
    subscribed(BOB, wish(), at=NOON)
    change = announced("chat-small", old="8", new="10", at=NOON)

    (mail,) = told()

    (shown,) = mail.payload["changes"]
    assert (mail.recipient, shown["model"], shown["direction"]) == (BOB, "chat-small", "up")
    assert (shown["lines"][0]["old"], shown["lines"][0]["new"]) == ("8", "10")
    assert shown["effective_at"] == (NOON + DAY).isoformat()
    change.refresh_from_db()
    assert change.told_at == NOON
    assert told() == []


@pytest.mark.parametrize(
    ("wanted", "hears"),
    [
        (wish(), True),
        (wish("model", "chat-small"), True),
        (wish("model", "embed-small"), False),
        (wish("vendor", "acme-ai"), True),
        (wish("group", "default"), True),
        (wish(direction="up"), True),
        (wish(direction="down"), False),
        (wish(percent="25"), True),
        (wish(percent="25.01"), False),
    ],
)
def test_only_who_wants_to_hear_of_it_does(wanted: Any, hears: bool) -> None:
    subscribed(BOB, wanted, at=NOON)
    announced("chat-small", percent="25", at=NOON)

    assert receivers() == ([BOB] if hears else [])


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_mixed_change_is_for_both(direction: str) -> None:
    subscribed(BOB, wish(direction=direction), at=NOON)
    announced("chat-small", direction="mixed", at=NOON)

    assert receivers() == [BOB]


def test_something_free_that_gets_a_price_is_above_every_threshold() -> None:
    subscribed(BOB, wish(percent="1000"), at=NOON)
    announced("chat-small", old="0", percent=None, at=NOON)

    assert receivers() == [BOB]


def test_what_is_not_confirmed_or_has_ended_hears_nothing() -> None:
    card = subscribed(BOB, wish(), at=NOON)
    services.end_alert(card.public_id, at=NOON)
    services.ask_address(wish(), email=EVE, sight=queries.sight_of_team(None, at=NOON), language="en", at=NOON)
    announced("chat-small", at=NOON)

    assert receivers() == []


def test_an_alert_that_ends_before_its_mail_left_brings_none() -> None:
    card = subscribed(BOB, wish(), at=NOON)
    announced("chat-small", at=NOON)
    services.spread_changes(at=NOON)

    services.end_alert(card.public_id, at=NOON)

    assert receivers() == []


def test_an_alert_that_ends_while_a_change_is_spread_brings_no_mail() -> None:
    subscribed(BOB, wish(), at=NOON)
    subscribed(EVE, wish(), at=NOON)
    announced("chat-small", at=NOON)
    services.spread_changes(at=NOON)

    PriceSubscription.objects.filter(email=BOB).update(ended_at=NOON)  # its end saw no notice that it could take along

    assert receivers() == [EVE]
    assert not PriceNotice.objects.exists()


def test_changes_of_one_act_come_in_one_mail_and_alerts_that_overlap_bring_one() -> None:
    cards = [subscribed(BOB, wanted, at=NOON) for wanted in (wish(), wish("model", "chat-small"))]
    announced("chat-small", at=NOON)
    announced("one-credit", at=NOON)

    (mail,) = told()

    assert [change["model"] for change in mail.payload["changes"]] == ["chat-small", "one-credit"]
    assert mail.payload["alerts"] == sorted(card.public_id for card in cards)


def test_a_long_mail_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.marketplace.services.telling.MOST_IN_A_MAIL", 1)
    subscribed(BOB, wish(), at=NOON)
    announced("chat-small", at=NOON)
    announced("one-credit", at=NOON)

    (mail,) = told()

    assert (len(mail.payload["changes"]), mail.payload["more"], mail.payload["total"]) == (1, 1, 2)


def test_a_stranger_never_hears_of_a_model_of_another_group() -> None:
    subscribed(BOB, wish(), at=NOON)
    subscribed(EVE, wish("vendor", "acme-ai"), at=NOON)
    announced("chat-vip", at=NOON)
    multiplied("vip", old="0.8", new="1", at=NOON)

    assert receivers() == []
    assert not PriceNotice.objects.exists()


def test_a_member_of_a_team_that_sees_it_does(ada: User, team: TeamAccess) -> None:
    subscribed("ada@example.com", wish(), at=NOON)
    announced("chat-vip", at=NOON)
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="vip"))

    assert receivers() == ["ada@example.com"]


def test_a_model_granted_to_one_team_is_told_to_its_people_alone(ada: User, team: TeamAccess) -> None:
    subscribed("ada@example.com", wish(), at=NOON)
    subscribed(BOB, wish(), at=NOON)
    grant = ModelGrant.objects.create(team_id=team.id, model=Model.objects.get(code="chat-vip"), ends_at=NOON + DAY)
    announced("chat-vip", at=NOON)

    assert receivers() == ["ada@example.com"]

    ModelGrant.objects.filter(pk=grant.pk).update(ends_at=NOON)
    announced("chat-vip", at=NOON + DAY)

    assert receivers() == []


def test_whoever_lost_the_group_hears_no_more_of_it(ada: User, team: TeamAccess) -> None:
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="vip"))
    sight = queries.sight_of_person(ada.pk, at=NOON)
    services.add_own_alert(wish("model", "chat-vip"), user_id=ada.pk, email=ada.email, sight=sight, at=NOON)
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="default"))
    announced("chat-vip", at=NOON)

    assert receivers() == []


def test_a_multiplier_is_part_of_the_price_of_its_models() -> None:
    subscribed(BOB, wish("model", "chat-small"), at=NOON)
    subscribed(EVE, wish("group", "default"), at=NOON)
    multiplied("default", old="1", new="1.25", at=NOON)

    assert receivers() == [BOB, EVE]


def test_a_person_gets_it_in_the_own_language_with_the_own_impact(ada: User, team: TeamAccess) -> None:
    User.objects.filter(pk=ada.pk).update(language="zh-hans", display_unit="cny")
    subscribed("ada@example.com", wish(), at=NOON)
    old = PriceVersion.objects.get(model__code="chat-small").pk
    change = announced("chat-small", at=NOON)
    asked: list[tuple[list[int], object]] = []

    def impact_of(team_ids: list[int], step: object, *, at: datetime) -> Impact:
        asked.append((team_ids, step))
        return Impact(14_200_000_000, is_estimate=False)

    (mail,) = told(impact_of=impact_of)

    assert asked == [([team.id], PriceStep("chat-small", old, change.version_id))]
    assert mail.payload["changes"][0]["impact"] == "14.2"
    assert mail.payload["has_impact"]
    assert (mail.payload["reader"]["language"], mail.payload["reader"]["unit"]) == ("zh-hans", "cny")


def test_nobody_else_is_told_an_impact(ada: User, team: TeamAccess) -> None:
    def impact_of(team_ids: object, step: object, *, at: datetime) -> Impact:
        raise AssertionError("a stranger has no usage")

    subscribed(BOB, wish(), at=NOON)
    announced("chat-small", at=NOON)

    (mail,) = told(impact_of=impact_of)

    assert mail.payload["changes"][0]["impact"] is None


def test_who_turned_the_kind_off_in_the_preferences_gets_none(ada: User) -> None:
    subscribed("ada@example.com", wish(), at=NOON)
    accounts.mute_kind(ada.pk, kind="price.changed")
    announced("chat-small", at=NOON)

    assert receivers() == []


def test_a_change_that_is_taken_back_is_told_without_impact() -> None:
    subscribed(BOB, wish(), at=NOON)
    change = announced("chat-small", at=NOON)
    told()
    back = PriceChange.objects.create(
        version=change.version,
        withdrawn=True,
        direction="up",
        lines=change.lines,
        largest_percent=change.largest_percent,
        published_at=NOON,
        effective_at=change.effective_at,
    )

    (mail,) = told()

    assert back.withdrawn
    assert mail.payload["changes"][0]["withdrawn"] is True


def test_killed_between_the_two_steps_nobody_is_left_out_and_nobody_told_twice() -> None:
    subscribed(BOB, wish(), at=NOON)
    subscribed(EVE, wish(), at=NOON)
    announced("chat-small", at=NOON)
    services.spread_changes(at=NOON)
    first_only = iter([NOON, NOON, NOON + 2 * DAY])

    services.tell_subscribers(impact_of=no_impact, now=lambda: next(first_only), until=NOON + DAY)

    assert OutboxMessage.objects.filter(kind="price.changed").count() == 1
    assert len(told()) == 1
    assert set(OutboxMessage.objects.filter(kind="price.changed").values_list("recipient", flat=True)) == {BOB, EVE}


def verified_endpoint(team: TeamAccess, *kinds: str) -> str:
    made = journal.add_endpoint(
        team.public_id, url="https://hooks.example.com/", kinds=kinds, actor=team.user_id, at=NOON
    )
    WebhookEndpoint.objects.update(verified_at=NOON)
    return made.endpoint_id


def test_a_team_is_told_by_its_webhook(team: TeamAccess) -> None:
    endpoint = verified_endpoint(team, "price.changed")
    services.add_team_alert(wish("model", "chat-small"), team, at=NOON)
    change = announced("chat-small", at=NOON)

    (message,) = told(impact_of=lambda team_ids, step, at: Impact(14_200_000_000, is_estimate=False))

    assert (message.channel, message.recipient) == ("webhook", endpoint)
    event = message.payload["data"]
    assert (event["model"], event["field"], event["old"], event["new"]) == ("chat-small", "output_tokens", "8", "10")
    assert (event["direction"], event["your_last_30d_delta"], event["id"]) == ("up", "14.2", change.public_id)
    assert event["effective_at"] == (NOON + DAY).isoformat()
    assert told() == []


def test_a_team_without_an_alert_is_not_told(team: TeamAccess) -> None:
    verified_endpoint(team, "price.changed")
    announced("chat-small", at=NOON)

    assert told() == []


def planned(code: str = "chat-small") -> None:
    Model.objects.filter(code=code).update(lifecycle=Lifecycle.PLANNED)


def test_who_waits_for_a_model_hears_once_that_it_started() -> None:
    planned()
    subscribed(BOB, wish("launch", "chat-small"), at=NOON)
    assert receivers(kind="model.launched") == []

    Model.objects.filter(code="chat-small").update(lifecycle=Lifecycle.BETA)

    (mail,) = told(kind="model.launched")
    assert (mail.recipient, mail.payload["path"]) == (BOB, "/models/chat-small")
    assert PriceSubscription.objects.get().ended_at == NOON
    Model.objects.filter(code="chat-small").update(lifecycle=Lifecycle.GA)
    assert receivers(kind="model.launched") == []


def test_a_price_of_a_model_is_no_start() -> None:
    planned()
    subscribed(BOB, wish("launch", "chat-small"), at=NOON)
    announced("chat-small", at=NOON)

    assert receivers() == []


def test_who_waits_is_not_told_that_it_started_for_others() -> None:
    planned()
    subscribed(BOB, wish("launch", "chat-small"), at=NOON)
    model = Model.objects.get(code="chat-small")
    model.access_groups.set(AccessGroup.objects.filter(code="vip"))
    Model.objects.filter(code="chat-small").update(lifecycle=Lifecycle.GA)

    assert receivers(kind="model.launched") == []

    model.access_groups.add(AccessGroup.objects.get(code="default"))

    assert receivers(kind="model.launched") == [BOB]


def test_a_person_who_is_suspended_is_told_as_a_stranger_is() -> None:
    bob = make_user(BOB)
    subscribed(BOB, wish(), at=NOON)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    announced("chat-small", at=NOON)

    assert receivers() == [BOB]
