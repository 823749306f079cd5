"""A client of the language server that editors of YAML run, over its standard input and output."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class LanguageServer:
    """``yaml-language-server``, started with the settings that an editor has by default.

    Args:
        program: The server.
        root: The folder that the editor has open, in which the files are.

    References:
        The Language Server Protocol 3.17,
        https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
    """

    def __init__(self, program: str, root: Path) -> None:
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen([program, "--stdio"], **pipes)
        self._root, self._opened, self._asked = root, 0, 0
        able = {"workspace": {"configuration": True}}
        where = {"processId": None, "rootUri": root.as_uri(), "capabilities": able}
        self.ask("initialize", where)
        self._send({"method": "initialized", "params": {}})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def problems(self, text: str) -> list[tuple[int, str]]:
        """What the server says of a new file with a text: the line, from 0, and a message."""
        with self._open(text) as file:
            while True:
                said = self._receive()
                found = said.get("params", {})
                of = (said.get("method"), found.get("uri"))
                if of == ("textDocument/publishDiagnostics", file["uri"]):
                    return [
                        (int(problem["range"]["start"]["line"]), str(problem["message"]))
                        for problem in found["diagnostics"]
                    ]

    def completions(self, text: str) -> list[str]:
        """What the server offers at the end of a text."""
        line = text.count("\n")
        place = {"line": line, "character": len(text.splitlines()[line])}
        with self._open(text) as file:
            found = self.ask("textDocument/completion", {"textDocument": file, "position": place})
        return [str(item["label"]) for item in found["items"]]

    @contextmanager
    def _open(self, text: str) -> Iterator[dict[str, Any]]:
        """A file that is nowhere on the disk; of a closed one the server says that it is whole."""
        self._opened += 1
        where = (self._root / f"opened_{self._opened}.yaml").as_uri()
        file = {"uri": where, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": file}})
        yield file
        self._send({"method": "textDocument/didClose", "params": {"textDocument": file}})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """The result of a request."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            said = self._receive()
            if said.get("id") == self._asked and "method" not in said:
                return said["result"]

    def _receive(self) -> dict[str, Any]:
        """The next message; questions about the editor's settings are answered: there are none."""
        while True:
            said = self._read()
            if "method" not in said or "id" not in said:
                return said
            wanted = said["params"].get("items", []) if isinstance(said["params"], dict) else []
            self._send({"id": said["id"], "result": [{} for _ in wanted] or None})

    def _read(self) -> dict[str, Any]:
        stream, length = self._process.stdout, 0
        assert stream is not None
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(stream.read(length))
        return message

    def _send(self, message: dict[str, Any]) -> None:
        stream = self._process.stdin
        assert stream is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream.flush()
