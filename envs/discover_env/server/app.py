"""The application that OpenEnv's tools look for; everything is in `gedanken.serve.openenv`."""

from gedanken.serve.openenv.app import create_app
from gedanken.serve.openenv.command import main as serve

app = create_app("discover")


def main() -> None:
    """Serve the environment: `--host`, `--port`, `--workers`, or HOST, PORT, WORKERS."""
    serve("discover_env.server.app:app" if __package__ == "discover_env.server" else "server.app:app")


if __name__ == "__main__":
    main()
