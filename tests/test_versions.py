import importlib.metadata
import platform

import gedanken
from gedanken.versions import versions


def test_versions_come_in_the_order_asked_for_and_without_what_is_not_installed():
    found = versions("python", "numpy", "no-such-library", "gedanken")
    assert list(found.items()) == [
        ("python", platform.python_version()),
        ("numpy", importlib.metadata.version("numpy")),
        ("gedanken", gedanken.__version__),
    ]
