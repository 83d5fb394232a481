"""A provider of accounts elsewhere, over HTTP: OpenID Connect, and the shapes of GitHub and WeChat, all at one address.

It answers what `claims` say, or misbehaves as `trouble` says. `received` keeps each request's path and form.
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class IdentityProvider:
    """Runs while used as a context manager; `base` is its address."""

    claims: dict[str, Any] = field(default_factory=dict)
    trouble: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By path: the status and body to answer with instead."""
    configuration: dict[str, Any] = field(default_factory=dict)
    """What the published configuration says otherwise."""
    received: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    base: str = ""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def forget(self) -> None:
        for kept in (self.claims, self.trouble, self.configuration, self.received):
            kept.clear()

    def apps(self) -> dict[str, Any]:
        """What settings say when this is the one OpenID Connect provider."""
        app = {
            "client_id": "sluice",
            "secret": "shared",
            "provider_id": "oidc",
            "name": "oidc",
            "settings": {"server_url": self.base},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}

    def variables(self) -> dict[str, str]:
        """The same for a process of its own."""
        return {"OIDC_ISSUER": self.base, "OIDC_CLIENT_ID": "sluice", "OIDC_CLIENT_SECRET": "shared"}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, str, str]:
        """Status, kind and body."""
        self.received.append((path, form))
        if path in self.trouble:
            status, body = self.trouble[path]
            return status, "application/json", body
        return 200, "application/json", json.dumps(self._told(path))

    def _told(self, path: str) -> Any:
        match path:
            case "/.well-known/openid-configuration":
                return self._published()
            case "/token" | "/login/oauth/access_token":
                return {"access_token": "granted", "token_type": "bearer", "expires_in": 3600}
            case "/sns/oauth2/access_token":
                return {"access_token": "granted", "openid": self.claims["openid"]}
            case "/user/emails":
                return self.claims.get("emails", [])
            case _:
                return {name: value for name, value in self.claims.items() if name != "emails"}

    def _published(self) -> dict[str, Any]:
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "userinfo_endpoint": f"{self.base}/userinfo",
            "jwks_uri": f"{self.base}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.configuration


def _handler_of(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(target.query).items()}
            if target.path == "/authorize":
                return self._send(200, "text/html", _consent(asked))
            return self._send(*provider.answer(target.path, asked))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(*provider.answer(urlsplit(self.path).path, form))

        def _send(self, status: int, kind: str, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


def _consent(asked: dict[str, str]) -> str:
    """The page on which somebody lets us know who they are, or does not."""
    back = asked["redirect_uri"]
    allow = urlencode({"code": "a-code", "state": asked["state"]})
    refuse = urlencode({"error": "access_denied", "state": asked["state"]})
    return f'<a href="{back}?{allow}">Allow</a> <a href="{back}?{refuse}">Refuse</a>'.replace("&", "&amp;")
