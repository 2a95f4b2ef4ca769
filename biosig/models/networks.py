"""Networks by name, so that a checkpoint can say which one it belongs to."""

import inspect

from torch import nn

from biosig.errors import ConfigError
from biosig.models.cmgan import CMGAN
from biosig.models.conv_tasnet import ConvTasNet
from biosig.models.dccrn import DCCRN
from biosig.models.demucs import Demucs
from biosig.models.emgse import EMGSE
from biosig.models.end_to_end import EndToEnd, EndToEndEarlier
from biosig.models.fcn import FCN
from biosig.models.light_mask import LightMasker
from biosig.models.msemg import MSEMG
from biosig.models.recurrent import RecurrentMapper
from biosig.models.recurrent_mask import RecurrentMasker
from biosig.models.residual import ResidualEnhancer
from biosig.models.rnnoise_own import RNNoiseOwn
from biosig.models.score_unet import ScoreUNet
from biosig.models.sdemg import SDEMG
from biosig.models.segan import SEGAN, SEGANDiscriminator
from biosig.models.trnet import TRNet
from biosig.models.trustemg import TrustEMGLike
from biosig.models.unet import UNet
from biosig.models.voiced_mask import VoicedMasker
from biosig.models.wavenet import WaveNetDenoiser

NETWORKS: dict[str, type[nn.Module]] = {
    "fcn": FCN,
    "msemg": MSEMG,
    "sdemg": SDEMG,
    "trustemg_like": TrustEMGLike,
    "unet": UNet,
    "recurrent": RecurrentMapper,
    "recurrent_mask": RecurrentMasker,
    "conv_tasnet": ConvTasNet,
    "dccrn": DCCRN,
    "residual": ResidualEnhancer,
    "end_to_end": EndToEnd,
    "end_to_end_earlier": EndToEndEarlier,
    "emgse": EMGSE,
    "light_mask": LightMasker,
    "rnnoise_own": RNNoiseOwn,
    "demucs": Demucs,
    "wavenet": WaveNetDenoiser,
    "segan": SEGAN,
    "segan_discriminator": SEGANDiscriminator,
    "score_unet": ScoreUNet,
    "voiced_mask": VoicedMasker,
    "cmgan": CMGAN,
    "trnet": TRNet,
}


def build(name: str, **options: object) -> nn.Module:
    """A freshly initialised network, e.g. ``build("msemg", backend="torch")``.

    Raises:
        ConfigError: an unknown name, or an option that the network does not have.
    """
    if name not in NETWORKS:
        raise ConfigError(f"Network {name!r} is unknown: expected one of {', '.join(NETWORKS)}.")
    known = set(inspect.signature(NETWORKS[name]).parameters)
    if strange := set(options) - known:
        raise ConfigError(f"Network {name} has no option {min(strange)!r}: expected some of {sorted(known)}.")
    return NETWORKS[name](**options)


def count_parameters(network: nn.Module) -> int:
    """Trainable parameters, as Table II of the MSEMG paper counts them."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
