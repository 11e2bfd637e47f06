import pytest


@pytest.fixture(scope="session")
def perturb():
    """Moves a model's weights away from their first values, for evaluation."""
    torch = pytest.importorskip("torch")

    def change(model):
        with torch.no_grad():
            for name, value in model.named_parameters():
                value += 0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(len(name)))
        return model.eval()

    return change
