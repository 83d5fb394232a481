"""A device that keeps one passkey, and speaks for it as a browser does: what it says is JSON, as our pages send it."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass
class Device:
    """`origin` is where its browser stands; `owner` is what it was told of whose passkey it is."""

    origin: str = "http://localhost"
    host: str = "localhost"
    owner: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def make(self, options: dict[str, Any], *, alone: bool = True) -> str:
        """A new passkey, as `navigator.credentials.create` answers."""
        asked = options["publicKey"]
        self.owner = asked["user"]["id"]
        made = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        data = AuthenticatorData.create(self._host_hash(), FLAGS | AuthenticatorData.FLAG.AT, 0, bytes(made))
        said = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", asked["challenge"])),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        return self._credential(said, {"credProps": {"rk": alone}})

    def show(self, options: dict[str, Any], *, owner: str | None = None) -> str:
        """That it has the passkey, as `navigator.credentials.get` answers; `owner` to claim somebody else's."""
        client_data = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        data = AuthenticatorData.create(self._host_hash(), FLAGS, 0)
        signed = bytes(data) + hashlib.sha256(client_data).digest()
        said = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.owner if owner is None else owner,
        }
        return self._credential(said, {})

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return bytes(CollectedClientData.create(kind, websafe_decode(challenge), self.origin))

    def _credential(self, said: dict[str, str], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": said, "clientExtensionResults": extensions}
        )

    def _host_hash(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()
