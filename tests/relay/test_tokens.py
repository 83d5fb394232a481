"""API tokens: what may be set, what is shown once, and what the ledger refuses from then on."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.money import nanos_from_text
from apps.core.secret_tokens import digest_of
from apps.journal.models import AuditEntry
from apps.relay import queries, services
from apps.relay.errors import TokenInvalid, TokenLimitReached, TokenMissing, TokenNameTaken
from apps.relay.models import ApiToken
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import TASKS_OWNER, HoldRequest, Refusal, SettleEntry
from tests.cast import make_team, make_token

pytestmark = pytest.mark.django_db

Made = tuple[ApiToken, str]


def refusal_of(token: ApiToken, amount: str) -> Refusal | None:
    """What a call of this amount meets in the ledger."""
    request = HoldRequest(uuid7(), (token.account_id, token.team.wallet_id), nanos_from_text(amount), tokens=1)
    return wallet.authorise(request, owner_id=TASKS_OWNER).refusal


def spend(token: ApiToken, amount: str) -> None:
    nanos, accounts = nanos_from_text(amount), (token.account_id, token.team.wallet_id)
    call_id = uuid7()
    wallet.authorise(HoldRequest(call_id, accounts, nanos, tokens=1), owner_id=TASKS_OWNER)
    wallet.settle_hold(SettleEntry(call_id, accounts, nanos, tokens=1))


def change(token: ApiToken, **terms: object) -> ApiToken:
    return services.change_token(token.pk, actor=None, at=clock.now(), **terms)  # type: ignore[arg-type]


def test_only_the_sha256_of_a_token_is_stored(token: Made):
    row, secret = token

    stored = ApiToken.objects.get(pk=row.pk)

    assert bytes(stored.digest) == digest_of(secret)
    assert (stored.prefix, stored.last_four) == (secret[:8], secret[-4:])
    assert not any(secret in str(value) for value in vars(stored).values())


def test_names_are_unique_in_a_team_whatever_their_case(team: TeamAccess):
    make_token(team, "App Prod")

    with pytest.raises(TokenNameTaken):
        make_token(team, "app  PROD")
    make_token(make_team("Other"), "App Prod")


def test_the_name_of_a_deleted_token_is_free_again_and_stays_in_the_logs(team: TeamAccess):
    row, _ = make_token(team, "app")

    services.delete_token(row.pk, actor=team.user_id, at=clock.now())
    again, _ = make_token(team, "app")

    assert queries.token_names(team.id) == {row.pk: "app", again.pk: "app"}
    assert [shown.token.pk for shown in queries.tokens_of(team.id)] == [again.pk]


def test_a_team_has_at_most_as_many_tokens_as_the_setting_says(team: TeamAccess, settings):
    settings.TOKENS_PER_TEAM = 2
    make_token(team, "one")
    second, _ = make_token(team, "two")

    with pytest.raises(TokenLimitReached):
        make_token(team, "three")
    services.delete_token(second.pk, actor=None, at=clock.now())
    make_token(team, "three")


def test_a_limit_holds_until_it_is_lifted_and_what_was_used_stays_apart(team: TeamAccess):
    row, _ = make_token(team, limit="10")
    spend(row, "10")

    assert refusal_of(row, "0.01") is Refusal.FUNDS
    assert queries.token_use(row).use.remaining_nanos == 0

    lifted = change(row, limit_nanos=0)

    assert refusal_of(lifted, "20") is None
    use = queries.token_use(lifted).use
    assert (use.used_nanos, use.remaining_nanos) == (10_000_000_000, None)


def test_a_limit_set_later_counts_what_was_used_before(team: TeamAccess):
    row, _ = make_token(team)
    spend(row, "4")

    row = change(row, limit_nanos=nanos_from_text("5"))

    assert refusal_of(row, "1.01") is Refusal.FUNDS
    assert refusal_of(row, "1") is None


def test_a_deleted_token_is_refused_by_the_ledger_at_once(team: TeamAccess):
    row, _ = make_token(team)

    services.delete_token(row.pk, actor=team.user_id, at=clock.now())

    assert refusal_of(row, "1") is Refusal.CLOSED
    with pytest.raises(TokenMissing):
        services.delete_token(row.pk, actor=team.user_id, at=clock.now())
    assert queries.token_by_public_id(team.id, row.public_id) is None


def test_a_disabled_token_can_be_enabled_again(team: TeamAccess):
    row, _ = make_token(team)

    services.disable_token(row.pk, actor=team.user_id, at=clock.now())
    services.disable_token(row.pk, actor=team.user_id, at=clock.now())
    assert refusal_of(row, "1") is Refusal.CLOSED

    services.enable_token(row.pk, actor=team.user_id, at=clock.now())
    assert refusal_of(row, "1") is None


def test_addresses_are_kept_in_one_form(team: TeamAccess):
    row, _ = make_token(team, ip_allow=["203.0.113.9/24", "2001:DB8::1", " 198.51.100.7 "])

    assert row.ip_allow == ["198.51.100.7/32", "2001:db8::1/128", "203.0.113.0/24"]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"limit_nanos": -1}, "limit"),
        ({"ip_allow": ["300.1.1.1"]}, "ip_allow"),
        ({"ip_allow": [f"203.0.113.{n}" for n in range(101)]}, "ip_allow"),
        ({"model_codes": ["no-such-model"]}, "models"),
        ({"concurrency": 0}, "concurrency"),
        ({"rpm": 2**31}, "rpm"),
        ({"expires_at": clock.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_what_is_wrong_is_named(token: Made, terms: dict[str, object], field: str):
    with pytest.raises(TokenInvalid) as refused:
        change(token[0], **terms)

    assert refused.value.details["field"] == field


def test_every_act_leaves_an_audit_entry_without_the_secret(team: TeamAccess):
    row, secret = make_token(team, limit="10")

    change(row, limit_nanos=0)
    services.delete_token(row.pk, actor=team.user_id, at=clock.now(), reason="leaked")

    entries = AuditEntry.objects.filter(target="token", target_id=row.public_id).order_by("at", "id")
    assert [entry.act for entry in entries] == ["token.created", "token.changed", "token.deleted"]
    assert entries[1].details["limit_nanos"] == {"from": 10_000_000_000, "to": 0}
    assert entries[2].reason == "leaked"
    assert not any(secret in str(entry.details) for entry in entries)


def test_a_strangers_token_is_nobodys(token: Made):
    other = make_team("Other")

    assert queries.token_by_public_id(other.id, token[0].public_id) is None
    assert queries.token_by_public_id(token[0].team_id, "tk_nonsense") is None


def test_a_page_of_tokens_takes_two_queries_however_many_there_are(team: TeamAccess, django_assert_num_queries):
    for number in range(5):
        make_token(team, f"app {number}")

    with django_assert_num_queries(2):
        page = queries.token_page(team.id, size=3)

    assert [shown.token.name for shown in page.results] == ["app 4", "app 3", "app 2"]


def test_the_command_makes_a_token_whose_limit_is_refilled(team: TeamAccess, capsys: pytest.CaptureFixture[str]):
    call_command("create_token", "--team", team.public_id, "--name", "app", "--limit", "5", "--reset", "weekly")

    (made,) = queries.tokens_of(team.id)
    assert (made.token.reset, made.use.refill, made.use.limit_nanos) == ("weekly", "weekly", nanos_from_text("5"))
    assert capsys.readouterr().out.startswith("sk-")


def test_a_limit_that_begins_to_be_refilled_starts_unused_and_one_that_ends_to_be_keeps_its_use(team: TeamAccess):
    token, _ = make_token(team, limit="5")
    spend(token, "4")

    change(token, reset="monthly")
    assert queries.token_use(token).use.used_nanos == 0
    spend(token, "3")
    change(token, reset="")

    assert queries.token_use(token).use.used_nanos == nanos_from_text("3")
    assert AuditEntry.objects.filter(act="token.changed").latest("id").details["reset"] == {"from": "monthly", "to": ""}
