"""Where requests and keys may go."""

import socket

import pytest

pytest.importorskip("openai")

from gedanken import UserError
from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.serve.web import endpoints
from gedanken.serve.web.endpoints import check_endpoint, is_public, open_player, resolve_public

QUESTION = Question([{"role": "user", "content": "What falls?"}], None)
KEYS = ("OPENAI_API_KEY", "HF_TOKEN", "HUGGINGFACE_API_KEY", "OPENROUTER_API_KEY")


@pytest.fixture
def keys(monkeypatch):
    """Every key is in the environment, each a secret that must not travel."""
    for name in KEYS:
        monkeypatch.setenv(name, f"sk-secret-{name.lower()}-0123456789")


@pytest.fixture
def names(monkeypatch):
    """A name service of our own, so that nothing outside is asked."""
    table = {}

    def getaddrinfo(host, port, *args, **kwargs):
        if host not in table:
            try:
                return real(host, port, *args, **{**kwargs, "flags": socket.AI_NUMERICHOST})
            except socket.gaierror:
                raise socket.gaierror(f"no {host}") from None
        found = []
        for address in table[host]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            found.append((family, socket.SOCK_STREAM, 6, "", (address, port)))
        return found

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "::ffff:192.88.99.1",
        "2002:c058:6301::",
        "3fff::1",
        "5f00::1",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "fec0::1",
    ],
)
def test_private_addresses(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/v1",
        "http://localhost:8000/v1",
        "http://[::1]/v1",
        "http://[::ffff:127.0.0.1]/v1",
        "http://0.0.0.0/v1",
        "http://2130706433/v1",
        "http://0x7f000001/v1",
        "http://0177.0.0.1/v1",
        "http://127.1/v1",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.7/v1",
        "https://192.168.1.1/v1",
        "http://[fd00::1]/v1",
        "http://inside.example/v1",
        "http://both.example/v1",
        "http://six.example/v1",
        "http://nowhere.example/v1",
        "ollama",
        "vllm",
    ],
)
def test_a_hosted_server_asks_public_addresses_only(names, url):
    names |= {
        "localhost": ["127.0.0.1", "::1"],
        "inside.example": ["10.0.0.5"],
        "both.example": ["8.8.8.8", "127.0.0.1"],
        "six.example": ["::ffff:127.0.0.1"],
    }
    with pytest.raises(UserError, match=r"public address|cannot be found"):
        open_player(url, "m", hosted=True, api_key="k")


def test_a_public_name_passes_and_a_local_server_may_ask_itself(names):
    names["models.example"] = ["2606:4700:4700::1111", "8.8.8.8"]
    assert check_endpoint("https://models.example/v1", hosted=True) == "https://models.example/v1"
    assert resolve_public("models.example", 443) == "8.8.8.8"
    assert check_endpoint("ollama", hosted=False) == "http://localhost:11434/v1"


def test_a_name_that_changes_its_mind_is_caught_at_the_connection(names, fake_model):
    """Public when it is checked, the loopback when it is asked: DNS rebinding."""
    port = fake_model.server_port
    names["rebind.example"] = ["8.8.8.8"]
    player = open_player(f"http://rebind.example:{port}/v1", "constant", hosted=True, api_key="k", retries=0)
    names["rebind.example"] = ["127.0.0.1"]
    asked = len(fake_model.bodies)
    with pytest.raises(PlayerError, match="cannot be reached"):
        player.answer(QUESTION)
    assert len(fake_model.bodies) == asked


