CREATE EXTERNAL TABLE shopfast_log_archive.lines (
  `correlation_id` string,
  `at` timestamp,
  `log_group` string,
  `log_stream` string,
  `level` string,
  `request_id` string,
  `trace_id` string,
  `order_id` string,
  `account` string,
  `event_batch` binary,
  `event_number` int,
  `event_id` string,
  `template` string
)
PARTITIONED BY (
  `dt` string,
  `hour` int
)
STORED AS PARQUET
LOCATION 's3://BUCKET/lines/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '2025-01-01,NOW+1DAY',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://BUCKET/lines/dt=${dt}/hour=${hour}/'
);

CREATE VIEW shopfast_log_archive.messages AS
SELECT correlation_id, at, log_group, log_stream, level, request_id, trace_id, order_id, account, replace(replace(replace(replace(replace(template, chr(26) || 'c', coalesce(correlation_id, '')), chr(26) || 'r', coalesce(request_id, '')), chr(26) || 't', coalesce(trace_id, '')), chr(26) || 'o', coalesce(order_id, '')), chr(26) || '0', chr(26)) AS message, dt, hour
FROM shopfast_log_archive.lines;
