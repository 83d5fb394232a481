"""What leaves by the clock: mails, and notices that need several apps."""

from celery import shared_task

from apps.console import mail_sending


@shared_task(name="console.send_mails", ignore_result=True)
def send_mails(**_: object) -> int:
    """Every ten seconds and at the start of a worker: what waits in the outbox as mail."""
    return mail_sending.send_mails()
