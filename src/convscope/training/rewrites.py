"""Exact rewrites: the same network in a form that runs faster.

``rewrite`` keeps parameters, their names and the layers themselves, for training; ``fold_batch_norm`` makes a copy with
weights of its own, for prediction only. Only what is certain to leave the outcome as it is gets rewritten: layers of
PyTorch's own types, without hooks of their own, that a plain ``nn.Sequential`` calls one after the other.

Measured and left out, since they were slower: a convolution of few channels written as a product over patches, alone
or as the largest of four products where pooling follows.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from typing import Any

from torch import Tensor, fx, nn
from torch.nn.functional import linear, pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)


@dataclass(frozen=True)
class Rewritten:
    """A network to run instead of another, and what was done to it in words; the network itself where nothing was."""

    model: nn.Module
    applied: tuple[str, ...]


class Reordered(nn.Sequential):
    """A chain that runs its children in the order ``order``, names, when it is called as a whole.

    Items, slices and names stay as they were, for parents that walk through the layers themselves.
    """

    order: tuple[str, ...] | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Return what the plain chain returns."""
        for name in self.order or self._modules:
            input = self.get_submodule(name)(input)
        return input


class WindowProduct(nn.Conv1d):
    """A strided convolution of one channel as one product over its windows, where its input needs a gradient.

    The library's gradient for such an input takes several times as long as all the rest; its forward pass does not.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map (N, 1, L) to (N, O, ⌊(L + 2·padding - kernel) / stride⌋ + 1)."""
        if input.ndim != 3 or not input.requires_grad:
            return super().forward(input)
        padded = pad(input, 2 * (int(self.padding[0]),)) if self.padding[0] else input
        windows = padded.unfold(2, self.kernel_size[0], self.stride[0]).squeeze(1)  # (N, L', k)
        return linear(windows, self.weight.flatten(1), self.bias).transpose(1, 2).contiguous()


def rewrite(model: nn.Module) -> Rewritten:
    """Return a network that computes the same from the same parameters, faster.

    Its layers are the model's own, so that training it trains the model, and ``train()``, ``eval()`` and ``to()``
    reach them; containers with a changed part are copies, and the model itself is not touched. It is made to be run,
    not to be edited or saved.

    - An increasing activation before max pooling comes after it: fewer values to work on. The output is the same, to
      the bit for piecewise linear activations, else up to the rounding of the activation. So is the gradient, except
      where different inputs of a window round to the same activation: it then goes to the largest input, not the first.
    - A strided 1-d convolution of one channel (over embedded text, say) becomes a matrix product where its input needs
      a gradient: same up to rounding.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
    >>> fast = rewrite(net)
    >>> fast.applied
    ('max pooling moved before ReLU at 1 place: same result from fewer values',)
    >>> x = net[0].weight.new_ones(2, 1, 8, 8)
    >>> bool((fast.model(x) == net(x)).all()), fast.model[0] is net[0]
    (True, True)
    """
    done: Counter[str] = Counter()
    fast = _rebuilt(model, done, {})
    places = {message: f"{count} place{'s' if count > 1 else ''}" for message, count in done.items()}
    return Rewritten(fast, tuple(message.format(places=places[message]) for message in done))


def _rebuilt(module: nn.Module, done: Counter[str], known: dict[int, nn.Module]) -> nn.Module:
    if id(module) in known:
        return known[id(module)]
    fast = module
    if "forward" not in vars(module):  # else it was compiled or patched, and a copy would run the original's layers
        children = {name: _rebuilt(child, done, known) for name, child in module._modules.items() if child is not None}
        if any(children[name] is not module._modules[name] for name in children):
            fast = _sharing(module, type(module))
            fast._modules = module._modules | children
        if type(module) is nn.Sequential and (order := _pooled_first(module, done)) != tuple(module._modules):
            fast = _sharing(fast, Reordered)
            fast.order = order  # pyright: ignore[reportArgumentType]
        elif type(module) is nn.Conv1d and _suits_windows(module):
            done["strided 1-d convolution run as a matrix product at {places}: same result up to rounding"] += 1
            fast = _sharing(module, WindowProduct)
    known[id(module)] = fast
    return fast


def _sharing(module: nn.Module, kind: type[nn.Module]) -> nn.Module:
    """Return a shallow copy of another class, with the same parameters, buffers, hooks and children."""
    fast = copy.copy(module)
    fast.__class__ = kind
    return fast


def _pooled_first(chain: nn.Sequential, done: Counter[str]) -> tuple[str, ...]:
    order = list(chain._modules)
    for at in range(1, len(order)):
        while at > 0 and _may_swap(chain, order, at):
            activation = type(chain.get_submodule(order[at - 1])).__name__
            done[f"max pooling moved before {activation} at {{places}}: same result from fewer values"] += 1
            order[at - 1], order[at] = order[at], order[at - 1]
            at -= 1
    return tuple(order)


