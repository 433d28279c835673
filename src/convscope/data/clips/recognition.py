"""Whether the examples of a listing are clips or volumes: as the user says, or as their files do.

What tells a clip by itself: a video, an animated GIF or WebP, a TIFF with an axis of time, folders whose images are
called frames. What tells a volume: NIfTI, a TIFF with an axis of depth, a ``.npy`` file of three axes of which none can
be the channels. Other folders of numbered images, and other TIFFs of several pages, are read as images, and the flag
that reads them otherwise is told.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np

from convscope.data.clips.groups import sources_of
from convscope.data.clips.pages import ANIMATED, is_animated
from convscope.data.clips.stacks import WORDS, FileStacks, FolderStacks, Form, Stacks
from convscope.data.decode.encoded import Unreadable
from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.options import LoadOptions
from convscope.data.sources.arrays import channel_axis
from convscope.data.sources.candidate import by_number
from convscope.data.sources.files import FileImages, Files, ending, is_video, strings
from convscope.data.volumes.files import NIFTI, TIFF, open_volume
from convscope.errors import ConfigError, DataError
from convscope.text import count, listed

FORMS: dict[str, Form] = {"clips": "video", "volumes": "volume"}
FRAME = re.compile(r"(.*?)\d+$")  # what stands before a running number
FEWEST = 3  # frames a folder at least, to be told as such by their names
OF_IMAGES = ("group-like", "classes-within")  # notices that tell of folders of images


def as_stacks(listing: Listing, options: LoadOptions) -> Listing | None:
    """Return the listing of clips or volumes where a set is one, else ``None``.

    Raises:
        ConfigError: clips or volumes are asked for where there are none.
        DataError: the frames of one clip are of several classes or splits.
    """
    asked = options.stacks
    if isinstance(listing.images, Stacks):
        if asked not in ("auto", *(flag for flag, form in FORMS.items() if form == listing.images.form)):
            return _as_said(listing, asked)
        return _grouped(listing, options)
    if asked == "slices" or not isinstance(listing.images, FileImages) or not isinstance(listing.target, Target):
        if asked == "clips":
            raise ConfigError(
                f"--stacks clips: {listing.name} is {listing.kind}, no clips with one answer; leave it out"
            )
        return None
    files, names = listing.images.files, listing.images.names
    first = str(names[0])
    if is_video(first):
        return _grouped(_of_files(listing, FORMS.get(asked, "video")), options)
    folders = _folders(names)
    if asked in FORMS:
        form = FORMS[asked]
        if _several(files, first):
            return _grouped(_of_files(listing, form), options)
        if not any(len(rows) > 1 for rows in folders.values()):
            raise ConfigError(
                f"--stacks {asked}: {listing.name} is {listing.kind}, one image a file; give a folder of "
                f"{WORDS[form][1]}s for each {WORDS[form][0]}, or a file that holds them"
            )
        return _grouped(_of_folders(listing, files, folders, form), options)
    if form := _told_by_file(files, first):
        return _grouped(_of_files(listing, form), options)
    if _are_frames(names, folders):
        return _grouped(_of_folders(listing, files, folders, "video"), options)
    return None


def looks_like_frames(listing: Listing) -> tuple[Notice, ...]:
    """Say of a set that is read as images that its images may be frames, or its files hold several."""
    images = listing.images
    if not isinstance(images, FileImages) or not isinstance(listing.target, Target) or listing.target.kind != "class":
        return ()
    folders = _folders(images.names)
    if _numbered(images.names, folders) and len(folders) > 2 * len(listing.classes):
        text = (
            f"{count(len(folders), 'folder')} hold images with running numbers, each read as an example of its own: if "
            "they are frames of clips, or slices of volumes, say --stacks clips or --stacks volumes"
        )
        return (Notice("frames-like", text),)
    first = str(images.names[0])
    if ending(first) in (*TIFF, ".npy") and (pages := _pages(images.files, first)) > 4:
        text = (
            f"{first} holds {pages} planes, read as the channels of one image: if they are frames or slices, say "
            "--stacks clips or --stacks volumes"
        )
        return (Notice("pages-like", text),)
    return ()


def _as_said(listing: Listing, asked: str) -> Listing:
    """Return arrays or files as the other form, where the user says so."""
    stacks = listing.images
    assert isinstance(stacks, Stacks)
    if asked == "slices":
        noun = WORDS[stacks.form][0]
        raise ConfigError(
            f"--stacks slices: {listing.name} is {listing.kind}: {noun}s with one answer each; leave it out"
        )
    return replace(listing, images=replace(stacks, form=FORMS[asked]))  # pyright: ignore[reportArgumentType, reportCallIssue]


def _several(files: Files, name: str) -> bool:
    """Return whether a file holds several frames."""
    if ending(name) in ANIMATED:
        return is_animated(files.read(name))
    if ending(name) in (*TIFF, *NIFTI, ".npy"):
        try:
            return open_volume(files.read(name), name).shape[0] > 1
        except Unreadable:
            return False
    return False


def _told_by_file(files: Files, name: str) -> Form | None:
    """Return what a file says of itself: that it is a clip, a volume, or neither."""
    kind = ending(name)
    if kind in (".gif", ".webp"):
        return "video" if is_animated(files.read(name)) else None
    if kind in NIFTI:
        return "volume"
    if kind == ".npy":
        return "volume" if _is_volume_array(files, name) else None
    return _axis_of(files, name) if kind in TIFF else None


def _is_volume_array(files: Files, name: str) -> bool:
    try:
        shape = open_volume(files.read(name), name).shape
    except Unreadable:
        return False
    try:
        channel_axis(shape[:3])
    except DataError:
        return True  # which no image has
    return shape[3] > 1


def _axis_of(files: Files, name: str) -> Form | None:
    """Return what the further axis of a TIFF is, where the file names it."""
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(files.read(name))) as file:
            axes = dict(zip(file.series[0].axes, file.series[0].shape, strict=True))
    except Exception:  # decoding says why
        return None
    if axes.get("T", 1) > 1:
        return "video"
    return "volume" if axes.get("Z", 1) > 1 else None


def _pages(files: Files, name: str) -> int:
    """Return how many planes a file holds beside channels, 1 where it is an image alone."""
    try:
        return open_volume(files.read(name), name).shape[0]
    except Unreadable:
        return 1


def _folders(names: np.ndarray) -> dict[str, list[int]]:
    """Return the rows of the images in each folder, in the order of their numbers."""
    rows: dict[str, list[int]] = {}
    for row in sorted(range(len(names)), key=lambda row: by_number(str(names[row]))):
        rows.setdefault(str(names[row]).rpartition("/")[0], []).append(row)
    return rows


def _numbered(names: np.ndarray, folders: dict[str, list[int]]) -> set[str]:
    """Return what stands before the running numbers of all images, where they have such; else nothing."""
    before: set[str] = set()
    for rows in folders.values():
        stems = [str(names[row]).rpartition("/")[2].partition(".")[0] for row in rows]
        parts = [FRAME.fullmatch(stem) for stem in stems]
        if len(stems) < FEWEST or None in parts:
            return set()
        numbers = [int(stem[len(part[1]) :]) for stem, part in zip(stems, parts, strict=True) if part]
        heads = {part[1] for part in parts if part}
        steps = set(np.diff(numbers).tolist())
        if len(heads) > 1 or len(steps) > 1 or 0 in steps:
            return set()
        before |= heads
    return before


def _are_frames(names: np.ndarray, folders: dict[str, list[int]]) -> bool:
    """Return whether images say by their names that they are frames: frame_001.png, frame_002.png, ..."""
    heads = _numbered(names, folders)
    return bool(heads) and all(head.strip("_-. ").lower().endswith(("frame", "frames")) for head in heads)


def _of_files(listing: Listing, form: Form) -> Listing:
    images = listing.images
    assert isinstance(images, FileImages)
    kind = f"{listing.kind}, a {WORDS[form][0]} a file ({', '.join(sorted({ending(str(n)) for n in images.names}))})"
    return replace(listing, kind=kind, images=FileStacks(form, images.names, images.files))


def _of_folders(listing: Listing, files: Files, folders: dict[str, list[int]], form: Form) -> Listing:
    assert isinstance(listing.target, Target)
    noun, word = WORDS[form]
    of_images = listing.images
    assert isinstance(of_images, FileImages)
    for folder, rows in folders.items():
        for what, values in (("splits", listing.split[rows]), ("classes", listing.labels[rows])):
            if len(np.unique(values)) > 1:
                raise DataError(
                    f"the images in {folder or listing.name} are of several {what}, and as {word}s of one {noun} they "
                    f"have one; give each {noun} a folder of its own, or say --stacks slices"
                )
    firsts = np.array([rows[0] for rows in folders.values()])
    names = strings([folder or listing.name for folder in folders])
    parts = [[str(of_images.names[row]) for row in rows] for rows in folders.values()]
    groups = None if listing.groups is None else listing.groups[firsts]
    return replace(
        listing, kind=f"{listing.kind}, each folder of {word}s a {noun}",
        images=FolderStacks(form, names, files, parts), ids=names,
        target=listing.target[firsts], split=listing.split[firsts], groups=groups,
        notices=tuple(notice for notice in listing.notices if notice.code not in OF_IMAGES),
    )  # fmt: skip


def _grouped(listing: Listing, options: LoadOptions) -> Listing:
    """Keep clips of one source video together, where their names tell it, and say so."""
    if listing.groups is not None or options.group == "none":
        return listing
    sources = sources_of([str(name) for name in listing.ids.tolist()])
    if sources is None:
        return listing
    text = (
        f"clips of one source are kept in one split, as their names tell: {count(len(set(sources)), 'source')} of "
        f"{count(len(sources), 'clip')}, such as {listed(dict.fromkeys(sources), 2)}; --group none divides them freely"
    )
    return replace(listing, groups=strings(sources), notices=(*listing.notices, Notice("sources", text)))
