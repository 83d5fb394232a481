"""Announcements that the demo begins with: one of every kind that somebody would look for. Written once each."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from apps.announcements import services as announcements
from apps.announcements.types import Category, Entry

_RELEASE: Final = Entry(
    key="demo:release",
    category=Category.RELEASES,
    title={"en": "Announcements, a changelog and RSS", "zh-hans": "公告、更新日志与 RSS"},
    scope={"en": "Public pages, platform API", "zh-hans": "公开页面、平台 API"},
    summary={
        "en": "What changes is now listed with the date it takes effect, by category, and can be followed as RSS.",
        "zh-hans": "变更按类别列出并注明生效时间，可通过 RSS 订阅。",
    },
    notes={
        "en": "Every price change and every version of a campaign writes an entry of its own.\n\n"
        "The platform API answers the same under /api/announcements.",
        "zh-hans": "每次价格调整、每个活动版本都会自动生成一条公告。\n\n平台 API /api/announcements 返回同样的内容。",
    },
    link="/changelog",
)
_BILLING: Final = Entry(
    key="demo:billing",
    category=Category.BILLING,
    title={"en": "Each call is rounded once, to a nanocredit", "zh-hans": "每次调用仅舍入一次，精确到 1e-9 点"},
    scope={"en": "All calls", "zh-hans": "所有调用"},
    summary={
        "en": "A charge adds up all items of a call first and rounds the sum, half up. Failed calls cost nothing.",
        "zh-hans": "先合计一次调用的全部计费项，再对总额四舍五入。失败的调用不收费。",
    },
    link="/models",
)
_MAINTENANCE: Final = Entry(
    key="demo:maintenance",
    category=Category.MAINTENANCE,
    title={"en": "Nightly work between 01:00 and 05:00", "zh-hans": "每日 01:00 至 05:00 例行维护"},
    scope={"en": "Console and back office", "zh-hans": "控制台与后台"},
    summary={
        "en": "Roll-ups, fees and clean-up run at night. The relay stays up throughout; some figures may lag.",
        "zh-hans": "汇总、费用与清理在夜间进行。中转服务全程可用，部分数字可能略有延迟。",
    },
)
_DAYS_AGO: Final = ((_BILLING, 9), (_RELEASE, 2), (_MAINTENANCE, 0))
_AHEAD: Final = timedelta(days=3)


def stock_announcements(*, at: datetime) -> None:
    """Dated back as if they had come one after the other; the last takes effect in three days."""
    for entry, days in _DAYS_AGO:
        published_at = at - timedelta(days=days)
        announcements.publish_entry(_dated(entry, at=at), at=published_at)


def _dated(entry: Entry, *, at: datetime) -> Entry:
    return replace(entry, effective_at=at + _AHEAD) if entry is _MAINTENANCE else entry
