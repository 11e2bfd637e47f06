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
        port: the port that it listens at; models are not asked there.
        allow_hosts: further host names that it answers under.
        max_body: largest request body in bytes.
        max_tokens: most tokens of one answer.
        max_turns: most answers of one episode.
        answer_seconds: time limit of one answer of an endpoint.
        episode_seconds: time limit of an episode or a rollout.
        client_episodes: most episodes of one client at a time.
        total_episodes: most episodes of all clients at a time.
        idle_seconds: how long an episode waits for a person's next answer.
        unheard_seconds: how long a rollout goes on while nobody follows it.
        max_upload: largest table that is uploaded, in bytes.
        client_datasets: most tables that one client may upload in an hour.
        total_datasets: most tables that are kept.
        keep_days: after how many days a hosted server deletes tables and what was discovered in them.
        simulations_per_minute: most laws that one client may try in a minute, on a hosted server.
        models: models of this server that can play, as (name, spec).
        pair: the two players that the page proposes, by name.
        runs: folder of training runs that the page may show.
        frame_ancestors: web origins whose pages may show ours in a frame.
        client_streams: most event streams that one client may have open.
        total_streams: most event streams of all clients at a time.
    """

    database: str = "sqlite:///runs/serve/history.sqlite"
    hosted: bool = False
    share_keys: bool = False
    origins: tuple[str, ...] = ()
    listen: str = "127.0.0.1"
    port: int = 8000
    allow_hosts: tuple[str, ...] = ()
    max_body: int = 256 << 10
    max_tokens: int = 8192
    max_turns: int = 16
    answer_seconds: float = 180.0
    episode_seconds: float = 900.0
    client_episodes: int = 8
    total_episodes: int = 64
    idle_seconds: float = 3600.0
    unheard_seconds: float = 30.0
    max_upload: int = 5_000_000
    client_datasets: int = 60
    total_datasets: int = 400
    keep_days: float = 7.0
    simulations_per_minute: int = 120
    models: tuple[tuple[str, str], ...] = ()
    pair: tuple[str, str] | None = None
    runs: str | None = None
    frame_ancestors: tuple[str, ...] = ()
    client_streams: int = 64
    total_streams: int = 1024