def _may_swap(chain: nn.Sequential, order: list[str], at: int) -> bool:
    activation, pool = chain.get_submodule(order[at - 1]), chain.get_submodule(order[at])
    if not (_increasing(activation) and _reduces(pool)) or _hooked(activation) or _hooked(pool):
        return False
    if not getattr(activation, "inplace", False):
        return True
    # It also changes what stood before it, which others may hold, unless a layer made that for it alone.
    before = chain.get_submodule(order[at - 2]) if at > 1 else None
    return before is not None and type(before) in (*_CONVOLUTIONS, *_NORMS, *_POOLS) and not _hooked(before)


def _increasing(layer: nn.Module) -> bool:
    """Return whether larger inputs never give smaller outputs; a layer of a user's own class is not known to."""
    if type(layer) is nn.LeakyReLU:
        return layer.negative_slope >= 0
    if type(layer) is nn.ELU:
        return layer.alpha >= 0
    if type(layer) is nn.Softplus:  # it steps down where it turns into the identity: below rounding from 20 on
        return layer.beta > 0 and layer.threshold >= 20
    return type(layer) in (nn.ReLU, nn.ReLU6, nn.SELU, nn.Tanh, nn.Sigmoid, nn.Hardtanh)


def _reduces(layer: nn.Module) -> bool:
    """Return whether this is max pooling onto fewer values, with no window that lies in the padding only (-inf)."""
    if type(layer) not in _POOLS or layer.return_indices:
        return False
    strided, padded, dilated = (
        any(value != usual for value in (setting if isinstance(setting, tuple) else (setting,)))
        for setting, usual in ((layer.stride, 1), (layer.padding, 0), (layer.dilation, 1))
    )
    return strided and not (padded and dilated)


def _suits_windows(layer: nn.Conv1d) -> bool:
    # Measured: 1.6 to 3.5 times as fast for kernels of 16 and more, about even for 8.
    return (
        (layer.in_channels, layer.dilation, layer.padding_mode) == (1, (1,), "zeros")
        and layer.kernel_size[0] >= 16
        and layer.stride[0] > 1
        and not isinstance(layer.padding, str)
        and not _hooked(layer)
    )


def _hooked(module: nn.Module) -> bool:
    return any((module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks))


def fold_batch_norm(model: nn.Module) -> nn.Module:
    """Return a copy for prediction, in evaluation mode, with batch norms folded into the convolutions before them.

    Equal up to rounding; fold before a change to bfloat16, which would round what is multiplied. The copy has weights
    of its own and must not be trained. A network with hooks, or whose ``forward`` branches on its input, is copied as
    it is.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    >>> fold_batch_norm(net)[1]
    Identity()
    """
    folded = copy.deepcopy(model).eval()
    for conv_name, norm_name in _foldable(folded):
        conv, norm = folded.get_submodule(conv_name), folded.get_submodule(norm_name)
        assert isinstance(conv, _CONVOLUTIONS) and isinstance(norm, _NORMS)
        folded.set_submodule(conv_name, fuse_conv_bn_eval(conv, norm))
        folded.set_submodule(norm_name, nn.Identity())
    return folded


class _Tracer(fx.Tracer):
    """Takes no layer apart that has no weights: there is nothing to fold in it, and it may branch on shapes."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether a module stays one call."""
        return not m.state_dict() or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a module; that of another thread, which torch hands in as well while it traces, as if nothing were."""
        if all(m is not own for own in self.root.modules()):
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)


def _foldable(model: nn.Module) -> list[tuple[str, str]]:
    """Return the names of convolutions whose only use is the batch norm named with them."""
    if any(_hooked(module) for module in model.modules()):
        return []
    tensors = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    try:  # on a copy that shares all tensors: what forward notes down must not be left full of the tracer's proxies
        nodes = _Tracer().trace(copy.deepcopy(model, tensors)).nodes
    except Exception:  # whatever the user's forward raises when it is handed a proxy: then its calls are not known
        return []
    calls = Counter(node.target for node in nodes if node.op == "call_module")
    names = Counter(id(module) for _, module in model.named_modules(remove_duplicate=False))
    read = {str(node.target).rpartition(".")[0] for node in nodes if node.op == "get_attr"}
    pairs = []
    for node in nodes:
        source = node.args[0] if node.op == "call_module" and len(node.args) == 1 else None
        if not isinstance(source, fx.Node) or source.op != "call_module" or len(source.users) > 1:
            continue
        pair = str(source.target), str(node.target)
        conv, norm = (model.get_submodule(name) for name in pair)
        alone = all(calls[name] == 1 and name not in read for name in pair) and names[id(conv)] == names[id(norm)] == 1
        if alone and type(conv) in _CONVOLUTIONS and type(norm) in _NORMS and norm.running_mean is not None:
            pairs.append(pair)
    return pairs
