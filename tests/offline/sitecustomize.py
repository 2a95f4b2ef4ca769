"""No network: Python imports a module of this name as it starts, so a folder on PYTHONPATH takes it away.

Only this machine can be reached: a test may start a server on the loopback address, and a notebook talks to
its kernel there. Anything else raises :class:`NetworkBlockedError` before a packet leaves.
"""

import ipaddress
import socket


class NetworkBlockedError(OSError):
    """Something tried to reach the network where none may be needed."""


def is_here(host: object) -> bool:
    """Whether a host is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse_elsewhere(host: object) -> None:
    """Raise unless the host is this machine."""
    if not is_here(host):
        raise NetworkBlockedError(f"something tried to reach {host!r}: expected no use of the network.")


def block() -> None:
    """Guard the ways by which Python reaches another machine."""
    if getattr(socket, "biosig_blocked", False):
        return
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo, gethostbyname = socket.getaddrinfo, socket.gethostbyname

    def guarded(call):
        def with_guard(sock, *arguments):
            address = arguments[-1]
            if isinstance(address, tuple):  # an AF_UNIX address is a path
                refuse_elsewhere(address[0])
            return call(sock, *arguments)

        return with_guard

    def guarded_lookup(call):
        def with_guard(host, *arguments, **options):
            refuse_elsewhere(host)
            return call(host, *arguments, **options)

        return with_guard

    socket.socket.connect = guarded(connect)
    socket.socket.connect_ex = guarded(connect_ex)
    socket.socket.sendto = guarded(sendto)
    socket.getaddrinfo = guarded_lookup(getaddrinfo)
    socket.gethostbyname = guarded_lookup(gethostbyname)
    socket.biosig_blocked = True


block()
