"""Pages of a team: who is in it, who is asked, roles, removal, ownership, new teams."""

import pytest
from django.test import Client
from django.utils.html import escape

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.relay.models import ApiToken
from apps.teams import queries, services
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_team, make_token, make_user
from tests.staff import sign_in_again
from tests.teams.letters import invited

pytestmark = pytest.mark.django_db


def signed_in(user: User, team: TeamAccess) -> Client:
    """Just now, with this team as the payer."""
    client = Client()
    client.force_login(user)
    sign_in_again(client, user)
    client.post("/console/payer", {"team": team.public_id})
    return client


@pytest.fixture
def browser(ada: User, team: TeamAccess) -> Client:
    return signed_in(ada, team)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_team_page_says_who_pays_and_who_is_in_it(browser: Client, team: TeamAccess) -> None:
    add_member(team, "developer", user=make_user("bob@example.com"))
    invited(team, "eve@example.com")

    page = text(browser, "/console/team")

    assert "The balance of Acme pays for the calls and projects of all its members." in page
    for shown in ("bob@example.com", "Developer", "eve@example.com", "Invite people", "Transfer ownership"):
        assert shown in page


def test_a_viewer_reads_and_changes_nothing(team: TeamAccess) -> None:
    invited(team, "eve@example.com")
    page = text(signed_in(add_member(team, "viewer"), team), "/console/team")

    assert "What each role may do" in page
    assert "eve@example.com" not in page
    for absent in ("invite", "transfer", "audit", "name", "members/"):
        assert f"/console/team/{absent}" not in page


def test_a_personal_team_offers_a_new_team_instead(ada: User) -> None:
    page = text(signed_in(ada, services.personal_team_of(ada)), "/console/team")

    assert "Work with others in a team" in page
    assert "/console/team/invite" not in page


def test_a_new_team_pays_from_now_on(browser: Client, ada: User) -> None:
    answer = browser.post("/console/teams/new", {"name": "Labs"}, follow=True)

    assert answer.redirect_chain == [("/console/team", 302)]
    assert "Labs is there, and pays from now on." in answer.content.decode()
    assert [team.name for team in queries.teams_of(ada.pk)] == ["Personal", "Acme", "Labs"]


def test_a_name_that_is_none_is_refused_at_its_field(browser: Client) -> None:
    answer = browser.post("/console/teams/new", {"name": "a\u202eb"})

    assert "Give the team a name of 1 to 80 characters." in answer.content.decode()


def test_a_team_is_renamed(browser: Client, team: TeamAccess) -> None:
    browser.post("/console/team/name", {"team": team.public_id, "name": "Acme Labs"})

    assert queries.team_for(team.user_id, team.public_id).name == "Acme Labs"


def test_an_invitation_is_sent_and_said_so(browser: Client, team: TeamAccess) -> None:
    form = {"team": team.public_id, "email": "Bob@Example.com", "role": "billing"}

    answer = browser.post("/console/team/invite", form, follow=True)

    assert "Invitation sent to bob@example.com." in answer.content.decode()
    (one,) = queries.invitations_of(team.id, at=clock.now())
    assert (one.email, one.role) == ("bob@example.com", "billing")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "bob"}, "Write an e-mail address such as ada@example.com."),
        ({"email": "ada@example.com"}, "This address belongs to a member of the team already."),
        ({"role": "owner"}, "Choose a role."),
        ({"role": ""}, "Choose a role."),
        ({"team": "team_other"}, "You switched to another team after this page was opened."),
    ],
)
def test_what_does_not_fit_is_said_where_it_stands(
    browser: Client, team: TeamAccess, changed: dict[str, str], said: str
) -> None:
    form = {"team": team.public_id, "email": "bob@example.com", "role": "billing"} | changed

    assert said in browser.post("/console/team/invite", form).content.decode()
    assert queries.invitations_of(team.id, at=clock.now()) == []


def test_an_invitation_is_sent_again_and_withdrawn(browser: Client, team: TeamAccess) -> None:
    invited(team)
    (first,) = queries.invitations_of(team.id, at=clock.now())

    browser.post(f"/console/team/invitations/{first.public_id}/resend", {"team": team.public_id})
    (second,) = queries.invitations_of(team.id, at=clock.now())
    browser.post(f"/console/team/invitations/{second.public_id}/withdraw")

    assert first.public_id != second.public_id
    assert queries.invitations_of(team.id, at=clock.now()) == []
    assert browser.get(f"/console/team/invitations/{second.public_id}/resend").status_code == 404


def test_a_role_is_changed(browser: Client, team: TeamAccess) -> None:
    bob = add_member(team, "viewer")
    (member,) = [one for one in queries.members_of(team.id) if one.user_id == bob.pk]

    answer = browser.post(
        f"/console/team/members/{member.public_id}/role", {"team": team.public_id, "role": "developer"}, follow=True
    )

    assert access_of(bob, team).role == "developer"
    assert f"New role of {bob.email}: Developer." in answer.content.decode()


