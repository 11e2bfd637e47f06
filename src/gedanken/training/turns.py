"""Episodes of several turns in reinforcement: a group of answers shares what was said before them."""

from collections.abc import Sequence

from gedanken.loop import Problem, Task, Turn, Verdict


def replay(judge: Task, problem: Problem, answers: Sequence[str]) -> list[Turn]:
    """The turns of an episode whose answers are known."""
    turns: list[Turn] = []
    for answer in answers:
        turns.append(Turn(answer, judge.verify(problem, answer, turns)))
    return turns


def credit(verdict: Verdict, turns: Sequence[Turn]) -> Verdict:
    """The verdict on an answer as reinforcement pays for it: a law that was proposed before earns nothing again.

    What is paid beyond that is the answer's own reward. Answers that are compared with each other have the same turns
    before them, so that the difference of two rewards is that of what they gain.

    Args:
        verdict: on an answer.
        turns: before it.
    """
    details = verdict.details
    law = (details.get("equation"), details.get("params"))
    for turn in turns:
        earlier = turn.verdict.details
        if law[0] is not None and law == (earlier.get("equation"), earlier.get("params")):
            return Verdict(
                {name: 0.0 for name in verdict.terms},
                verdict.weights,
                False,
                verdict.feedback,
                "this law was proposed before",
                verdict.reading,
                details,
            )
    return verdict
