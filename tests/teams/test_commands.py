"""What an operator can do from the command line: people, personal tokens, credits."""

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import User
from apps.teams import services
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from tests.cast import PASSWORD


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_a_user_can_sign_in_at_once_and_has_a_team() -> None:
    said = run("create_user", "--email", "Bob@Example.com", "--password", PASSWORD)

    bob = User.objects.get(email="bob@example.com")
    assert services.personal_team_of(bob).public_id in said
    assert EmailAddress.objects.get(user=bob).verified
    assert (bob.check_password(PASSWORD), bob.is_staff) == (True, False)


@pytest.mark.django_db
def test_staff_may_do_everything() -> None:
    run("create_user", "--email", "eve@example.com", "--password", PASSWORD, "--staff")

    eve = User.objects.get()
    assert (eve.is_staff, eve.is_superuser) == (True, True)


@pytest.mark.parametrize(("email", "password"), [("bob", PASSWORD), ("bob@example.com", "short")])
@pytest.mark.django_db
def test_a_user_who_could_not_sign_up_is_refused(email: str, password: str) -> None:
    with pytest.raises(CommandError):
        run("create_user", "--email", email, "--password", password)

    assert not User.objects.exists()


def test_an_address_has_one_user(ada: User) -> None:
    with pytest.raises(CommandError, match="has an account already"):
        run("create_user", "--email", "ADA@example.com", "--password", PASSWORD)


def test_a_personal_token_works_as_printed(ada: User, team: TeamAccess) -> None:
    secret = run("create_personal_token", "--user", "ada@example.com", "--team", team.public_id, "--scopes", "read")

    response = Client().get("/api/wallet", headers={"Authorization": f"Bearer {secret}"})

    assert response.json()["team"] == team.public_id


def test_without_a_team_a_personal_token_is_for_the_own_one(ada: User) -> None:
    secret = run("create_personal_token", "--user", "ada@example.com")

    response = Client().get("/api/wallet", headers={"Authorization": f"Bearer {secret}"})

    assert response.json()["team"] == services.personal_team_of(ada).public_id


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user", "nobody@example.com"),
        ("--user", "ada@example.com", "--team", "team_x"),
        ("--user", "ada@example.com", "--scopes", "everything"),
        ("--user", "ada@example.com", "--days", "366"),
    ],
)
def test_a_personal_token_that_cannot_be_is_refused(ada: User, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run("create_personal_token", *arguments)


@pytest.mark.usefixtures("ledger_checked")
def test_granted_credits_are_in_the_wallet(team: TeamAccess) -> None:
    said = run("grant_credits", "--team", team.public_id, "--amount", "0.5", "--reason", "a fault of ours")

    assert said == f"{team.public_id}: balance 100.5"


@pytest.mark.usefixtures("ledger_checked")
def test_a_grant_with_a_key_happens_once(team: TeamAccess) -> None:
    for _ in range(2):
        run("grant_credits", "--team", team.public_id, "--amount", "5", "--reason", "once", "--key", "incident-7")

    assert wallet.balance_of(team.wallet_id).balance_nanos == 105_000_000_000


@pytest.mark.parametrize("amount", ["0", "-1", "x", "1e3", "0.0000000001"])
def test_an_amount_that_is_none_is_refused(team: TeamAccess, amount: str) -> None:
    with pytest.raises(CommandError):
        run("grant_credits", "--team", team.public_id, f"--amount={amount}", "--reason", "x")


@pytest.mark.django_db
def test_a_team_that_does_not_exist_gets_nothing() -> None:
    with pytest.raises(CommandError, match="no open team"):
        run("grant_credits", "--team", "team_x", "--amount", "1", "--reason", "x")


@pytest.mark.parametrize(
    ("command", "option", "odd"),
    [
        ("grant_credits", "--amount", "9223372036"),
        ("grant_credits", "--reason", "a\0b"),
        ("grant_credits", "--reason", "x" * 201),
        ("grant_credits", "--reason", "\ud800"),
        ("grant_credits", "--team", "\0"),
        ("grant_credits", "--key", "k" * 101),
        ("create_personal_token", "--days", "9999999999"),
        ("create_personal_token", "--days", "-1"),
        ("create_personal_token", "--name", "n" * 81),
        ("create_personal_token", "--user", "\0"),
        ("create_token", "--name", "\0"),
        ("create_token", "--limit", "9223372037"),
        ("create_user", "--email", "\0@example.com"),
    ],
)
def test_an_odd_value_is_refused_in_a_sentence(team: TeamAccess, command: str, option: str, odd: str) -> None:
    usual = {
        "grant_credits": {"--team": team.public_id, "--amount": "1", "--reason": "x"},
        "create_personal_token": {"--user": "ada@example.com"},
        "create_token": {"--team": team.public_id, "--name": "app"},
        "create_user": {"--email": "bob@example.com", "--password": PASSWORD},
    }

    with pytest.raises(CommandError):
        run(command, *(f"{name}={value}" for name, value in (usual[command] | {option: odd}).items()))
