import numpy as np
import pytest

from gedanken.worlds.ode.fit import covariance_of


def test_it_is_the_inverse_whatever_the_units():
    information = np.array([[4.0, 1e-4], [1e-4, 1e-8]])
    assert covariance_of(information) == pytest.approx(np.linalg.inv(information), rel=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_overflown_sensitivities_determine_nothing(wrong):
    found = covariance_of(np.array([[1.0, wrong], [wrong, 2.0]]))
    assert np.isinf(np.diag(found)).all()
