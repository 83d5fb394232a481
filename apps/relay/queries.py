"""What tokens and channels there are: for pages and APIs, scoped to a team; and whole, for the snapshots."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet

from apps.core.encryption import decrypt
from apps.core.ids import parse_public_id
from apps.core.pagination import DEFAULT_SIZE, Cursor, Page, keyset_page
from apps.core.secret_tokens import digest_of, is_well_formed
from apps.marketplace import queries as marketplace
from apps.marketplace.rating import PriceList
from apps.marketplace.types import CatalogueModel
from apps.marketplace.types.alerts import Impact, MultiplierStep, PriceStep
from apps.relay import admission, charging, price_impact
from apps.relay.limits import limits_in_force
from apps.relay.models import ApiToken, Channel, ChannelKey, ChannelKind, ChannelModel, SnapshotVersion
from apps.relay.types import (
    BudgetSnapshot,
    CallCost,
    Caller,
    ChannelSnapshot,
    CreatedToken,
    GrantedGroup,
    GroupSnapshot,
    ModelSnapshot,
    TeamSnapshot,
    TokenSnapshot,
)
from apps.teams import queries as teams
from apps.teams.types import GroupTerms
from apps.usage.types import CallDetail
from apps.wallet import queries as wallet
from apps.wallet.types import LimitUse, RateLimits

TOKEN_PREFIX = "sk-"  # noqa: S105  what an API token starts with

# -- For people ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TokenUse:
    """A token beside what its ledger account counted."""

    token: ApiToken
    use: LimitUse

    @property
    def creator(self) -> str:
        """Who made it, by name; empty for one that an operator brought in."""
        return self.token.created_by.get_full_name() if self.token.created_by else ""


def tokens_of(team_id: int) -> list[TokenUse]:
    """The team's tokens that are not deleted, newest first. Two queries."""
    rows = ApiToken.objects.filter(team_id=team_id, deleted_at=None).select_related("created_by")
    tokens = list(rows.order_by("-pk"))
    use = wallet.limit_use([token.account_id for token in tokens])
    return [TokenUse(token, use[token.account_id]) for token in tokens]


def token_page(team_id: int, *, cursor: Cursor | None = None, size: int = DEFAULT_SIZE) -> Page[TokenUse]:
    """One page of `tokens_of`. Two queries."""
    page = keyset_page(ApiToken.objects.filter(team_id=team_id, deleted_at=None), key="id", cursor=cursor, size=size)
    use = wallet.limit_use([token.account_id for token in page.results])
    return page.map(lambda token: TokenUse(token, use[token.account_id]))


def token_use(token: ApiToken) -> TokenUse:
    return TokenUse(token, wallet.limit_use([token.account_id])[token.account_id])


def token_by_public_id(team_id: int, public_id: str) -> ApiToken | None:
    """A token of this team that is not deleted; None for any other id, whoever's it is."""
    uid = parse_public_id("tk", public_id)
    return None if uid is None else ApiToken.objects.filter(team_id=team_id, uid=uid, deleted_at=None).first()


def token_within(team_ids: Collection[int], public_id: str) -> ApiToken | None:
    """As `token_by_public_id`, in any of these teams."""
    uid = parse_public_id("tk", public_id)
    return None if uid is None else ApiToken.objects.filter(team_id__in=team_ids, uid=uid, deleted_at=None).first()


def token_id_of(team_id: int, public_id: str) -> int | None:
    """The row id behind a token of this team, deleted ones included: logs are searched by it."""
    uid = parse_public_id("tk", public_id)
    return ApiToken.objects.filter(team_id=team_id, uid=uid).values_list("pk", flat=True).first() if uid else None


