"""Runs the command ``sigproof`` and reads what it says with ``--json`` (version 1)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

Words = Union[str, Sequence[str]]
Flag = Union[bool, int, str, "os.PathLike[str]", Sequence[str], Mapping[str, str], None]

#: Exit codes of the command.
HOLDS, VIOLATED, USAGE, HARNESS, NOT_REACHED, FLAKY = range(6)

#: Options whose names Python or a reader would trip over.
_FLAGS = {"inputs": "in", "input": "in", "for_": "for", "clients": "client", "any_": "any"}


class SigproofError(Exception):
    """The command could not do what it was asked: a wrong option, or a program that fails undisturbed."""


class PartlyTried(UserWarning):
    """A contract holds where it was tried, and not everything was."""


class Unavailable(Exception):
    """This machine cannot run it, and why: no program, or no ptrace."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    oracle: str
    subject: str
    text: str
    #: The number of points where it shows, and the first of them.
    count: int = 0
    first: Optional[str] = None
    #: The code that the first of them lies between.
    between: Optional[str] = None
    seen: int = 0
    times: int = 0
    flaky: bool = False
    unconfirmed: bool = False
    #: The flag that declares it right, if it is.
    accept: Optional[str] = None
    #: The stored failing run.
    file: Optional[str] = None
    timeline: Tuple[str, ...] = ()

    def report(self) -> str:
        """What a person reads."""
        lines = [f"✗ {self.oracle}: {self.text}"]
        if self.first:
            lines.append(f"at {self.count} points, first at {self.first}")
        if self.between:
            lines.append(self.between)
        if self.unconfirmed:
            lines.append("unconfirmed: it was interrupted before this was run again")
        elif self.times:
            word = "flaky" if self.flaky else "repeated"
            lines.append(f"{word}: {self.seen} of {self.times} runs")
        lines += self.timeline
        if self.file:
            lines.append(f"sigproof replay {self.file}")
        if self.accept:
            lines.append(f"if this is right: {self.accept}")
        lines.append(f"how to mend it: sigproof explain {self.oracle}")
        return "\n  ".join(lines)


@dataclass(frozen=True)
class Result:
    """What came of a sweep, a run or a scenario."""

    command: Tuple[str, ...]
    exit_code: int
    #: ``holds``, ``violated``, ``flaky``, ``not_reached``
    verdict: str
    findings: Tuple[Finding, ...] = ()
    #: The page with everything, where it was asked for.
    html: Optional[Path] = None
    #: Everything that it said, one object a line.
    lines: Tuple[Dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def holds(self) -> bool:
        return self.exit_code == HOLDS

    @property
    def partial(self) -> Optional[str]:
        """How much was tried, where that is not all of it: ``3 of 6 classes``."""
        for line in self.lines:
            if line.get("type") == "summary" and line.get("classes_tried", 0) < line.get("classes", 0):
                return f"{line['classes_tried']} of {line['classes']} classes"
        return None

    def report(self) -> str:
        """What a person reads."""
        count = len(self.findings)
        number = f"{count} finding" + ("" if count == 1 else "s")
        parts = [f"sigproof: {' '.join(self.command)}: {self.verdict.replace('_', ' ')}, {number}"]
        parts += [finding.report() for finding in self.findings]
        if self.exit_code == NOT_REACHED:
            names = [name for line in self.lines for name in line.get("not_reached") or []]
            parts.append("points that were not reached: " + (", ".join(map(str, names)) or "see the page"))
        if self.html:
            parts.append(f"page: {self.html}")
        return "\n\n".join(parts)


def program() -> str:
    """The command: what ``SIGPROOF`` names, else that of this environment, else that of the search path."""
    named = os.environ.get("SIGPROOF")
    installed = Path(sysconfig.get_path("scripts"), "sigproof")
    found = named or (str(installed) if installed.exists() else shutil.which("sigproof"))
    if not found:
        raise Unavailable("there is no command sigproof: pip install sigproof (Linux on x86-64 or aarch64)")
    return found


def flags(options: Mapping[str, Flag]) -> List[str]:
    """``keep=["*.log"], pty=True`` as ``--keep *.log --pty``."""
    words: List[str] = []
    for name, value in options.items():
        flag = "--" + _FLAGS.get(name, name).replace("_", "-")
        if isinstance(value, Mapping):
            value = [f"{key}={text}" for key, text in value.items()]
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, (list, tuple)):
            for one in value:
                words += [flag, os.fspath(one)]
        else:
            words += [flag, str(value)]
    return words


def call(verb: str, words: Sequence[str], command: Sequence[str] = (), cwd: Optional[Path] = None) -> Result:
    """Runs it. It is never left behind: an exception ends it, and with it all that it has started."""
    line = [program(), verb, "--json", *words, *(["--", *command] if command else [])]
    try:
        process = subprocess.Popen(
            line, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", errors="replace",
        )
    except OSError as error:
        raise Unavailable(f"{line[0]}: {error.strerror}") from error
    try:
        said, errors = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGTERM)  # it cleans up, and ends
        process.wait()
        raise
    if process.returncode < 0:
        raise SigproofError(f"sigproof was ended by signal {-process.returncode}\n{errors}")
    try:
        lines = [json.loads(text) for text in said.splitlines() if text]
    except ValueError as error:
        raise SigproofError(f"not JSON: {error}\n{said}") from error
    return result(tuple(command), process.returncode, lines, errors)


def result(command: Tuple[str, ...], code: int, lines: List[Dict[str, Any]], errors: str) -> Result:
    if code in (USAGE, HARNESS):
        texts = [line["text"] for line in lines if line.get("type") == "error"]
        texts += [line["error"]["text"] for line in lines if line.get("type") == "case" and line.get("error")]
        reason = "\n".join(texts) or errors.strip() or "no reason was given"
        if code == HARNESS:
            _tell_what_is_missing(reason)
        raise SigproofError(reason)
    command = command or tuple(next((line["command"] for line in lines if "command" in line), ()))
    verdicts = [line["verdict"] for line in lines if "exit_code" in line]
    return Result(command, code, verdicts[-1] if verdicts else "unknown", tuple(_findings(lines)), None, tuple(lines))


def _findings(lines: Sequence[Dict[str, Any]]) -> List[Finding]:
    found: List[Finding] = []
    timeline = next((one["timeline"] for one in lines if one["type"] == "run" and "timeline" in one), ())
    for line in lines:
        if line["type"] == "finding":
            found.append(_finding(line))
        elif line["type"] == "case":
            found += [_finding(one) for one in line.get("findings", [])]
        elif line["type"] == "verdict":
            found += [
                _finding({"timeline": timeline, **one, "oracle": line["oracle"]})
                for one in line.get("evidence") or []
            ]
    return [one for one in found if one is not None]


def _finding(line: Mapping[str, Any]) -> Any:
    if line.get("before_ready") or line.get("at_start"):
        return None  # told, and no part of the verdict
    known = {name: line[name] for name in Finding.__dataclass_fields__ if line.get(name) is not None}
    if isinstance(known.get("between"), Mapping):
        known["between"] = known["between"]["text"]
    known["timeline"] = tuple(known.get("timeline", ()))
    return Finding(**known)


def _tell_what_is_missing(reason: str) -> None:
    """Raises :class:`Unavailable` if it is the machine that cannot do it."""
    doctor = subprocess.run(
        [program(), "doctor"], stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8"
    )
    if doctor.returncode == HARNESS:
        raise Unavailable(f"{reason}\n{doctor.stdout}")
