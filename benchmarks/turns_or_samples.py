"""What the simulator's word is worth: answers in turns against independent answers that cost as many tokens.

python benchmarks/turns_or_samples.py                                   # gedanken-laws, 14 problems of each system
python benchmarks/turns_or_samples.py --model runs/laws/model --problems 4 --systems spring_mass,damped_spring

Each problem is played in turns, with what the simulator said to earlier answers, and then answered again and again from
the problem alone, none twice, until that has taken as many tokens. A token counts once however often it would be read
again: the problem, each answer, and in turns each reply. So independent answers, which have no replies, are more.
A problem is solved when the judge accepts one of the answers (the record and starts that were not shown).
"""

import argparse
import json
from dataclasses import dataclass
from typing import Any

from gedanken import tasks
from gedanken.loop import Problem, Task, play
from gedanken.models import find_folder
from gedanken.models.laws import decoder
from gedanken.models.laws.dialect import Dialect
from gedanken.models.laws.player import LawPlayer
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.statistics import summarise_mean, summarise_rate


@dataclass(frozen=True)
class Spent:
    """What one problem took, both ways.

    Attributes:
        turns: answers in turns, and of these tokens read or said, replies included.
        samples: independent answers, and their tokens.
        solved: whether an answer was accepted, in turns and of independent ones.
        at_once: whether the first answer was, which is the same in both.
    """

    turns: tuple[int, int]
    samples: tuple[int, int]
    solved: tuple[bool, bool]
    at_once: bool


def count(vocabulary: Vocabulary, problem: Problem, messages: list[dict[str, str]]) -> int:
    return len(Dialect(problem.observation.states, vocabulary).write_conversation(messages))


def spend(judge: Task, told: LawPlayer, alone: LawPlayer, words: Vocabulary, problem: Problem, turns: int) -> Spent:
    asked = list(judge.ask(problem))
    # The last reply is read by nobody, so it is not counted.
    played = list(play(judge, told, problem, turns))
    last = {"role": "assistant", "content": played[-1].answer}
    budget = count(words, problem, [*judge.ask(problem, played[:-1]), last])
    problem_alone = count(words, problem, asked)
    spent, drawn = problem_alone, []
    # An answer takes a token at least, so this many are never reached.
    for turn in play(judge, alone, problem, budget):
        answer = {"role": "assistant", "content": turn.answer}
        more = count(words, problem, [*asked, answer]) - problem_alone
        if drawn and spent + more > budget:
            break
        spent += more
        drawn.append(turn)
    solved = tuple(any(turn.verdict.solved for turn in answers) for answers in (played, drawn))
    return Spent((len(played), budget), (len(drawn), spent), solved, played[0].verdict.solved)


def measure(model: str, systems: list[str], problems: int, turns: int, hint: str) -> dict[str, Any]:
    judge = tasks.load("discover")
    folder = find_folder(model, "discover")
    told, alone = (LawPlayer(folder, model, feedback=feedback) for feedback in (True, False))
    _, words = decoder.load(folder)

    def played(name: str, index: int) -> Spent:
        problem = judge.pose(name, split="test", index=index, rows=16, noise=0.02, hint=hint)
        return spend(judge, told, alone, words, problem, turns)

    by_system = {name: [played(name, k) for k in range(problems)] for name in systems}
    found = [each for some in by_system.values() for each in some]
    missed = [each for each in found if not each.at_once]
    return {
        **rates(found),
        "systems": {name: rates(some) for name, some in by_system.items()},
        "gap": summarise_mean(
            [100.0 * (each.solved[0] - each.solved[1]) for each in found], "benchmark", "turns_or_samples"
        ),
        "of_those_not_solved_at_once": {
            "problems": len(missed),
            "answers_in_turns": mean([each.turns[0] for each in missed]),
            "answers_independent": mean([each.samples[0] for each in missed]),
            "tokens_in_turns": mean([each.turns[1] for each in missed]),
            "tokens_independent": mean([each.samples[1] for each in missed]),
        },
    }


def rates(found: list[Spent]) -> dict[str, Any]:
    """Of these problems, how many were solved in the one way and the other."""
    return {
        "problems": len(found),
        "at_once": rate([each.at_once for each in found]),
        "in_turns": rate([each.solved[0] for each in found]),
        "independent": rate([each.solved[1] for each in found]),
    }


def rate(hits: list[bool]) -> dict[str, float | list[float]]:
    return summarise_rate([[hit] for hit in hits])


def mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None


def main() -> None:
    judge = tasks.load("discover")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="gedanken-laws", help="a decoder of laws")
    parser.add_argument("--systems", default=",".join(judge.training_subjects))
    parser.add_argument("--problems", type=int, default=14, help="of each system, of the test split")
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--hint", default="full", help="full, names or anonymous")
    given = parser.parse_args()
    found = measure(given.model, given.systems.split(","), given.problems, given.turns, given.hint)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
