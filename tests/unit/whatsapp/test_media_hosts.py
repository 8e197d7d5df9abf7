"""The access token goes to Meta's hosts alone, however an address is written."""

import pytest
from yarl import URL

from shared.whatsapp.media_hosts import HostRefusedError, MediaHosts, is_public

GRAPH = URL("https://graph.facebook.com/v25.0")
META = MediaHosts(
    GRAPH, frozenset({"lookaside.fbsbx.com", "*.fbcdn.net", "intern.example:8443", "10.1.2.3"})
)


@pytest.mark.parametrize(
    "address",
    [
        "https://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:443/x?mid=1",
        "HTTPS://LookAside.FBSBX.com/x",
        "https://scontent.xx.fbcdn.net/x",
        "https://graph.facebook.com/x",
        "https://intern.example:8443/x",
        "https://10.1.2.3/x",
    ],
)
def test_addresses_of_meta_and_of_the_setting_are_asked(address: str) -> None:
    assert META.checked(address) == URL(address)


@pytest.mark.parametrize(
    "address",
    [
        # no https
        "http://lookaside.fbsbx.com/x",
        "http://graph.facebook.com/x",
        "ftp://lookaside.fbsbx.com/x",
        "file:///etc/passwd",
        "//lookaside.fbsbx.com/x",
        # other hosts, however much of an allowed one they show
        "https://fbcdn.net/x",
        "https://evilfbcdn.net/x",
        "https://fbcdn.net.evil.example/x",
        "https://scontent.fbcdn.net.evil.example/x",
        "https://evil.example/lookaside.fbsbx.com",
        "https://evil.example?.fbcdn.net/",
        "https://evil.example#.fbcdn.net/",
        "https://evil.example%00.fbcdn.net/",
        "https://evil.example%2f.fbcdn.net/",
        "https://a b.fbcdn.net/",
        "https://lookaside.fbsbx.com./x",
        "https://scontent.fbcdn.net./x",
        # users, in whose name a library sends what stands before the @
        "https://user@evil.example/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://lookaside.fbsbx.com\\@evil.example/x",
        "https://user:word@lookaside.fbsbx.com/x",
        "https://user@graph.facebook.com/x",
        # other ports
        "https://lookaside.fbsbx.com:8443/x",
        "https://scontent.fbcdn.net:8443/x",
        "https://graph.facebook.com:444/x",
        "https://intern.example/x",
        "https://lookaside.fbsbx.com:0/x",
        "https://lookaside.fbsbx.com:99999/x",
        # numbers
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/x",
        "https://[::ffff:10.1.2.3]/x",
        "https://167838211/x",
        "https://0x0a010203/x",
        # nothing that is an address
        "https:/x",
        "https:///x",
        "https://",
        "lookaside.fbsbx.com/x",
        "",
        None,
        7,
        {"url": "https://lookaside.fbsbx.com/x"},
        "https://[",
    ],
    ids=repr,
)
def test_no_other_address_is_asked(address: object) -> None:
    with pytest.raises(HostRefusedError):
        META.checked(address)


def test_a_domain_of_numbers_allows_no_ip_address() -> None:
    with pytest.raises(HostRefusedError):
        MediaHosts(GRAPH, frozenset({"*.0.0.1"})).checked("https://10.0.0.1/x")


def test_where_the_graph_url_is_plain_addresses_may_be_too() -> None:
    hosts = MediaHosts(URL("http://simulator:8003/v25.0"), frozenset({"files.example"}))

    for address in ("http://files.example/x", "https://files.example/x", "http://simulator:8003/x"):
        assert hosts.checked(address) == URL(address)


@pytest.mark.parametrize(
    ("host", "may"),
    [("graph.facebook.com", True), ("lookaside.fbsbx.com", True), ("lookaside.fbsbx.com.", True),
     ("intern.example", True), ("scontent.fbcdn.net", False), ("fbcdn.net", False)],
)  # fmt: skip
def test_only_hosts_that_are_named_whole_may_be_private(host: str, may: bool) -> None:
    assert META.may_be_private(host) is may


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.8.8", "0.0.0.1", "100.64.0.1",
     "169.254.169.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
     "::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
     "::10.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::",
     "2001:db8::1", "no address", ""],
)  # fmt: skip
def test_addresses_that_are_not_the_internets(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["157.240.5.10", "1.1.1.1", "2a03:2880:f1ff::1", "::ffff:157.240.5.10", "64:ff9b::9df0:50a"],
)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)
