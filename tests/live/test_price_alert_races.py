"""Price alerts asked for, confirmed and told at once, on real connections. Controls show what the locks are for."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.locks import lock_for_transaction
from apps.core.secret_tokens import mint
from apps.journal.models import OutboxMessage
from apps.marketplace import queries, services
from apps.marketplace.models import PriceNotice, PriceSubscription
from apps.marketplace.services import subscriptions, telling
from tests.catalogue import import_test_catalogue
from tests.committed import committed_database, on_own_connection, wait_until_they_wait
from tests.marketplace.alerts import announced, ask, link_in_mail, subscribed, wish

pytestmark = pytest.mark.live

Act = Callable[[], Any]


@pytest.fixture(scope="module", autouse=True)
def _committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with committed_database(django_db_blocker):
        import_test_catalogue()
        yield


def address() -> str:
    return f"{uuid7()}@example.com"


def behind_the_lock(name: str, *acts: Act) -> list[Any]:
    """What came of each: none goes on before all of them wait for the lock."""
    with ThreadPoolExecutor(len(acts)) as pool:
        with transaction.atomic():
            lock_for_transaction(name)
            racing = [pool.submit(on_own_connection, act) for act in acts]
            wait_until_they_wait(len(acts))
        return [one.result() for one in racing]


def together(*acts: Act) -> list[Any]:
    """All of them as nearly at once as threads go."""
    line = Barrier(len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:
        racing = [pool.submit(on_own_connection, lambda act=act: (line.wait(), act())[1]) for act in acts]
        return [one.result() for one in racing]


def test_eight_who_ask_one_address_at_once_send_it_three_mails() -> None:
    email, at = address(), clock.now()

    behind_the_lock(f"price alerts of {email}", *[lambda: ask(email, wish(), at=at)] * 8)

    assert OutboxMessage.objects.filter(recipient=email).count() == 3


def test_control_who_counts_without_the_lock_sends_eight() -> None:
    email, at = address(), clock.now()
    line = Barrier(8)

    def naive() -> None:
        unanswered = PriceSubscription.objects.filter(email=email, confirmed_at=None).count()
        line.wait()
        if unanswered < subscriptions.ASKED_A_DAY:
            PriceSubscription.objects.create(email=email, subject="all", language="en", secret_digest=mint("x"))

    together(*[naive] * 8)

    assert PriceSubscription.objects.filter(email=email, created_at__gt=at).count() == 8


def test_two_links_about_the_same_thing_confirmed_at_once_leave_one_alert() -> None:
    email, at = address(), clock.now()
    ask(email, wish(percent="1"), at=at)
    first = link_in_mail(email)
    ask(email, wish(percent="2"), at=at)
    second = link_in_mail(email)

    behind_the_lock(
        f"price alerts of {email}",
        *(lambda secret=secret: services.confirm_alert(secret, at=at) for secret in (first, second)),
    )

    assert len(queries.alerts_of_address(email)) == 1
    assert PriceSubscription.objects.filter(email=email, ended_at__isnull=False).count() == 1


def slow(*_args: object, **_more: object) -> None:
    """An impact that takes its time: both tellers have read before either writes."""
    time.sleep(0.5)


def test_two_who_tell_at_once_send_one_mail() -> None:
    email, at = address(), clock.now()
    subscribed(email, wish("model", "chat-small"), at=at)
    announced("chat-small", at=at)
    together(*[lambda: services.spread_changes(at=at)] * 2)
    assert PriceNotice.objects.filter(subscription__email=email).count() == 1
    line = Barrier(2)

    def tell() -> int:
        row = PriceSubscription.objects.get(email=email, ended_at=None)
        due = list(PriceNotice.objects.filter(subscription=row).select_related("subscription"))
        changes = queries.changes_to_tell({notice.change_id for notice in due})
        line.wait()
        return int(telling._tell_address(email, due, changes, slow, at=at))

    assert sorted(together(tell, tell)) == [0, 1]
    assert OutboxMessage.objects.filter(recipient=email, kind="price.changed").count() == 1
    assert not PriceNotice.objects.filter(subscription__email=email).exists()


def test_an_end_that_meets_the_telling_never_leaves_a_notice_behind() -> None:
    email, at = address(), clock.now()
    card = subscribed(email, wish("model", "one-credit"), at=at)
    announced("one-credit", at=at)
    services.spread_changes(at=at)

    def tell() -> int:
        return services.tell_subscribers(impact_of=slow, now=lambda: at, until=at + timedelta(days=1))

    together(tell, lambda: services.end_alert(card.public_id, at=at))

    told = OutboxMessage.objects.filter(recipient=email, kind="price.changed").count()
    assert told in (0, 1)
    assert not PriceNotice.objects.filter(subscription__email=email).exists()