def tokens_created_by(user_id: int) -> list[CreatedToken]:
    """Every token that somebody created, in whatever team, deleted ones included: for exports. One query."""
    return [
        CreatedToken(
            token_id=token.pk,
            public_id=token.public_id,
            team_id=token.team_id,
            team=token.team.public_id,
            name=token.name,
            last_four=token.last_four,
            limit_nanos=token.limit_nanos,
            created_at=token.created_at,
            expires_at=token.expires_at,
            disabled_at=token.disabled_at,
            deleted_at=token.deleted_at,
        )
        for token in ApiToken.objects.filter(created_by_id=user_id).select_related("team").order_by("pk")
    ]


def rate_limits_of_tokens(team_id: int, limits: RateLimits) -> dict[int, RateLimits]:
    """What holds for each of the team's tokens that are not deleted, by its account, where `limits` are the group's."""
    tokens = ApiToken.objects.filter(team_id=team_id, deleted_at=None)
    return {token.account_id: limits_in_force(token, limits) for token in tokens}


def caller_by_key(secret: str, *, ip: str, at: datetime) -> Caller:
    """Who asks beside the relay with this API token. Raises as the relay does: `InvalidToken`, `AddressNotAllowed`."""
    token = admission.known(_token_by_secret(secret))
    admission.check_alive(token, at)
    return admission.caller_of(token, teams_by_id([token.team_id])[token.team_id], ip=ip)


def _token_by_secret(secret: str) -> TokenSnapshot | None:
    """As the snapshots of the relay find it: noise costs no query unless there is a token of another shape."""
    if is_well_formed(TOKEN_PREFIX, secret):
        texts = [secret]
    elif has_legacy_tokens():
        texts = [secret] if secret.startswith(TOKEN_PREFIX) else [secret, TOKEN_PREFIX + secret]
    else:
        return None
    found = tokens_by_digest([digest_of(text) for text in texts])
    return next((found[digest] for digest in map(digest_of, texts) if digest in found), None)


def token_count(team_id: int) -> int:
    """How many tokens of the team are not deleted."""
    return ApiToken.objects.filter(team_id=team_id, deleted_at=None).count()


def accounts_of_creator(team_ids: Collection[int], creator_id: int) -> list[int]:
    """The ledger accounts of the tokens that somebody created in these teams and that are not deleted: to be locked."""
    rows = ApiToken.objects.filter(team_id__in=team_ids, created_by_id=creator_id, deleted_at=None)
    return list(rows.values_list("account_id", flat=True))


def enabled_names_of_creator(team_id: int, creator_id: int) -> list[str]:
    """Names of the tokens that somebody created in the team and that calls are signed with now, in their order."""
    rows = ApiToken.objects.filter(team_id=team_id, created_by_id=creator_id, deleted_at=None, disabled_at=None)
    return list(rows.order_by("name").values_list("name", flat=True))


def token_names(team_id: int) -> dict[int, str]:
    """Names by row id, deleted tokens included: logs keep them."""
    return dict(ApiToken.objects.filter(team_id=team_id).values_list("pk", "name"))


def tokens_by_id(team_id: int, token_ids: Iterable[int]) -> dict[int, ApiToken]:
    """The team's tokens behind rows of its log, deleted ones included."""
    return ApiToken.objects.filter(team_id=team_id).in_bulk(list(token_ids))


def team_ids_by_digest(digests: Iterable[bytes]) -> dict[bytes, int]:
    """Whose token it is, deleted ones included, by the SHA-256 of its text; unknown ones are absent."""
    rows = ApiToken.objects.filter(digest__in=list(digests)).values_list("digest", "team_id")
    return {bytes(digest): team_id for digest, team_id in rows}


def cost_of_call(call: CallDetail, price: PriceList) -> CallCost:
    """How the charge of a call of the log adds up under the price that it was charged by."""
    return charging.cost_of(call, price)


def impact_of(team_ids: Collection[int], step: PriceStep | MultiplierStep, *, at: datetime) -> Impact | None:
    """What an announced price would have made of these teams' last 30 business days; None without such calls."""
    return price_impact.impact_of(team_ids, step, at=at)


