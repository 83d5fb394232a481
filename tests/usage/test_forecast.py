"""How long a balance lasts: by hand."""

import pytest

from apps.core.money import NANOS_PER_CREDIT as CREDIT
from apps.usage.forecast import Forecast, Watch, daily_nanos, has_recovered, is_low

DAY = 86_400


@pytest.mark.parametrize(
    ("spend", "seconds", "daily"),
    [
        pytest.param(70, 7 * DAY, 10, id="seven days"),
        pytest.param(65, int(6.5 * DAY), 10, id="noon of the seventh day"),
        pytest.param(20, 2 * DAY, 10, id="a team of two days"),
        pytest.param(5, 3_600, 5, id="the first hour counts as a day"),
        pytest.param(0, 7 * DAY, 0, id="nothing"),
    ],
)
def test_a_day_costs_what_the_last_days_cost_on_average(spend: int, seconds: int, daily: int) -> None:
    assert daily_nanos(spend * CREDIT, seconds=seconds) == daily * CREDIT


def test_a_daily_figure_is_rounded_once() -> None:
    # 10 nanocredits in 7 days: 1.43 a day; 11 in 2: 5.5
    assert daily_nanos(10, seconds=7 * DAY) == 1
    assert daily_nanos(11, seconds=2 * DAY) == 6


@pytest.mark.parametrize(
    ("available", "daily", "days"), [(30, 10, 3), (29, 10, 2), (9, 10, 0), (0, 10, 0), (-5, 10, 0), (100, 0, None)]
)
def test_days_left_are_whole_days(available: int, daily: int, days: int | None) -> None:
    assert Forecast(available, daily).days_left == days


@pytest.mark.parametrize(
    ("available", "daily", "watch", "low"),
    [
        pytest.param(30, 10, Watch(days=3), False, id="exactly three days are three"),
        pytest.param(29, 10, Watch(days=3), True, id="a little less is fewer"),
        pytest.param(0, 0, Watch(days=3), False, id="nobody spends"),
        pytest.param(-1, 0, Watch(days=3), True, id="less than nothing"),
        pytest.param(29, 10, Watch(days=0), False, id="days turned off"),
        pytest.param(500, 10, Watch(days=3, amount_nanos=500), False, id="exactly the amount"),
        pytest.param(499, 10, Watch(days=3, amount_nanos=500), True, id="below the amount"),
        pytest.param(499, 0, Watch(days=0, amount_nanos=500), True, id="the amount alone"),
    ],
)
def test_a_balance_is_low(available: int, daily: int, watch: Watch, low: bool) -> None:
    assert is_low(Forecast(available, daily), watch) is low


@pytest.mark.parametrize(
    ("available", "daily", "watch", "well"),
    [
        pytest.param(39, 10, Watch(days=3), False, id="three days and a bit"),
        pytest.param(40, 10, Watch(days=3), True, id="four days"),
        pytest.param(5, 0, Watch(days=3), True, id="nobody spends"),
        pytest.param(549, 0, Watch(days=3, amount_nanos=500), False, id="not a tenth above"),
        pytest.param(550, 0, Watch(days=3, amount_nanos=500), True, id="a tenth above"),
        pytest.param(550, 200, Watch(days=3, amount_nanos=500), False, id="both must hold"),
        pytest.param(0, 10, Watch(days=0, amount_nanos=0), True, id="both turned off"),
    ],
)
def test_a_balance_has_recovered_well_above_what_warns(available: int, daily: int, watch: Watch, well: bool) -> None:
    assert has_recovered(Forecast(available, daily), watch) is well


def test_what_has_recovered_is_never_low() -> None:
    for available in range(60):
        for daily in range(12):
            forecast = Forecast(available, daily)
            watch = Watch(days=3, amount_nanos=20)
            assert not (has_recovered(forecast, watch) and is_low(forecast, watch))
