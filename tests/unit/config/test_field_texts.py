from __future__ import annotations

import msgspec

from edge.config.field_texts import with_field_texts
from edge.uplink import messages


def test_text_below_a_field_is_its_description_under_its_name_on_the_wire() -> None:
    schema = with_field_texts(msgspec.json.schema(messages.StateMessage), messages)
    fields = schema["$defs"]["StateMessage"]["properties"]
    assert fields["Vehicle.Driver.FatigueLevel"]["description"] == "Percent: the fused score."
    assert "description" not in fields["boot_id"]
