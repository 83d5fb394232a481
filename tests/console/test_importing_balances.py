"""An old system's balances become lots, one to one, once, whatever is repeated, and only if every row is right."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.marketplace import services as marketplace
from apps.teams import queries as teams
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet import services as wallet_services
from apps.wallet.models import Lot, Transfer
from tests.cast import PASSWORD, make_team, make_user
from tests.console.moves import HEADER, Move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]

BELOW_ZERO = "it is below 0; settle debts in the old system first, or leave the row out"
PAID = "source_id,email,type,quota,paid_minor,currency,refund_until,spend_until\n"


@pytest.fixture
def move(tmp_path: Path) -> Move:
    return Move(tmp_path)


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob@example.com")


def balance_of(user: User) -> int:
    team = teams.personal_team_for(user.pk)
    return 0 if team is None else wallet.balance_of(team.wallet_id).balance_nanos


def set_rate(credits_per_usd: str) -> None:
    at = clock.now()
    marketplace.set_credit_rate("USD", Decimal(credits_per_usd), at=at, starts_at=at)


def test_500000_quota_become_7_credits_of_each_type(move: Move, bob: User) -> None:
    said = move.csv("1,bob@example.com,recharge,500000\n1,bob@example.com,standard,750001\n")

    assert move.refusal == ""
    assert sorted(Lot.objects.values_list("amount_nanos", "source")) == [
        (7_000_000_000, "migration"),
        (10_500_014_000, "migration"),
    ]
    assert balance_of(bob) == 17_500_014_000
    assert "1 quota = 0.000014 credits" in said


def test_neither_type_can_be_paid_back_unless_the_payment_is_given(move: Move, bob: User) -> None:
    move.csv(
        "1,bob@example.com,recharge,500000,1000,CNY,2030-01-01T00:00:00+08:00,\n"
        "2,bob@example.com,recharge,500000,,,,2031-01-01T00:00:00Z\n"
        "3,bob@example.com,standard,500000,,,,\n",
        header=PAID,
    )

    lots = Lot.objects.order_by("created_at", "id").values_list("paid_minor", "currency", "refund_until", "spend_until")
    assert sorted(lots, key=str) == sorted(
        [
            (1000, "CNY", datetime(2029, 12, 31, 16, tzinfo=UTC), None),
            (0, "", None, datetime(2031, 1, 1, tzinfo=UTC)),
            (0, "", None, None),
        ],
        key=str,
    )


def test_nothing_that_people_read_names_the_old_type(move: Move, bob: User) -> None:
    move.csv("1,bob@example.com,standard,500000\n")

    assert [reason for reason in Transfer.objects.values_list("reason", flat=True) if "standard" in reason] == []


def test_the_totals_before_and_after_stand_in_the_report(move: Move, bob: User) -> None:
    make_team("Acme", credits="100")

    said = move.csv(
        "1,bob@example.com,recharge,1000000\n2,bob@example.com,recharge,500000\n1,bob@example.com,standard,250000\n"
    )

    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "recharge 2 1,500,000 21" in lines
    assert "standard 1 250,000 3.5" in lines
    assert "together 3 1,750,000 24.5" in lines
    assert lines[lines.index("Lots moved in lots credits") + 1 :][:2] == ["before 0 0", "after 3 24.5"]
    assert lines[lines.index("All wallets credits") + 1 :][:2] == ["before 100", "after 124.5"]


def test_a_second_run_changes_nothing_and_says_so(move: Move, bob: User) -> None:
    rows = "1,bob@example.com,recharge,500000\n1,bob@example.com,standard,500000\n"
    move.csv(rows)

    said = move.csv(rows)

    assert "Everything was here already: nothing was changed." in said
    assert Lot.objects.count() == 2
    assert balance_of(bob) == 14_000_000_000


def test_a_run_after_a_part_imports_the_rest(move: Move, bob: User) -> None:
    move.csv("1,bob@example.com,recharge,500000\n")

    move.csv("1,bob@example.com,recharge,500000\n2,bob@example.com,recharge,500000\n")

    assert move.refusal == ""
    assert Lot.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1,bob@example.com,recharge,500001", "as 7 credits and not 7.000014"),
        ("1,eve@example.com,recharge,500000", "for another owner"),
        ("1,bob@example.com,recharge,0", "as 7 credits and not 0"),
    ],
)
def test_a_row_that_says_otherwise_than_before_is_named(move: Move, bob: User, row: str, problem: str) -> None:
    make_user("eve@example.com")
    move.csv("1,bob@example.com,recharge,500000\n")

    move.csv(f"9,bob@example.com,recharge,1\n{row}\n")

    assert len(move.problems) == 1
    assert move.problems[0].startswith("line 3: source_id 1 (recharge) was imported before")
    assert problem in move.problems[0]
    assert Lot.objects.count() == 1


def test_a_dry_run_says_the_same_and_keeps_nothing(move: Move, bob: User) -> None:
    rows = "1,bob@example.com,recharge,500000\n2,new@example.com,standard,500000\n"

    tried = move.csv(rows, "--dry-run", "--create-users")

    assert "This was a dry run: nothing was kept." in tried
    assert (Lot.objects.count(), User.objects.filter(email="new@example.com").count()) == (0, 0)
    done = move.csv(rows, "--create-users")
    assert tried.replace("Would be imported now", "Imported now").split()[: len(done.split())] == done.split()
    assert Lot.objects.count() == 2


def test_whoever_is_added_signs_in_after_forgot_password(move: Move) -> None:
    move.csv("1,New@Example.com,recharge,500000\n", "--create-users")
    new = User.objects.get(email="new@example.com")
    assert not new.has_usable_password()
    browser = Client()

    browser.post("/accounts/password/reset/", {"email": "new@example.com"})
    link = next(word for word in mail.outbox[-1].body.split() if "/accounts/password/reset/key/" in word)
    page = browser.get(urlsplit(link).path, follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})

    new.refresh_from_db()
    assert new.check_password(PASSWORD)
    assert balance_of(new) == 7_000_000_000


def test_every_bad_row_is_told_with_its_line_and_nothing_is_imported(move: Move, bob: User) -> None:
    said = move.csv(
        "1,bob@example.com,recharge,500000\n"
        "2,nobody@example.com,recharge,1\n"
        "\n"
        "3,bob@example.com,bonus,-5\n"
        '"4",bob@example.com,recharge,"1,000"\n'
        "5,bob@example.com,recharge\n"
    )

    assert move.problems == [
        "line 3: there is no user nobody@example.com with an open team; --create-users adds users",
        f"line 5: type: write recharge or standard; quota: {BELOW_ZERO}",
        "line 6: quota: write a whole number, without point, comma or exponent",
        "line 7: 3 columns where the header has 4",
    ]
    assert move.refusal == "4 problems in the file, told above. Nothing was imported."
    assert "1 e-mail addresses; there is no user for:\n  nobody@example.com" in said
    assert Lot.objects.count() == 0


def test_bad_rows_can_be_left_out(move: Move, bob: User) -> None:
    said = move.csv("1,bob@example.com,recharge,500000\n2,bob@example.com,recharge,x\n", "--skip-bad")

    assert move.refusal == ""
    assert "1 problems, told above: those rows were skipped." in said
    assert Lot.objects.count() == 1


def test_a_source_id_that_stands_twice_is_told_with_both_lines(move: Move, bob: User) -> None:
    rows = "1,bob@example.com,recharge,500000\n1,bob@example.com,standard,1\n1,bob@example.com,recharge,500000\n"

    move.csv(rows)

    assert move.problems == ["line 4: the same source_id and type, or key, as line 2"]
    assert Lot.objects.count() == 0
    move.csv(rows, "--skip-bad")
    assert Lot.objects.count() == 1


@pytest.mark.parametrize(
    "quota", ["-1", "1.5", "1e6", "5.0", "1,0", "", "9" * 19, "٣", "=1+1", "0x10", "NaN", "600000000000000"]
)
def test_a_quota_that_is_no_plain_number_is_refused(move: Move, bob: User, quota: str) -> None:
    move.csv(f'1,bob@example.com,recharge,"{quota}"\n')

    assert len(move.problems) == 1
    assert move.problems[0].startswith("line 2: quota: ")
    assert Lot.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("=1,bob@example.com,recharge,1,,,,", "source_id: it begins with =, as a formula of a spreadsheet does"),
        ("@x,bob@example.com,recharge,1,,,,", "source_id: it begins with @, as a formula of a spreadsheet does"),
        ("1,bob,recharge,1,,,,", "email: this is no e-mail address"),
        ("1,,recharge,1,,,,", "write either email or team"),
        ("1,bob@example.com,standard,1,100,CNY,,", "standard quota cannot be paid back: leave paid_minor, currency"),
        ("1,bob@example.com,recharge,1,100,,,", "write paid_minor and currency together"),
        ("1,bob@example.com,recharge,1,,,2030-01-01T00:00:00Z,", "refund_until only beside them"),
        ("1,bob@example.com,recharge,1,100,cny,,", "currency: write three capital letters such as CNY"),
        ("1,bob@example.com,recharge,1,,,,2030-01-01", "spend_until: write an instant with its offset"),
        ("1,bob@example.com,recharge,1,,,,2020-01-01T00:00:00Z", "spend_until: this instant is over"),
        ("1\x07,bob@example.com,recharge,1,,,,", "source_id: write one line of 1 to 100 characters"),
    ],
)
def test_odd_fields_are_refused_with_what_to_write(move: Move, bob: User, row: str, problem: str) -> None:
    move.csv(row + "\n", header=PAID)

    assert problem in move.problems[0]
    assert Lot.objects.count() == 0


def test_rows_worth_nothing_are_counted_and_passed_over(move: Move, bob: User) -> None:
    said = move.csv("1,bob@example.com,recharge,0\n2,bob@example.com,recharge,1\n")

    assert "1 rows are worth nothing and are passed over." in said
    assert Lot.objects.get().amount_nanos == 14_000


def test_a_rate_that_does_not_divide_rounds_once_a_row_and_says_so(move: Move, bob: User) -> None:
    # 7.1234567 credits a dollar: one quota is 14,246.9134 nanocredits, three are 42,740.7402.
    set_rate("7.1234567")

    said = move.csv("1,bob@example.com,recharge,1\n2,bob@example.com,recharge,3\n3,bob@example.com,recharge,5000\n")

    assert sorted(Lot.objects.values_list("amount_nanos", flat=True)) == [14_247, 42_741, 71_234_567]
    assert "2 rows were rounded to a billionth of a credit, halves up." in said


def test_the_first_import_fixes_the_rate_for_those_that_follow(move: Move, bob: User) -> None:
    move.csv("1,bob@example.com,recharge,500000\n")
    set_rate("8")

    said = move.csv("1,bob@example.com,recharge,500000\n2,bob@example.com,recharge,500000\n")

    assert move.refusal == ""
    assert "The first import fixed this rate" in said
    assert balance_of(bob) == 14_000_000_000


def test_an_import_keeps_the_order_of_locks(move: Move, bob: User, team: TeamAccess) -> None:
    wallet_services.set_free_only(team.wallet_id, is_on=True)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL sluice.ledger_guard = 'on'")

    move.csv(
        f"1,bob@example.com,,recharge,500000\n3,,{team.public_id},recharge,500000\n2,,{team.public_id},standard,1\n",
        header="source_id,email,team,type,quota\n",
    )

    assert move.refusal == ""
    assert Lot.objects.filter(source="migration").count() == 3


def test_a_team_is_named_by_its_public_id(move: Move, team: TeamAccess) -> None:
    move.csv(f"1,{team.public_id},recharge,500000\n", header="source_id,team,type,quota\n")

    assert wallet.balance_of(team.wallet_id).balance_nanos == 107_000_000_000


def test_a_team_that_is_not_there_is_told(move: Move, bob: User) -> None:
    missing = f"team_{'a' * 26}"

    move.csv(
        f"1,{missing},recharge,500000\n2,nonsense,recharge,1\n", "--create-users", header="source_id,team,type,quota\n"
    )

    assert move.problems == [
        f"line 2: there is no open team {missing}",
        "line 3: team: write a public id such as team_… with 26 characters",
    ]


def test_json_says_the_same_as_csv(move: Move, bob: User) -> None:
    move.json(
        [{"source_id": 1, "email": "Bob@Example.com", "type": "recharge", "quota": 500000}, {"source_id": "2"}, 7]
    )

    assert move.problems[0].startswith("row 2: write either email or team; type: write recharge or standard")
    assert move.problems[1] == "row 3: write an object in braces"
    move.json([{"source_id": 1, "email": "Bob@Example.com", "type": "recharge", "quota": 500000}])
    assert balance_of(bob) == 7_000_000_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[{]", "is no JSON that can be read"),
        ('{"a": 1}', "write a list of objects"),
        ('[{"quota": 1, "quota": 2}]', "a field stands in an object twice"),
        ('[{"quota": NaN}]', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "9" * 5000 + "]", "is no JSON that can be read"),
    ],
)
def test_json_that_cannot_be_read_is_refused(move: Move, text: str, problem: str) -> None:
    move.run(move.file(text, "balances.json"))

    assert problem in move.refusal


def test_a_json_number_with_a_point_is_refused(move: Move, bob: User) -> None:
    move.json([{"source_id": "1", "email": "bob@example.com", "type": "recharge", "quota": 500000.0}])

    assert move.problems == ["row 1: quota: write a whole number"]


def test_a_byte_order_mark_is_no_part_of_the_header(move: Move, bob: User) -> None:
    move.run(move.file(b"\xef\xbb\xbf" + HEADER.encode() + b"1,bob@example.com,recharge,500000\n"))

    assert balance_of(bob) == 7_000_000_000


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("".encode("utf-16"), "is not UTF-8"),
        (HEADER.encode() + "1,bob@example.com,充值,1\n".encode("gbk"), "is not UTF-8 in line 2"),
        (b"", "the header lacks quota, source_id, type"),
        (b"1,bob@example.com,recharge,1\n", "the first line must name the columns"),
        (b"source_id;email;type;quota\n", "with commas between them. Unknown: column 1."),
        (b"source_id,email,type,quota,type\n", "a column stands in the header twice"),
        (b"source_id,type,quota\n", "the header lacks email or team"),
        (HEADER.encode() + b'1,"bob@example.com,recharge,1\n', "is no CSV from line 2 on"),
        (HEADER.encode() + b"1," + b"b" * 70_000, "line 2 is longer than 65535 bytes"),
    ],
)
def test_a_file_that_is_no_such_csv_is_refused_as_a_whole(move: Move, content: bytes, problem: str) -> None:
    move.run(move.file(content))

    assert problem in move.refusal


def test_the_format_is_told_by_the_name_or_the_option(move: Move, bob: User) -> None:
    path = move.file(HEADER + "1,bob@example.com,recharge,500000\n", "balances.txt")

    move.run(path)
    assert "say --format" in move.refusal
    move.run(path, "--format", "csv")

    assert balance_of(bob) == 7_000_000_000


def test_there_must_be_a_file(move: Move) -> None:
    move.run(str(move.folder / "missing.csv"))
    assert "is not a file" in move.refusal
    move.run()
    assert "Name a file of balances" in move.refusal


def test_more_rows_than_a_transaction_takes_are_imported(move: Move, bob: User) -> None:
    said = move.csv("".join(f"{number},bob@example.com,recharge,500000\n" for number in range(450)))

    assert move.refusal == ""
    assert "450" in said
    assert balance_of(bob) == 450 * 7_000_000_000
