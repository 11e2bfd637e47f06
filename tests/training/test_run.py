import pytest

from gedanken.errors import UserError
from gedanken.training.run import RunFolder, open_run

pytest.importorskip("torch")


def test_a_run_is_opened_once_and_resumed_with_the_same_options_only(tmp_path):
    open_run(tmp_path / "run", "sft", {"model": "m", "epochs": 3.0})
    with pytest.raises(UserError, match="--resume"):
        open_run(tmp_path / "run", "sft", {"model": "m", "epochs": 3.0})
    open_run(tmp_path / "run", "sft", {"model": "m", "epochs": 3.0}, resume=True)
    with pytest.raises(UserError, match=r"its epochs was 3\.0"):
        open_run(tmp_path / "run", "sft", {"model": "m", "epochs": 4.0}, resume=True)
    with pytest.raises(UserError, match="a run of sft"):
        open_run(tmp_path / "run", "grpo", {"model": "m", "epochs": 3.0}, resume=True)


@pytest.mark.parametrize(
    "name", ["output_dir", "resume", "report_to", "save_steps", "merge", "dead_steps", "stop_when_dead"]
)
def test_options_that_do_not_change_the_result_may_change_on_resuming(tmp_path, name):
    open_run(tmp_path, "sft", {"model": "m", name: "before"})
    open_run(tmp_path, "sft", {"model": "m", name: "after"}, resume=True)


def test_an_option_that_is_new_or_gone_is_another_option(tmp_path):
    open_run(tmp_path, "sft", {"model": "m", "rows": 4})
    for options in ({"model": "m"}, {"model": "m", "rows": 4, "noise": 0.1}):
        with pytest.raises(UserError, match="cannot be resumed"):
            open_run(tmp_path, "sft", options, resume=True)


def test_the_end_of_a_run_is_the_last_one_recorded(tmp_path):
    folder = RunFolder(tmp_path)
    folder.log(1, {"kind": "train"})
    assert folder.end() is None
    for step in (1, 3, 2):
        folder.log(step, {"kind": "end"})
        assert folder.end()["step"] == step


def test_numbers_that_are_not_finite_are_logged_as_missing(tmp_path):
    folder = RunFolder(tmp_path)
    folder.log(1, {"kind": "train", "loss": float("inf"), "reward": float("nan"), "seconds": 2.5, "note": "x"})
    (line,) = folder.metrics()
    assert (line["loss"], line["reward"], line["seconds"], line["note"]) == (None, None, 2.5, "x")


def test_measurements_are_read_by_kind(tmp_path):
    folder = RunFolder(tmp_path)
    for step, kind in ((1, "train"), (2, "train"), (2, "eval")):
        folder.log(step, {"kind": kind})
    assert [line["step"] for line in folder.metrics("train")] == [1, 2]
    assert [line["step"] for line in folder.metrics("eval")] == [2]
    assert folder.metrics("bench") == []


def test_the_config_names_the_versions_that_a_result_depends_on(tmp_path):
    config = open_run(tmp_path, "sft", {"model": "m"}).config()
    assert {"gedanken", "python", "torch", "transformers"} <= set(config["versions"])
    assert config["options"] == {"model": "m"}


def test_metrics_survive_a_kill_in_the_middle_of_a_line_and_steps_that_were_run_twice(tmp_path):
    folder = RunFolder(tmp_path)
    folder.log(1, {"kind": "train", "loss": 2.0})
    folder.log(2, {"kind": "train", "loss": float("nan")})
    folder.log(2, {"kind": "eval", "n": 4})
    folder.log(2, {"kind": "train", "loss": 1.0})
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 3, "ki')
    lines = folder.metrics()
    assert [(line["step"], line["kind"]) for line in lines] == [(1, "train"), (2, "eval"), (2, "train")]
    assert lines[-1]["loss"] == 1.0


def test_a_checkpoint_that_was_being_written_is_passed_over(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.last_checkpoint() is None
    for step, whole in ((5, True), (10, True), (15, False)):
        checkpoint = folder.checkpoints / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        if whole:
            (checkpoint / "trainer_state.json").write_text("{}")
    assert folder.last_checkpoint().name == "checkpoint-10"


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="is not the folder of a training run"):
        RunFolder(tmp_path).config()
