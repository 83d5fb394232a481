"""What can go wrong with announcements.

AnnouncementsError
├── EntryMissing        (NotFound)
├── EntryInvalid        (Invalid) the text says what to write; `field` names where
├── EntryPublished      (Conflict) a draft is published once
├── EntryNotPublished   (Conflict) only what stands in the feeds is withdrawn
└── PublicationInPast   (Invalid) nobody publishes for yesterday
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotFound, SluiceError


class AnnouncementsError(SluiceError):
    code = "announcements_error"


class EntryMissing(NotFound, AnnouncementsError):
    code = "announcement_missing"
    text = _("There is no such announcement.")


class EntryInvalid(Invalid, AnnouncementsError):
    code = "announcement_invalid"


class EntryPublished(Conflict, AnnouncementsError):
    code = "announcement_published"
    text = _("This announcement is published or scheduled already.")


class EntryNotPublished(Conflict, AnnouncementsError):
    code = "announcement_not_published"
    text = _("This announcement is not published, or was withdrawn before.")


class PublicationInPast(Invalid, AnnouncementsError):
    code = "publication_in_past"
    text = _("Choose an instant from now on, or leave it empty to publish at once.")
