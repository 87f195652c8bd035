"""The bot's token goes to Teams' own hosts and to the configured one; nothing that looks like them passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.errors import OperatorError
from bot.teams.service_urls import TEAMS_HOSTS, ServiceUrlError, ServiceUrls, parse_address


@pytest.fixture
def teams() -> ServiceUrls:
    return ServiceUrls(configured="", local=False)


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        ["https://smba.trafficmanager.net/"],
        "",
        "smba.trafficmanager.net",
        "//smba.trafficmanager.net/jp/",
        "ftp://smba.trafficmanager.net/",
        "https:/smba.trafficmanager.net/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://smba.trafficmanager.net:443@evil.example/",
        "https://user@smba.trafficmanager.net/",
        "https://evil.example\\@smba.trafficmanager.net/",
        "https://evil.example#@smba.trafficmanager.net/",
        "https://evil.example?@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net\\.evil.example/",
        "https://smba.trafficmanager.net%2eevil.example/",
        "https://smba.trafficmanager.net%00.evil.example/",
        "https://smba.trafficmanager.net/jp/../../v3",
        "https://smba.trafficmanager.net/./jp",
        "https://smba.trafficmanager.net/jp%2f..",
        "https://smba.trafficmanager.net//evil.example",
        "https://smba.trafficmanager.net/jp?to=evil.example",
        "https://smba.trafficmanager.net/jp#evil",
        "https://smba.trafficmanager.net/jp/\n",
        "https://smba.trafficmanager.net\n.evil.example/",
        " https://smba.trafficmanager.net/",
        "https://smba.trafficmanager.net:/",
        "https://smba.trafficmanager.net:0443/",
        "https://smba.trafficmanager.net:99999/",
        "https://smba.trafficmanager.net:４４３/",
        "https://ｓｍｂａ.trafficmanager.net/",
        "https://smba。trafficmanager。net/",
        "https://ſmba.trafficmanager.net/",
        "https://[::1/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_what_two_parsers_could_read_differently_is_malformed(teams: ServiceUrls, url: object) -> None:
    with pytest.raises(ServiceUrlError, match="malformed_service_url"):
        teams.require(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://evil-smba.trafficmanager.net/",
        "https://evil.smba.trafficmanager.net/",
        "https://trafficmanager.net/",
        "https://xn--smba-trafficmanager-net.example/",
        "http://smba.trafficmanager.net/jp/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.net:80/",
        "https://localhost/",
        "http://127.0.0.1:9000/",
        "http://[::1]:9000/",
        "https://169.254.169.254/",
    ],
)
def test_a_stranger_is_untrusted(teams: ServiceUrls, url: str) -> None:
    with pytest.raises(ServiceUrlError, match="untrusted_service_url"):
        teams.require(url)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://smba.trafficmanager.net/jp/", "https://smba.trafficmanager.net/jp"),
        ("https://smba.trafficmanager.net", "https://smba.trafficmanager.net"),
        ("HTTPS://SMBA.TrafficManager.net:443/Teams/", "https://smba.trafficmanager.net/Teams"),
        (
            "https://smba.trafficmanager.net/jp/0b9f6d1c-7a52-4c8e-8d3f-2e1a9c4b5d60/",
            "https://smba.trafficmanager.net/jp/0b9f6d1c-7a52-4c8e-8d3f-2e1a9c4b5d60",
        ),
        (
            "https://smba.infra.gcc.teams.microsoft.com/teams",
            "https://smba.infra.gcc.teams.microsoft.com/teams",
        ),
    ],
)
def test_teams_own_addresses_are_normalised(teams: ServiceUrls, url: str, base: str) -> None:
    assert teams.require(url) == base


@given(st.text() | st.from_regex(r"https://[^/]*smba\.trafficmanager\.net[^/]*/.{0,20}", fullmatch=True))
def test_what_passes_is_read_by_the_http_client_in_the_same_way(url: str) -> None:
    try:
        base = ServiceUrls(configured="", local=False).require(url)
    except ServiceUrlError:
        return
    sent_to = URL(base)
    assert (sent_to.scheme, sent_to.host in TEAMS_HOSTS, sent_to.port) == ("https", True, 443)
    assert str(sent_to).rstrip("/") == base


def test_the_configured_host_is_trusted_with_its_port_only() -> None:
    urls = ServiceUrls(configured="https://connector.example.go.jp:8443/teams/", local=False)
    assert (
        urls.require("https://connector.example.go.jp:8443/jp/") == "https://connector.example.go.jp:8443/jp"
    )
    assert urls.require("https://smba.trafficmanager.net/jp/")
    for other in ("https://connector.example.go.jp/teams", "http://connector.example.go.jp:8443/teams"):
        with pytest.raises(ServiceUrlError):
            urls.require(other)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:56150/_connector",
        "http://127.0.0.1:9000/",
        "http://[::1]:9000",
        "https://LOCALHOST/",
    ],
)
def test_local_trusts_any_loopback_port(url: str) -> None:
    assert ServiceUrls(configured="http://127.0.0.1:1/", local=True).require(url) == url.lower().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/jp/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.nip.example/",
        "http://127.0.0.2/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0177.0.0.1/",
    ],
)
def test_local_trusts_nothing_else(url: str) -> None:
    with pytest.raises(ServiceUrlError, match="untrusted_service_url"):
        ServiceUrls(configured="", local=True).require(url)


@pytest.mark.parametrize(
    ("configured", "local"),
    [
        ("smba.trafficmanager.net", False),
        ("https://smba.trafficmanager.net@evil.example/", False),
        ("http://connector.example.go.jp/", False),
        ("http://127.0.0.1:9000/", False),
        ("https://smba.trafficmanager.net/jp/", True),
    ],
)
def test_a_service_url_that_cannot_be_used_stops_the_start(configured: str, local: bool) -> None:  # noqa: FBT001
    with pytest.raises(OperatorError, match="BOT_SERVICE_URL"):
        ServiceUrls(configured=configured, local=local)


def test_equal_addresses_have_an_equal_base() -> None:
    assert parse_address("HTTP://LocalHost:80/a/").base == parse_address("http://localhost/a").base
    assert parse_address("http://localhost/A").base != parse_address("http://localhost/a").base
