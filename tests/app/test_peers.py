"""Whose process is at the other end of a connection."""

import os
import socket
import subprocess
import sys

import pytest

from burnish.app import peers, serving
from burnish.app.peers import is_ours

linux = pytest.mark.skipif(not peers.TABLES[0].exists(), reason="only Linux tells")
NOBODY = 65_534
CONNECT = """
import os, socket, sys
if sys.argv[2:]:
    os.setuid(int(sys.argv[2]))
line = socket.socket()
line.connect(("127.0.0.1", int(sys.argv[1])))
print(line.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def port():
    with serving.listening(0) as listener:
        yield listener.getsockname()[1]


def connected(*arguments):
    command = [sys.executable, "-c", CONNECT, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_connection_of_a_process_of_this_user_is_ours(port):
    with connected(port) as process:
        assert is_ours(int(process.stdout.readline()), port)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may be somebody else")
@linux
def test_a_connection_of_a_process_of_another_user_is_not_ours(port):
    with connected(port, NOBODY) as process:
        assert not is_ours(int(process.stdout.readline()), port)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_a_connection_to_the_same_place_that_was_asked_for_by_ipv6_is_ours(port):
    with socket.socket(socket.AF_INET6) as line:
        line.connect(("::ffff:127.0.0.1", port))
        assert is_ours(line.getsockname()[1], port)


@linux
def test_a_connection_that_is_not_there_is_not_ours(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        other = line.getsockname()[1]
    assert not is_ours(0, port)
    with serving.listening(0) as elsewhere:
        assert not is_ours(other, elsewhere.getsockname()[1])


@linux
def test_only_the_asking_end_of_a_connection_inside_this_machine_counts(port, tmp_path, monkeypatch):
    uid = os.getuid()
    ends = {
        "ours": ("0100007F:C350", "0100007F:1BA5"), "answering": ("0100007F:1BA5", "0100007F:C350"),
        "elsewhere": ("0500000A:C350", "0600000A:1BA5"), "half": ("0500000A:C350", "0100007F:1BA5"),
    }  # fmt: skip
    if sys.byteorder == "big":
        pytest.skip("written for small ends first")
    monkeypatch.setattr(peers, "TABLES", (tmp_path / "tcp", tmp_path / "tcp6"))
    for name, (local, remote) in ends.items():
        line = f"   0: {local} {remote} 01 00000000:00000000 00:00000000 00000000  {uid}  0 7 1\n"
        (tmp_path / "tcp").write_text(f"  sl  local_address\n{line}")
        assert is_ours(50_000, 7_077) == (name == "ours")
        assert not is_ours(50_001, 7_077)


def test_where_nobody_can_tell_every_connection_is_taken_for_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "TABLES", (tmp_path / "tcp", tmp_path / "tcp6"))
    assert is_ours(1, 2)
