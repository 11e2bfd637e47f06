"""The server in this process, with a client that reads every answer with its declared model."""

import importlib
import json
import pkgutil

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")


class Reader:
    """A client of one application. What it is told is read with the models that the routes declare."""

    def __init__(self, web):
        from pydantic import TypeAdapter

        from gedanken.serve.web import routes

        self.web, self.declared = web, []
        for info in pkgutil.iter_modules(routes.__path__, routes.__name__ + "."):
            for route in importlib.import_module(info.name).router.routes:
                models = {
                    status: TypeAdapter(each["model"]) for status, each in route.responses.items() if "model" in each
                }
                self.declared.append((route, models))

    def call(self, method, path, status=200, **options):
        """The JSON of an answer of this status, read with its model."""
        reply = self.web.request(method, path, **options)
        assert reply.status_code == status, reply.text[:500]
        self.adapter(method, path.partition("?")[0], status).validate_json(reply.content)
        return reply.json()

    def adapter(self, method, path, status):
        for route, models in self.declared:
            if method in route.methods and route.path_regex.match(path):
                return models[status]
        raise AssertionError(f"no route for {method} {path}")

    def get(self, path, status=200, **options):
        return self.call("GET", path, status, **options)

    def post(self, path, body=None, status=200, **options):
        return self.call("POST", path, status, json={} if body is None else body, **options)

    def events(self, path, model):
        """The events of a stream as (id, name, data), each read with the field of the model that its name is."""
        from pydantic import TypeAdapter

        found, identity, name = [], None, None
        with self.web.stream("GET", path) as reply:
            assert reply.headers["content-type"].startswith("text/event-stream")
            for line in reply.iter_lines():
                field, _, value = line.partition(": ")
                if field == "id":
                    identity = value
                elif field == "event":
                    name = value
                elif field == "data":
                    data = json.loads(value)
                    TypeAdapter(model.model_fields[name].annotation).validate_json(value)
                    found.append((identity, name, data))
        return found


@pytest.fixture(scope="module")
def open_reader(tmp_path_factory):
    """Makes a reader of a server with these settings."""
    from fastapi.testclient import TestClient

    from gedanken.serve.web import app as module
    from gedanken.serve.web.settings import Settings

    opened = []
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "warm_up", lambda search: None)

    def make(**settings):
        folder = tmp_path_factory.mktemp("web")
        app = module.create_app(Settings(**{"database": f"sqlite:///{folder}/history.sqlite", **settings}))
        web = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
        web.__enter__()
        opened.append(web)
        return Reader(web)

    yield make
    for web in opened:
        web.__exit__(None, None, None)
    patch.undo()


@pytest.fixture(scope="module")
def reader(open_reader):
    """A reader of a server with its default settings."""
    return open_reader()
