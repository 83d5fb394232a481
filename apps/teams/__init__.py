"""Teams, memberships, roles, access groups and personal access tokens. A team owns one wallet."""
