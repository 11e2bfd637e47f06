import subprocess
import sys

import pytest

from gedanken.seeding import digest, stream


def test_the_same_key_is_the_same_stream_in_another_process():
    here = stream("discover", "free_fall", "train", 7).random(3).tolist()
    code = "from gedanken.seeding import stream; print(stream('discover', 'free_fall', 'train', 7).random(3).tolist())"
    # A fresh interpreter has another hash seed, which nothing here may depend on.
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert str(here) == there.strip()


@pytest.mark.parametrize(
    "one, other",
    [
        (("a", 1), ("a", 2)),
        (("a", 1), ("a", "1")),
        (("a", 1), ("a", 1.0)),
        (("a", True), ("a", 1)),
        (("ab", "c"), ("a", "bc")),
        (("a", "b"), ("b", "a")),
        (("a",), ("a", None)),
    ],
)
def test_any_difference_in_the_key_is_another_stream(one, other):
    assert digest(*one) != digest(*other)


def test_a_key_of_objects_is_refused():
    with pytest.raises(TypeError, match="list"):
        stream("a", [1])  # type: ignore[arg-type]
