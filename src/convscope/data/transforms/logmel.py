"""From a recording to its log-mel spectrogram: how loud each band of pitch is at each time, an image of a sound.

The power of short overlapping pieces (Hann window, Fourier transform), summed over triangular bands whose middles are
evenly spaced on the mel scale, m = 2595 log10(1 + f / 700) (O'Shaughnessy 1987), and its logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from convscope.data.columns import RaggedBatch
from convscope.data.decode.encoded import Encoded
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.signal import SignalTransform
from convscope.data.transforms.transform import PLAIN, Form, Stored

if TYPE_CHECKING:
    from torch import Tensor, nn

FRAME, STEP = 0.025, 0.010  # seconds of a piece, and from one to the next, as speech is seen usually
LEAST = 16  # steps of a piece
BANDS = 64
FLOOR = 1e-6  # of the mean power of the training recordings; below it all is silence


@dataclass(frozen=True)
class LogMelTransform:
    """The rule from recordings (T, channels) to network input (N, channels, bands, times), band 0 the deepest.

    ``signal`` scales a recording and says its rate and its window: what is shorter is followed by silence, what is
    longer is cut. Pieces of ``frame`` steps begin every ``step``; ``mean`` and ``std`` are those of each channel's
    logarithms.
    """

    kind: ClassVar[Kind] = "signal"
    dtype: ClassVar[str] = "float32"
    signal: SignalTransform
    frame: int
    step: int
    bands: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fitted(cls, signal: SignalTransform, windows: Iterable[np.ndarray | RaggedBatch]) -> LogMelTransform:
        """Choose pieces and bands by the rate, and measure mean and standard deviation on batches of windows."""
        rate = signal.rate
        assert rate is not None and signal.window is not None
        frame, step = max(LEAST, round(FRAME * rate)), max(1, round(STEP * rate))
        bands = min(BANDS, _fourier(frame) // 4)
        zero, one = (0.0,) * signal.channels, (1.0,) * signal.channels
        rule = cls(signal, frame, step, bands, zero, one)
        logs = np.concatenate([rule.tensor(batch).double().numpy() for batch in windows])
        std = logs.std((0, 2, 3))
        std[std <= 1e-6] = 1
        return cls(signal, frame, step, bands, tuple(logs.mean((0, 2, 3)).tolist()), tuple(std.tolist()))

    @property
    def channels(self) -> int:
        """How many channels a recording has."""
        return self.signal.channels

    @property
    def rate(self) -> float | None:
        """How many steps a second has."""
        return self.signal.rate

    @property
    def window(self) -> int | None:
        """How many steps are seen at a time."""
        return self.signal.window

    @property
    def hop(self) -> int | None:
        """How many steps lie between the begins of two windows."""
        return self.signal.hop

    @property
    def fill(self) -> bool:
        """Whether missing values are filled."""
        return self.signal.fill

    @property
    def length(self) -> None:
        """Recordings of any length are taken."""
        return None

    @property
    def example(self) -> str:
        """What an example is called, though a network takes its picture."""
        return "recording"

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(self.channels, (self.bands, 1 + (self.window or 0) // self.step))

    @property
    def part(self) -> None:
        """A network sees each window whole."""
        return None

    def store(self, example: Encoded | np.ndarray) -> Stored:
        """Return one recording as ``signal`` stores it; raises as that."""
        return self.signal.store(example)

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the network's input (N, C, bands, times) of windows: an array (N, T, C), or of several lengths."""
        import torch

        from convscope.data.transforms.standardise import Standardise

        waves = self.signal.tensor(stored, form)[..., : self.window]  # (N, C, T)
        waves = torch.nn.functional.pad(waves, (0, (self.window or 0) - waves.shape[2]))
        logs = log_mel(waves, self._bands(waves), self.frame, self.step)
        x = Standardise(self.mean, self.std, axes=2).to(logs.device)(logs)
        return x.contiguous(memory_format=torch.channels_last) if form.channels_last else x

    def _bands(self, waves: Tensor) -> Tensor:
        import torch

        return torch.from_numpy(mel_bands(self.rate or 1, _fourier(self.frame), self.bands)).to(waves.device)

    def undo(self, x: Tensor) -> np.ndarray:
        """Return log-mel spectrograms (N, bands, times, C) of network input, the highest band on top, to look at."""
        logs = x.cpu().numpy().transpose(0, 2, 3, 1)[:, ::-1]
        return logs * np.array(self.std, np.float32) + np.array(self.mean, np.float32)

    def module(self) -> nn.Module:
        """Return what standardises log-mel spectrograms (N, C, bands, times) within an exported network."""
        from convscope.data.transforms.standardise import Standardise

        return Standardise(self.mean, self.std, axes=2)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "kind": "logmel", "signal": self.signal.to_dict(), "frame": self.frame, "step": self.step,
            "bands": self.bands, "mean": list(self.mean), "std": list(self.std),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LogMelTransform:
        """Rebuild from ``to_dict``'s values."""
        signal = SignalTransform.from_dict({k: v for k, v in values["signal"].items() if k != "kind"})
        sizes = (values["frame"], values["step"], values["bands"])
        return cls(signal, *sizes, tuple(values["mean"]), tuple(values["std"]))


def log_mel(waves: Tensor, bands: Tensor, frame: int, step: int) -> Tensor:
    """Return the logarithm of the mean power of signals (..., T) in ``bands`` (B, F): (..., B, 1 + T // step).

    Piece k is centred on step k * ``step``; beyond both ends there is silence. White noise of variance 1 has the mean
    power 1 in every frequency.
    """
    import torch

    window = torch.hann_window(frame, device=waves.device)
    flat = waves.reshape(-1, waves.shape[-1])
    spectra = torch.stft(
        flat, 2 * (bands.shape[1] - 1), step, frame, window, center=True, pad_mode="constant", return_complex=True
    )  # (n, F, times)
    power = spectra.abs() ** 2 / (window**2).sum()
    return torch.log(bands @ power + FLOOR).reshape(*waves.shape[:-1], bands.shape[0], -1)


def mel_bands(rate: float, fourier: int, bands: int) -> np.ndarray:
    """Return the weights (bands, 1 + fourier // 2) float32 of the frequencies in each band, which sum to 1 in each.

    A triangle rises from the middle of the band below to its own and falls to that of the band above; where it lies
    between two frequencies, they share it.

    >>> mel_bands(8000, 256, 4).argmax(1).tolist()
    [10, 26, 48, 80]
    """
    frequencies = np.linspace(0, rate / 2, 1 + fourier // 2)
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weights = np.maximum(0, np.minimum((frequencies - low) / (middle - low), (high - frequencies) / (high - middle)))
    near = np.maximum(0, 1 - np.abs(frequencies - middle) / frequencies[1])
    weights = np.where(weights.sum(1, keepdims=True) > 0, weights, near)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _fourier(frame: int) -> int:
    """Return the length of the Fourier transform of a piece: the next power of two."""
    return 1 << (frame - 1).bit_length()
