"""API tokens, channels to upstreams, and the version rows that tell processes to look again."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact, GreaterThan
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import public_id, uuid7

MAX_LIST_ITEMS = 100


class Reset(models.TextChoices):
    """When a token's limit is filled up again; empty: never."""

    DAILY = "daily", _("every day")
    WEEKLY = "weekly", _("every week, on Monday")
    MONTHLY = "monthly", _("every month, on the 1st")


class ApiToken(models.Model):
    """What a caller signs with. Only the SHA-256 is stored; its ledger account counts, limits and can be closed.

    `legacy` marks a token of another shape than ours, brought in from elsewhere: while one exists, unknown shapes are
    looked up instead of refused unseen.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    team = models.ForeignKey("teams.Team", on_delete=models.PROTECT, related_name="+", verbose_name=_("team"))
    account = models.OneToOneField("wallet.Account", on_delete=models.PROTECT, related_name="+", editable=False)
    name = models.CharField(_("name"), max_length=80)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    prefix = models.CharField(max_length=8, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    legacy = models.BooleanField(default=False, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, editable=False
    )
    limit_nanos = models.BigIntegerField(_("limit"), default=0, help_text=_("0 means no limit of its own."))
    reset = models.CharField(
        _("limit is refilled"),
        max_length=8,
        choices=Reset.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("Kept, but without effect, while there is no limit."),
    )
    model_codes = ArrayField(models.CharField(max_length=120), verbose_name=_("models"), default=list, blank=True)
    ip_allow = ArrayField(
        models.CharField(max_length=43), verbose_name=_("allowed addresses"), default=list, blank=True
    )
    concurrency = models.PositiveIntegerField(_("concurrent calls"), null=True, blank=True)
    rpm = models.PositiveIntegerField(_("requests a minute"), null=True, blank=True)
    tpm = models.PositiveIntegerField(_("tokens a minute"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint("team", Lower("name"), condition=Q(deleted_at=None), name="api_token_name_once"),
            models.CheckConstraint(condition=Q(limit_nanos__gte=0), name="api_token_limit_not_negative"),
            models.CheckConstraint(condition=Q(reset="") | Q(reset__in=Reset.values), name="api_token_reset_known"),
            models.CheckConstraint(condition=~Q(name=""), name="api_token_named"),
            models.CheckConstraint(condition=Exact(Length("digest"), 32), name="api_token_digest_is_sha256"),
            models.CheckConstraint(
                condition=Q(model_codes__len__lte=MAX_LIST_ITEMS, ip_allow__len__lte=MAX_LIST_ITEMS),
                name="api_token_lists_bounded",
            ),
        ]
        indexes = [
            models.Index("id", condition=Q(legacy=True, deleted_at=None), name="api_token_legacy"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return public_id("tk", self.uid)


class ChannelKind(models.TextChoices):
    OPENAI = "openai", _("OpenAI or compatible")
    SANDBOX = "sandbox", _("Sandbox")


class Transport(models.TextChoices):
    RAW = "raw", _("Built in (HTTP/1.1)")
    HTTPX = "httpx", _("httpx (HTTP/2, proxies)")


class Channel(models.Model):
    """One way to an upstream: an address, keys, and the models it serves under their upstream names."""

    name = models.SlugField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=ChannelKind.choices)
    base_url = models.URLField(_("base URL"), max_length=300, blank=True)
    priority = models.IntegerField(_("priority"), default=0, help_text=_("Higher is asked first."))
    weight = models.PositiveIntegerField(_("weight"), default=1)
    region = models.CharField(_("region"), max_length=16, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_reason = models.CharField(_("why it is off"), max_length=200, blank=True)
    transport = models.CharField(_("transport"), max_length=8, choices=Transport.choices, default=Transport.RAW)
    bills_after_cancel = models.BooleanField(_("bills after a cancel"), default=False)
    access_groups = models.ManyToManyField("teams.AccessGroup", related_name="+", verbose_name=_("access groups"))

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["-priority", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ChannelKind.values), name="channel_kind_known"),
            models.CheckConstraint(condition=Q(transport__in=Transport.values), name="channel_transport_known"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="channel_weight_positive"),
            models.CheckConstraint(
                condition=Q(kind=ChannelKind.SANDBOX) | ~Q(base_url=""), name="channel_has_an_address"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ChannelKey(models.Model):
    """A key of the channel's upstream account, encrypted; never shown again.

    `source` is the `env:NAME` that a catalogue file took it from: what an export may show in its place.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="keys")
    ciphertext = models.BinaryField(editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    source = models.CharField(max_length=120, blank=True, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("channel key")
        verbose_name_plural = _("channel keys")
        constraints = [
            models.UniqueConstraint(fields=["channel", "digest"], name="channel_key_once"),
            models.CheckConstraint(condition=Exact(Length("digest"), 32), name="channel_key_digest_is_sha256"),
            models.CheckConstraint(condition=GreaterThan(Length("ciphertext"), 0), name="channel_key_stored"),
        ]

    def __str__(self) -> str:
        return f"…{self.last_four}"


class ChannelModel(models.Model):
    """A catalogue model on a channel, with the name the upstream knows it by."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="models")
    model = models.ForeignKey("marketplace.Model", on_delete=models.PROTECT, related_name="+")
    upstream_name = models.CharField(_("upstream name"), max_length=200)

    class Meta:
        verbose_name = _("channel model")
        verbose_name_plural = _("channel models")
        constraints = [
            models.UniqueConstraint(fields=["channel", "model"], name="channel_model_once"),
            models.CheckConstraint(condition=~Q(upstream_name=""), name="channel_model_named"),
        ]

    def __str__(self) -> str:
        return self.upstream_name


class Topic(models.TextChoices):
    """What moves together: each process reloads a topic as a whole."""

    TOKENS = "tokens"
    TEAMS = "teams"
    CATALOGUE = "catalogue"
    CHANNELS = "channels"


class SnapshotVersion(models.Model):
    """One row a topic, moved by triggers on the tables behind it; every process polls and reloads what moved."""

    topic = models.CharField(max_length=20, primary_key=True, choices=Topic.choices)
    n = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("snapshot version")
        verbose_name_plural = _("snapshot versions")

    def __str__(self) -> str:
        return f"{self.topic} {self.n}"
