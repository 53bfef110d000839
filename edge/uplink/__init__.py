"""Alerts to the fleet: messages, outbox, MQTT."""
