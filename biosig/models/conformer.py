"""The conformer: attention for what is far, convolution for what is near, between two half feed-forward layers.

Source: Gulati et al., Conformer: convolution-augmented transformer for speech recognition, Interspeech 2020, section
2; the relative positions as in Shaw et al., Self-attention with relative position representations, NAACL 2018,
eq. (4). Glossary:
    N sequences   L steps of each   D channels   H heads   d = D/H channels of a head   R distances, 2·far + 1
"""

import torch
from torch import nn
from torch.nn import functional as F

from biosig.errors import ConfigError


class FeedForward(nn.Sequential):
    """Norm, widen, Swish, narrow again: (N, L, D) → the same; each step by itself, section 2.3."""

    def __init__(self, D: int, widen: int = 4, dropout: float = 0.0):
        layers = nn.Linear(D, widen * D), nn.SiLU(), nn.Dropout(dropout), nn.Linear(widen * D, D), nn.Dropout(dropout)
        super().__init__(nn.LayerNorm(D), *layers)


class RelativeAttention(nn.Module):
    """Self-attention that also looks at how far apart two steps are: (N, L, D) → the same, section 2.1.

    What step i gives to step j is qi·(kj + e(i - j)) / √d, where e is learned for each distance up to ``far`` and is
    the same for all heads; beyond ``far`` it is that of ``far``.

    Raises:
        ConfigError: channels that the heads cannot share.
    """

    def __init__(self, D: int, heads: int = 4, far: int = 512, dropout: float = 0.0):
        super().__init__()
        if D % heads:
            raise ConfigError(f"channels is {D} and heads {heads}: expected channels that the heads can share.")
        self.heads, self.far = heads, far
        self.norm = nn.LayerNorm(D)
        self.query, self.key_value = nn.Linear(D, D, bias=False), nn.Linear(D, 2 * D, bias=False)
        self.distance = nn.Embedding(2 * far + 1, D // heads)
        self.out, self.dropout = nn.Linear(D, D), nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        N, L, D = x.shape
        y = self.norm(x)
        parts = (self.query(y), *self.key_value(y).chunk(2, -1))
        q, k, v = (part.reshape(N, L, self.heads, -1).transpose(1, 2) for part in parts)  # (N, H, L, d)
        scale = q.shape[-1] ** -0.5
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self._by_distance(scale * q), scale=scale)
        return self.dropout(self.out(y.transpose(1, 2).reshape(N, L, D)))

    def _by_distance(self, q: torch.Tensor) -> torch.Tensor:
        """qi·e(i - j) for all i and j: (N, H, L, d) → (N, H, L, L)."""
        at = torch.arange(q.shape[2], device=q.device)
        apart = (at[:, None] - at[None, :]).clamp(-self.far, self.far) + self.far
        return torch.einsum("nhid,ijd->nhij", q, self.distance(apart))

    def macs(self, x: torch.Tensor, y: torch.Tensor) -> int:
        """Multiply-accumulates of the three products of all pairs of steps, for :mod:`biosig.models.costs`.

        The linear layers inside are counted by themselves.
        """
        return 3 * x.shape[1] * x.numel()


class ConvModule(nn.Module):
    """Norm, gate, a filter for each channel along the sequence, norm, Swish, mix: (N, L, D) → the same, section 2.2."""

    def __init__(self, D: int, kernel: int = 31, widen: int = 2):
        super().__init__()
        inner = widen * D
        self.norm = nn.LayerNorm(D)
        self.enter = nn.Conv1d(D, 2 * inner, 1)
        self.filters = nn.Conv1d(inner, inner, kernel, padding=kernel // 2, groups=inner)
        self.batch_norm = nn.BatchNorm1d(inner)
        self.leave = nn.Conv1d(inner, D, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.glu(self.enter(self.norm(x).transpose(1, 2)), dim=1)      # (N, 2D, L)
        return self.leave(F.silu(self.batch_norm(self.filters(y)))).transpose(1, 2)


class Conformer(nn.Module):
    """(N, L, D) → the same: x + FF/2, + attention, + convolution, + FF/2, norm; eq. (1) of Gulati et al.

    Args:
        D: channels.
        heads: of the attention.
        kernel: of the convolution, odd, steps.
        far: the largest distance with an embedding of its own, steps.
        dropout: in training, within the feed-forward layers and after the attention.
    """

    def __init__(self, D: int, heads: int = 4, kernel: int = 31, far: int = 512, dropout: float = 0.0):
        super().__init__()
        self.first = FeedForward(D, dropout=dropout)
        self.attention = RelativeAttention(D, heads, far, dropout)
        self.conv = ConvModule(D, kernel)
        self.second = FeedForward(D, dropout=dropout)
        self.norm = nn.LayerNorm(D)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + 0.5 * self.first(x)
        x = x + self.attention(x)
        x = x + self.conv(x)
        return self.norm(x + 0.5 * self.second(x))
