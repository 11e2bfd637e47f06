"""A run that learns nothing says so: on standard error, in its measurements and at the top of its card."""

import json

import pytest

from gedanken.training.card import write_card
from gedanken.training.dead import DeadWatch, Spell, find_spells
from gedanken.training.run import open_run
from gedanken.training.trainer import TrainingStopped

OPTIONS = {"max_new_tokens": 24, "dead_steps": 3, "task": "discover", "model": "m"}


def line(step, reward=0.5, flat=0.0, cut=0.0):
    return {
        "kind": "train",
        "step": step,
        "loss": 0.0,
        "reward": reward,
        "frac_reward_zero_std": flat,
        "completions/clipped_ratio": cut,
    }


def dead_zero(step):
    return line(step, reward=0.0, flat=1.0)


def test_spells_are_consecutive_steps_of_one_cause():
    lines = [line(1), *(line(k, cut=1.0) for k in (2, 3, 4)), line(5), *(line(k, cut=1.0) for k in (6, 7))]
    assert find_spells(lines, 3) == [Spell("cut", 2, 4, 3)]
    assert find_spells(lines, 4) == []
    assert find_spells(lines[:3], 3) == []


@pytest.mark.parametrize("part", [{"cut": 0.9}, {"flat": 0.5}, {"reward": 0.0}, {}])
def test_steps_that_teach_something_are_not_dead(part):
    assert find_spells([line(step, **part) for step in range(1, 20)], 1) == []


def test_rewards_of_0_are_named_rather_than_equal_ones():
    assert [spell.cause for spell in find_spells([dead_zero(k) for k in (1, 2, 3)], 3)] == ["zero"]
    equal = [line(k, reward=0.4, flat=1.0) for k in (4, 5, 6)]
    assert [spell.cause for spell in find_spells(equal, 3)] == ["equal"]
    both = [dead_zero(1), dead_zero(2), dead_zero(3), *equal]
    assert find_spells(both, 3) == [Spell("zero", 1, 3, 3), Spell("equal", 1, 6, 6)]


def watch_run(tmp_path, lines, stop=False):
    folder = open_run(tmp_path / "run", "grpo", {**OPTIONS, "stop_when_dead": stop})
    watch = DeadWatch(folder, 3, stop, OPTIONS)
    notes = []
    for each in lines:
        folder.log(each["step"], {name: value for name, value in each.items() if name != "step"})
        notes.append(watch(each["step"], each))
    return folder, notes


def test_a_dead_run_warns_once_and_is_marked_as_long_as_it_lasts(tmp_path, capsys):
    folder, notes = watch_run(tmp_path, [line(1), *(dead_zero(k) for k in (2, 3, 4, 5)), line(6), dead_zero(7)])
    assert notes == ["", "", "", "DEAD since step 2", "DEAD since step 2", "", ""]
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("gedanken: warning: from step 2 to step 4 every reward was 0; ")
    (record,) = folder.metrics("dead")
    assert (record["step"], record["causes"], record["stopped"]) == (4, [{"cause": "zero", "since": 2}], False)


def test_a_dead_run_is_stopped_with_one_sentence_where_that_was_asked_for(tmp_path):
    with pytest.raises(TrainingStopped) as stopped:
        watch_run(tmp_path, [line(k, cut=1.0) for k in (1, 2, 3, 4)], stop=True)
    assert str(stopped.value) == (
        "the run is dead and was stopped at step 3: from step 1 to step 3 every answer was cut at the token limit of "
        "24; raise --max-new-tokens, or let the model learn by train sft where an answer ends"
    )


def write_lines(folder, lines):
    for each in lines:
        folder.log(each["step"], {**{name: value for name, value in each.items() if name != "step"}, "seconds": 1.0})


def test_the_card_says_so_in_words_at_its_top(tmp_path):
    folder = open_run(tmp_path / "run", "grpo", {**OPTIONS, "lora_r": 4})
    write_lines(folder, [line(1), *(dead_zero(k) for k in (2, 3, 4, 5))])
    top = write_card(folder).partition("# run\n")[2].strip()
    assert top.startswith(
        "> **Dead run:** from step 2 to step 5 every reward was 0 (4 of 5 steps), so nothing was learnt there."
    )
    assert "was stopped" not in top
    folder.log(5, {"kind": "dead", "causes": [], "stopped": True})
    assert "> The run was stopped for it at step 5" in write_card(folder)


def test_a_living_runs_card_says_nothing_of_it(tmp_path):
    folder = open_run(tmp_path / "run", "grpo", {**OPTIONS, "lora_r": 4})
    write_lines(folder, [line(1), dead_zero(2), dead_zero(3), *(line(k) for k in range(4, 9))])
    assert "> **" not in write_card(folder)


def rate(value):
    return {"rate": value, "ci": [0.0, 100.0]}


def test_the_card_says_that_test_answers_are_cut_or_cannot_be_read(tmp_path):
    folder = open_run(tmp_path / "run", "sft", {**OPTIONS, "lora_r": 4})
    checks = {"kind": "eval", "n": 4, "match": {"mean": 0.0, "ci": None}, "solved_first": rate(0.0)}
    folder.log(5, {**checks, "valid": rate(50.0), "cut": rate(75.0)})
    assert "> **" not in write_card(folder)
    folder.log(6, {**checks, "valid": rate(0.0), "cut": rate(100.0)})
    card = write_card(folder)
    assert (
        "> **No answer ends:** all answers to the 4 test problems at step 6 were cut at the limit of 24 tokens" in card
    )
    assert "> **No answer can be read:** none of the answers to the 4 test problems at step 6" in card
    assert "0.000 (n = 1)" in card


@pytest.mark.parametrize("stop", [False, True])
def test_a_real_run_whose_answers_are_all_cut_stops_and_its_card_tells(tiny_model, tmp_path, capsys, stop):
    """Holds the names of TRL's measurements to those that are read here."""
    pytest.importorskip("trl")
    from gedanken.training.grpo import train_grpo
    from gedanken.training.options import GRPOOptions

    options = GRPOOptions(
        model=str(tiny_model("llama")),
        output_dir=tmp_path / "run",
        subjects=("free_fall",),
        instances=2,
        conditions={"rows": 4},
        num_steps=4 if stop else 2,
        num_generations=2,
        batch_size=2,
        replace_flat=0,
        lora_r=2,
        max_new_tokens=1,
        dead_steps=2,
        stop_when_dead=stop,
        eval_problems=0,
        bench_problems=0,
        device="cpu",
        dtype="float32",
    )
    if stop:
        with pytest.raises(TrainingStopped, match=r"stopped at step 2: .* cut at the token limit of 1 and .* 0; raise"):
            train_grpo(options)
    else:
        train_grpo(options)
    assert capsys.readouterr().err.count("gedanken: warning: from step 1 to step 2") == 2
    lines = [json.loads(each) for each in (tmp_path / "run" / "metrics.jsonl").read_bytes().splitlines()]
    assert sum(each["kind"] == "train" for each in lines) == 2
    (record,) = [each for each in lines if each["kind"] == "dead"]
    assert record["step"] == 2
    assert [cause["cause"] for cause in record["causes"]] == ["cut", "zero"]
    card = (tmp_path / "run" / "README.md").read_text()
    assert "> **Dead run:** from step 1 to step 2 every answer was cut at the token limit of 1 (2 of 2 steps)" in card
    assert ("The run was stopped for it at step 2" in card) == stop
