"""Which clips were cut from one video: never train on one and test on another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from convscope.data.sources.files import without_ending

# v_Run_g08_c02 of UCF-101, talk_clip3, match-12_part1, dive.scene-4: what stands before the last number is the source.
CUT = re.compile(r"(.*[^\W_].*?)[_\-. ]*(?:(?<=[_\-. ])c|clip|seg|segment|part|scene|shot|chunk|cut)[_\-. ]*\d+", re.I)


def sources_of(names: Sequence[str]) -> list[str] | None:
    """Return the source of each clip, ``None`` where their names tell none that has several.

    A clip lies in its class's folder; one that lies deeper has the folder above it as its source.

    >>> sources_of(["run/v_Run_g08_c01.gif", "run/v_Run_g08_c02.gif", "sit/v_Sit_g01_c01.gif"])
    ['run/v_Run_g08', 'run/v_Run_g08', 'sit/v_Sit_g01']
    >>> sources_of(["run/clip1.gif", "run/clip2.gif"]) is None
    True
    """
    folders = [name.rpartition("/")[0] for name in names]
    cuts = [CUT.fullmatch(without_ending(name).rpartition("/")[2]) for name in names]
    named = [f"{folder}/{cut[1]}" for folder, cut in zip(folders, cuts, strict=True) if cut]
    if len(named) == len(names) > len(set(named)):
        return named
    depths = {name.count("/") for name in names}
    return folders if depths == {2} and len(set(folders)) < len(names) and not _split_first(names) else None


def _split_first(names: Sequence[str]) -> bool:
    """Return whether the first folders are few, as splits are: then the second are the classes."""
    from convscope.data.sources.splitnames import split_word

    return all(split_word(name.partition("/")[0]) for name in names)
