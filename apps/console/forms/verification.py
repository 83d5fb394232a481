"""What people and organisations write to be verified. What it means is checked by the service."""

from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.countries import country_choices
from apps.core.errors import SluiceError
from apps.verification.errors import DocumentRefused, FieldInvalid
from apps.verification.types import DOCUMENT_NAMES, Particulars, Upload

ACCEPTED = ".pdf,.jpg,.jpeg,.png,.webp"


def _document(role: str, help_text: Any = "", *, required: bool = False) -> forms.FileField:
    widget = forms.FileInput(attrs={"accept": ACCEPTED})
    return forms.FileField(
        label=cast(Any, DOCUMENT_NAMES[role]),
        help_text=help_text,
        required=required,
        widget=widget,
        allow_empty_file=True,
    )


class _VerificationForm(forms.Form):
    """`documents` are the fields that take files, in their order."""

    documents: ClassVar[tuple[str, ...]] = ()

    country = forms.ChoiceField(label=_("Country or region"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]

    def particulars(self) -> Particulars:
        return Particulars(**{name: self.cleaned_data[name] for name in self.fields if name not in self.documents})

    def uploads(self) -> list[Upload]:
        given = [(name, self.cleaned_data[name]) for name in self.documents if self.cleaned_data[name]]
        return [Upload(name, file.name, file.read()) for name, file in given]

    def refuse(self, error: SluiceError) -> None:
        """Says it at the field that is meant. A browser keeps no files, so it says that too."""
        field = error.field if isinstance(error, FieldInvalid) and error.field in self.fields else None
        self.add_error(field, str(error.text))
        if not isinstance(error, DocumentRefused):
            self.add_error(None, _("Choose the files again: browsers forget them when a form comes back."))


class PersonForm(_VerificationForm):
    documents = ("front", "back", "portrait")

    name = forms.CharField(label=_("Name as the document has it"), max_length=200)
    number = forms.CharField(
        label=_("Number of the document"),
        max_length=60,
        help_text=_("Chinese mainland: the resident identity card. Elsewhere: the passport."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    front = _document("front", _("PDF, JPEG, PNG or WebP, up to 5 MiB. All four corners visible."), required=True)
    back = _document("back", _("Of the identity card; a passport needs none."))
    portrait = _document("portrait", _("Makes the review quicker."))


class OrganisationForm(_VerificationForm):
    documents = ("licence", "authorisation", "further")

    name = forms.CharField(label=_("Company name"), max_length=200)
    number = forms.CharField(
        label=_("Registration number"),
        max_length=60,
        help_text=_("Chinese mainland: the unified social credit code. Elsewhere: the number of the register."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    representative = forms.CharField(label=_("Legal representative"), max_length=200)
    contact = forms.CharField(
        label=_("Contact"), max_length=200, help_text=_("A telephone number or an e-mail address, for questions.")
    )
    licence = _document("licence", _("PDF, JPEG, PNG or WebP, up to 5 MiB."), required=True)
    authorisation = _document("authorisation", _("If you are not the legal representative."))
    further = _document("further")
