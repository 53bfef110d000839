from __future__ import annotations

from edge.uplink.messages import schemas
from edge.uplink.topics import Topics


def test_every_topic_begins_with_the_source_and_has_a_schema() -> None:
    topics = Topics("depot-7", "van-12")
    assert topics.source == "dms/1/depot-7/van-12"
    names = {topics.status, topics.info, topics.state, topics.alert, topics.alerts_active, topics.health}
    assert {name.removeprefix(f"{topics.source}/") for name in names} == set(schemas())
