"""The methods of explanation: one line each; what they look at and what they return is the same for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convscope.explaining.attribution import Attribution
from convscope.explaining.explained import Explained
from convscope.explaining.gradcam import gradcam, gradcampp
from convscope.explaining.gradient import gradient, inputxgradient
from convscope.explaining.guided import deconv, guided
from convscope.explaining.guided_gradcam import guided_gradcam
from convscope.explaining.integrated_gradients import ig
from convscope.explaining.lrp.method import lrp
from convscope.explaining.occlusion_windows import occlude
from convscope.explaining.rise import rise
from convscope.explaining.score import Score
from convscope.explaining.smoothgrad import smoothgrad

__all__ = ["METHODS", "Attribution", "Explained", "Method", "Score"]


@dataclass(frozen=True)
class Method:
    """A method of explanation: ``compute(explained, score)`` is an ``Attribution``.

    ``name`` is what users type, ``title`` what stands over a map, ``signed`` whether a map also says what speaks
    against the score, ``source`` the paper, ``about`` one sentence on what is seen. ``measures`` says that each value
    is by itself a change of the score, as without a window. ``compute`` raises ``ConfigError`` where the method does
    not apply to a network, and says why.
    """

    name: str
    title: str
    compute: Callable[[Explained, Score], Attribution]
    signed: bool
    source: str
    about: str
    measures: bool = False


_ALL = (
    Method(
        "gradient", "Gradient", gradient, False, "Simonyan et al. 2014",
        "How much the score changes with each pixel.",
    ),
    Method(
        "inputxgradient", "Input × gradient", inputxgradient, True, "Shrikumar et al. 2016",
        "Each pixel times how much the score changes with it.",
    ),
    Method(
        "smoothgrad", "SmoothGrad", smoothgrad, False, "Smilkov et al. 2017",
        "How much the score changes with each pixel, in the mean over 25 noisy copies of the image.",
    ),
    Method(
        "ig", "Integrated gradients", ig, True, "Sundararajan et al. 2017",
        "What each pixel adds to the score on the way from the baseline to the image; all together give its rise.",
    ),
    Method(
        "deconv", "Deconvolution", deconv, False, "Zeiler and Fergus 2014",
        "The gradient of which rectifiers let only positive parts pass, whatever their input was.",
    ),
    Method(
        "guided", "Guided backpropagation", guided, False, "Springenberg et al. 2015",
        "The gradient of which rectifiers let only positive parts pass, where they were active.",
    ),
    Method(
        "gradcam", "Grad-CAM", gradcam, False, "Selvaraju et al. 2017",
        "Where the maps of the last layer with places that speak for the score are active.",
    ),
    Method(
        "gradcampp", "Grad-CAM++", gradcampp, False, "Chattopadhyay et al. 2018",
        "As Grad-CAM, with weights that count positive gradients only, so that several objects show.",
    ),
    Method(
        "guided_gradcam", "Guided Grad-CAM", guided_gradcam, False, "Selvaraju et al. 2017",
        "Guided backpropagation where Grad-CAM is active.",
    ),
    Method(
        "lrp", "Layer-wise relevance propagation", lrp, True, "Bach et al. 2015, Montavon et al. 2019",
        "How the score is shared out, layer by layer, among the numbers that it was computed from.",
    ),
    Method(
        "occlusion", "Occlusion", occlude, True, "Zeiler and Fergus 2014",
        "How far the score falls when the baseline stands in place of a window.", measures=True,
    ),
    Method(
        "rise", "RISE", rise, True, "Petsiuk et al. 2018",
        "How far the score rises where random masks let a place be seen.", measures=True,
    ),
)  # fmt: skip
METHODS = {method.name: method for method in _ALL}
