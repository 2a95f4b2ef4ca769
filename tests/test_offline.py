"""The network is away in the tests, and in what they start: these would reach out if it were not."""

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.offline.sitecustomize import NetworkBlockedError

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = "192.0.2.1"  # reserved for documentation (RFC 5737): nobody's machine


@pytest.mark.parametrize("call", [
    lambda sock: sock.connect((ELSEWHERE, 80)),
    lambda sock: sock.connect_ex((ELSEWHERE, 80)),
])
def test_tcp_to_another_machine_is_refused(call):
    with socket.socket() as sock, pytest.raises(NetworkBlockedError, match=ELSEWHERE):
        call(sock)


def test_udp_to_another_machine_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkBlockedError):
        sock.sendto(b"x", (ELSEWHERE, 53))


@pytest.mark.parametrize("lookup", [lambda: socket.getaddrinfo("example.org", 80),
                                    lambda: socket.gethostbyname("example.org"),
                                    lambda: socket.create_connection(("example.org", 80), timeout=1)])
def test_names_are_not_looked_up(lookup):
    with pytest.raises(NetworkBlockedError, match="example.org"):
        lookup()


def test_a_download_is_refused(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")  # a proxy on this machine would answer in the other's name
    with pytest.raises(OSError, match="expected no use of the network"):
        urllib.request.urlopen("http://example.org/file", timeout=1)


def test_a_program_that_a_test_starts_has_no_network_either():
    code = f"import socket; socket.create_connection(({ELSEWHERE!r}, 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "NetworkBlockedError" in done.stderr


def test_a_command_can_be_run_without_a_network():
    code = f"import socket; socket.create_connection(({ELSEWHERE!r}, 80), timeout=1)"
    command = [sys.executable, str(ROOT / "tools" / "no_network.py"), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "Error" in done.stderr and "TimeoutError" not in done.stderr


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].sendall(b"here"))
        answer.start()
        with socket.create_connection(server.getsockname(), timeout=5) as sock:
            assert sock.recv(4) == b"here"
        answer.join()


def test_real_data_is_out_of_sight():
    assert "BIOSIG_DATA" not in os.environ