def channels() -> QuerySet[Channel]:
    """All channels for staff by name, with counts of keys and models; no key is read."""
    return (
        Channel.objects.order_by("name")
        .prefetch_related("access_groups")
        .annotate(
            key_count=Count("keys", filter=Q(keys__enabled=True), distinct=True),
            model_count=Count("models", distinct=True),
        )
    )


@dataclass(frozen=True, slots=True)
class ProbedModel:
    code: str
    type: str


def model_to_probe(channel: Channel, code: str) -> ProbedModel | None:
    """The chat or embedding model with this code on the channel; its first one for no code."""
    served = channel.models.filter(model__type__code__in=("chat", "embedding")).order_by("model__type__code", "pk")
    found = (served.filter(model__code=code) if code else served).values_list("model__code", "model__type__code")
    row = found.first()
    return None if row is None else ProbedModel(*row)


# -- For the snapshots ---------------------------------------------------------------------------


def topic_versions() -> dict[str, int]:
    return dict(SnapshotVersion.objects.values_list("topic", "n"))


def has_legacy_tokens() -> bool:
    return ApiToken.objects.filter(legacy=True, deleted_at=None).exists()


def tokens_by_digest(digests: Iterable[bytes]) -> dict[bytes, TokenSnapshot]:
    """Tokens by the SHA-256 of their text; deleted ones too, so that a refusal can say so. Three queries at most."""
    tokens = list(ApiToken.objects.filter(digest__in=list(digests)).select_related("team"))
    budgets = _budgets_of(tokens)
    return {bytes(token.digest): _token_snapshot(token, budgets[token.pk]) for token in tokens}


def teams_by_id(team_ids: Collection[int]) -> dict[int, TeamSnapshot]:
    """Teams with all that staff granted them. Three queries however many."""
    models = marketplace.model_grants_of(team_ids)
    return {
        reach.id: TeamSnapshot(
            id=reach.id,
            main_group=reach.main_group,
            granted=tuple(GrantedGroup(code, ends_at) for code, ends_at in reach.granted),
            granted_models=models.get(reach.id, {}),
            closed=reach.closed,
        )
        for reach in teams.team_reaches(team_ids)
    }


def groups_from(at: datetime) -> list[tuple[datetime, dict[str, GroupSnapshot]]]:
    """The groups by code as they are at `at`, and as they will be from each announced multiplier on."""
    groups = teams.access_group_terms()
    changes = {instant for terms in groups if (instant := terms.multiplier.change_after(at)) is not None}
    return [
        (instant, {terms.code: _group_snapshot(terms, instant) for terms in groups})
        for instant in (at, *sorted(changes))
    ]


def _group_snapshot(terms: GroupTerms, at: datetime) -> GroupSnapshot:
    return GroupSnapshot(
        code=terms.code,
        multiplier=terms.multiplier.at(at),
        token_limits=RateLimits(terms.concurrency, terms.rpm, terms.tpm),
        wallet_limits=RateLimits(terms.wallet_concurrency, terms.wallet_rpm, terms.wallet_tpm),
        all_lines=terms.all_lines,
    )


def catalogues_from(at: datetime, *, changes: int) -> list[tuple[datetime, dict[str, ModelSnapshot]]]:
    """The catalogue by code as it is at `at`, and as it will be from each of the next price changes on."""
    catalogues: list[tuple[datetime, dict[str, ModelSnapshot]]] = []
    instant: datetime | None = at
    while instant is not None and len(catalogues) <= changes:
        snapshot = marketplace.catalogue_snapshot(at=instant)
        catalogues.append((instant, {model.code: _model_snapshot(model) for model in snapshot.models}))
        instant = snapshot.next_change_at
    return catalogues


