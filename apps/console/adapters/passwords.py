"""Checks e-mail and password. allauth's look-up asks more queries for an address without an account than for others."""

from typing import TYPE_CHECKING

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts import queries as people

if TYPE_CHECKING:
    from apps.accounts.models import User


class PasswordBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's, which hashes a password also where nobody is found, with one query for every address."""

    def _authenticate_by_email(self, email: str, password: str) -> "User | None":
        found: User | None = self._check_password(people.user_by_email(email), password)
        return found
