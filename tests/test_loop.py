from collections.abc import Sequence

from gedanken.loop import Key, Message, Player, Problem, Question, Turn, Verdict, play


class GuessNumber:
    """A task small enough to read: the truth is a number, the verdict says higher or lower."""

    name = "guess"
    max_turns = 10

    def pose(self, subject: str, *, split: str = "train", index: int = 0, **options) -> Problem:
        return Problem(self.name, Key(subject, split, index), (0, 100), "Which number?", index)

    def ask(self, problem: Problem, turns: Sequence[Turn] = ()) -> list[Message]:
        messages: list[Message] = [{"role": "user", "content": problem.prompt}]
        for turn in turns:
            messages.append({"role": "assistant", "content": turn.answer})
            messages.append({"role": "user", "content": turn.verdict.feedback})
        return messages

    def solve(self, problem: Problem) -> str:
        return str(problem.truth)

    def verify(self, problem: Problem, answer: str, turns: Sequence[Turn] = ()) -> Verdict:
        gap = int(answer) - problem.truth
        return Verdict({"hit": float(gap == 0)}, {"hit": 2.0}, gap == 0, "lower" if gap > 0 else "higher")

    def verify_batch(self, problems, answers):
        return [self.verify(problem, answer) for problem, answer in zip(problems, answers, strict=True)]


class Bisection:
    """Reads nothing but the conversation, as a language model would."""

    name = "bisection"

    def answer(self, question: Question) -> str:
        low, high = question.observation
        for said, heard in zip(question.messages[1::2], question.messages[2::2], strict=True):
            middle = int(said["content"])
            low, high = (low, middle) if heard["content"] == "lower" else (middle, high)
        return str((low + high) // 2)


def test_play_feeds_the_verdict_back_until_solved():
    task = GuessNumber()
    turns = list(play(task, Bisection(), task.pose("number", index=37)))
    assert [turn.answer for turn in turns] == ["50", "25", "37"]
    assert turns[-1].verdict.solved
    assert turns[-1].verdict.reward == 2.0
    assert not any(turn.verdict.solved for turn in turns[:-1])


def test_play_stops_when_the_turns_are_spent():
    task = GuessNumber()
    assert len(list(play(task, Bisection(), task.pose("number", index=37), turns=2))) == 2


def test_no_player_is_handed_the_truth():
    seen = []

    class Curious(Bisection):
        def answer(self, question: Question) -> str:
            seen.append(question)
            return super().answer(question)

    task = GuessNumber()
    list(play(task, Curious(), task.pose("number", index=91)))
    assert not any(hasattr(question, "truth") for question in seen)
    assert "91" not in repr([question.messages for question in seen])
    assert "91" not in repr(task.pose("number", index=91)).replace("index=91", "")


def test_a_player_is_recognised_by_its_shape():
    assert isinstance(Bisection(), Player)
    assert not isinstance(object(), Player)
