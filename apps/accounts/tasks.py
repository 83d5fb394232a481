"""What is left to do about people, by the clock."""

from celery import shared_task

from apps.accounts import services


@shared_task(name="accounts.forget_addresses", ignore_result=True)
def forget_addresses(**_: object) -> int:
    """Addresses of accounts whose closing was cut off after it was done."""
    return services.forget_addresses()
