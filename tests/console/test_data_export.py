"""What is in an export, how it is packed, and that nothing of anybody else is in it."""

import csv
import io
import json
import secrets
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import DataExport, User
from apps.accounts.queries import exports_of
from apps.accounts.types import ExportState, Language
from apps.console import departures
from apps.console.exporting import making
from apps.console.exporting.archive import PIECE_BYTES, README, zip_pieces
from apps.console.exporting.parts import PARTS, Part, Subject
from apps.core import clock
from apps.core.ids import public_id
from apps.journal import queries as journal
from apps.journal import services as journal_services
from apps.journal.models import StoredFile
from apps.relay import services as relay
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, grant, make_personal_token, make_team, make_token, make_user
from tests.catalogue import import_test_catalogue
from tests.marketplace.alerts import subscribed, wish
from tests.promotions import stage
from tests.usage.calls import charged, row
from tests.verification.papers import apply

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> User:
    user = make_user("bob@example.com")
    user.name = "Bob Builder"
    user.save()
    return user


def exported(user: User) -> dict[str, str]:
    """The files of a fresh export, by name."""
    teams.personal_team_of(user)
    accounts.ask_export(user.pk, at=clock.now())
    assert making.make_exports(now=clock.now) == 1
    info = exports_of(user.pk, at=clock.now())[0]
    assert info.file_uid is not None
    content = b"".join(journal.pieces_of(info.file_uid))
    assert len(content) == info.size
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- What is in it --------------------------------------------------------------------------------


def test_every_part_is_a_file_that_the_readme_explains(bob: User) -> None:
    files = exported(bob)

    assert list(files) == [README, *(part.name for part in PARTS)]
    assert all(part.name in files[README] for part in PARTS)


def test_the_readme_speaks_the_persons_language(bob: User) -> None:
    bob.language = Language.CHINESE
    bob.save()

    assert "API 令牌" in exported(bob)[README]


def test_the_account_says_who_somebody_is_and_what_opens_it(bob: User) -> None:
    account = json.loads(exported(bob)["account.json"])

    assert (account["email"], account["name"]) == ("bob@example.com", "Bob Builder")
    assert [way["kind"] for way in account["ways_to_sign_in"]] == ["email"]
    assert "password" not in str(account)


def test_teams_tokens_and_invitations_are_listed_without_secrets(bob: User, team: TeamAccess) -> None:
    at_acme = access_of(add_member(team, "admin", user=bob), team)
    token, secret = make_token(at_acme, "=SUM(A1)")
    pat = make_personal_token(at_acme)
    teams.invite(at_acme, email="carol@example.com", role="viewer", at=clock.now())

    files = exported(bob)

    assert {(row["name"], row["role"]) for row in rows_of(files["teams.csv"])} == {
        ("Personal", "owner"),
        ("Acme", "admin"),
    }
    assert [(row["public_id"], row["name"]) for row in rows_of(files["api-tokens.csv"])] == [
        (token.public_id, "'=SUM(A1)")
    ]
    assert [row["public_id"] for row in rows_of(files["access-tokens.csv"])] == [pat.token.public_id]
    assert [row["email"] for row in rows_of(files["invitations.csv"])] == ["c…@example.com"]
    everything = "".join(files.values())
    assert secret not in everything
    assert pat.secret not in everything


def test_calls_of_the_personal_team_and_of_own_tokens_elsewhere_no_others(bob: User, team: TeamAccess) -> None:
    own = teams.personal_team_of(bob)
    at_acme = access_of(add_member(team, "developer", user=bob), team)
    mine, _ = make_token(own, "mine")
    there, _ = make_token(at_acme, "there")
    hers, _ = make_token(team, "hers")
    calls = [
        charged(row(team_id=access.id, wallet_id=access.wallet_id, token_id=token.pk))
        for access, token in ((own, mine), (at_acme, there), (team, hers))
    ]
    ids = [public_id("req", call) for call in calls]

    rows = rows_of(exported(bob)["calls.csv"])

    assert [(row["request_id"], row["team"], row["token"]) for row in rows] == [
        (ids[0], own.public_id, mine.public_id),
        (ids[1], team.public_id, there.public_id),
    ]


def test_calls_in_a_team_that_the_person_left_are_not_theirs_to_read(bob: User, team: TeamAccess) -> None:
    at_acme = access_of(add_member(team, "developer", user=bob), team)
    there, _ = make_token(at_acme, "there")
    departures.leave_team(at_acme, at=clock.now())
    relay.enable_token(there.pk, actor=team.user_id, at=clock.now())
    charged(row(team_id=team.id, wallet_id=team.wallet_id, token_id=there.pk))

    assert rows_of(exported(bob)["calls.csv"]) == []


def test_the_statement_adds_up(bob: User) -> None:
    grant(teams.personal_team_of(bob), "5")

    rows = rows_of(exported(bob)["statement.csv"])

    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [
        ("opening", "", "0"),
        ("gift", "5", "5"),
        ("closing", "", "5"),
    ]


