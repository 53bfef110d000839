"""What judges of one group of alerts have in common: where they read, where they write, when they forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.decision.alerts import AlertBook
    from edge.indicators.bank import IndicatorBank


class Judge:
    """Reads the indicators out of the bank; opens, raises and closes its alerts in the book."""

    def __init__(self, rules: Rules, bank: IndicatorBank, book: AlertBook) -> None:
        self._bank = bank
        self._book = book
        self.configure(rules)
        self.reset()

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget what is going on; its alerts have been closed."""
