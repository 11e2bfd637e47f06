"""The teacher's answer to the problem that a reset poses: the reference that must score at the top.

Usage: python validation/oracle.py '{"seed": 7}'
"""

import json
import sys
from typing import Any

from gedanken.episode import LocalEnv


def answer(**options: Any) -> str:
    """What the teacher answers after `reset(**options)`."""
    env = LocalEnv("predict")
    env.reset(**options)
    assert env.problem is not None
    return env.task.solve(env.problem)


if __name__ == "__main__":
    print(answer(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")))
