"""The layout of nnU-Net: ``imagesTr/CASE_0000.png`` (a file a channel), ``labelsTr/CASE.png``, ``dataset.json``."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from convscope.data.listing import Listing, Masks
from convscope.data.notice import Notice
from convscope.data.sources.candidate import Candidate, by_number
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import FileImages, Files, is_image, strings, without_ending
from convscope.data.sources.made_files import Channels
from convscope.data.sources.mask_files import FileMasks
from convscope.data.sources.mask_listing import listing_of
from convscope.data.sources.mask_pairing import Pairs
from convscope.errors import DataError
from convscope.text import count, listed

_IMAGES = re.compile(r"((?:.*/)?)images(Tr|Ts)/([^/]+)")
CHANNEL_FILE = re.compile(r"(.+)_(\d{4})")
_OTHER_VOLUMES = (".mha", ".nrrd")
_NIFTI = (".nii", ".nii.gz")


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate for each folder that holds ``imagesTr`` and ``labelsTr``."""
    roots = sorted({folder[: -len("imagesTr")] for folder in files.folders if folder.split("/")[-1] == "imagesTr"})
    return [
        Candidate(
            "nnU-Net set", root.rstrip("/") or ".", functools.partial(_read, files, root),
            files=(f"{root}dataset.json",),
        )
        for root in roots
        if f"{root}labelsTr" in files.folders
    ]  # fmt: skip


def _read(files: Files, root: str) -> Listing:
    """List the training cases, and the test cases where they have labels.

    Raises:
        DataError: volumes of other kinds than NIfTI or of several channels, cases without all channels, or a
            ``dataset.json`` that cannot be read.
    """
    cases = _cases(files, root)
    pairs = Pairs()
    parts: dict[str, list[str]] = {}
    for tag, split in (("Tr", ""), ("Ts", "test")):
        labels = _labels(files, f"{root}labels{tag}/")
        mine = sorted((case for case in cases if case[0] == tag), key=lambda case: by_number(case[1]))
        for case in mine:
            files_of = cases[case]
            name = f"{root}images{tag}/{case[1]}" if len(files_of) > 1 else files_of[0]
            parts[name] = files_of
            if case[1] in labels:
                pairs.add(name, labels.pop(case[1]), split)
            else:
                (pairs.unlabelled if tag == "Ts" and not labels else pairs.unmasked).append(name)
        pairs.unpaired += labels.values()
    if not pairs.images:
        raise DataError(f"{files.path}: no case of {root}imagesTr has a file of its name in {root}labelsTr")
    told = _told(files, f"{root}dataset.json")
    notices = _regions(told, root)
    channels = max(map(len, parts.values()))
    if channels > 1 and (first := next(iter(parts.values())))[0].lower().endswith(_NIFTI):
        raise DataError(
            f"{files.path}: {listed(first, 3)}: volumes with a file for each channel are not read; save each case as "
            "one file, its channels on the last axis"
        )
    kind = f"nnU-Net set{f' below {root}' if root else ''} ({count(channels, 'channel')})"
    joined: Files = Channels(files, parts) if channels > 1 else files
    ids = strings(pairs.images)
    target = Masks(FileMasks(files, strings(pairs.masks)), _names(told))
    return listing_of(files, kind, pairs, target=target, images=FileImages(joined, ids), notices=notices)


def _cases(files: Files, root: str) -> dict[tuple[str, str], list[str]]:
    """Return the files of each case's channels, by ("Tr" or "Ts", its name)."""
    volumes = [
        name for name in files.names if name.startswith(f"{root}imagesT") and name.lower().endswith(_OTHER_VOLUMES)
    ]
    if volumes:
        raise DataError(f"{files.path}: {listed(volumes, 3)}: such volumes are not read; save them as NIfTI")
    cases: dict[tuple[str, str], list[str]] = {}
    for name in files.names:
        match = _IMAGES.fullmatch(name)
        if match and match[1] == root and is_image(name):
            case = without_ending(match[3])
            channel = CHANNEL_FILE.fullmatch(case)
            cases.setdefault((match[2], channel[1] if channel else case), []).append(name)
    most = max(map(len, cases.values()), default=1)
    lacking = [those[0] for those in cases.values() if len(those) < most]
    if lacking:
        raise DataError(
            f"{files.path}: {count(len(lacking), 'case')} with fewer than {most} channels, as others have "
            f"({listed(lacking, 3)}); add the missing files, or remove these cases"
        )
    return cases


def _labels(files: Files, folder: str) -> dict[str, str]:
    inside = (name for name in files.names if name.startswith(folder) and is_image(name))
    return {without_ending(name.removeprefix(folder)): name for name in inside}


def _told(files: Files, name: str) -> dict[str, Any]:
    if name not in files.names:
        return {}
    try:
        told = json.loads(files.read(name))
    except ValueError as error:
        raise DataError(f"{name} cannot be read as JSON ({error})") from None
    return cast(dict[str, Any], told) if isinstance(told, dict) else {}


def _names(told: Mapping[str, Any]) -> dict[float, str]:
    """Return the names of values: ``{"tumour": 1}`` of version 2, ``{"1": "tumour"}`` of version 1.

    >>> _names({"labels": {"background": 0, "cell": 1, "both": [1, 2]}}), _names({"labels": {"0": "a", "1": "b"}})
    ({0.0: 'background', 1.0: 'cell'}, {0.0: 'a', 1.0: 'b'})
    """
    labels = told.get("labels")
    if not isinstance(labels, dict):
        return {}
    names: dict[float, str] = {}
    for key, value in cast(dict[str, Any], labels).items():
        if key.isdecimal() and isinstance(value, str):
            names[float(key)] = value
        elif isinstance(value, int | float):
            names[float(value)] = key
        elif not isinstance(value, list):  # several values are a region
            raise DataError(
                f"dataset.json: the label {key!r} has the value {value!r}; expected a number, its value in the masks"
            )
    return names


def _regions(told: Mapping[str, Any], root: str) -> list[Notice]:
    """Say which labels are regions of several values, which are not learned as such."""
    labels = cast(dict[str, Any], told.get("labels") or {})
    regions = [key for key, value in labels.items() if isinstance(value, list)]
    if not regions:
        return []
    text = f"{root}dataset.json: the regions {listed(regions)} consist of several values; the values are the classes"
    return [Notice("regions", text, tuple(regions))]
