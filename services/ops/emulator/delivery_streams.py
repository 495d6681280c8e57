"""What Firehose does with records between PutRecord and an object in S3.

AWS: records are kept for a day, gathered until there are `SizeInMBs` of them or `IntervalInSeconds` have passed, joined as they are,
compressed as the destination says and written as one object, whose prefix has the time at which the oldest record arrived. What the
bucket refuses is tried again. Emulator: each record is an object of its own, at once and as it is; what S3 refuses is lost; and every
record stays in memory and in the saved state for good.

Records lie in files here until their object is written, so neither the end of the emulator nor its death loses one. An object may be
written twice when it dies between the two, as Firehose may deliver twice. Whatever has other destinations, or transforms, converts or
partitions records, is left to the emulator.

What does not belong here: what CloudWatch is told of it, which the observability plane asks for and publishes.
"""

import asyncio
import base64
import gzip
import json
import os
import pathlib
import struct
import sys
import threading
import time
import uuid

# What is due is looked for this often.
TICK_SECONDS = 0.2
# Between two attempts to write an object. Firehose takes longer each time; nobody waits for that here.
RETRY_SECONDS = 2.0
# Records and requests (https://docs.aws.amazon.com/firehose/latest/dev/limits.html).
LARGEST_RECORD = 1000 * 1024
MOST_RECORDS = 500
LARGEST_BATCH = 4 * 1024 * 1024
# Where the destination does not say.
INTERVAL_SECONDS = 300
SIZE_MB = 5
LENGTH = struct.Struct(">I")


class Buffer:
    """Records of one stream that wait to be one object. The file's name is the time in nanoseconds at which the first one came."""

    def __init__(self, path):
        self.path = path
        self.begun = int(path.name) / 1e9
        self.size = path.stat().st_size if path.exists() else 0
        self.retry_at = 0.0

    def append(self, data):
        with open(self.path, "ab", buffering=0) as file:
            try:
                # A record that was being written when the emulator died was never answered: its length tells that it is not whole.
                if file.write(LENGTH.pack(len(data)) + data) < LENGTH.size + len(data):
                    raise OSError(f"{self.path} takes no more")
            except OSError:
                # The disk is full. What comes after half a record could not be told from it.
                file.truncate(self.size)
                raise
        self.size += LENGTH.size + len(data)

    def records(self):
        whole = self.path.read_bytes()
        at = 0
        while at + LENGTH.size <= len(whole):
            (length,) = LENGTH.unpack_from(whole, at)
            data = whole[at + LENGTH.size : at + LENGTH.size + length]
            if len(data) < length:
                return
            yield data
            at += LENGTH.size + length


