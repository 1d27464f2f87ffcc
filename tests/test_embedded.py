"""The two ways to run it with no environment at all, as real processes: the demo, and web server plus worker."""

import json
import signal
from pathlib import Path

import httpx

from tests import journey
from tests.letters import read_mail, text_of


def newest(folder: Path, pattern: str) -> Path | None:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime, default=None)


def test_a_reader_who_signs_up_and_confirms_gets_a_digest_from_the_embedded_default(tmp_path: Path) -> None:
    port = journey.free_port()
    site, outbox, log = f"http://127.0.0.1:{port}", tmp_path / "outbox", tmp_path / "log"
    env = journey.environment(VAR_DIR=str(tmp_path), WEB_PORT=str(port))
    journey.manage("migrate", env=env)
    journey.manage("tick", env=env)
    with journey.running("honcho", "start", "--env", "/dev/null", env=env, log=log) as honcho:
        journey.wait_for("the web server", lambda: journey.answers(site), log=log)
        journey.sign_up(site, "reader@example.org")
        confirmation = journey.wait_for("the confirmation", lambda: newest(outbox, "confirmation-*.eml"), log=log)
        journey.press_the_button(site, text_of(read_mail(confirmation.read_bytes())), "confirm")
        digest = journey.wait_for("the digest", lambda: newest(outbox, "????????-*-*-*-*.eml"), log=log)

        message = read_mail(digest.read_bytes())
        one_click = journey.link_in(str(message["List-Unsubscribe"]), "u")
        answer = httpx.post(
            one_click.replace("localhost", "127.0.0.1"), data={"List-Unsubscribe": "One-Click"}, follow_redirects=False
        )
        assert (answer.status_code, dict(answer.cookies)) == (200, {})

        honcho.send_signal(signal.SIGINT)
        honcho.wait(timeout=30)
    assert not journey.answers(site)
    assert "reader@example.org" not in log.read_text(errors="replace")


def test_the_demo_delivers_three_different_digests_once(tmp_path: Path) -> None:
    env = journey.environment(VAR_DIR=str(tmp_path))
    journey.manage("migrate", env=env)
    journey.manage("demo", env=env)
    summary = json.loads((tmp_path / "demo" / "summary.json").read_text())
    assert summary["delivered"] == 3
    selections = [tuple(pick["title"] for pick in reader["picks"]) for reader in summary["readers"]]
    assert len(set(selections)) == 3
    for reader in summary["readers"]:
        message = read_mail((tmp_path / "outbox" / reader["files"][0]).read_bytes())
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        # Its lines are wrapped.
        text = " ".join(text_of(message).split())
        for pick in reader["picks"]:
            assert pick["title"] in text
            assert pick["reason"] in text
        assert (tmp_path / "outbox" / reader["files"][1]).read_text().startswith("<!doctype html>")

    before = sorted((tmp_path / "outbox").iterdir())
    again = journey.manage("demo", env=env)
    assert "0 digests delivered now" in again.stdout
    assert "Everybody has edition" in again.stdout
    assert sorted((tmp_path / "outbox").iterdir()) == before
