-- TimescaleDB tables for the outputs.postgresql of telegraf.conf. Not executed by our tests.
CREATE TABLE dms_state (
  time timestamptz NOT NULL, fleet text, vehicle text,
  fatigue_percent double precision, distraction_percent double precision, observability text
);
SELECT create_hypertable('dms_state', 'time');
SELECT add_retention_policy('dms_state', INTERVAL '30 days');

CREATE TABLE dms_alert (
  time timestamptz NOT NULL, fleet text, vehicle text, id text NOT NULL, kind text, alert_id text, phase text,
  level bigint, seq bigint, duration_s double precision, speed_kmh double precision,
  UNIQUE (time, vehicle, id)  -- a repeat is refused
);
SELECT create_hypertable('dms_alert', 'time');
SELECT add_retention_policy('dms_alert', INTERVAL '1 year');
