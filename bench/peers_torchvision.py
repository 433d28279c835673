"""Import before what imports torchvision: its wheel is built for CUDA, and beside the CPU's torch its operators are
missing. Two of them are looked for at import; declared, never called.
"""

from torch.library import Library

OPERATORS = Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    OPERATORS.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
