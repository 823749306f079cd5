"""Serves the pages of stored studies to browsers on this machine only."""

from __future__ import annotations

import errno
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from ogan_bench.errors import UserError, in_one_line
from ogan_bench.report.live.page import Make, Page
from ogan_bench.report.rendering import templates
from ogan_bench.store.trial_store import TrialStore

HOST = "127.0.0.1"
PORT = 8317
"""Default port, used unless it is taken."""

REFRESH_SECONDS = {True: 5, False: 30}
"""Whether an update is expected soon, to the browser's reload interval in seconds."""

HEADERS = {
    # In addition to the stricter policy in the page itself.
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Server(ThreadingHTTPServer):
    """Serves a page per study of a results folder, and a list of them.

    Args:
        store: The results folder.
        port: Port; 0: any free one.
        make: Builds a report; by default the standard one.
    """

    def __init__(self, store: TrialStore, port: int, make: Make | None = None) -> None:
        super().__init__((HOST, port), _Handler)
        self.store = store
        self._make = make
        self._pages: dict[str, Page] = {}
        self._lock = threading.Lock()

    def address_of(self, study: str | None) -> str:
        """``http://127.0.0.1:8317/mse_vs_pearson/``, or the address of the list of studies."""
        return f"http://{HOST}:{self.server_port}" + _path(study)

    def page(self, study: str) -> Page:
        """The page of a study; the same object every time."""
        with self._lock:
            if study not in self._pages:
                self._pages[study] = Page(self.store, study, self._make)
            return self._pages[study]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that disconnects in the middle of a response is not an error."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            sys.stderr.write(f"{self.address_of(None)}: {in_one_line(error)}\n")

    def wait(self) -> None:
        """Return once no report is being built."""
        with self._lock:
            pages = list(self._pages.values())
        for page in pages:
            page.close()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10.0

    def do_GET(self) -> None:
        """Answer with a page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of a page."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if not self._is_for_us():  # DNS rebinding: another site's name resolves to this machine
            self._send(403, b"not for this host\n", "text/plain", with_body=with_body)
            return
        found = self._find(unquote(urlsplit(self.path).path))
        if found is None:
            self._send(404, b"not found\n", "text/plain", with_body=with_body)
            return
        page, is_soon = found
        headers = {"Refresh": str(REFRESH_SECONDS[is_soon])}
        self._send(200, page, "text/html", headers, with_body=with_body)

    def _is_for_us(self) -> bool:
        port = self.server.server_port
        return self.headers.get("Host") in {f"{HOST}:{port}", f"localhost:{port}"}

    def _find(self, path: str) -> tuple[bytes, bool] | None:
        """The page at a path; no other paths are served, whatever the folder contains."""
        studies = self.server.store.studies()
        if path == "/":
            template = templates().get_template("live_index.html.j2")
            links = [(study, _path(study)) for study in studies]
            return template.render(studies=links).encode(), False
        for study in studies:
            if path in (f"/{study}", f"/{study}/", f"/{study}/report.html"):
                return self.server.page(study).html()
        return None

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        headers: dict[str, str] | None = None,
        *,
        with_body: bool,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def end_headers(self) -> None:
        """Add the restrictive security headers to every response, errors included."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def version_string(self) -> str:
        """Do not disclose versions."""
        return "ogan_bench"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Requests are not logged."""


def _path(study: str | None) -> str:
    return "/" if study is None else f"/{quote(study)}/"


@contextmanager
def serving(store: TrialStore, port: int | None, make: Make | None = None) -> Iterator[Server]:
    """Serve in threads for as long as the block runs.

    Args:
        store: The results folder.
        port: ``None``: :data:`PORT`, or any free one if it is taken; 0: any free one.
        make: Builds a report; by default the standard one.

    Raises:
        UserError: The requested port cannot be used.
    """
    with _open(store, port, make) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _open(store: TrialStore, port: int | None, make: Make | None) -> Server:
    try:
        return Server(store, PORT if port is None else port, make)
    except OSError as error:
        if port is None and error.errno == errno.EADDRINUSE:
            return Server(store, 0, make)
        raise UserError(f"--port {port}: cannot be used ({error.strerror})") from None
