import pytest

from gedanken.data import manifest, schema
from gedanken.data.card import list_files, push, write_card
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.errors import UserError

yaml = pytest.importorskip("yaml")


@pytest.fixture
def folders(tmp_path):
    for split in ("train", "val"):
        generate(Plan(split, 4, ("billiards",), (1, 2), frames=5, shard_scenes=2), tmp_path / split, Processes(1))
    return [tmp_path / "train", tmp_path / "val"]


def test_the_card_has_front_matter_and_every_column(folders):
    card = write_card(folders, "me/scenes")
    front = yaml.safe_load(card.split("---")[1])
    assert front["size_categories"] == ["n<1K"]
    assert front["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train/shard-*.parquet"},
        {"split": "validation", "path": "data/val/shard-*.parquet"},
    ]
    for name in schema.SCHEMA.names:
        assert f"`{name}`" in card


def test_what_would_be_uploaded_is_every_shard_with_its_manifest(folders):
    listed = list_files(folders, "me/scenes")
    assert next(iter(listed)) == "README.md"
    for folder, split in zip(folders, ("train", "val"), strict=True):
        receipts = manifest.read(folder).receipts()
        assert {f"data/{split}/{receipt.file}" for receipt in receipts} < set(listed)
        assert listed[f"data/{split}/{manifest.NAME}"] == folder / manifest.NAME
    assert len(listed) == 1 + 2 * 3


def test_the_hub_gets_the_list(folders, monkeypatch):
    huggingface_hub = pytest.importorskip("huggingface_hub")
    seen = []
    monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", lambda self, repo, **more: seen.append((repo, more)))
    monkeypatch.setattr(
        huggingface_hub.HfApi,
        "create_commit",
        lambda self, repo, operations, **more: seen.append([operation.path_in_repo for operation in operations]),
    )
    assert push(folders, "me/scenes", private=True) == "https://huggingface.co/datasets/me/scenes"
    assert seen[0] == ("me/scenes", {"repo_type": "dataset", "private": True, "exist_ok": True})
    assert seen[1] == list(list_files(folders, "me/scenes"))


def test_what_is_not_fit_to_be_published(folders):
    with pytest.raises(UserError, match="OWNER/NAME"):
        list_files(folders, "scenes")
    with pytest.raises(UserError, match="the same split"):
        list_files([folders[0], folders[0]], "me/scenes")
    (folders[1] / "shard-00001.parquet").unlink()
    with pytest.raises(UserError, match=r"cannot be published: .*is missing"):
        list_files(folders, "me/scenes")
