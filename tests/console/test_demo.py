import json

import pytest
from django.core.management import CommandError, call_command

from apps.accounts import queries as people
from apps.core.money import NANOS_PER_CREDIT
from apps.promotions import queries as promotions
from apps.relay import queries as relay
from apps.teams import queries as teams
from apps.wallet import queries as wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(settings, tmp_path):
    settings.DEBUG, settings.STATE_DIR = True, tmp_path
    return tmp_path / "demo.json"


def test_a_second_run_changes_nothing_and_prints_the_same(state, capsys):
    call_command("demo")
    kept, said = state.read_text(), capsys.readouterr().out
    call_command("demo")

    team = teams.personal_team_for(people.user_by_email("demo@sluice.example").pk)
    assert state.read_text() == kept
    assert capsys.readouterr().out.endswith(said[said.index("  Console") :])
    assert wallet.balance_of(team.wallet_id).balance_nanos == 700 * NANOS_PER_CREDIT
    assert len(relay.tokens_of(team.id)) == 1


def test_the_demo_user_has_a_code_and_rewards_of_two_invitees_whatever_often_it_runs(state):
    for _ in range(2):
        call_command("demo", verbosity=0)

    page = promotions.referral_page_of(people.user_by_email("demo@sluice.example").pk)
    sums = (page.sums.available_nanos, page.sums.pending_nanos)
    assert sums == (5 * NANOS_PER_CREDIT, 5 * NANOS_PER_CREDIT)
    assert [len(invitee.rewards) for invitee in page.invitees.results] == [0, 1, 1]
    assert page.code


def test_the_announcements_are_written_once_and_the_newest_is_still_to_come(state, client):
    for _ in range(2):
        call_command("demo", verbosity=0)

    text = client.get("/announcements?category=maintenance").content.decode()
    assert text.count("Nightly work between 01:00 and 05:00") == 1
    assert "Takes effect in 3 days" in text


def test_the_secrets_are_for_their_owners_eyes_only(state):
    call_command("demo", verbosity=0)

    assert state.stat().st_mode & 0o777 == 0o600


def test_a_lost_file_makes_a_new_token_and_password_for_the_same_people(state):
    call_command("demo", verbosity=0)
    before = json.loads(state.read_text())
    state.unlink()

    call_command("demo", verbosity=0)

    after = json.loads(state.read_text())
    assert after["token"] != before["token"]
    assert people.user_by_email(after["email"]).check_password(after["password"])


def test_there_is_no_demo_where_people_pay(settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="for development"):
        call_command("demo")
