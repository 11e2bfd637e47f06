"""Uploaded tables and discoveries under attack: bombs, foreign names, strangers, clients that leave."""

import gzip
import io
import threading
import time

import pytest

LIMIT = 100  # MB
GOOD = b"t,y\n" + b"".join(b"%d,%d\n" % (k, 3 * k + k % 3) for k in range(40))


def upload(target, data, name="data.csv", headers=()):
    return target.call(f"/api/datasets?name={name}", raw=data, headers=headers, method="POST")


def many_rows():
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    ones = pa.array([1.0]).take(pa.array([0] * 1000))
    table = pa.table({"t": pa.chunked_array([ones] * 8000), "y": pa.chunked_array([ones] * 8000)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=10_000_000)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("data.csv", lambda: b"", "is empty"),
        ("data.csv", lambda: b"t,y\n1", "no numeric column besides the time"),
        ("data.csv", lambda: b"PK\x03\x04" + b"x" * 100, "zip archive"),
        ("data.csv", lambda: b"\x00\xff" * 50_000, "binary"),
        ("data.csv", lambda: b"a," * 500_000 + b"\n", "columns"),
        ("data.csv.gz", lambda: gzip.compress(b"t,y\n" + b"1,2\n" * 10_000_000, 1), "unpacks to more than"),
        ("data.csv", lambda: b"\x1f\x8b" + b"x" * 100, "damaged gzip"),
        ("data.csv.bz2", lambda: b"BZh9", "compressed in a way"),
        ("data.json", lambda: b"[" * 100_000, "nested"),
        ("data.parquet", many_rows, "cells; at most"),
        ("data.parquet", lambda: b"PAR1" + b"\xff" * 1000, "data.parquet"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_or_too_large_a_one_is_refused_in_one_sentence(target, name, data, sentence):
    data = data()
    assert len(data) < 5_000_000
    with target.memory_limit(LIMIT):
        begun = time.monotonic()
        reply = upload(target, data, name)
        assert time.monotonic() - begun < 15
    assert reply.status == 422 or (reply.status == 201 and reply.json["problem"])
    said = reply.json["detail"] if reply.status == 422 else reply.json["problem"]
    assert sentence in said
    assert len(said) < 2000


def test_a_body_beyond_the_limit_is_refused_and_other_routes_keep_theirs(target):
    assert upload(target, b"1,2\n" * 1_300_000).status == 413
    assert target.call("/api/problems", raw=b" " * 300_000).status == 413
    assert target.call("/api/datasets/x", raw=b" " * 300_000, method="PATCH").status == 413


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fx.csv", "%00.csv", "a%0ab.csv", "x" * 200, "C:%5Cx.csv"]
)
def test_a_name_is_only_a_name(target, name):
    reply = upload(target, GOOD, name)
    assert reply.status == 201, reply.json
    shown = reply.json["name"]
    assert "/" not in shown
    assert "\\" not in shown
    assert not shown.startswith(".")
    assert shown.isprintable()


def test_a_page_of_another_site_uploads_nothing(target):
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site, "Origin": "https://evil.example", "Content-Type": "text/plain"}
        reply = upload(target, GOOD, headers=headers)
        assert (reply.status, reply.json["code"]) == (403, "forbidden")
    assert upload(target, GOOD, headers={"Sec-Fetch-Site": "same-origin"}).status == 201


def test_strangers_change_and_delete_nothing(hosted):
    mine = upload(hosted, GOOD)
    assert mine.status == 201
    assert mine.json["expires"] > time.time() + 6 * 86400
    path, token = f"/api/datasets/{mine.json['id']}", {"Gedanken-Owner": mine.headers["Gedanken-Owner"]}
    started = hosted.call("/api/discoveries", {"dataset": mine.json["id"]}, headers=token)
    assert started.status == 201, started.json
    for headers in ({}, {"Gedanken-Owner": "x" * 43}):
        assert hosted.call(path, {"order": 1}, headers=headers, method="PATCH").status == 403
        assert hosted.call(path, headers=headers, method="DELETE").status == 403
        assert hosted.call(started.json["url"] + "/cancel", {}, headers=headers).status == 403
        assert hosted.call(started.json["url"], headers=headers, method="DELETE").status == 403
    # Who has the link may read.
    assert hosted.call(path).status == 200
    assert hosted.call(started.json["url"]).status == 200
    hosted.call(started.json["url"] + "/cancel", {}, headers=token)
    assert hosted.call(path, headers=token, method="DELETE").json["deleted"]
    assert hosted.call(path).status == 404
    assert upload(hosted, many_rows(), "data.parquet").status == 422


def test_a_cancelled_discovery_is_gone_at_once(target):
    table = b"t,x,y,z\n" + b"".join(
        b"%.2f,%.4f,%.4f,%.4f\n" % (k / 50, k % 7 - 3, (k * k) % 11 - 5, (3 * k) % 13) for k in range(400)
    )
    dataset = upload(target, table).json["id"]
    for _ in range(2):
        started = target.call("/api/discoveries", {"dataset": dataset})
        assert started.status == 201, started.json
        time.sleep(0.5)
        begun = time.monotonic()
        assert target.call(started.json["url"] + "/cancel", {}).json["cancelled"]
        assert time.monotonic() - begun < 2.0
        assert target.slots("discoveries") == 0
        assert target.events(started.json["events"])[-1][1]["status"] == "cancelled"
        assert target.call(started.json["url"]).json["report"] is None
    target.wait_for_slots("discovery threads", seconds=60)


def test_slow_uploads_leave_room_for_others(target, hang_up):
    clients = []
    for _ in range(20):
        client = target.post_raw("/api/datasets?name=a.csv", "x" * 1000, cut=-200)
        clients.append(client)
    time.sleep(0.3)
    assert target.call("/health").status == 200
    refused = upload(target, GOOD)
    assert (refused.status, refused.json["code"]) == (429, "busy")
    for client in clients:
        hang_up(client)
    deadline = time.monotonic() + 5
    while upload(target, GOOD).status != 201:
        assert time.monotonic() < deadline, "the places are not given back"
        time.sleep(0.1)


def test_many_at_once_are_read_one_after_the_other_or_refused(target):
    found = []
    table = b"t,y\n" + b"".join(b"%d,%d\n" % (k, k % 17) for k in range(200_000))
    threads = [threading.Thread(target=lambda: found.append(upload(target, table).status)) for _ in range(10)]
    with target.memory_limit(4 * LIMIT):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(found) <= {201, 429}
    assert 201 in found
