"""A network like TrustEMG-Net: a U-Net on the waveform whose innermost layer a transformer masks. 396,257 parameters.

Source: Wang et al., TrustEMG-Net: using representation-masking transformer with U-Net for surface electromyography
enhancement, 2025 (arXiv:2410.03843), from its description: a denoising autoencoder, skip paths, a transformer encoder
between encoder and decoder, and its output used as a mask on the representation instead of in its place. Widths, depth
and kernels are ours, chosen for two processor cores: hence "like". Glossary:
    B batch   n samples   C features   T = n/32 steps of the innermost layer   BN batch normalisation
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.models.shapes import with_channel

KERNEL, STRIDE = 8, 2
PADDING = (KERNEL - STRIDE) // 2  # a layer then halves, or doubles, its length exactly


def down(c_in: int, c_out: int) -> nn.Sequential:
    """Convolution of stride 2, BN, ReLU: (B, c_in, n) → (B, c_out, n/2)."""
    return nn.Sequential(nn.Conv1d(c_in, c_out, KERNEL, STRIDE, PADDING, bias=False), nn.BatchNorm1d(c_out), nn.ReLU())


def up(c_in: int, c_out: int) -> nn.Sequential:
    """Transposed convolution of stride 2, BN, ReLU: (B, c_in, n) → (B, c_out, 2n)."""
    layer = nn.ConvTranspose1d(c_in, c_out, KERNEL, STRIDE, PADDING, bias=False)
    return nn.Sequential(layer, nn.BatchNorm1d(c_out), nn.ReLU())


class RepresentationMask(nn.Module):
    """z → z · sigmoid(transformer(z)), (B, C, T) → the same: every step looks at all others to say what is muscle.

    No step is told where it stands, so that what was trained on 2 s can be used on 10 s. No dropout: it would draw
    from the global generator.
    """

    def __init__(self, features: int, layers: int, heads: int):
        super().__init__()
        layer = nn.TransformerEncoderLayer(features, heads, 2 * features, dropout=0.0, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        mask = torch.sigmoid(self.transformer(z.transpose(1, 2)))  # (B, T, C)
        return z * mask.transpose(1, 2)


class TrustEMGLike(nn.Module):
    """noisy (B, n) or (B, 1, n) → the clean signal in the same shape, any n ≥ 1 (zeros follow up to a multiple of 32).

    Args:
        channels: width of each level; each halves the length.
        layers, heads: of the transformer encoder.

    Raises:
        SignalError: a shape that is not one channel.
    """

    def __init__(self, channels: tuple[int, ...] = (32, 64, 64, 64, 64), layers: int = 2, heads: int = 4):
        super().__init__()
        widths = (1, *channels)
        self.encoder = nn.ModuleList(down(*pair) for pair in zip(widths, channels, strict=False))
        self.mask = RepresentationMask(channels[-1], layers, heads)
        outs = (*channels[-2::-1], channels[0])
        joined = (channels[-1], *(2 * c for c in channels[-2::-1]))  # a skip path joins below the innermost level
        self.decoder = nn.ModuleList(up(*pair) for pair in zip(joined, outs, strict=True))
        self.out = nn.Conv1d(channels[0], 1, 9, padding=4)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        y, n = with_channel(noisy), noisy.shape[-1]
        y = F.pad(y, (0, -n % STRIDE ** len(self.encoder)))
        levels = []
        for layer in self.encoder:
            y = layer(y)
            levels.append(y)                                # (B, C, n/2), …, (B, C, T)
        y = self.decoder[0](self.mask(levels.pop()))        # (B, C, 2T)
        for layer in self.decoder[1:]:
            y = layer(torch.cat([y, levels.pop()], dim=1))  # …, (B, C, n)
        return self.out(y)[..., :n].reshape(noisy.shape)
