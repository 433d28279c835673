"""The folder of predicted masks: each image in every format, and one table of the objects of all images.

    masks/NAME.png          numbers of the classes, with a palette; of volumes NAME.tif
    labels/NAME.tif         numbers of the objects, where these are counted
    overlays/NAME.png       outlines over the image; not of volumes
    geojson/NAME.geojson    outlines as polygons: of the objects, or of each class; not of volumes
    probabilities/NAME.tif  float32, a page a class (of each slice), where asked for
    objects.csv             a line an object

NAME is that of the image, with its folders. Each file appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from convscope import atomic
from convscope.data.spec import Instances, PixelClasses
from convscope.errors import SaveError
from convscope.runs.masks.geojson import write_objects, write_regions
from convscope.runs.masks.labels import write_label_tiff, write_probabilities
from convscope.runs.masks.overlay import overlay_png
from convscope.runs.masks.palette import palette_png
from convscope.runs.masks.pixel_size import PixelSize
from convscope.runs.masks.table import object_table, write_csv
from convscope.runs.prediction import Prediction
from convscope.tasks.segmentation.decoding import decoded_names
from convscope.tasks.segmentation.objects import slabs

OBJECTS = "objects.csv"

_Writers = dict[str, tuple[str, Callable[[IO[bytes]], object]]]  # by the kind of a file its place, and what writes it


@dataclass(eq=False)
class MaskFolder:
    """Writes predictions of ``target`` into ``folder``; ``objects`` counts those that are in the table so far.

    ``pixel_size`` is that of all images: the unit of the table, and noted in every TIFF.
    """

    folder: Path
    target: PixelClasses | Instances
    pixel_size: PixelSize | None = None
    probabilities: bool = False
    objects: int = field(default=0, init=False)
    _begun: bool = field(default=False, init=False, repr=False)

    def write(
        self, place: PurePosixPath, name: str, prediction: Prediction, own_size: PixelSize | None = None
    ) -> dict[str, str]:
        """Write one image's files at ``place`` within each folder, and return their paths; ``name`` is for the table.

        ``own_size`` is the size of its pixels as its file says it, for its TIFFs where nobody else says it.
        Raises ``SaveError`` where a file cannot be written; what was written before stays.
        """
        writers = self._writers(prediction.arrays, self.pixel_size or own_size)
        paths = {kind: self.folder / pattern.format(place) for kind, (pattern, _) in writers.items()}
        for kind, (_, write) in writers.items():
            _write(paths[kind], write)
        if "objects" in prediction.arrays:
            self._add_to_table(name, prediction.arrays)
        return {kind: str(path) for kind, path in paths.items()}

    def _writers(self, arrays: Mapping[str, np.ndarray], size: PixelSize | None) -> _Writers:
        """Return for each kind of file where it stands, and what writes it, with the ``size`` of a pixel."""
        classes, labels = arrays["classes"], arrays.get("objects")
        if flat := classes.ndim == 2:
            writers = _pictures(arrays, self._names)
        else:
            writers: _Writers = {}
            writers["mask"] = "masks/{}.tif", lambda file: write_label_tiff(file, classes, size)
        if labels is not None:
            writers["labels"] = "labels/{}.tif", lambda file: write_label_tiff(file, labels, size)
        if flat:
            writers["outlines"] = "geojson/{}.geojson", _outlines(arrays, self._names)
        if self.probabilities:
            maps, pages = arrays["probabilities"], self.target.names
            writers["probabilities"] = (
                "probabilities/{}.tif",
                lambda file: write_probabilities(file, maps, pages, size),
            )
        return writers

    @property
    def _names(self) -> tuple[str, ...]:
        return decoded_names(self.target)

    def _add_to_table(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        labels = arrays["objects"]
        table = object_table(
            labels,
            image=arrays["image"],
            class_of=_class_of(labels, arrays["classes"]),
            names=self._names,
            pixel_size=self.pixel_size,
        )
        count = len(table["label"])
        path = self.folder / OBJECTS
        try:
            with path.open("ab") as file:
                write_csv(file, {"image": np.full(count, name, object), **table}, header=not self._begun)
        except OSError as error:
            raise _unwritten(path, error) from error
        self._begun = True
        self.objects += count


def _pictures(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> _Writers:
    """Return what writes the mask of an image, and its outlines over the image."""
    classes, labels, image = arrays["classes"], arrays.get("objects"), arrays["image"]
    shown = classes if labels is None else labels
    return {
        "mask": ("masks/{}.png", lambda file: file.write(palette_png(classes, names))),
        "overlay": ("overlays/{}.png", lambda file: file.write(overlay_png(image, shown, objects=labels is not None))),
    }


def _outlines(arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> Callable[[IO[bytes]], object]:
    """Return what writes the outlines of an image's objects, or of its classes, as polygons."""
    classes, labels = arrays["classes"], arrays.get("objects")
    if labels is None:
        return lambda file: write_regions(file, classes, names)
    class_of = _class_of(labels, classes)
    return lambda file: write_objects(file, labels, names, class_of)


def _class_of(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the number (n,) of each object's class.

    Where objects have a threshold of their own, pixels of an object can be background in the class map, all of them
    too: the object is of the first class behind the background then.
    """
    class_of = np.ones(int(labels.max(initial=0)), np.int64)
    for at in slabs(labels.shape):
        inside = (labels[at] > 0) & (classes[at] > 0)
        class_of[labels[at][inside] - 1] = classes[at][inside]
    return class_of


def _write(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing(path) as file:
            write(file)
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> SaveError:
    return SaveError(
        f"cannot write {path}: {error.strerror or error}; the files of the images before it stay",
        "free some space, or choose another folder with --out",
    )
