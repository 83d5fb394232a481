"""Bases of the back office: rows that nobody edits, and acts that ask for a reason. No business, no tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.errors import SluiceError

View = Callable[..., HttpResponse]


class ReasonForm(forms.Form):
    """What every act asks for; an act with more to ask derives from it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Kept for good, and shown to whoever audits this."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class UtcInstantField(forms.SplitDateTimeField):
    """A date and a time, in UTC, as the back office shows them."""

    def __init__(self, **options: Any) -> None:
        widget = forms.SplitDateTimeWidget(date_attrs={"type": "date"}, time_attrs={"type": "time", "step": "1"})
        super().__init__(**({"widget": widget} | options))

    def clean(self, value: Any) -> Any:
        """Near either end of the calendar no page could say the instant in its reader's time zone."""
        instant = super().clean(value)
        if instant is not None and not 1970 <= instant.year <= 9000:
            raise ValidationError(_("Write a year from 1970 to 9000."))
        return instant


@dataclass(frozen=True)
class ServiceAction:
    """One act on one row: a page that says what will happen, a reason, one service call.

    `call(request, row, cleaned)` calls the service and returns the sentence that reports success. A `SluiceError` shows
    its own text on the page and nothing has happened. `facts` are what the page shows of the row before it asks.
    """

    name: str
    label: str | Promise
    explanation: str | Promise
    permission: str
    call: Callable[[HttpRequest, Any, dict[str, Any]], str | Promise]
    form: type[ReasonForm] = ReasonForm
    facts: Callable[[Any], Sequence[tuple[str | Promise, str]]] = field(default=lambda row: ())
    initial: Callable[[Any], dict[str, Any]] = field(default=lambda row: {})
    offered_for: Callable[[Any], bool] = field(default=lambda row: True)
    wants_recent_sign_in: bool = False
    template: str = "admin/service_action.html"


def actor_of(request: HttpRequest) -> int:
    """Who does it, for services; the back office lets nobody in who is not signed in."""
    return cast(int, request.user.pk)


def by_service(service: Callable[..., object], sentence: str | Promise) -> Callable[..., str | Promise]:
    """The `call` of an act that a service does with the row's id, the actor, the instant and the reason."""

    def call(request: HttpRequest, row: Model, cleaned: dict[str, Any]) -> str | Promise:
        service(row.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
        return sentence

    return call


class PlainFiltersMixin(admin.ModelAdmin[Any]):
    """Lists take only what their own filters link to. Django takes any lookup on any own field, patterns and digests
    included, and fails on those the database cannot read.
    """

    compared = frozenset({"exact", "in", "isnull", "isempty", "gt", "gte", "lt", "lte"})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        field, *_path, how = [*lookup.split("__"), "exact"] if "__" not in lookup else lookup.split("__")
        is_offered = field in set(map(_filtered_by, self.get_list_filter(request)))
        return is_offered and how in self.compared and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Nor an act on rows that no list shows: Django fails on keys that cannot be any."""
        if not all(map(self._is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest("No such row.")
        return super().changelist_view(request, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing from the address: nobody prepares a form for an operator by a link, and Django fails on odd ones."""
        return {}

    def _is_key(self, text: str) -> bool:
        try:
            self.model._meta.pk.run_validators(self.model._meta.pk.to_python(text))
        except ValidationError:
            return False
        return True


def _filtered_by(entry: Any) -> str:
    """The field, or the parameter, of one entry of `list_filter`."""
    name = entry[0] if isinstance(entry, tuple | list) else entry
    return str(getattr(name, "parameter_name", name)).partition("__")[0]


class ServiceActionsMixin(PlainFiltersMixin):
    """Shows the acts as buttons on the row's page and serves their pages. State changes here, never in a form."""

    service_actions: ClassVar[tuple[ServiceAction, ...]] = ()
    change_form_template = "admin/service_actions_form.html"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{action.name}/",
                self.admin_site.admin_view(self._page_of(action)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{action.name}",
            )
            for action in self.service_actions
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        acts = self.service_actions if row is not None else ()
        offered = [act for act in acts if self._may(request, act) and self.is_offered(request, act, row)]
        extra = {"service_actions": [(a.label, self._url_of(a, object_id)) for a in offered], **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def is_offered(self, request: HttpRequest, action: ServiceAction, row: Any) -> bool:
        """Whether this act makes sense on this row, for this person; to be narrowed where it depends on both."""
        return action.offered_for(row)

    def _may(self, request: HttpRequest, action: ServiceAction) -> bool:
        return request.user.has_perm(action.permission)

    def _url_of(self, action: ServiceAction, object_id: str) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{action.name}"
        return reverse(name, args=[object_id], current_app=self.admin_site.name)

    def _page_of(self, action: ServiceAction) -> View:
        act = reauthentication_required(self._act) if action.wants_recent_sign_in else self._act

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            if not self._may(request, action):
                raise PermissionDenied
            return act(request, action, object_id)

        return page

    def _act(self, request: HttpRequest, action: ServiceAction, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.is_offered(request, action, row):
            raise Http404
        form = action.form(request.POST or None, initial=action.initial(row))
        if request.method == "POST" and form.is_valid() and self._done(request, action, row, form):
            return HttpResponseRedirect(
                reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
            )
        return self._ask(request, action, row, form)

    def _done(self, request: HttpRequest, action: ServiceAction, row: Model, form: ReasonForm) -> bool:
        try:
            sentence = action.call(request, row, form.cleaned_data)
        except SluiceError as error:
            form.add_error(None, str(error.text))
            return False
        change = f"{action.name}: {form.cleaned_data['reason']}"
        self.log_change(request, row, change)
        messages.success(request, str(sentence))
        return True

    def _ask(self, request: HttpRequest, action: ServiceAction, row: Model, form: ReasonForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": action.label,
            "action": action,
            "facts": action.facts(row),
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, action.template, context)


class RecentSignInMixin(admin.ModelAdmin[Any]):
    """Whoever may change rows here repeats the sign-in first; whoever may not is told so, and not asked."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        is_allowed = self.has_add_permission(request) if object_id is None else self.has_change_permission(request)
        view = self._after_sign_in(request, super().changeform_view, is_allowed=is_allowed)
        return view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        view = self._after_sign_in(request, super().delete_view, is_allowed=self.has_delete_permission(request))
        return view(request, object_id, extra_context)

    def _after_sign_in(self, request: HttpRequest, view: View, *, is_allowed: bool) -> View:
        """Where nothing is allowed the view itself refuses, or knows no such row."""
        return cast(View, reauthentication_required(view)) if request.method == "POST" and is_allowed else view


class CappedPaginator(Paginator[Any]):
    """Counts at most 10,000 rows: a ledger's list must open at once, however long the ledger is."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows.order_by()[: self.most].count() if isinstance(rows, QuerySet) else len(rows)


class ReadOnlyAdmin(PlainFiltersMixin):
    """Rows that are history: nobody adds, changes or deletes them here, whatever the permission."""

    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    actions: Any = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