def enabled_channels() -> tuple[ChannelSnapshot, ...]:
    """Every channel that may be asked here, highest priority first, with its keys in the clear. Four queries."""
    here = Q(region__in=("", settings.SLUICE_REGION)) if settings.SLUICE_REGION else Q()
    rows = Channel.objects.filter(here, enabled=True).prefetch_related(
        "access_groups",
        Prefetch("keys", ChannelKey.objects.filter(enabled=True).order_by("pk")),
        Prefetch("models", ChannelModel.objects.select_related("model")),
    )
    return tuple(map(channel_snapshot, rows))


def enabled_sandboxes() -> list[str]:
    """Names of the channels that answer from the sandbox."""
    return list(Channel.objects.filter(enabled=True, kind=ChannelKind.SANDBOX).values_list("name", flat=True))


def channel_snapshot(channel: Channel) -> ChannelSnapshot:
    return ChannelSnapshot(
        id=channel.pk,
        name=channel.name,
        kind=channel.kind,
        base_url=channel.base_url,
        keys=tuple(decrypt(bytes(key.ciphertext)) for key in channel.keys.all() if key.enabled),
        priority=channel.priority,
        weight=channel.weight,
        groups=frozenset(group.code for group in channel.access_groups.all()),
        models=_upstream_names(channel),
        transport=channel.transport,
        bills_after_cancel=channel.bills_after_cancel,
    )


def _upstream_names(channel: Channel) -> Mapping[str, str]:
    return {served.model.code: served.upstream_name for served in channel.models.all()}


def _token_snapshot(token: ApiToken, budgets: tuple[BudgetSnapshot, ...]) -> TokenSnapshot:
    return TokenSnapshot(
        id=token.pk,
        uid=token.uid,
        account_id=token.account_id,
        team_id=token.team_id,
        wallet_id=token.team.wallet_id,
        user_id=token.created_by_id,
        capped=token.limit_nanos > 0,
        model_codes=frozenset(token.model_codes),
        ip_allow=tuple(map(ip_network, token.ip_allow)),
        expires_at=token.expires_at,
        disabled=token.disabled_at is not None,
        deleted=token.deleted_at is not None,
        concurrency=token.concurrency,
        rpm=token.rpm,
        tpm=token.tpm,
        reset=token.reset,
        budgets=budgets,
    )


def _budgets_of(tokens: Collection[ApiToken]) -> dict[int, tuple[BudgetSnapshot, ...]]:
    """By token: the budget of its creator, while a member of the team, and the team's. Two queries at most."""
    makers = {(token.team_id, token.created_by_id) for token in tokens if token.created_by_id is not None}
    members = teams.member_budget_accounts(makers)
    of_teams = {token.team.budget_id for token in tokens if token.team.budget_id is not None}
    refills = wallet.refills_of({*members.values(), *of_teams})
    return {
        token.pk: _budgets(members.get((token.team_id, token.created_by_id or 0)), token.team.budget_id, refills)
        for token in tokens
    }


def _budgets(member: int | None, team: int | None, refills: Mapping[int, str]) -> tuple[BudgetSnapshot, ...]:
    of_member = () if member is None else (BudgetSnapshot(member, "member", refills[member]),)
    of_team = () if team is None else (BudgetSnapshot(team, "team", refills[team]),)
    return of_member + of_team


def _model_snapshot(model: CatalogueModel) -> ModelSnapshot:
    hold = None if model.price is None else model.price.hold
    return ModelSnapshot(
        id=model.id,
        code=model.code,
        type=model.type,
        vendor=model.vendor,
        lifecycle=model.lifecycle,
        created_at=model.created_at,
        context_length=model.context_length,
        max_output=model.max_output,
        groups=model.groups,
        price=model.price,
        price_version_id=model.price_version_id,
        hidden_output=hold is not None and hold.hidden_output,
        pass_unknown_priced=hold is not None and hold.pass_unknown_priced,
        part_tokens={} if hold is None else hold.part_tokens,
        retired_on=model.retired_on.isoformat() if model.retired_on else None,
        successor=model.successor,
    )
