"""How a webhook is signed, so that whoever gets it can tell that it is ours and of now. Pure."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

HEADER: Final = "Sluice-Signature"


def signature_of(body: bytes, *, secrets: Sequence[str], at: datetime) -> str:
    """`t=1795348800,v1=…`: HMAC-SHA256 of `<t>.<body>` by each secret in force, in hex."""
    stamp = str(int(at.timestamp()))
    signed = stamp.encode() + b"." + body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={digest}" for digest in digests)])
