"""The application of `discover`, by an import string that worker processes can load."""

from gedanken.serve.openenv.app import create_app

app = create_app("discover")