def test_verifications_referrals_and_rewards_are_there_and_others_masked(bob: User) -> None:
    apply(bob)
    stage.make_campaign("verified", "inviter", amount_nanos=5 * stage.CREDIT)
    referral = stage.make_referral(bob)
    stage.approve(referral.invitee, at=stage.on(5, 3))

    files = exported(bob)

    assert [row["name"] for row in json.loads(files["verifications.json"])] == ["王小明"]
    assert [row["credits"] for row in rows_of(files["rewards.csv"])] == ["5"]
    assert len(rows_of(files["referral-codes.csv"])) == 1
    assert referral.invitee.email not in "".join(files.values())


def test_what_the_person_did_is_there_and_nothing_of_others(bob: User, team: TeamAccess) -> None:
    make_token(team, "hers")
    crew = make_team("Crew", owner=bob)
    make_token(crew, "his")
    carol = add_member(crew, "viewer", user=make_user("carol@example.com"))
    teams.invite(crew, email="dora@example.com", role="viewer", at=clock.now())
    teams.remove_member(crew, carol.pk, at=clock.now())

    acts = rows_of(exported(bob)["audit.csv"])

    assert {"token.created", "invitation.sent", "member.removed"} <= {row["act"] for row in acts}
    assert not [name for name in ("hers", "carol@", "dora@") if name in str(acts)]
    assert "d…@example.com" in str(acts)


# -- How it is packed -----------------------------------------------------------------------------


def test_an_archive_leaves_in_pieces_and_is_whole(bob: User) -> None:
    """Text that packs badly: no piece is much more than its size, whatever the whole is."""

    def noise(_: Subject) -> Iterator[str]:
        yield from (secrets.token_hex(20_000) for _ in range(200))

    subject = Subject(bob.pk, teams.personal_team_of(bob), clock.now())
    heard: list[int] = []
    parts = [Part("noise.txt", "Noise", noise), Part("more.txt", "More", lambda _: iter(["end"]))]

    pieces = list(zip_pieces(parts, subject, language="en", done=heard.append))

    assert sum(map(len, pieces)) > 10 * PIECE_BYTES
    assert max(map(len, pieces)) < 2 * PIECE_BYTES
    assert (heard[0], heard[-2:]) == (0, [1, 2])
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.read("more.txt") == b"end"


# -- Who makes it ---------------------------------------------------------------------------------


def test_nothing_due_makes_nothing() -> None:
    assert making.make_exports(now=clock.now) == 0


def test_what_a_killed_worker_left_is_made_anew_and_its_pieces_go(bob: User) -> None:
    teams.personal_team_of(bob)
    public_id = accounts.ask_export(bob.pk, at=clock.now() - timedelta(minutes=20))
    killed = accounts.claim_export(parts=len(PARTS), at=clock.now() - timedelta(minutes=15))
    assert killed is not None
    at = clock.now()
    journal_services.store_file(public_id, name="half.zip", content=b"half", content_type="application/zip", at=at)

    assert making.make_exports(now=clock.now) == 1

    assert [file.name for file in StoredFile.objects.all()] == [making.NAME]
    assert DataExport.objects.get().attempts == 2


def test_an_export_that_is_given_up_holds_up_no_other(bob: User) -> None:
    others = make_user()
    for user in (bob, others):
        teams.personal_team_of(user)
        accounts.ask_export(user.pk, at=clock.now())
    DataExport.objects.filter(user=bob).update(attempts=5, due_at=clock.now() - timedelta(hours=1))

    assert making.make_exports(now=clock.now) == 1

    states = [exports_of(user.pk, at=clock.now())[0].state for user in (bob, others)]
    assert states == [ExportState.FAILED, ExportState.READY]


def test_whoever_is_overtaken_leaves_nothing_behind(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    teams.personal_team_of(bob)
    accounts.ask_export(bob.pk, at=clock.now())

    def slow(subject: Subject) -> Iterator[str]:
        DataExport.objects.update(due_at=clock.now())
        accounts.claim_export(parts=1, at=clock.now())
        yield "too late"

    monkeypatch.setattr(making, "PARTS", (Part("slow.txt", "Slow", slow),))

    assert making.make_exports(now=clock.now, at_most=1) == 0

    assert not StoredFile.objects.exists()
    assert exports_of(bob.pk, at=clock.now())[0].state == ExportState.STARTED


def test_an_export_of_somebody_who_left_meanwhile_is_dropped(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    teams.personal_team_of(bob)
    accounts.ask_export(bob.pk, at=clock.now())

    def leaving(subject: Subject) -> Iterator[str]:
        yield "before"
        accounts.drop_exports(bob.pk, at=clock.now())

    monkeypatch.setattr(making, "PARTS", (Part("leaving.txt", "Leaving", leaving),))

    assert making.make_exports(now=clock.now) == 0

    assert not StoredFile.objects.exists()
    assert exports_of(bob.pk, at=clock.now())[0].state == ExportState.FAILED


def test_price_alerts_of_all_own_addresses_are_in_it(bob: User) -> None:
    import_test_catalogue()
    subscribed(bob.email, wish("model", "chat-small", direction="up", percent="5"), at=clock.now())
    subscribed("eve@example.com", wish(), at=clock.now())

    (row,) = rows_of(exported(bob)["price-alerts.csv"])

    assert (row["about"], row["code"], row["direction"], row["from_percent"]) == ("model", "chat-small", "up", "5.00")
    assert row["email"] == "bob@example.com"
    assert row["ended_at"] == ""
