"""A decoder of laws: its examples, its loss, a short run, and the player that comes out of it."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from gedanken.cli.main import run
from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question, play
from gedanken.models.laws import stated
from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.dialect import Dialect
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.players import load_player
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.scratch.laws.drawn import draw_system, extend_system, form, held_out_forms
from gedanken.training.scratch.laws.examples import Problems, list_words
from gedanken.training.scratch.laws.lesson import train_laws
from gedanken.training.scratch.laws.options import LawOptions
from gedanken.training.scratch.laws.references import find_references
from gedanken.worlds.ode import system
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
SYSTEMS = ("spring_mass", "free_fall")


@pytest.fixture(scope="module")
def words():
    return Vocabulary(list_words(SYSTEMS))


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    return LawOptions(
        output_dir=tmp_path_factory.mktemp("runs") / "whole", size="tiny", steps=12, batch_tokens=1500, warmup_steps=0,
        subjects=SYSTEMS, learning_rate=1e-2, checkpoint_steps=5, log_steps=1, threads=1, bf16=False,
        validation_problems=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(options):
    return train_laws(options)


def said(example, words):
    """The answer of an example, and whether it is a first one."""
    read = Dialect(StateSpace.second_order(x="vx"), words)
    answer = json.loads(read.read_answer(example.ids[example.asked].tolist()))
    return answer, v.REPLY not in example.ids.tolist()


def test_examples_end_with_what_solves_the_problem_or_mends_the_law(words):
    pool = Problems(SYSTEMS, SYSTEMS, 0.5, 0.3, words.words).make_pool(3)
    answers = [said(example, words) for example in pool]
    assert all("equation" in answer for answer, first in answers if first)
    assert any(first for _, first in answers)
    edits = [answer for answer, first in answers if "edit" in answer]
    assert len(edits) > len(answers) / 5
    assert all(set(edit) == {"scale", "by"} for answer in edits for edit in answer["edit"])
    for example in pool:
        ids = example.ids.tolist()
        assert ids[-1] == v.END
        assert ids[int(np.flatnonzero(example.asked)[0]) - 1] == v.ANSWER
        assert v.UNKNOWN not in ids
    again = Problems(SYSTEMS, SYSTEMS, 0.5, 0.3, words.words).make_pool(3)
    assert all((one.ids == other.ids).all() for one, other in zip(pool, again, strict=True))


def test_drawn_laws_differ_move_and_have_no_held_out_form():
    laws = [draw_system(np.random.default_rng(k)) for k in range(60)]
    assert len({law.equation for law in laws}) > 55
    assert {law.states.size for law in laws} >= {1, 2, 3, 4}
    assert not {form(law) for law in laws} & held_out_forms()
    usable = 0
    for k, law in enumerate(laws):
        try:
            usable += np.isfinite(system.draw(law, np.random.default_rng(k)).initial).all()
        except RuntimeError:
            continue
    assert usable > 30


def test_some_drawn_laws_turn_and_some_have_a_steady_force_along_one_coordinate():
    laws = [draw_system(np.random.default_rng(k)).equation for k in range(400)]
    planes = [law.split("; ") for law in laws if law.startswith("d2x0") and "d2x2" in law]
    assert len(planes) > 100
    signs = [
        (re.search(r"([-+]?) ?(c\d)\*x3\b", first), re.search(r"([-+]?) ?(c\d)\*x1\b", second))
        for first, second in planes
    ]
    pairs = [(one[1] or "+", other[1] or "+") for one, other in signs if one and other and one[2] == other[2]]
    assert 0.2 < np.mean([one != other for one, other in pairs]) < 0.8
    steady = re.compile(r"c\d(?!\*)")
    assert sum(bool(steady.search(first)) != bool(steady.search(second)) for first, second in planes) > 5


def test_an_extended_law_has_a_term_that_its_system_has_not_and_its_hint():
    rng = np.random.default_rng(0)
    for name in ("damped_pendulum", "projectile_linear_drag", "logistic"):
        entry = system.load(name)
        laws = [extend_system(entry, rng) for _ in range(30)]
        assert len({law.equation for law in laws}) > 10
        for law in laws:
            before, after = form(system.anonymise(entry)), form(system.anonymise(law))
            assert after not in held_out_forms()
            assert sum(map(len, after)) == sum(map(len, before)) + 1
            assert all(len({*shapes}) == len(shapes) for shapes in after)
            assert law.hint == entry.hint
    # What is taught is the same law, in the constants that a record shows.
    law = extend_system(system.load("damped_spring"), rng)
    drawn = system.draw(law, rng)
    equation, constants = law.reads(drawn.params)
    record = system.trajectory(drawn, np.linspace(0.0, 5.0, 40))
    taught = simulate(equation, law.states, constants, record.values[0], record.t, rtol=1e-8, atol=1e-10)
    assert taught.values == pytest.approx(record.values, rel=1e-4, abs=1e-5)


def test_drawn_laws_come_under_hints_that_do_not_decide(words):
    problems = Problems(SYSTEMS, (), 0.0, 1.0, words.words)
    posed = [problems.pose(k, np.random.default_rng(k)) for k in range(60)]
    known = {name: system.load(name) for name in SYSTEMS}
    extended = [each for each in posed if " z0" in each.truth.equation]
    assert 10 < len(extended) < 50
    others = [each for each in posed if each not in extended]
    hints = [each.observation.hint for each in others]
    assert any(hint == "" for hint in hints)
    assert any(hint.startswith("The state variables are x0") for hint in hints)
    begun = tuple(entry.hint.split("{")[0] for entry in known.values())
    assert any(hint.startswith(begun) for hint in hints)


def test_the_frequency_of_small_swings_follows_from_wide_ones(words):
    judge = DiscoverTask()
    plain, follows = [], []
    for index in range(12):
        problem = judge.pose("simple_pendulum", split="train", index=index, noise=0.005)
        dialect = Dialect(problem.observation.states, words)
        dialect.write_conversation(judge.ask(problem))
        frequency = problem.truth.taught[1]["w"]
        plain.append(frequency / dialect.stated["frequency", "x0"])
        follows.append(frequency / dialect.stated["small_frequency", "x0"])
    assert max(plain) > 1.2
    assert follows == pytest.approx(np.ones(12), abs=0.02)
    # No pendulum swings by more than pi, and a record without statistics says nothing.
    lines = [["x0", "min", "-4", "max", "4", "std", "1", "frequency", "2"], ["x0", "mean", "1", "min", "0"]]
    assert [dict(stated.find(line)).keys() for line in lines] == [
        {(kind, "x0") for kind in ("min", "max", "std", "frequency", "small_frequency_std")},
        {("mean", "x0"), ("min", "x0")},
    ]


@pytest.mark.parametrize(
    ("equation", "held_out"),
    [("d2x0/dt2 = 0.7*x3; d2x2/dt2 = -2*x1", True), ("d2x0/dt2 = -0.5*x0; d2x2/dt2 = -2*x2", False)],
)
def test_a_form_is_known_whatever_its_constants(equation, held_out):
    states = StateSpace.second_order(x0="x1", x2="x3")
    law = replace(system.load("charged_b_field"), equation=equation, states=states, params={}, initial=dict.fromkeys(
        states.columns, 1.0
    ))  # fmt: skip
    assert (form(law) in held_out_forms()) == held_out


def test_constants_follow_what_the_prompt_states_of_them(words):
    judge = DiscoverTask(mode="training")

    def follows(subject):
        found = find_references(judge, subject, words, 16, 0.02)
        return {name: " ".join(each[0]) for name, each in found.items() if each}

    assert follows("spring_mass")["w"] in ("frequency x0", "frequency x1")
    assert follows("damped_spring")["c"] in ("decay x0", "decay x1")
    assert follows("free_fall_drag")["u"] == "min x1"
    # A law whose constants nothing in the record is near to.
    assert follows("double_well") == {}


def test_first_answers_are_said_by_what_the_constants_follow(words):
    references = {"spring_mass": {"w": [("frequency", "x1"), ("frequency", "x0")]}}
    pool = Problems(("spring_mass",), (), 0.0, 0.0, words.words, references=references).make_pool(1)
    first = [example for example in pool if v.REPLY not in example.ids.tolist()]
    told = [words.decode(example.ids[example.asked].tolist()) for example in first]
    referred = [each[each.index("by") + 1] for each in told if "by" in each]
    # Some records are too short for a frequency.
    assert len(referred) > 0.7 * len(told) > 20
    assert np.median(referred) == pytest.approx(1.0, abs=0.01)
    # Where velocities are not observed their statistics are not stated.
    assert any("x0" in each[each.index("<params>") :] for each in told)


def test_an_edit_of_an_example_solves_its_problem():
    judge = DiscoverTask(mode="training")
    from gedanken.loop import Turn
    from gedanken.tasks.discover import teacher

    rng = np.random.default_rng(0)
    problem = judge.pose("damped_spring", split="train", index=5)
    wrong = teacher.blur(problem, rng)
    verdict = judge.verify(problem, wrong)
    mended = teacher.mend(problem, verdict.reading)
    assert judge.verify(problem, mended, [Turn(wrong, verdict)]).terms["match"] > 0.99
    spoilt = judge.verify(problem, '{"equation": "d2x/dt2 = -k", "params": {"k": 1.0}}')
    assert teacher.mend(problem, spoilt.reading) is None


def test_own_mistakes_are_followed_by_what_is_right(words, tmp_path):
    key = {"subject": "spring_mass", "split": "train", "index": 4, "level": None, "options": {"noise": 0.02}}
    wrong = '{"equation": "d2x/dt2 = -k*x", "params": {"k": 4000.0}}'
    file = tmp_path / "outcomes.jsonl"
    file.write_text(json.dumps({"task": "discover", "key": key, "answer": wrong}) + "\n")
    pool = Problems(SYSTEMS, SYSTEMS, 0.5, 0.0, words.words, (str(file),), 1.0).make_pool(0)
    assert len(pool) > 1
    assert not any(first for _, first in (said(example, words) for example in pool))
    file.write_text(json.dumps({"task": "discover", "key": {**key, "split": "test"}, "answer": wrong}) + "\n")
    with pytest.raises(UserError, match="not for training"):
        Problems(SYSTEMS, SYSTEMS, 0.5, 0.0, words.words, (str(file),), 1.0).make_pool(0)


def test_near_numbers_are_nearly_right_and_other_words_are_wrong(words):
    from gedanken.training.scratch.laws.decoder import weigh_tokens

    def loss(said, right):
        """Of a model that says a token, where another one is right."""
        logits = torch.zeros(1, words.count)
        logits[0, said] = 12.0
        return float(weigh_tokens(logits, torch.tensor([right]), words.number, 0.0)[0])

    right = words.write_number(2.5)
    exact, near, far = (loss(words.write_number(value), right) for value in (2.5, 2.51, 9.0))
    assert exact < near < far
    assert loss(words.write_number(-2.5), right) > near
    assert loss(v.END, right) > near
    assert loss(v.END, v.END) < 0.2 < loss(v.LAW, v.END)
    # Just above a power of ten numbers lie ten times as far apart as below it, and weigh as much more.
    logits = torch.zeros(1, words.count, requires_grad=True)
    weigh_tokens(logits, torch.tensor([words.write_number(1.0)]), words.number, 1.0)[0].backward()
    wanted = torch.softmax(torch.zeros(words.count), 0) - logits.grad[0]
    place = words.write_number(1.0)
    assert float(wanted[place - 40 : place].sum()) == pytest.approx(0.5, abs=0.05)
    assert float(wanted[place : place + 5].sum()) == pytest.approx(0.5, abs=0.05)
    # Zero has no neighbours.
    assert loss(words.number, words.number) < 0.2


def test_a_short_run_lowers_the_loss_and_its_model_plays_without_torch(options, model):
    lines = [json.loads(line) for line in (options.output_dir / "metrics.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["kind"] == "train"]
    assert np.mean(losses[-3:]) < np.mean(losses[:3]) - 0.5
    (checked,) = [line for line in lines if line["kind"] == "validation"]
    assert checked["problems"] == 2
    assert 0.0 <= checked["solved_1"] <= checked["solved_8"] <= 1.0
    card = (options.output_dir / "README.md").read_text()
    assert "within 8" in card
    assert "task discover" in card
    player = load_player(f"laws:{model}", "discover")
    task = DiscoverTask()
    problem = task.pose("spring_mass", split="test", index=0)
    turns = list(play(task, player, problem, 3))
    assert len({turn.answer for turn in turns}) == len(turns)
    again = list(play(task, load_player(f"laws:{model}", "discover"), problem, 3))
    assert [turn.answer for turn in again] == [turn.answer for turn in turns]


def test_a_model_that_is_written_anew_is_read_anew(model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    problem = DiscoverTask().pose("spring_mass", split="test", index=1)

    def first():
        (turn,) = play(DiscoverTask(), load_player(f"laws:{folder}", "discover"), problem, 1)
        return turn.answer

    before = first()
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file({name: -value for name, value in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    assert first() != before


def test_the_benchmark_plays_it_with_and_without_feedback(model, capsys, monkeypatch):
    words = [
        "bench",
        "discover",
        "--suite",
        "seed8",
        "--subject",
        "spring_mass",
        "--problems",
        "1",
        "--turns",
        "3",
        "--rows",
        "16",
        "--json",
    ]
    players = ["--player", f"laws:{model}", "--player", f"laws_no_feedback:{model}"]
    monkeypatch.setattr("sys.argv", ["gedanken", *words, *players])
    with pytest.raises(SystemExit) as end:
        run()
    assert not end.value.code
    told = json.loads(capsys.readouterr().out)
    assert [row["player"] for row in told] == [f"laws:{model}", f"laws_no_feedback:{model}"]
    assert all(row["n"] == 1 for row in told)


def test_without_feedback_it_reads_the_problem_alone(model):
    task = DiscoverTask()
    problem = task.pose("spring_mass", split="test", index=0)
    alone = load_player(f"laws_no_feedback:{model}", "discover")
    (first,) = play(task, alone, problem, 1)
    question = Question(task.ask(problem, [first]), problem.observation, [first])
    *before, reply = question.messages
    other = replace(question, messages=[*before, {**reply, "content": "Match 0.999, the data oscillate faster."}])
    assert alone.answer(question) == alone.answer(other)
    assert alone.answer(question) != first.answer


def test_of_a_number_the_median_is_said(words):
    from gedanken.models.laws import decoder

    def choose(**values):
        """What is said where numbers and words have these shares."""
        shares = np.full(words.count, 1e-12)
        for name, share in values.items():
            token = v.END if name == "end" else words.write_number(float(name.removeprefix("n").replace("_", "-")))
            shares[token] += share
        token = decoder.choose(shares, words.number)
        return words.decode([token])[0]

    assert choose(n1=0.3, n2=0.25, n3=0.35) == 2.0
    assert choose(n1=0.1, n2=0.1, _3=0.3) == -3.0
    assert choose(n1=0.2, n2=0.1, end=0.4) == "<end>"
    assert choose(n0=0.6, n2=0.3) == 0.0


def test_it_says_what_transformers_says(model, words, monkeypatch):
    from transformers import AutoModelForCausalLM

    from gedanken.models.laws import decoder

    weights, found = decoder.load(model)
    assert found.words == words.words
    text = [*words.encode_prose(v.split("Mass of 2.3 kg\nx0 0.5 -1.25")), v.ANSWER]
    theirs = AutoModelForCausalLM.from_pretrained(model).eval()
    monkeypatch.setattr(decoder, "choose", lambda shares, number: int(shares.argmax()))
    expected = theirs.generate(torch.tensor([text]), max_new_tokens=12, do_sample=False)[0, len(text) :].tolist()
    assert decoder.say(weights, words, text, most=12) == expected


def test_a_run_can_begin_with_another_model(options, model, words):
    from transformers import AutoModelForCausalLM

    from gedanken.training.scratch.laws.decoder import begin_with, make_decoder

    more = Vocabulary([*words.words, "unheard"])
    fresh = make_decoder("tiny", 5, more)
    unheard = fresh.model.embed_tokens.weight[more.encode(["unheard"])].clone()
    begin_with(fresh, more, model)
    theirs = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    asked, known = ["frequency", "x0", "by", "1.25", "="], words
    ours = fresh.model.embed_tokens.weight[more.encode(asked)]
    assert (ours == theirs.model.embed_tokens.weight[known.encode(asked)]).all()
    assert (fresh.model.embed_tokens.weight[more.encode(["unheard"])] == unheard).all()
    assert (fresh.model.layers[1].mlp.up_proj.weight == theirs.model.layers[1].mlp.up_proj.weight).all()
    with pytest.raises(UserError, match="say --size"):
        begin_with(make_decoder("1M", 0, more), more, model)
    # To go on with a run that has not begun is to begin it.
    begun = options.output_dir.with_name("begun")
    again = replace(options, output_dir=begun, init_from=str(model), steps=1, resume=True)
    lines = [json.loads(line) for line in (train_laws(again).parent / "metrics.jsonl").read_text().splitlines()]
    before = [json.loads(line) for line in (options.output_dir / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["loss"] < before[0]["loss"] - 0.5


def test_a_run_goes_on_and_held_out_systems_are_refused(options, model):
    again = replace(options, resume=True)
    assert train_laws(again) == model
    with pytest.raises(UserError, match="holds a run"):
        train_laws(options)
    with pytest.raises(UserError, match="held out"):
        train_laws(replace(options, output_dir=options.output_dir.with_name("other"), subjects=("projectile_drag",)))


def test_a_run_goes_on_with_what_its_model_gets_wrong(options, model, tmp_path, capsys, monkeypatch):
    words = f"gedanken train evaluate --model laws:{model} --split train --subjects spring_mass --with rows=16"
    monkeypatch.setattr("sys.argv", [*words.split(), "--problems", "2", "--turns", "2", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        run()
    assert not end.value.code
    assert f"laws:{model}" in capsys.readouterr().out
    file = tmp_path / "outcomes.jsonl"
    answers = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["key"]["split"] for each in answers] == ["train", "train"]
    shutil.copytree(options.output_dir, tmp_path / "run")
    more = replace(options, output_dir=tmp_path / "run", resume=True, steps=14, mistakes=(str(file),), own_mistakes=0.9)
    train_laws(more)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["options"]["mistakes"] == [str(file)]
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert max(line["step"] for line in lines if line["kind"] == "train") == 14


def test_more_variables_than_it_has_names_for_are_refused(model):
    player = load_player(f"laws:{model}", "discover")
    names = [f"x{k}" for k in range(9)]
    t = np.linspace(0.0, 1.0, 20)
    trial = Trajectory(t, np.tile(np.exp(-t)[:, None], 9))
    problem = DiscoverTask().pose_record(StateSpace.first_order(*names), [trial])
    with pytest.raises(PlayerError, match="at most 8 variables and 4 inputs, and this one has 9 and 0"):
        player.answer(Question(DiscoverTask().ask(problem), problem.observation))
    eight = Trajectory(t, trial.values[:, :8])
    problem = DiscoverTask().pose_record(StateSpace.first_order(*names[:8]), [eight])
    (turn,) = play(DiscoverTask(), player, problem, 1)
    assert turn.verdict.error is None or "finite" in turn.verdict.error or "blows up" in turn.verdict.error
