"""A sequence is answered alike alone, in a batch of longer ones, and with any number of pads behind it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from convscope.data.spec import InputSpec, OutputSpec
from convscope.models import entry, names
from convscope.models.blocks.masked import MaskedNorm
from convscope.models.registry import build

FORMS = [(name, form) for name in names() if entry(name).axes == 1 for form in entry(name).takes]
SIGNALS = [name for name, form in FORMS if form == "numbers"]
EITHER = {"conv1d", "gru", "lstm", "transformer"}  # what a comparison on texts and on signals can be of
LENGTHS = (1, 2, 7, 40, 61)
CHANNELS, TOKENS = 2, 17


def test_convolution_recurrence_and_attention_take_tokens_and_signals() -> None:
    assert {name for name in SIGNALS if (name, "tokens") in FORMS} == EITHER


def network(name: str, space: tuple[int | None, ...] = (None,), form: str = "numbers") -> nn.Module:
    """Return a network in float64 whose norms have seen something, and whose weights are all drawn."""
    torch.manual_seed(0)
    input = InputSpec(space=space, vocabulary=TOKENS) if form == "tokens" else InputSpec(CHANNELS, space)
    net = build(name, {}, input=input, output=OutputSpec(3)).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        for _ in range(2):
            net(padded(examples(form), 5))
    return net.eval()


def examples(form: str) -> list[Tensor]:
    random = torch.Generator().manual_seed(1)
    if form == "tokens":
        return [torch.randint(1, TOKENS, (length,), generator=random) for length in LENGTHS]
    return [torch.randn(CHANNELS, length, generator=random, dtype=torch.float64) for length in LENGTHS]


def padded(sequences: list[Tensor], more: int = 0) -> Tensor:
    longest = max(each.shape[-1] for each in sequences) + more
    return torch.stack([nn.functional.pad(each, (0, longest - each.shape[-1])) for each in sequences])


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_padding_never_changes_an_answer(name: str, form: str) -> None:
    net, sequences = network(name, form=form), examples(form)
    with torch.inference_mode():
        alone = torch.cat([net(each[None]) for each in sequences])
        assert alone.std(0).min() > 1e-4  # they are told apart at all
        for more in (0, 1, 2, 3, 17, 100):
            torch.testing.assert_close(net(padded(sequences, more)), alone, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_padding_never_changes_a_gradient(name: str, form: str) -> None:
    net, sequences = network(name, form=form), examples(form)

    def gradients(more: int) -> list[Tensor]:
        net.zero_grad()
        net(padded(sequences, more)).square().sum().backward()
        return [p.grad.clone() for p in net.parameters() if p.grad is not None]

    torch.testing.assert_close(gradients(0), gradients(23), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", SIGNALS)
def test_padding_never_changes_a_training_step(name: str) -> None:
    sequences, states = examples("numbers")[2:], []
    for more in (0, 19):
        net = network(name).train()
        for part in net.modules():
            if isinstance(part, nn.Dropout):  # it draws more numbers for more steps
                part.p = 0.0
        net(padded(sequences, more)).square().sum().backward()
        states.append([net.state_dict(), {key: p.grad for key, p in net.named_parameters()}])
    torch.testing.assert_close(states[0], states[1], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", SIGNALS)
def test_masks_change_nothing_where_all_have_one_length(name: str) -> None:
    x = examples("numbers")[3][None]
    masked, plain = network(name), network(name, (x.shape[-1],))
    if name not in ("tcn", "fixed_kernels"):  # these have as many dilations as the length asks for
        plain.load_state_dict(masked.state_dict())
        torch.testing.assert_close(plain(x), masked(x), atol=1e-9, rtol=1e-9)
    assert {type(part) for part in plain.modules()}.isdisjoint({MaskedNorm})


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("form", ["numbers", "tokens"])
def test_convolutions_of_several_layers_see_no_padding(form: str, layers: int) -> None:
    torch.manual_seed(0)
    input = InputSpec(space=(None,), vocabulary=TOKENS) if form == "tokens" else InputSpec(CHANNELS, (None,))
    net = build("conv1d", {"layers": layers}, input=input, output=OutputSpec(3)).double()
    alone = torch.cat([net(each[None]) for each in examples(form)])
    torch.testing.assert_close(net(padded(examples(form), 9)), alone, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(EITHER))
def test_tokens_of_one_length_are_seen_with_their_places(name: str) -> None:
    input, sequence = InputSpec(space=(40,), vocabulary=TOKENS), examples("tokens")[3][None]
    net = build(name, {}, input=input, output=OutputSpec(3)).eval()
    assert net[-1].in_features % 40 == 0
    assert (net(sequence) - net(sequence.roll(1, 1))).abs().max() > 1e-3


def test_a_masked_norm_is_batch_norm_of_what_is_inside() -> None:
    torch.manual_seed(0)
    norm, oracle = MaskedNorm(3), nn.BatchNorm1d(3)
    x = torch.randn(2, 3, 6)
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0.0]])[:, None]
    steps = torch.cat([x[0], x[1, :, :2]], 1).T  # (8, 3)
    torch.testing.assert_close(norm(x, mask)[1, :, :2].T, oracle(steps)[6:])
    torch.testing.assert_close(norm.state_dict(), oracle.state_dict())


@pytest.mark.parametrize("name", ["text_cnn", "text_cnn_wide"])
def test_windows_are_the_same_numbers_while_learning(name: str) -> None:
    tokens = padded(examples("tokens"), 3)
    net = network(name, form="tokens")
    windows = net[0]  # pyright: ignore[reportIndexIssue]
    torch.testing.assert_close(windows.train()(tokens), windows.eval()(tokens), atol=1e-9, rtol=1e-9)
