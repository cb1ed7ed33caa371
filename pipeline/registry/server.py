"""An MLflow server by its documented REST API; the package would take protobuf and two seconds of every command."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from contracts.errors import SystemFault, UserError
from pipeline.registry_options import RegistryOptions

_API, _ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
_PROXIED = "mlflow-artifacts:/"
"""What the addresses of artifacts begin with that the server itself takes."""
_CONNECT_SECONDS = 3.0
_PAGE = 1000
_SERVERS_FAULT = 500
_MISSING = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Credentials:
    """Who asks. A token goes before user and password; empty: nobody in particular."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def headers(self) -> dict[str, str]:
        """Of every request."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if not self.user:
            return {}
        # requests would send what is no Latin-1 not at all.
        both = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {both}"}


class Server:
    """An MLflow server. Every call raises what is wrong with it, in one line with what to do.

    UserError: it cannot be used as it is set, or refuses who asks. SystemFault: it is down, slow or at fault itself.
    """

    def __init__(
        self,
        options: RegistryOptions,
        credentials: Credentials,
        patience: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Asks nothing yet.

        Args:
            options: with an address.
            credentials: of whoever asks.
            patience: seconds that all calls may take in sum; None: as long as they take.
            clock: seconds from any time on.
        """
        assert options.mlflow is not None
        self.address = options.mlflow
        self._options, self._clock = options, clock
        self._patience = patience
        self._until = None if patience is None else clock() + patience
        self._session = requests.Session()
        # Neither a proxy nor a password of ~/.netrc comes in unasked.
        self._session.trust_env = False
        self._session.headers.update(credentials.headers())
        if options.certificate_authority is not None:
            if not options.certificate_authority.is_file():
                raise UserError(
                    f"{options.certificate_authority}: is no file; see registry.certificate_authority"
                )
            self._session.verify = str(options.certificate_authority)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What the API answers."""
        return self._json("GET", path, params=query)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """The same, of what is sent as JSON."""
        return self._json("POST", path, json=body)

    def delete(self, path: str, **body: Any) -> dict[str, Any]:
        """The same, of what takes something away."""
        return self._json("DELETE", path, json=body)

    def find(self, path: str, **query: Any) -> dict[str, Any] | None:
        """What the API answers; None where there is no such thing."""
        return self._json("GET", path, params=query, may_miss=True) or None

    def pages(self, path: str, key: str, query: Mapping[str, Any], *, post: bool = False) -> Iterator[Any]:
        """All that is found, page by page."""
        token = ""
        while True:
            asked = {**query, "max_results": _PAGE, **({"page_token": token} if token else {})}
            found = self.post(path, **asked) if post else self.get(path, **asked)
            yield from found.get(key, [])
            token = found.get("next_page_token", "")
            if not token:
                return

    def upload(self, base: str, name: str, file: Path) -> None:
        """Puts a file into the artifacts of a run; twice is once.

        Args:
            base: address of the run's artifacts.
            name: of the file below it.
        """
        if not base.startswith(_PROXIED):
            raise UserError(
                f"{self.address}: keeps artifacts at {base}, which clients reach by themselves; start it with "
                "--serve-artifacts and --artifacts-destination"
            )
        with file.open("rb") as content:
            # An empty file would be sent as one of unknown length, which the server waits for.
            data = content if file.stat().st_size else b""
            self._ask("PUT", _ARTIFACTS + f"{base.removeprefix(_PROXIED).strip('/')}/{name}", data=data)

    def _json(self, method: str, path: str, *, may_miss: bool = False, **sent: Any) -> dict[str, Any]:
        reply = self._ask(method, _API + path, may_miss=may_miss, **sent)
        if reply is None:
            return {}
        try:
            found = reply.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UserError(f"{self.address}: is no MLflow server; see registry.mlflow")
        return found

    def _ask(
        self, method: str, path: str, *, may_miss: bool = False, **sent: Any
    ) -> requests.Response | None:
        """The answer; None where there is no such thing, and that may be."""
        if self._until is not None and self._clock() > self._until:
            raise SystemFault(f"{self.address}: took longer than registry.patience, {self._patience:g} s")
        try:
            reply = self._session.request(
                method,
                self.address + path,
                timeout=(min(_CONNECT_SECONDS, self._options.timeout), self._options.timeout),
                allow_redirects=False,
                **sent,
            )
        except requests.exceptions.SSLError as error:
            raise UserError(
                f"{self.address}: its certificate is not trusted ({_cause(error)}); see registry.certificate_authority"
            ) from None
        except (requests.exceptions.RequestException, OSError) as error:
            raise SystemFault(f"{self.address}: does not answer ({_cause(error)})") from None
        if reply.ok and not reply.is_redirect:
            return reply
        code, said = _error_of(reply)
        if may_miss and code == _MISSING:
            return None
        raise self._refused(reply, method, path, said)

    def _refused(self, reply: requests.Response, method: str, path: str, said: str) -> Exception:
        if reply.status_code == requests.codes.unauthorized:
            return UserError(
                f"{self.address}: refuses the user or the password; set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or mend ~/.mlflow/credentials"
            )
        if reply.status_code == requests.codes.forbidden:
            return UserError(
                f"{self.address}: this user may not {method} {path.rsplit('/', 1)[-1]}; have its administrator "
                "permit EDIT on the experiment and MANAGE on both registered models"
            )
        if reply.status_code >= _SERVERS_FAULT:
            return SystemFault(f"{self.address}: failed ({reply.status_code}: {said}); see its log")
        if not said:
            return UserError(
                f"{self.address}: is no MLflow server (it answers {reply.status_code}); see registry.mlflow"
            )
        return UserError(f"{self.address}: refuses {method} {path} ({said})")


def _error_of(reply: requests.Response) -> tuple[str, str]:
    """MLflow's code and message; empty where it has none."""
    try:
        found = reply.json()
        return str(found["error_code"]), " ".join(str(found.get("message", "")).split())[:300]
    except (ValueError, KeyError, TypeError):
        return "", ""


def _cause(error: BaseException) -> str:
    """The innermost reason, without the pool and the address that wrap it."""
    while inner := (error.__cause__ or error.__context__ or getattr(error, "reason", None)):
        if not isinstance(inner, BaseException):
            break
        error = inner
    return str(error) or type(error).__name__
