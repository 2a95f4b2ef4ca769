"""Run a command on a machine without a network: ``python tools/no_network.py make book``.

On Linux the command gets a network of its own that holds the loopback interface alone (a notebook talks to its kernel
there). Where the system forbids that, Python programs are still kept from connecting (tests/offline), and a line says
that it is only that.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

NEW_USER, NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of linux/sched.h
SET_FLAGS, UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP
OFFLINE = Path(__file__).resolve().parent.parent / "tests" / "offline"


def leave_the_network() -> bool:
    """Give this process an empty network; False where the system does not allow it."""
    user, group, root = os.geteuid(), os.getegid(), os.geteuid() == 0
    try:
        libc = ctypes.CDLL(None)
        if libc.unshare(NEW_NET if root else NEW_NET | NEW_USER) != 0:
            return False
        if not root:  # stay who we are inside, or git takes the checkout for somebody else's
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        raise_loopback()
    except (AttributeError, OSError):
        return False
    return True


def raise_loopback() -> None:
    """Bring up the one interface there is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))


def main(command: list[str]) -> None:
    """Become the command."""
    if not leave_the_network():
        print("This system gives no empty network: only Python programs are kept from connecting.", flush=True)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))
    os.execvp(command[0], command)


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python tools/no_network.py COMMAND …")
    main(sys.argv[1:])
