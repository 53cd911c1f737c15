"""The plug-in: the fixture ``sigproof``, the marker of the same name, and options."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, Iterator, Optional, Sequence

import pytest

from . import client, scenarios
from .client import Flag, Result


class Sigproof:
    """What a test asks for. A violated contract fails the test, unless it says ``fail=False``.

    Options are those of the command line, with underscores: ``keep=["*.log"]``, ``pty=True``, ``check="git fsck"``;
    ``inputs`` is ``--in``, ``for_`` is ``--for``, ``env`` takes a mapping.
    """

    def __init__(self, config: pytest.Config, item: pytest.Item, defaults: Dict[str, Flag]) -> None:
        self._config = config
        self._item = item
        self._defaults = defaults
        self._calls = 0

    def sweep(self, command: Sequence[str], *, fail: bool = True, **options: Flag) -> Result:
        """Runs the command once per point where a signal could do harm, with the signal there."""
        return self._call("sweep", command, fail, {**self._sweep_defaults(), **options})

    def service(
        self, command: Sequence[str], *, ready: str, clients: Sequence[str] = (), fail: bool = True, **options: Flag
    ) -> Result:
        """Sweeps a service: ``ready="port:8000"``, ``clients=["GET /slow"]``. The signal is SIGTERM."""
        options = {"ready": ready, "client": list(clients), **options}
        return self._call("sweep", command, fail, {**self._sweep_defaults(), **options})

    def run(self, command: Sequence[str], *, signals: Sequence[str] = (), fail: bool = True, **options: Flag) -> Result:
        """Runs the command once with a schedule: ``signals=["INT@output:'ready'", "INT@+200ms"]``."""
        return self._call("run", command, fail, {"signal": list(signals), **self._defaults, **options})

    def _sweep_defaults(self) -> Dict[str, Flag]:
        time = self._config.getoption("--sigproof-for")
        return {**({"for": time} if time else {}), **self._defaults}

    def _call(self, verb: str, command: Sequence[str], fail: bool, options: Dict[str, Flag]) -> Result:
        __tracebackhide__ = True
        if isinstance(command, (str, bytes)):
            raise TypeError("the command is a list of words, such as ['mytool', 'build']")
        self._calls += 1
        html = page(self._config, self._item, self._calls)
        words = client.flags({"store": store(self._config), "html": html, **options})
        if verb == "sweep" and "jobs" not in options and os.environ.get("PYTEST_XDIST_WORKER"):
            words += ["--jobs", "1"]  # the processors are the other workers', too
        result = outcome(lambda: client.call(verb, words, [os.fspath(word) for word in command]), html)
        if result.html:
            self._item.user_properties.append(("sigproof_html", str(result.html)))
        if fail and not result.holds:
            pytest.fail(result.report(), pytrace=False)
        return result


def outcome(call: Callable[[], Result], html: Path) -> Result:
    """What came of a call; a test is skipped where this machine cannot do it. A page without a finding is not kept."""
    __tracebackhide__ = True
    result: Optional[Result] = None
    missing = reason = ""
    try:
        result = call()
    except client.Unavailable as error:
        missing = str(error)
    except client.SigproofError as error:
        reason = str(error)
    # Outside of `except`: where it was raised is no news.
    if missing:
        pytest.skip(f"sigproof: {missing}")
    if result is None:
        pytest.fail(f"sigproof: {reason}", pytrace=False)
    if result.holds:
        html.unlink(missing_ok=True)
        if result.partial:
            words = f"{' '.join(result.command)}: every contract holds where it was tried: {result.partial}"
            warnings.warn(client.PartlyTried(words), stacklevel=3)
        return result
    return replace(result, html=html if html.exists() else None)


def store(config: pytest.Config) -> Path:
    return Path(config.getoption("--sigproof-store") or config.rootpath / ".sigproof")


def page(config: pytest.Config, item: pytest.Item, number: int) -> Path:
    """A file for each call of each test: workers of xdist share the directory."""
    directory = store(config) / "pytest"
    directory.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", item.nodeid).strip("-")[-150:]
    return directory / (f"{name}.html" if number == 1 else f"{name}-{number}.html")


@pytest.fixture
def sigproof(request: pytest.FixtureRequest) -> Iterator[Sigproof]:
    """Proves that a program survives Ctrl+C: ``sigproof.sweep([...])``, ``.run([...])``, ``.service([...])``."""
    defaults: Dict[str, Flag] = {}
    for marker in reversed(list(request.node.iter_markers("sigproof"))):
        defaults.update(marker.kwargs)
    yield Sigproof(request.config, request.node, defaults)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sigproof", "programs that survive Ctrl+C")
    group.addoption("--sigproof-for", metavar="TIME", help="the longest time of each sweep, such as 60s")
    group.addoption("--sigproof-store", metavar="DIR", help="where failing runs and pages go [default: .sigproof]")
    parser.addini(
        "sigproof_scenarios",
        "scenario files, as globs from the root directory",
        type="args",
        default=["ci/scenarios/**/*.toml", "tests/scenarios/**/*.toml", "scenarios/**/*.toml"],
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "sigproof(**options): options for the fixture of this name, such as for_='60s'; every test with it has the "
        "marker, so that `-m 'not sigproof'` leaves them out",
    )


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if "sigproof" in getattr(item, "fixturenames", ()) or isinstance(item, scenarios.ScenarioItem):
            item.add_marker("sigproof")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Optional[pytest.Collector]:
    return scenarios.collect(file_path, parent)
