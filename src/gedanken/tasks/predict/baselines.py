"""Players without a language model: extrapolations, and the simulator itself restarted from the text."""

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.tasks.predict.extrapolation import BAR, prior
from gedanken.tasks.predict.observation import Observation
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.engine.simulate import resume


class Extrapolator:
    """One of `extrapolation.BAR`, written down as an answer."""

    def __init__(self, name: str):
        """The extrapolation called `name`."""
        self.name = name
        self._extrapolate = BAR[name]

    def answer(self, question: Question) -> str:
        """The extrapolated frame."""
        observation: Observation = question.observation
        return text.load(observation.format).write_target(observation.prompt, self._extrapolate(observation.prompt))


class Prior:
    """The extrapolation of the format `corrections`: there an answer without corrections, elsewhere its frame.

    A model of prior-coded text has to beat this player: its extrapolation alone may be worse than the best one.
    """

    name = "prior"

    def answer(self, question: Question) -> str:
        """The extrapolated frame.

        Raises:
            PlayerError: the format does not tell the scene.
        """
        observation: Observation = question.observation
        prompt = observation.prompt
        scene = getattr(prompt.header, "scene", None)
        if scene is None:
            raise PlayerError(f"the format {observation.format} does not tell the scene, so {self.name} has no forces")
        return text.load(observation.format).write_target(prompt, prior(prompt))


class Restart:
    """Reads the prompt's text, rebuilds the scene from it and simulates one step: what follows from the text alone.

    One frame of context leaves the solver's memory of contacts open; ten frames rebuild it.
    """

    def __init__(self, frames: int):
        """A restart from the last `frames` frames."""
        self.name = f"restart{frames}"
        self._frames = frames

    def answer(self, question: Question) -> str:
        """The simulated next frame.

        Raises:
            PlayerError: the format does not tell enough of the scene to simulate it.
        """
        observation: Observation = question.observation
        writer = text.load(observation.format)
        prompt = writer.parse_prompt(question.messages[-1]["content"])
        if isinstance(prompt, list):
            raise PlayerError(f"{self.name} cannot read the prompt: {prompt[0]}")
        scene = getattr(prompt.header, "scene", None)
        if scene is None:
            raise PlayerError(
                f"the format {observation.format} does not tell sizes and masses, so nothing can be simulated"
            )
        frames = resume(scene, prompt.states[-self._frames :], 1, prompt.header.labels)
        return writer.write_target(prompt, frames[0])
