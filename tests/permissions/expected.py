"""What a row of the permission table says, and the lines of statuses that many rows share."""

import re
from dataclasses import dataclass
from typing import Final

ROLES: Final = ("anonymous", "stranger", "viewer", "developer", "billing", "admin", "owner", "staff")

PUBLIC: Final = "200 200 200 200 200 200 200 200"
SIGNED_IN: Final = "401 200 200 200 200 200 200 200"
PAGE: Final = "302 200 200 200 200 200 200 200"
ONLY_ANONYMOUS: Final = "200 302 302 302 302 302 302 302"
ELSEWHERE: Final = "302 302 302 302 302 302 302 302"
RECENT_SIGN_IN: Final = "302 302 302 302 302 302 302 200"
BUDGET_FORM: Final = "302 302 403 403 302 302 302 200"  # only staff signed in a moment ago
BUDGET_OF_MEMBER: Final = "302 302 403 403 302 302 302 404"
SECOND_FACTOR: Final = "302 302 302 302 302 302 302 200"
# Only staff of these tests signed in a moment ago; everybody else is asked to confirm who they are.
RECENT: Final = "302 302 302 302 302 302 302 200"
RECENT_BUT_NOTHING: Final = "302 302 302 302 302 302 302 404"
NOT_OFFERED: Final = "404 404 404 404 404 404 404 404"
NO_CODES: Final = "302 404 404 404 404 404 404 404"
LEAVING: Final = "302 404 302 302 302 302 200 404"
NOBODY: Final = "401 401 401 401 401 401 401 401"


@dataclass(frozen=True)
class Row:
    """`expected`: a status for each of ROLES; `recent`: the same after a recent sign-in, if another;
    `scope` is a token's.

    `{team}`, `{token}`, `{call}`, `{member}`, `{invitation}` and its `{secret}` are Acme's; `{pat}` is its owner's own.
    """

    name: str
    method: str
    path: str
    expected: str
    body: str = ""
    scope: str = ""
    recent: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def by_role(self, *, is_recent: bool = False) -> dict[str, int]:
        told = self.recent if is_recent and self.recent else self.expected
        return dict(zip(ROLES, map(int, told.split()), strict=True))

    @property
    def is_of_a_team(self) -> bool:
        """Whoever holds the secret of an invitation is no stranger to it."""
        return bool(set(re.findall(r"\{(\w+)\}", self.path + self.body)) - {"secret"})
