"""The page of a running study, asked for over HTTP as a browser does."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.report.live.server import HOST, PORT, Server, serving
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from tests.unit.report.live.planned_study import Maker, plan, trial

HOSTILE = "<script>alert(1)</script>"


def beat(folder: TrialFolder, step: int, ago: float = 0.0, **more: float) -> None:
    folder.write_heartbeat(
        {"stage": "train", "step": step, "steps": 100, "time": time.time() - ago, **more}
    )


@pytest.fixture
def server(tmp_path: Path, maker: Maker) -> Iterator[Server]:
    plan(tmp_path)
    with serving(TrialStore(tmp_path), 0, maker) as server:
        yield server


def ask(
    server: Server, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    try:
        connection.request(method, path, headers={} if host is None else {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_the_page_shows_the_plan_at_once_and_the_report_when_it_is_made(server: Server) -> None:
    status, first, _ = ask(server, "/study/")
    assert status == 200
    assert "0 of 4 trials done, 0 running" in first
    for name in ("none/seed-0", "pearson/seed-0", "none/seed-1", "pearson/seed-1"):
        assert name in first
    wait_until(lambda: "0 results" in ask(server, "/study/")[1])
    page = ask(server, "/study/")[1]
    assert page.index('<main id="m">') < page.index("Running now") < page.index("0 results")
    assert ask(server, "/study")[0] == ask(server, "/study/report.html")[0] == 200


def test_the_report_is_made_again_after_a_new_result_and_not_otherwise(
    server: Server, maker: Maker, tmp_path: Path
) -> None:
    wait_until(lambda: "0 results" in ask(server, "/study/")[1])
    for _ in range(5):
        beat(trial(tmp_path), 10)
        ask(server, "/study/")
    made = maker.made
    beat(trial(tmp_path), 20)
    server.wait()
    ask(server, "/study/")
    server.wait()
    assert maker.made - made <= 1  # the trial's run.json is news, its heartbeat is not
    trial(tmp_path).write("result.json", {"outcome": "ok", "metrics": []})
    wait_until(lambda: "1 results" in ask(server, "/study/")[1])


def test_nothing_is_made_while_nobody_asks(server: Server, maker: Maker) -> None:
    assert maker.made == 0
    ask(server, "/")
    server.wait()
    assert maker.made == 0


def test_running_trials_stand_above_the_report(server: Server, tmp_path: Path) -> None:
    beat(trial(tmp_path), 25, seconds=5.0)
    beat(trial(tmp_path, "none/seed-1"), 50, ago=600)
    trial(tmp_path, "none/seed-0").write("result.json", {"outcome": "ok", "metrics": []})
    page = ask(server, "/study/")[1]
    assert "1 of 4 trials done, 2 running" in page
    row = re.search(r"<tr><th scope=\"row\">pearson/seed-0</th>.*</tr>", page)
    assert row is not None
    # 25 steps in 5 s: 5 a second, 75 are left: 15 s
    assert re.findall(r"<td>(.*?)</td>", row[0]) == ["train", "25", "100", "5", "15 s"]
    assert "no heartbeat for 10 min" in page
    assert "pearson/seed-1" not in page  # the table is small once there is a report to read


def test_a_browser_comes_back_soon_while_trials_run_and_later_when_none_does(
    server: Server, tmp_path: Path
) -> None:
    folder = trial(tmp_path)
    beat(folder, 10)
    assert ask(server, "/study/")[2]["Refresh"] == "5"
    folder.heartbeat.unlink()
    wait_until(lambda: ask(server, "/study/")[2]["Refresh"] == "30")
    beat(folder, 10, ago=600)  # of a trial that was killed
    assert ask(server, "/study/")[2]["Refresh"] == "30"


@pytest.mark.parametrize(
    "path",
    ["/x", "/study/study.json", "/study/pearson/", "/../study/", "/study/../../etc/passwd",
     "/%2e%2e/", "//evil.example/", "/study//", "/favicon.ico", "/study.json"],
)  # fmt: skip
def test_there_is_nothing_but_the_pages(server: Server, path: str) -> None:
    status, text, headers = ask(server, path)
    assert (status, text) == (404, "not found\n")
    assert headers["Content-Type"].startswith("text/plain")


def test_the_list_of_studies_links_to_their_pages(server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    plan(tmp_path, HOSTILE.replace("/", "") + " & é")
    status, page, _ = ask(server, "/")
    assert status == 200
    assert HOSTILE.replace("/", "") not in page
    assert "secret" not in page
    links = re.findall(r'<a href="(.*?)">', page)
    assert len(links) == 2
    for link in links:
        assert ask(server, link)[0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ],
)
def test_other_host_names_are_refused(server: Server, host: str, status: int) -> None:
    """A page elsewhere cannot read ours by a name that it lets point to this machine."""
    given, text, headers = ask(server, "/study/", host=f"{host}:{server.server_port}")
    assert given == status
    assert ("Running now" in text) == (status == 200)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert ask(server, "/study/", host=host)[0] == 403  # another port is another site


def test_answers_forbid_everything_but_themselves(server: Server) -> None:
    for path in ("/", "/study/", "/x"):
        headers = ask(server, path)[2]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "ogan_bench"


def test_head_is_get_without_a_body_and_nothing_else_is_answered(server: Server) -> None:
    wait_until(lambda: "0 results" in ask(server, "/study/")[1])
    status, text, headers = ask(server, "/study/", "HEAD")
    assert (status, text) == (200, "")
    assert headers["Content-Length"] == ask(server, "/study/")[2]["Content-Length"]
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        connection.sendall(f"HEAD /study/ HTTP/1.0\r\nHost: {address(server)}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.endswith(b"\r\n\r\n")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(server, "/study/", method)[0] == 501


def test_a_browser_that_goes_away_is_no_news(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whether it leaves in the middle of a request or of the answer."""
    for request in (
        b"GET /stu",
        f"GET /study/ HTTP/1.0\r\nHost: {address(server)}\r\n\r\n".encode(),
    ):
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            connection.sendall(request)
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    assert ask(server, "/study/")[0] == 200
    wait_until(lambda: not any("process_request" in each.name for each in threading.enumerate()))
    assert capfd.readouterr() == ("", "")


