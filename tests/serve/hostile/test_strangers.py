"""A hosted server: nobody lists, reads or cancels what is not theirs, and nobody spends the owner's keys."""

import base64
import sqlite3
import time

TOKEN = "x" * 43


def test_a_stranger_neither_lists_nor_cancels_an_episode(hosted, hostile):
    started = hosted.start(hostile("silent"))
    assert started.status == 201
    assert hosted.call("/api/episodes").json == []
    token = started.headers["Gedanken-Owner"]
    assert len(base64.urlsafe_b64decode(token + "=")) >= 32
    cancel = started.json["url"] + "/cancel"
    for headers in (
        {},
        {"Gedanken-Owner": TOKEN},
        {"Cookie": f"gedanken_owner={TOKEN}"},
        {"Cookie": "gedanken_owner="},
    ):
        assert hosted.call("/api/episodes", headers=headers).json == []
        refused = hosted.call(cancel, {}, headers=headers)
        assert refused.status == 403
        assert "only the owner" in refused.json["detail"]
    assert hosted.call(cancel, {}, headers={"Gedanken-Owner": "' or 1=1 --"}).status == 422
    # The permalink is for everybody who has it.
    assert hosted.call(started.json["url"]).json["status"] == "running"
    owner = {"Gedanken-Owner": token}
    assert [row["id"] for row in hosted.call("/api/episodes", headers=owner).json] == [started.json["id"]]
    assert hosted.call(cancel, {}, headers=owner).json["cancelled"]


def test_the_token_comes_as_a_cookie_too_and_is_used_again(hosted, hostile):
    first = hosted.start(hostile("constant"))
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    second = hosted.start(hostile("constant"), headers={"Cookie": cookie.partition(";")[0]})
    assert second.headers["Gedanken-Owner"] == first.headers["Gedanken-Owner"]
    listed = hosted.call("/api/episodes", headers={"Cookie": cookie.partition(";")[0]}).json
    assert {row["id"] for row in listed} == {first.json["id"], second.json["id"]}


def test_ids_hold_128_random_bits_and_the_history_only_the_hash_of_a_token(hosted, hostile):
    body = {"problem": {"subject": "free_fall"}, "players": [hostile("constant")] * 2, "max_turns": 1}
    started = hosted.call("/api/comparisons", body)
    for identity in (started.json["id"], *started.json["episodes"]):
        assert len(base64.urlsafe_b64decode(identity + "==")) >= 16
    hosted.events(started.json["events"])
    time.sleep(0.1)
    token = started.headers["Gedanken-Owner"]
    for path in hosted.folder.iterdir():
        assert token.encode() not in path.read_bytes(), path.name
    with sqlite3.connect(hosted.folder / "history.sqlite") as connection:
        owners = connection.execute("select distinct length(owner) from episodes").fetchall()
    connection.close()
    assert owners == [(64,)]


def test_the_keys_of_the_server_are_not_lent(hosted, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-owner-0123456789")
    refused = hosted.start({"endpoint": "openai", "model": "m"})
    assert refused.status == 422
    assert "this server does not lend its own" in refused.json["detail"]
    listed = {row["name"]: row for row in hosted.call("/api/endpoints").json}
    assert listed["openai"]["needs_key"]


def test_a_machine_of_ones_own_is_open_to_its_user(target, hostile):
    started = target.start(hostile("silent"))
    assert "Gedanken-Owner" not in started.headers
    assert "Set-Cookie" not in started.headers
    assert started.json["id"] in [row["id"] for row in target.call("/api/episodes").json]
    assert target.call(started.json["url"] + "/cancel", {}).json["cancelled"]
