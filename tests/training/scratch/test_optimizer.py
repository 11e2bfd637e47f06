import pytest

torch = pytest.importorskip("torch")

from gedanken.training.scratch.optimizer import Muon, orthogonalise  # noqa: E402


def weights(seed, *shapes):
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]


def descend(params, step, rounds=3):
    for number in range(rounds):
        for k, param in enumerate(params):
            param.grad = torch.sin(param.detach() * (k + 1) + number)
        step()


@pytest.mark.parametrize("shape", [(3, 20, 48), (2, 48, 20), (1, 16, 16)])
def test_singular_values_come_near_one_and_vectors_stay(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    found = orthogonalise(matrices)
    values = torch.linalg.svdvals(found)
    assert 0.5 < values.min() <= values.max() < 1.3
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    along = left.transpose(1, 2) @ found @ right.transpose(1, 2)
    assert (along - torch.diag_embed(torch.diagonal(along, dim1=1, dim2=2))).abs().max() < 1e-3


def test_it_steps_as_torchs_own_does():
    shapes = [(24, 40), (40, 24), (24, 40)]
    ours, theirs = weights(2, *shapes), weights(2, *shapes)
    other = torch.optim.Muon(theirs, lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    descend(ours, Muon(ours, 0.02, 0.1).step)
    descend(theirs, other.step)
    for a, b, start in zip(ours, theirs, weights(2, *shapes), strict=True):
        moved = (b - start).norm()
        assert moved > 0.1
        assert (a - b).norm() < 0.02 * moved, "torch's works with 16 bits"


def test_a_resumed_run_takes_the_same_steps():
    whole = weights(3, (8, 12), (12, 8))
    descend(whole, Muon(whole, 0.01, 0.0).step, rounds=1)
    first = weights(3, (8, 12), (12, 8))
    muon = Muon(first, 0.01, 0.0)
    descend(first, muon.step, rounds=1)
    again = Muon(first, 0.01, 0.0)
    again.load_state_dict({"momenta": [each.clone() for each in muon.state_dict()["momenta"]]})
    descend(first, again.step, rounds=1)
    other = weights(3, (8, 12), (12, 8))
    straight = Muon(other, 0.01, 0.0)
    descend(other, straight.step, rounds=1)
    descend(other, straight.step, rounds=1)
    assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(whole, other, strict=True))
