"""Writes what must not be forgotten, by subject. An act joins the caller's transaction: no fact without its line."""

from apps.journal.services.approvals import (
    approve,
    refuse,
    refuse_expired_approvals,
    request_approval,
    use_approval,
)
from apps.journal.services.files import (
    delete_file,
    delete_files_of,
    drop_expired_files,
    reencrypt_files,
    set_expiry,
    store_file,
    store_growing,
    store_pieces,
)
from apps.journal.services.keys import begin_keyed, finish_keyed, forget_expired_keys
from apps.journal.services.outbox import ATTEMPTS, claim_messages, give_up, mark_not_sent, mark_sent, queue_message
from apps.journal.services.runs import end_run, run_of, start_run
from apps.journal.services.trail import close_alert, raise_alert, record_act, replace_name

__all__ = [
    "ATTEMPTS",
    "approve",
    "begin_keyed",
    "claim_messages",
    "close_alert",
    "delete_file",
    "delete_files_of",
    "drop_expired_files",
    "end_run",
    "finish_keyed",
    "forget_expired_keys",
    "give_up",
    "mark_not_sent",
    "mark_sent",
    "queue_message",
    "raise_alert",
    "record_act",
    "reencrypt_files",
    "refuse",
    "refuse_expired_approvals",
    "replace_name",
    "request_approval",
    "run_of",
    "set_expiry",
    "start_run",
    "store_file",
    "store_growing",
    "store_pieces",
    "use_approval",
]
