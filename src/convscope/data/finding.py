"""What lies at a path, or has a name: listed, before anything is decoded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from convscope.data import named
from convscope.data.clips.stacks import WORDS, Stacks
from convscope.data.dataset import Notice
from convscope.data.detect import sniff
from convscope.data.ingest.build import Progress
from convscope.data.listing import Listing, Masks
from convscope.data.options import LoadOptions
from convscope.data.sequences.signals import Signals
from convscope.data.sequences.texts import Texts
from convscope.data.sources.columns import Columns
from convscope.errors import DataError, nearest
from convscope.text import count


def find(path_or_name: str | Path, options: LoadOptions, columns: Columns, root: Path, tell: Progress) -> Listing:
    """List the set: what exists at the path, else what has that name."""
    path = _path(path_or_name)
    if path.exists():
        listing = sniff(path, root, columns)
    elif str(path_or_name) in named.names():
        listing = named.find(str(path_or_name), options.data_root, root, options.seed, tell)
    else:
        raise _not_there(path)
    if not listing.columns:
        columns.refuse_without(path_or_name, listing.kind)
    if not isinstance(listing.target, Masks):
        options.refuse_mask_settings(path_or_name, listing.kind)
    return _present(listing, skip_bad=options.skip_bad)


def _not_there(path: Path) -> DataError:
    if path.is_symlink():
        return DataError(f"{path} is a link that leads nowhere: {path.readlink()}")
    above = next((parent for parent in path.absolute().parents if parent.is_dir()), Path("/"))
    missing = path.absolute().relative_to(above).parts[0]
    hint = nearest(missing, [*(entry.name for entry in above.iterdir()), *named.names()])
    return DataError(
        f"nothing is at {path}: there is no {missing!r} in {above}{hint} "
        f"(sets that have a name: {', '.join(named.names())})"
    )


def _path(path_or_name: str | Path) -> Path:
    """Return a path that can be looked up, whether anything is there or not."""
    if not str(path_or_name):
        raise DataError("no data given: the path is empty; name a folder, a file or a set such as digits")
    try:
        path = Path(path_or_name).expanduser()
        path.exists()
    except RuntimeError:  # ~somebody
        raise DataError(f"{path_or_name}: there is no user whose folder this could mean") from None
    except OSError as error:
        raise DataError(f"{path_or_name} cannot be opened: {error.strerror}") from None
    return path


def _present(listing: Listing, *, skip_bad: bool) -> Listing:
    """Return the listing, what it names without having it refused or told."""
    if listing.absent is None:
        return listing
    if not skip_bad:
        raise DataError(f"{listing.absent.text}; correct them, or leave them out with --skip-bad")
    told = replace(listing.absent, text=f"{listing.absent.text}; left out")
    return replace(listing, notices=(told, *listing.notices))


def other_columns(listing: Listing, columns: Columns) -> tuple[Notice, ...]:
    """Say which columns the user named for another table that this one lacks."""
    if not listing.columns or not (lacking := columns.missing(listing.columns)):
        return ()
    what = f"no column {', '.join(lacking)} here, as the run was trained with; read as {listing.kind}"
    return (Notice("other-columns", what, tuple(lacking)),)


def input_kind(listing: Listing) -> str:
    """Return what an example of a listing is."""
    if isinstance(listing.images, Stacks):
        return WORDS[listing.images.form][0]
    return "text" if isinstance(listing.images, Texts) else "signal" if isinstance(listing.images, Signals) else "image"


def one_class(listing: Listing, where: str | Path) -> str:
    """Say that all examples are of one class."""
    beside = "".join(f"; {notice.text}" for notice in listing.notices if notice.code == "unused-files")
    noun = input_kind(listing)
    remedy = "in a folder of its own or named in a table" if noun != "text" else "in a table of its own or named in one"
    return (
        f"{where}: found {count(len(listing.ids), noun)} of one class only ({', '.join(listing.classes)}), "
        f"as {listing.kind}; a classifier needs two classes or more, each {remedy}{beside}"
    )