def test_removal_names_the_tokens_it_stops_before_and_counts_them_after(browser: Client, team: TeamAccess) -> None:
    bob = add_member(team, "developer")
    make_token(access_of(bob, team), "app")
    make_token(access_of(bob, team), "ci")
    (member,) = [one for one in queries.members_of(team.id) if one.user_id == bob.pk]
    path = f"/console/team/members/{member.public_id}/remove"

    page = text(browser, path)
    answer = browser.post(path, {"team": team.public_id}, follow=True)

    assert "2 API tokens are disabled with it" in page
    assert "app, ci" in page
    assert escape(f"{bob.email} is removed; 2 API tokens are disabled.") in answer.content.decode()
    assert not ApiToken.objects.filter(disabled_at=None).exists()
    assert browser.post(path, {"team": team.public_id}).status_code == 404


def test_a_member_leaves_and_pays_alone_again(team: TeamAccess) -> None:
    bob = add_member(team, "developer")
    make_token(access_of(bob, team), "app")
    browser = signed_in(bob, team)

    page = text(browser, "/console/team/leave")
    answer = browser.post("/console/team/leave", {"team": team.public_id}, follow=True)

    assert "1 API token is disabled with it" in page
    assert "You left Acme. Your personal team pays from now on." in answer.content.decode()
    assert queries.team_for(bob.pk, team.public_id) is None


def test_the_owner_is_told_what_comes_before_leaving(browser: Client, team: TeamAccess) -> None:
    assert "Transfer the ownership to another member first, or close the team." in text(browser, "/console/team/leave")

    answer = browser.post("/console/team/leave", {"team": team.public_id})

    assert answer.status_code == 200
    assert queries.team_for(team.user_id, team.public_id) is not None


def test_a_member_of_another_team_is_not_found(browser: Client) -> None:
    other = make_team("Other")
    (member,) = queries.members_of(other.id)

    for act in ("role", "remove"):
        assert browser.get(f"/console/team/members/{member.public_id}/{act}").status_code == 404


def test_ownership_moves_when_the_name_is_written_out(browser: Client, ada: User, team: TeamAccess) -> None:
    bob = add_member(team, "viewer")
    (member,) = [one for one in queries.members_of(team.id) if one.user_id == bob.pk]
    form = {"team": team.public_id, "member": member.public_id}

    refused = browser.post("/console/team/transfer", form | {"name": "acme"})
    browser.post("/console/team/transfer", form | {"name": "Acme"})

    assert "Write the name of the team exactly as it stands above." in refused.content.decode()
    assert (access_of(bob, team).role, access_of(ada, team).role) == ("owner", "admin")
    assert browser.get("/console/team/transfer").status_code == 403


def test_without_another_member_the_page_says_what_to_do_first(browser: Client) -> None:
    assert "Only a member can become the owner. Invite somebody first." in text(browser, "/console/team/transfer")


@pytest.mark.parametrize("page", ["invite", "transfer", "members/{member}/role", "members/{member}/remove"])
def test_what_changes_who_gets_in_asks_for_a_recent_sign_in(ada: User, team: TeamAccess, page: str) -> None:
    client = Client()
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    add_member(team, "viewer")
    path = f"/console/team/{page.format(member=queries.members_of(team.id)[1].public_id)}"

    for answer in (client.get(path), client.post(path, {"team": team.public_id})):
        assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_switching_the_payer_keeps_the_page_or_goes_to_its_list(browser: Client, ada: User, team: TeamAccess) -> None:
    token, _ = make_token(team)
    own = services.personal_team_of(ada).public_id

    def landing(page: str) -> str:
        return browser.post("/console/payer", {"team": own, "next": page})["Location"]

    assert landing("/console/logs?status=200") == "/console/logs?status=200"
    assert landing(f"/console/tokens/{token.public_id}/delete") == "/console/tokens"
    assert landing("/console/team/members/mem_x/role") == "/console/team"
    assert landing("/elsewhere/x") == "/console/"


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("/console/team/budgets/team", {"limit": "", "refill": ""}),
        ("/console/tokens/new", {"name": "app", "limit": "10"}),
        ("/console/alerts", {"days": "3", "amount": "7"}),
        ("/console/team/webhooks/new", {"url": "https://hooks.example.com/a", "kinds": "balance.low"}),
        ("/console/free-credit", {}),
        ("/console/verification/team/apply", {}),
    ],
)
def test_a_form_that_was_opened_for_another_team_acts_on_none(
    browser: Client, ada: User, team: TeamAccess, page: str, fields: dict[str, str]
) -> None:
    opened = text(browser, page)
    assert f'name="payer" value="{team.public_id}"' in opened
    browser.post("/console/payer", {"team": make_team("Globex", owner=ada).public_id})
    before = AuditEntry.objects.count()

    act = "/console/free-credit/stop" if page == "/console/free-credit" else page
    answer = browser.post(act, {**fields, "payer": team.public_id}, follow=True)

    assert "You switched to another team after this page was opened." in answer.content.decode()
    assert AuditEntry.objects.count() == before
