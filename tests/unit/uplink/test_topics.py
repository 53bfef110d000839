from __future__ import annotations

from edge.uplink.contract.catalogue import TOPICS
from edge.uplink.topics import Topics


def test_every_topic_begins_with_the_source_and_is_in_the_catalogue() -> None:
    topics = Topics("depot-7", "van-12")
    assert topics.source == "dms/1/depot-7/van-12"
    names = {
        *(topics.status, topics.info, topics.state, topics.alert, topics.alerts_active, topics.trip, topics.health),
        *(topics.config_desired, topics.config_reported, topics.responses + "{name}"),
        *(topics.commands + name for name in ("ping", "report", "ack", "mark_wrong", "purge")),
    }
    assert {name.removeprefix(f"{topics.source}/") for name in names} == {topic.name for topic in TOPICS}
