import sys

import pytest


def test_tool(sigproof):
    sigproof.sweep([sys.executable, "tool.py"], inputs="tool.py")


def test_mended(sigproof):
    sigproof.sweep([sys.executable, "mended.py"], inputs="mended.py")


@pytest.mark.sigproof(keep=["report.tmp"])
def test_what_is_kept_on_purpose(sigproof):
    sigproof.sweep([sys.executable, "tool.py"], inputs="tool.py")


def test_a_result_that_is_looked_at(sigproof):
    result = sigproof.sweep([sys.executable, "tool.py"], inputs="tool.py", fail=False)
    assert [finding.subject for finding in result.findings] == ["report.tmp"]


def test_one_run(sigproof):
    sigproof.run(["sleep", "100"], signals=["INT@50ms"], empty=True, no_baseline=True)


def test_a_service(sigproof, tmp_path):
    """It drops the request in flight: SIGTERM ends it at once."""
    (tmp_path / "slow.py").write_text(SLOW)
    result = sigproof.service(
        [sys.executable, "slow.py"], ready="port:8000", clients=["GET /"], inputs=tmp_path / "slow.py", fail=False
    )
    assert "served" in [finding.oracle for finding in result.findings]


SLOW = """
import http.server, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.05)
        self.send_response(200)
        self.end_headers()

http.server.HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
