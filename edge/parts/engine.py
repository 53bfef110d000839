"""The pure half as a configuration asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision.engine import DecisionEngine

if TYPE_CHECKING:
    from edge.config.schema import Config


def engine_for(config: Config, *, neutral_yaw_deg: float | None = None) -> DecisionEngine:
    """Return what decides in the daemon; `neutral_yaw_deg` stands above the configured one."""
    camera = config.camera
    return DecisionEngine(
        config.rules,
        neutral_yaw_deg=camera.neutral_yaw_deg if neutral_yaw_deg is None else neutral_yaw_deg,
        neutral_pitch_deg=camera.neutral_pitch_deg,
        fatigue_enabled=config.fatigue.enabled,
        distraction_enabled=config.distraction.enabled,
        expression_enabled=config.expression.enabled,
        privacy_after_s=config.vehicle.privacy_after_s,
    )
