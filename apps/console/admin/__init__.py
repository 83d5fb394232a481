"""Pages of the back office that show several apps: approvals, teams with what they may reach, access groups."""

from apps.console.admin.access import AccessGroupAdmin, TeamAdmin
from apps.console.admin.approvals import ApprovalAdmin

__all__ = ["AccessGroupAdmin", "ApprovalAdmin", "TeamAdmin"]
