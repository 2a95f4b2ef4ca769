"""A trained network as a stream: hops in, hops out, with a memory, to the samples of its whole-signal form."""

import numpy as np
import torch

from biosig.models.overlapped import Overlapped
from biosig.signal.streaming import Framed


def network_stream(network: Overlapped) -> Framed:
    """A fresh stream of a causal network in eval mode: ``push``, and ``flush`` at the end."""
    return Framed(NetworkStep(network), network.hop, late=network.hop)


class NetworkStep:
    """One hop of samples (H,) in, one hop out, a hop late."""

    def __init__(self, network: Overlapped):
        self.network, self._state = network.eval(), network.start()

    @torch.no_grad()
    def __call__(self, new: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(np.asarray(new, dtype=np.float32))[None].to(self.network.window.device)
        out, self._state = self.network.step(x, self._state)
        return out[0].cpu().numpy().astype(np.float64)