def test_the_connection_goes_to_the_address_that_was_checked(names, fake_model, monkeypatch):
    """The name is resolved once: the socket gets the address, the endpoint its own name."""
    port = fake_model.server_port
    names["models.example"] = ["127.0.0.1"]
    monkeypatch.setattr(endpoints, "is_public", lambda address: True)
    player = open_player(
        f"http://models.example:{port}/v1", "says:hello", hosted=True, api_key="k", retries=0, stream=True
    )
    lookups = []
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: lookups.append(host) or real(host, *a, **k))
    assert player.answer(QUESTION) == "hello"
    assert fake_model.headers[-1]["host"] == f"models.example:{port}"
    assert lookups[0] == "models.example"
    assert set(lookups[1:]) <= {"127.0.0.1"}


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.evil.example/v1",
        "https://huggingface.co.evil.example/v1",
        "https://evilhuggingface.co/v1",
        "https://api.openai.com.evil.example/v1",
        "https://notapi.openai.com.example/v1",
        "https://xopenrouter.ai/v1",
        "https://evil.example/huggingface.co/v1",
        "https://my-space.hf.space/v1",
    ],
)
@pytest.mark.parametrize("hosted", [True, False])
def test_no_key_of_the_environment_for_a_name_that_only_looks_right(names, keys, url, hosted):
    host = url.split("/")[2]
    names[host] = ["8.8.8.8"]
    player = open_player(url, "m", hosted=hosted, api_key=None)
    request = player._client._build_request(_options())
    assert "sk-secret" not in str(request.headers.raw)


@pytest.mark.parametrize(
    "url",
    [
        "http://huggingface.co/v1",
        "http://router.huggingface.co/v1",
        "http://api.openai.com/v1",
        "https://huggingface.co@evil.example/v1",
        "https://evil.example\\@huggingface.co/v1",
        "https://huggingface.co:x@evil.example/v1",
        "https://evil.example/v1?host=huggingface.co",
        "https://evil.example#huggingface.co",
        "https://huggingface.co%00.evil.example/v1",
        "https://huggingface。co/v1",
    ],
)
@pytest.mark.parametrize("hosted", [True, False])
def test_tricks_with_urls_are_refused(names, keys, url, hosted):
    for host in ("huggingface.co", "router.huggingface.co", "api.openai.com", "evil.example"):
        names[host] = ["8.8.8.8"]
    with pytest.raises(UserError) as caught:
        open_player(url, "m", hosted=hosted, api_key=None)
    assert "sk-secret" not in str(caught.value)


def test_the_right_host_over_https_gets_its_key(names, keys):
    names["router.huggingface.co"] = ["8.8.8.8"]
    player = open_player("huggingface", "m", hosted=True, share_keys=True, api_key=None)
    assert "sk-secret-hf_token" in str(player._client._build_request(_options()).headers.raw)
    assert endpoints.has_server_key("https://router.huggingface.co/v1")
    assert endpoints.has_server_key("https://api.openai.com/v1")
    assert not endpoints.has_server_key("http://localhost:11434/v1")


@pytest.mark.parametrize("url", ["huggingface", "https://x.huggingface.co/v1", "openai", "openrouter"])
def test_a_hosted_server_keeps_its_keys_unless_it_is_told_to_share_them(names, keys, url):
    for host in ("router.huggingface.co", "x.huggingface.co", "api.openai.com", "openrouter.ai"):
        names[host] = ["8.8.8.8"]
    with pytest.raises(UserError, match="needs a key, and this server does not lend its own"):
        open_player(url, "m", hosted=True, api_key=None)
    for lent in (
        open_player(url, "m", hosted=True, api_key="sk-visitor-4711"),
        open_player(url, "m", hosted=True, api_key=None, share_keys=True),
        open_player(url, "m", hosted=False, api_key=None),
    ):
        assert ("sk-secret" in lent._key) != (lent._key == "sk-visitor-4711")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(fake_model, status):
    fake_model.elsewhere = f"{fake_model.url}/stolen"
    player = open_player(fake_model.url, f"redirect:{status}", hosted=False, api_key="sk-0123456789abcdef", retries=0)
    asked = len(fake_model.paths)
    with pytest.raises(PlayerError, match=str(status)):
        player.answer(QUESTION)
    assert fake_model.paths[asked:] == ["/v1/chat/completions"]


def test_proxies_of_the_environment_are_not_used(fake_model, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (
        open_player(fake_model.url, "says:hello", hosted=False, api_key="k", retries=0, stream=True).answer(QUESTION)
        == "hello"
    )


def _options():
    from openai._models import FinalRequestOptions

    return FinalRequestOptions(method="post", url="/chat/completions", json_data={})
