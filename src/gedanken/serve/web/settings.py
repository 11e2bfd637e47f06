"""The options of the server behind the web page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Options of one server.

    Attributes:
        database: SQLAlchemy URL of the history.
        hosted: the server is open to the public: models are asked at public addresses only, it answers under any host
            name, and episodes are listed and cancelled by their owners only.
        share_keys: a hosted server asks endpoints with its own keys, from its environment, for visitors without one.
        origins: web origins that may call the API from a browser; none by default.
        listen: the address that it listens at, which decides under which host names it answers.
        allow_hosts: further host names that it answers under.
        max_body: largest request body in bytes.
        max_tokens: most tokens of one answer.
        max_turns: most answers of one episode.
        answer_seconds: time limit of one answer of an endpoint.
        episode_seconds: time limit of an episode or a rollout.
        client_episodes: most episodes of one client at a time.
        total_episodes: most episodes of all clients at a time.
        client_streams: most event streams that one client may have open.
        total_streams: most event streams of all clients at a time.
    """

    database: str = "sqlite:///runs/serve/history.sqlite"
    hosted: bool = False
    share_keys: bool = False
    origins: tuple[str, ...] = ()
    listen: str = "127.0.0.1"
    allow_hosts: tuple[str, ...] = ()
    max_body: int = 256 << 10
    max_tokens: int = 8192
    max_turns: int = 16
    answer_seconds: float = 180.0
    episode_seconds: float = 900.0
    client_episodes: int = 8
    total_episodes: int = 64
    client_streams: int = 64
    total_streams: int = 1024