def address(server: Server) -> str:
    return server.address_of(None).removeprefix("http://").rstrip("/")


def test_what_cannot_be_read_is_one_line_and_is_tried_again(
    server: Server, maker: Maker, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    maker.problem = KeyError("half\nwritten")
    wait_until(lambda: "trying again. KeyError" in ask(server, "/study/")[1])
    maker.problem = None
    wait_until(lambda: "0 results" in ask(server, "/study/")[1])
    study = tmp_path / "study" / "study.json"
    whole = study.read_bytes()
    study.write_bytes(whole[:20])
    assert "study.json: cannot be read" in ask(server, "/study/")[1]
    study.write_bytes(b"{}")
    assert "study.json: seeds: Field required" in ask(server, "/study/")[1]
    study.write_bytes(whole)
    maker.problem = UserError("fid was measured under different protocols")
    trial(tmp_path)
    wait_until(lambda: "fid was measured under different protocols" in ask(server, "/study/")[1])
    assert "0 results" in ask(server, "/study/")[1]  # the last good one stays
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_an_error_only_if_it_was_asked_for(server: Server, tmp_path: Path) -> None:
    taken = server.server_port
    with (
        pytest.raises(UserError, match=f"--port {taken}: cannot be used"),
        serving(TrialStore(tmp_path), taken),
    ):
        pass
    with socket.socket() as occupant:
        with suppress(OSError):  # another program may have taken it already
            occupant.bind((HOST, PORT))
            occupant.listen()
        with serving(TrialStore(tmp_path), None) as other:
            assert other.server_port != PORT
            assert other.server_address[0] == "127.0.0.1"
