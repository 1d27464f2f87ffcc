"""Rspamd's rules about how a mail is made, with nothing asked of anybody outside."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import journey
from tests.every_mail import Mail
from tests.judges.verdicts import Finding, Verdict, allowed_by

# What asks name servers, other services or what was seen before.
# fmt: off
OFF = [
    "arc", "asn", "bimi", "dkim", "dkim_signing", "dmarc", "emails", "external_services", "fuzzy_check", "greylist",
    "history_redis", "mx_check", "neural", "ratelimit", "rbl", "replies", "reputation", "rspamd_update", "spf",
    "surbl", "url_redirector",
]
# fmt: on
OPTIONS = """
dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }}
filters = "chartable,regexp";
disable_hyperscan = true;
# The whole list takes fifteen seconds to compile.
url_tld = "{folder}/endings";
"""
ENDINGS = "com\norg\nexample\n"
# Rules that say nothing of how our mails are made; by rule, the reason.
IGNORED = {
    "HFILTER_HOSTNAME_UNKNOWN": "no server handed it over",
    "RCVD_COUNT_ZERO": "no server handed it over",
    "DATE_IN_PAST": "made at the time of the tests",
    "DATE_IN_FUTURE": "made at the time of the tests",
    "URI_COUNT_ODD": "it adds up the links of both parts, and HTML links a title to two places",
}
ALLOWED = allowed_by("rspamd")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Rspamd with settings of its own in `folder`; yields its address."""
    port, log = journey.free_port(), folder / "rspamd.log"
    _configure(folder / "override.d", folder, port)
    places = [f"--var={name}={folder}" for name in ("LOCAL_CONFDIR", "RUNDIR", "DBDIR", "LOGDIR")]
    # Else it refuses to be run by root, as in a container; for others the flag means nothing.
    command = ["rspamd", "--no-fork", "--insecure", *places]
    with journey.running(*command, env=journey.environment(), log=log):
        site = f"http://127.0.0.1:{port}"
        journey.wait_for("rspamd", lambda: journey.answers(f"{site}/ping"), seconds=60, log=log)
        yield site


def _configure(overrides: Path, folder: Path, port: int) -> None:
    files = {f"{module}.conf": "enabled = false;" for module in OFF}
    files |= {f"worker-{worker}.inc": "enabled = false;" for worker in ("controller", "proxy")}
    files["worker-normal.inc"] = f'bind_socket = "127.0.0.1:{port}"; count = 1;'
    files["logging.inc"] = 'type = "console"; level = "warning";'
    files["options.inc"] = OPTIONS.format(folder=folder)
    overrides.mkdir()
    for name, content in files.items():
        (overrides / name).write_text(content)
    (folder / "endings").write_text(ENDINGS)


def judge(mails: Sequence[Mail], site: str, allowed: Mapping[str, str] = ALLOWED) -> Verdict:
    """Find every rule that costs a mail points and is not `allowed`, and what is allowed in vain."""
    met = {mail.name: _costs(mail, site) for mail in mails}
    findings = [
        Finding(name, f"{rule}: {points}")
        for name, rules in met.items()
        for rule, points in rules.items()
        if not {rule, f"{name}: {rule}"} & allowed.keys()
    ]
    needed = {key for name, rules in met.items() for rule in rules for key in (rule, f"{name}: {rule}")}
    findings += [Finding("allowed.toml", f"nothing has: {key}") for key in sorted(allowed.keys() - needed)]
    return Verdict(findings, f"rspamd: {len(findings)} rules that cost points, in {len(mails)} mails")


def _costs(mail: Mail, site: str) -> dict[str, float]:
    answer = httpx.post(f"{site}/checkv2", content=mail.raw, timeout=30)
    answer.raise_for_status()
    points = {name: symbol["score"] for name, symbol in answer.json()["symbols"].items()}
    return {name: cost for name, cost in points.items() if cost > 0 and name not in IGNORED}
