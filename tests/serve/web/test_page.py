"""The page's files: what is served under which path, with which headers."""

import re

import pytest

pytest.importorskip("fastapi")

from fastapi import FastAPI
from fastapi.testclient import TestClient

from gedanken.serve.web.page import MISSING, add_page


@pytest.fixture
def folder(tmp_path):
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text('<!doctype html><html><head><meta charset="utf-8"></head><body></body></html>')
    (page / "assets" / "app-1a2b.js").write_text("console.log(1)")
    (page / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    return page


def serve(folder, root_path="", **options):
    app = FastAPI()
    add_page(app, folder=folder, **options)
    return TestClient(app, base_url="http://localhost", root_path=root_path)


@pytest.mark.parametrize("path", ["/", "/c/abc", "/e/abc", "/discover", "/d/abc", "/predict", "/zoo/predict/tower"])
def test_its_own_paths_are_the_page(folder, path):
    reply = serve(folder).get(path)
    assert reply.status_code == 200
    assert '<head><base href="/">' in reply.text
    assert reply.headers["cache-control"] == "no-cache"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert policy.endswith("frame-ancestors 'self'")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"


def test_behind_a_proxy_every_path_is_below_its_own(folder):
    page = serve(folder, root_path='/a"b').get("/").text
    assert '<base href="/a&quot;b/">' in page


def test_files_with_a_hash_never_change_and_others_do(folder):
    web = serve(folder, frame_ancestors=("https://example.org",))
    asset = web.get("/assets/app-1a2b.js")
    assert (asset.status_code, asset.text) == (200, "console.log(1)")
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-security-policy"].endswith("frame-ancestors 'self' https://example.org")
    assert web.get("/icon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/c", "/c/a/b", "/assets/../../secret", "/..%2fsecret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret"],
)
def test_other_paths_are_404_and_lead_nowhere(folder, path):
    reply = serve(folder).get(path)
    assert reply.status_code == 404
    assert "secret" not in reply.text


def test_without_a_page_there_is_a_sentence(tmp_path):
    reply = serve(tmp_path / "nowhere").get("/")
    assert (reply.status_code, reply.text) == (503, MISSING)
    assert serve(tmp_path / "nowhere").get("/icon.svg").status_code == 404


def test_json_is_compressed_and_a_stream_of_events_is_not(reader):
    headers = {"Accept-Encoding": "gzip"}
    assert reader.web.get("/api/subjects/discover", headers=headers).headers["content-encoding"] == "gzip"
    started = reader.post("/api/episodes", {"problem": {"subject": "free_fall"}, "player": {"name": "you"}}, 201)
    reader.post(started["url"] + "/cancel")
    reply = reader.web.get(started["events"], headers=headers)
    assert "content-encoding" not in reply.headers
    assert re.search(r"^event: end", reply.text, re.M)
