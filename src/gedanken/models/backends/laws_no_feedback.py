"""`laws_no_feedback:FOLDER`: a decoder of laws that never reads what was said to its answers.

The control beside `laws:FOLDER` over several turns. Each answer is drawn from the problem alone, and none twice.
"""

from gedanken.models import find_folder
from gedanken.models.laws.player import LawPlayer


def load(model: str, temperature: float = 0.0, seed: int = 0) -> LawPlayer:
    """The model in a folder.

    Raises:
        UserError: there is none, or it is of another kind.
    """
    return LawPlayer(find_folder(model, "discover"), f"laws_no_feedback:{model}", temperature, seed, feedback=False)