class Refused(Exception):
    """The destination does not take an object; `code` is Firehose's word for why."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Counted:
    """Totals of a stream since the emulator was started."""

    def __init__(self):
        self.records = 0
        self.bytes = 0
        self.written = 0
        self.refused = 0
        # What Firehose would write into the stream's log of errors, and where that is; of the newest refusal.
        self.error = None


class DeliveryStreams:
    """The buffers of all streams. `put(config, key, body)` writes an object and raises when it could not; `key(config, stream, begun)`
    names one."""

    def __init__(self, folder, put, key, clock=time.time):
        self._folder = pathlib.Path(folder)
        self._put = put
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        # No buffer is written twice at the same time.
        self._delivering = threading.Lock()
        self._open = {}
        self._sealed = {}
        self._counted = {}
        self._newest = 0
        # What an earlier run left is due at once.
        for path in sorted(self._folder.glob("*/*")):
            self._sealed.setdefault(path.parent.name, []).append(Buffer(path))
            self._newest = max(self._newest, int(path.name))

    def take(self, stream, data, hints):
        """Keeps a record. Once this returns it is not lost."""
        with self._lock:
            buffer = self._open.get(stream)
            if buffer is None:
                folder = self._folder / stream
                folder.mkdir(parents=True, exist_ok=True)
                # Times of two buffers are never the same, whatever the clock does.
                self._newest = max(self._newest + 1, int(self._clock() * 1e9))
                buffer = self._open[stream] = Buffer(folder / str(self._newest))
            buffer.append(data)
            if buffer.size >= size_of(hints):
                self._seal(stream)

    def _seal(self, stream):
        self._sealed.setdefault(stream, []).append(self._open.pop(stream))

    def time_passed(self, seconds):
        """What waits to be tried again waits so much less: somebody put the clock of metrics forward."""
        with self._lock:
            for buffers in self._sealed.values():
                for buffer in buffers:
                    buffer.retry_at -= seconds

    def deliver(self, configs):
        """Writes what is due, `configs` being the destinations by stream. Buffers of streams that are gone wait."""
        with self._delivering:
            self._deliver(configs)

    def _deliver(self, configs):
        now = self._clock()
        with self._lock:
            for stream, buffer in list(self._open.items()):
                if stream in configs and now - buffer.begun >= interval_of(configs[stream].get("BufferingHints")):
                    self._seal(stream)
            due = [
                (stream, buffer)
                for stream, buffers in self._sealed.items()
                for buffer in buffers
                if stream in configs and buffer.retry_at <= now
            ]
        for stream, buffer in due:
            self._write(stream, buffer, configs[stream])

    def _write(self, stream, buffer, config):
        records = list(buffer.records())
        body = b"".join(records)
        if config.get("CompressionFormat") == "GZIP":
            body = gzip.compress(body, 6, mtime=0)
        counted = self._counted.setdefault(stream, Counted())
        try:
            if records:
                self._put(config, self._key(config, stream, buffer.begun), body)
                counted.written += 1
        except Exception as error:
            counted.refused += 1
            counted.error = logged(stream, config, error)
            buffer.retry_at = self._clock() + RETRY_SECONDS
            print(f"launcher: {stream} could not write an object: {error!r}", file=sys.stderr)
            return
        counted.records += len(records)
        counted.bytes += len(body)
        with self._lock:
            self._sealed[stream].remove(buffer)
        buffer.path.unlink()

    def told(self):
        """By stream: totals, and when the oldest record that still waits came (seconds since 1970)."""
        with self._lock:
            waiting = {stream: list(buffers) for stream, buffers in self._sealed.items()}
            for stream, buffer in self._open.items():
                waiting.setdefault(stream, []).append(buffer)
        answer = {}
        for stream in {*waiting, *self._counted}:
            counted = self._counted.get(stream, Counted())
            oldest = min((buffer.begun for buffer in waiting.get(stream, [])), default=None)
            answer[stream] = {**vars(counted), "oldest": oldest}
        return answer


def size_of(hints):
    return int((hints or {}).get("SizeInMBs") or SIZE_MB) * 1024 * 1024


def interval_of(hints):
    seconds = (hints or {}).get("IntervalInSeconds")
    return INTERVAL_SECONDS if seconds is None else float(seconds)


def bucket_of(config):
    return config["BucketARN"].rsplit(":", 1)[-1]


def logged(stream, config, error):
    """A line of the stream's log of errors (https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html)."""
    options = config.get("CloudWatchLoggingOptions") or {}
    if str(options.get("Enabled", False)).lower() != "true":
        return None
    line = {
        "deliveryStream": stream,
        "destination": config["BucketARN"],
        "message": getattr(error, "message", str(error)),
        "errorCode": getattr(error, "code", "S3.InternalError"),
    }
    return {"group": options.get("LogGroupName"), "stream": options.get("LogStreamName"), "line": line}


def is_plain(config):
    """Is all that is asked done here?"""
    asked = ("ProcessingConfiguration", "DataFormatConversionConfiguration", "DynamicPartitioningConfiguration")
    return config.get("CompressionFormat", "UNCOMPRESSED") in ("UNCOMPRESSED", "GZIP") and not any(
        str((config.get(name) or {}).get("Enabled", False)).lower() == "true" for name in asked
    )


# --- In the emulator ------------------------------------------------------------------------------------------------


def bridge(firehose, folder):
    """Puts this between the emulator's API and its S3."""
    streams = DeliveryStreams(folder, put_object, lambda *of: key_of(firehose, *of))
    for name in ("PutRecord", "PutRecordBatch"):
        firehose._HANDLERS[name] = bridged(firehose, streams, firehose._HANDLERS[name], name)
    threading.Thread(target=deliver_always, args=(firehose, streams), daemon=True).start()
    return streams


def destination(stream):
    """The one destination that is dealt with here, None where there is another."""
    destinations = stream["destinations"]
    is_ours = len(destinations) == 1 and destinations[0]["type"] in ("ExtendedS3", "S3")
    config = destinations[0]["config"] if is_ours else None
    return config if config and is_plain(config) else None


