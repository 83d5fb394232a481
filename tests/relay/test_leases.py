"""Whose lease may prove that a process is dead. Instants are seconds after the watch began; a lease is 30 s."""

from time import monotonic

import pytest

from apps.relay.leases import Patience


@pytest.fixture
def start() -> float:
    return monotonic()


def test_a_process_judges_others_when_it_has_run_for_a_lease(start: float) -> None:
    patience = Patience(30)

    patience.note_renewal(start + 5)
    assert not patience.may_judge(start + 6)
    patience.note_renewal(start + 30)

    assert patience.may_judge(start + 31)


def test_a_process_that_could_not_renew_judges_nobody(start: float) -> None:
    patience = Patience(30)
    patience.note_renewal(start + 20)

    assert patience.may_judge(start + 49.9)
    assert not patience.may_judge(start + 50)


def test_after_an_outage_the_others_get_a_lease_to_renew_theirs(start: float) -> None:
    patience = Patience(30)
    patience.note_renewal(start + 5)

    patience.note_renewal(start + 65)

    assert not patience.may_judge(start + 66)
    patience.note_renewal(start + 70)
    assert not patience.may_judge(start + 94.9)
    assert patience.may_judge(start + 95)
