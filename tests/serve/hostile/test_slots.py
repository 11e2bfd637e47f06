"""Clients that leave at the worst moment: whatever they do, their slots are free again."""

import socket
import time

import pytest

SCENE = {"subject": "billiards", "frames": 40}


def test_rollouts_whose_client_never_read_their_id_leave_no_slot_behind(target, hang_up):
    body = {**SCENE, "frames": 20, "player": {"name": "hold"}}
    for seconds in (0.0, 0.003, 0.03):
        for _ in range(8):
            client = target.post_raw("/api/rollouts", body)
            time.sleep(seconds)
            hang_up(client)
        target.wait_for_slots("rollouts", seconds=20)
    target.wait_for_slots("rollout threads")


def test_cancelled_rollouts_are_gone_at_once(target, hostile):
    body = {**SCENE, "player": hostile("silent")}
    started = [target.call("/api/rollouts", body) for _ in range(8)]
    assert [reply.status for reply in started] == [201] * 8, started[-1].json
    assert target.call("/api/rollouts", body).status == 429
    for reply in started:
        assert target.call(reply.json["url"] + "/cancel", {}).json["cancelled"]
    assert target.slots("rollouts") == 0
    target.wait_for_slots("rollout threads", seconds=2)


@pytest.mark.parametrize("model", ["silent", "header"])
def test_cancelled_episodes_are_gone_at_once(target, hostile, model):
    for _ in range(2):
        started = [target.start(hostile(model)) for _ in range(8)]
        assert [reply.status for reply in started] == [201] * 8, started[-1].json
        assert target.start(hostile(model)).status == 429
        begun = time.monotonic()
        for reply in started:
            assert target.call(reply.json["url"] + "/cancel", {}).json["cancelled"]
        assert time.monotonic() - begun < 2.0
        assert target.slots("episodes") == 0
    target.wait_for_slots("threads", seconds=2)


def test_an_episode_whose_client_never_read_its_id_ends_by_itself(target, hostile, hang_up):
    for _ in range(8):
        client = target.post_raw(
            "/api/episodes", {"problem": {"subject": "free_fall"}, "player": hostile("constant"), "max_turns": 1}
        )
        hang_up(client)
    target.wait_for_slots("episodes")
    target.wait_for_slots("threads")


def test_listeners_that_vanish_leave_nothing_behind(target, hostile, hang_up):
    started = target.start(hostile("silent"))
    clients = []
    for _ in range(64):
        client = socket.create_connection(target.address, timeout=20)
        client.sendall(f"GET {started.json['events']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        clients.append(client)
    assert all(client.recv(12)[9:] == b"200" for client in clients)
    assert target.slots("streams") == 64
    one_more = target.call(started.json["events"])
    assert one_more.status == 429
    assert "event streams open; at most 64" in one_more.json["detail"]
    for client in clients:
        hang_up(client)
    target.wait_for_slots("streams")
    target.call(started.json["url"] + "/cancel", {})


def test_requests_that_drip_or_stop_in_the_middle_keep_nobody_waiting(target, hang_up):
    body = {"problem": {"subject": "free_fall"}, "player": {"name": "sparse"}}
    for path in ("/api/episodes", "/api/comparisons", "/api/problems", "/api/rollouts"):
        clients = [target.post_raw(path, body, cut=cut) for cut in (1, 20, 60, 120, -1) for _ in range(5)]
        for _ in range(5):
            for client in clients:
                client.sendall(b" ")
        begun = time.monotonic()
        assert target.call("/health").status == 200
        assert time.monotonic() - begun < 2.0
        for client in clients:
            hang_up(client)
    for kind in ("episodes", "rollouts", "streams"):
        target.wait_for_slots(kind)


def test_a_search_can_be_stopped(target):
    """`lorenz` takes `sparse` many seconds."""
    started = target.start({"name": "sparse"}, subject="lorenz")
    assert started.status == 201
    time.sleep(1.0)
    assert target.call(started.json["url"] + "/cancel", {}).json["cancelled"]
    assert target.slots("episodes") == 0
    target.wait_for_slots("threads", seconds=10)