def bridged(firehose, streams, original, operation):
    def handle(data):
        name = data.get("DeliveryStreamName", "")
        stream = firehose._streams.get(name)
        config = stream and stream["status"] == "ACTIVE" and destination(stream)
        if not config:
            return original(data)
        records = [data.get("Record") or {}] if operation == "PutRecord" else data.get("Records") or []
        try:
            taken = [base64.b64decode(record.get("Data", ""), validate=True) for record in records]
        except ValueError:
            return firehose._invalid("Record.Data must be valid base64.")
        problem = refused(taken)
        if problem:
            return firehose._invalid(problem)
        for record in taken:
            streams.take(name, record, config.get("BufferingHints"))
        answers = [{"RecordId": firehose._record_id()} for _ in taken]
        if operation == "PutRecord":
            return firehose.json_response({**answers[0], "Encrypted": False})
        return firehose.json_response({"FailedPutCount": 0, "Encrypted": False, "RequestResponses": answers})

    return handle


def refused(records):
    if not 1 <= len(records) <= MOST_RECORDS:
        return f"A batch has 1 to {MOST_RECORDS} records."
    if any(len(record) > LARGEST_RECORD for record in records):
        return "Record size exceeds 1,000 KiB limit."
    if len(records) > 1 and sum(map(len, records)) > LARGEST_BATCH:
        return "A batch has at most 4 MiB."
    return None


def deliver_once(firehose, streams):
    configs = {stream["name"]: destination(stream) for _, stream in list(firehose._streams._data.items())}
    streams.deliver({name: config for name, config in configs.items() if config})


def deliver_always(firehose, streams):
    while True:
        time.sleep(TICK_SECONDS)
        try:
            deliver_once(firehose, streams)
        except Exception as error:
            # The disk is full, for example: the records wait.
            print(f"launcher: nothing is delivered: {error!r}", file=sys.stderr)
            time.sleep(RETRY_SECONDS)


def put_object(config, key, body):
    from ministack.services import s3

    bucket = bucket_of(config)
    if is_denied(config, bucket, key):
        raise Refused("S3.AccessDenied", f"Access was denied: the policy of {bucket} keeps {config.get('RoleARN')} out")
    headers = {"content-type": "application/octet-stream", "content-length": str(len(body)), "host": "s3.localhost"}
    status, _, answer = asyncio.run(s3.handle_request("PUT", f"/{bucket}/{key}", headers, body, {}, internal=True))
    if status >= 300:
        code = "S3.NoSuchBucket" if status == 404 else "S3.InternalError"
        raise Refused(code, f"S3 answered {status}: {bytes(answer or b'')[:200]!r}")


def is_denied(config, bucket, key):
    """Does the bucket's own policy keep the stream's role out? The emulator asks policies only where it checks callers, and Firehose
    calls from within."""
    from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
    from ministack.services import s3

    policy = s3._bucket_policies.get(bucket)
    role = config.get("RoleARN", "")
    if not policy or not role:
        return False
    asked = EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=role.split(":")[4],
        action="s3:PutObject",
        resource_arn=f"arn:aws:s3:::{bucket}/{key}",
        region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        source_ip="127.0.0.1",
        secure_transport=True,
    )
    return evaluate_resource_policy(policy, asked).decision == "Deny"


def key_of(firehose, config, stream, begun):
    arrived = time.gmtime(begun)
    prefix = firehose._evaluate_prefix(config.get("Prefix", ""), arrived)
    stamp = time.strftime("%Y-%m-%d-%H-%M-%S", arrived)
    extension = config.get("FileExtension") or (".gz" if config.get("CompressionFormat") == "GZIP" else "")
    return f"{prefix}{stream}-1-{stamp}-{uuid.uuid4()}{extension}"


def told(streams):
    """A call of the plane: see `DeliveryStreams.told`."""
    return lambda _body: (200, json.dumps(streams.told()).encode())


def with_time(original, firehose, streams):
    """A call of the plane, and what waits for a time that has come with it is tried before the answer."""

    def time_passed(body):
        answer = original(body)
        streams.time_passed(float(json.loads(body)["seconds"]))
        deliver_once(firehose, streams)
        return answer

    return time_passed


def folder():
    return os.path.join(os.environ.get("STATE_DIR") or os.getcwd(), "delivery-streams")
