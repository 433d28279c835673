"""What the chunks of a WAV file say, and in plain words what keeps the file from being read.

Only the chunks are walked here: the values are read by ``decode.wav``, after this found nothing wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from convscope.text import count

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
BITS = {PCM: (8, 16, 24, 32, 64), FLOAT: (32, 64)}  # those that are read
COMPRESSED = {2: "Microsoft ADPCM", 6: "A-law", 7: "µ-law", 0x11: "IMA ADPCM", 0x55: "MP3", 0x161: "WMA", 0xFF: "AAC"}
STREAMED = 0x7FFF_0000  # bytes of sound from which on a size stands for "not known": what was written into a pipe
# How files of other kinds begin, which are often called .wav.
BEGINS = (
    (b"ID3", "an MP3 file"), (b"\xff\xfb", "an MP3 file"), (b"OggS", "an Ogg file"), (b"fLaC", "a FLAC file"),
    (b"FORM", "an AIFF file"), (b"caff", "a CAF file"), (b"<", "a web page or XML"), (b"PK", "a zip file"),
)  # fmt: skip
SAVE = "save it as WAV with whole or real numbers, uncompressed (ffmpeg -i IN.wav -c:a pcm_s16le OUT.wav)"
AGAIN = "copy or record it again"


class _Chunk(NamedTuple):
    name: bytes
    begin: int  # of its content
    size: int  # as its head says


def fault_of_wav(content: bytes) -> str | None:
    """Return what is wrong with the bytes of a WAV file and what to do, ``None`` where they can be read.

    >>> fault_of_wav(b"")
    'is empty: copy or record it again'
    >>> fault_of_wav(b"OggS and so on")
    'is an Ogg file that is called WAV: convert it (ffmpeg -i IN OUT.wav)'
    """
    if not content:
        return f"is empty: {AGAIN}"
    other = next((kind for begin, kind in BEGINS if content.startswith(begin)), None)
    if other is not None:
        return f"is {other} that is called WAV: convert it (ffmpeg -i IN OUT.wav)"
    if content[:4] not in (b"RIFF", b"RIFX", b"RF64") or content[8:12] not in (b"WAVE", b""):
        return "is no WAV file (those begin with RIFF, a size and WAVE): replace it, or remove it"
    order = ">" if content.startswith(b"RIFX") else "<"
    chunks = {chunk.name: chunk for chunk in reversed([*_chunks(content, order)])}
    form, sound = chunks.get(b"fmt "), chunks.get(b"data")
    if form is None or form.begin + 16 > len(content):
        return f"is cut short, within its header: {AGAIN}"
    return _fault_of_format(content, form, order) or _fault_of_sound(content, form, sound, order)


def _chunks(content: bytes, order: str) -> Iterator[_Chunk]:
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from(f"{order}4sI", content, at)
        yield _Chunk(name, at + 8, size)
        if name == b"data" and size >= STREAMED:  # it goes to the end
            return
        at += 8 + size + size % 2


def _fault_of_format(content: bytes, form: _Chunk, order: str) -> str | None:
    kind, channels, rate, _, _, bits = struct.unpack_from(f"{order}HHIIHH", content, form.begin)
    if kind == EXTENSIBLE and form.begin + 26 <= len(content):
        (kind,) = struct.unpack_from(f"{order}H", content, form.begin + 24)
    if kind not in BITS:
        called = COMPRESSED.get(kind, f"format {kind}")
        return f"is compressed ({called}): {SAVE}"
    if bits not in BITS[kind]:
        wanted = ", ".join(map(str, BITS[kind]))
        return f"has values of {count(bits, 'bit')}, expected {wanted}: {SAVE}"
    if not channels or not rate:
        return f"says {count(channels, 'channel')} and {count(rate, 'step')} a second: {AGAIN}"
    return None


def _fault_of_sound(content: bytes, form: _Chunk, sound: _Chunk | None, order: str) -> str | None:
    """Return what is wrong with the chunk of values: none is there, none is in it, or fewer than it says."""
    if sound is None:
        return f"is cut short, before its first value: {AGAIN}"
    if sound.size == 0 or (sound.begin == len(content) and sound.size >= STREAMED):
        return f"holds no sample: {AGAIN}, or remove it"
    there, size = len(content) - sound.begin, sound.size
    if there >= size or size >= STREAMED:
        return None
    _, _, rate, _, frame, _ = struct.unpack_from(f"{order}HHIIHH", content, form.begin)
    seconds = f" ({there / frame / rate:.3g} of {size / frame / rate:.3g} s)" if frame else ""
    return f"is cut short: {there:,} of {size:,} bytes of sound{seconds} are there: {AGAIN}"
