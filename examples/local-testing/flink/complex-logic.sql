-- The job of the stress test: every message of complex-input goes, once, to complex-output
-- with a correlation id (its own, or one made from its number) and a sending id.
-- Statement by statement through the SQL gateway: POST /v1/sessions/ID/statements.

-- Offsets and transactions are committed with a checkpoint: it bounds the latency, and
-- the consumer group's lag can be seen.
SET 'execution.checkpointing.interval' = '2 s';

SET 'pipeline.name' = 'complex-logic';

CREATE TABLE complex_input (
  message_id BIGINT,
  correlation_id STRING,
  payload STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'complex-input',
  'properties.bootstrap.servers' = 'kafka-1:29092,kafka-2:29092,kafka-3:29092',
  'properties.group.id' = 'complex-logic',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

-- Kafka's brokers allow transactions of 15 minutes, Flink asks for an hour where it is not told.
CREATE TABLE complex_output (
  message_id BIGINT,
  correlation_id STRING,
  sending_id STRING,
  payload STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'complex-output',
  'properties.bootstrap.servers' = 'kafka-1:29092,kafka-2:29092,kafka-3:29092',
  'format' = 'json',
  'key.format' = 'raw',
  'key.fields' = 'correlation_id',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'complex-logic',
  'properties.transaction.timeout.ms' = '600000'
);

INSERT INTO complex_output
SELECT
  message_id,
  COALESCE(correlation_id, 'corr-' || LPAD(CAST(message_id AS STRING), 9, '0')),
  UUID(),
  payload
FROM complex_input;
