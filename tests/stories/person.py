"""A person with a browser and a mailbox, who uses nothing but pages, mails and the public door for programs."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core import mail
from django.test import Client

from apps.accounts import queries as people
from apps.accounts.models import User
from apps.console.mail.sending import send_mails
from apps.teams import queries as teams
from apps.teams.types import TeamAccess

PASSWORD = "a long walk along the river"


@dataclass
class Visitor:
    email: str
    browser: Client = field(default_factory=Client)

    @property
    def user(self) -> User:
        user = people.user_by_email(self.email)
        assert user is not None
        return user

    @property
    def teams(self) -> dict[str, TeamAccess]:
        return {team.name: team for team in teams.teams_of(self.user.pk)}

    def sign_up(self, **fields: str) -> str:
        """Fills the form, types the code of the mail, and says where that led."""
        self.send("/accounts/signup/", email=self.email, password1=PASSWORD, **fields)
        code = self.found_in_mail(r"^([A-Z0-9-]{6,})$")
        return str(self.browser.post("/accounts/confirm-email/", {"code": code})["Location"])

    def open(self, path: str) -> str:
        """A page as text without markup's line ends."""
        answer = self.browser.get(path, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return " ".join(answer.content.decode().split())

    def send(self, path: str, **fields: Any) -> str:
        """A form that must be taken, with the hidden fields of its page; the page after it."""
        answer = self.browser.post(path, self._hidden(path) | fields, follow=True)
        page = " ".join(answer.content.decode().split())
        assert answer.redirect_chain, f"{path} was not taken: {page}"
        assert "/reauthenticate/" not in str(answer.redirect_chain), f"{path} asked for the sign-in again"
        return page

    def _hidden(self, path: str) -> dict[str, str]:
        page = self.browser.get(path)
        fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
        return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}

    def found_in_mail(self, pattern: str) -> str:
        """What the newest mail to this person says."""
        send_mails()
        letters = [letter for letter in mail.outbox if self.email in letter.to]
        assert letters, f"no mail to {self.email}"
        found = re.search(pattern, str(letters[-1].body), re.MULTILINE)
        assert found is not None, letters[-1].body
        return found[1].removeprefix(settings.PUBLIC_URL)

    def subjects(self) -> list[str]:
        send_mails()
        return [str(letter.subject) for letter in mail.outbox if self.email in letter.to]
