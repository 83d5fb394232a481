from datetime import date

from apps.console.spend_chart import Day, Series, Spend, spend_chart

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)


def test_each_day_has_a_row_also_when_nothing_was_spent() -> None:
    chart = spend_chart([Spend(MONDAY, "gpt", 5)], first=MONDAY, last=WEDNESDAY)

    assert chart.days == (Day(MONDAY, (5,)), Day(TUESDAY, (0,)), Day(WEDNESDAY, (0,)))


def test_the_dearest_model_comes_first() -> None:
    spend = [Spend(MONDAY, "cheap", 1), Spend(MONDAY, "dear", 9), Spend(TUESDAY, "cheap", 2)]

    chart = spend_chart(spend, first=MONDAY, last=TUESDAY)

    assert chart.series == (Series("dear", 1, 9), Series("cheap", 2, 3))
    assert chart.nanos == 12


def test_from_six_models_on_the_rest_stands_together() -> None:
    spend = [Spend(MONDAY, f"m{n}", 10 - n) for n in range(6)]  # 10 9 8 7 6 5

    chart = spend_chart(spend, first=MONDAY, last=MONDAY)

    assert [one.name for one in chart.series] == ["m0", "m1", "m2", "m3", ""]
    assert chart.series[-1] == Series("", 5, 11)
    assert chart.days == (Day(MONDAY, (10, 9, 8, 7, 11)),)


def test_nothing_spent_makes_no_series() -> None:
    chart = spend_chart([], first=MONDAY, last=MONDAY)

    assert (chart.series, chart.nanos) == ((), 0)
