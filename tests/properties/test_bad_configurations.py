"""Every setting of the schema, spoilt in several ways: refused at its place; a running daemon keeps what it has."""

from __future__ import annotations

import pytest

from edge.config.load import ConfigError, load_text
from edge.config.schema import Config
from edge.reload import REFUSED, ConfigReload
from tests.support.spoilt_settings import LEAVES, bad_values, spoilt


@pytest.mark.parametrize("section", sorted({key.partition(".")[0] for key in LEAVES}))
def test_every_bad_value_is_refused_where_it_stands(section: str) -> None:
    running = Config()
    for key, info in LEAVES.items():
        if key.partition(".")[0] != section:
            continue
        for value in bad_values(info):
            text, line = spoilt(key, value)
            with pytest.raises(ConfigError) as caught:
                load_text(text, "c.yaml")
            at_place = [problem for problem in caught.value.problems if problem.line == line]
            names = (key, f"{key}[", f"{key}.", "(file)")
            assert any(problem.key.startswith(names) for problem in at_place), f"{text}\n{caught.value}"
            assert all(problem.column >= 1 and problem.message for problem in caught.value.problems)
        text, _ = spoilt(key, ".nan")
        reload = ConfigReload(running, lambda text=text: load_text(text), pytest.fail, pytest.fail)
        reload.again()
        assert reload.running is running
        assert reload.faults() == [REFUSED]


def test_there_are_many_of_them() -> None:
    assert sum(len(bad_values(info)) for info in LEAVES.values()) >= 1000
