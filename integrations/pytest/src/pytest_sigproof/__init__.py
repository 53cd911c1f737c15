"""Tests that a program survives Ctrl+C, as tests of pytest: the fixture ``sigproof``."""

from .client import Finding, PartlyTried, Result, SigproofError, Unavailable
from .plugin import Sigproof

__all__ = ["Finding", "PartlyTried", "Result", "Sigproof", "SigproofError", "Unavailable"]
