"""Scenario files of sigproof, each as a test."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Optional, Tuple

import pytest

from . import client


def collect(path: Path, parent: pytest.Collector) -> Optional[pytest.Collector]:
    """A file that one of the globs of ``sigproof_scenarios`` names."""
    if path.suffix != ".toml":
        return None
    root = parent.config.rootpath
    globs = parent.config.getini("sigproof_scenarios")
    if any(path in root.glob(glob) for glob in globs):
        return ScenarioFile.from_parent(parent, path=path)
    return None


class ScenarioFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioItem(pytest.Item):
    """One scenario."""

    def runtest(self) -> None:
        from . import plugin

        html = plugin.page(self.config, self, 1)
        words = ["--store", str(plugin.store(self.config)), "--shard", "none", "--jobs", "1", "--html", str(html)]
        words.append(str(self.path))
        result = plugin.outcome(lambda: client.call("test", words, cwd=self.config.rootpath), html)
        if result.html:
            self.user_properties.append(("sigproof_html", str(result.html)))
        if not result.holds:
            pytest.fail(result.report(), pytrace=False)

    def reportinfo(self) -> Tuple[Path, None, str]:
        return self.path, None, f"scenario {self.name}"
