"""What `delivery_streams.py` does with records, without the emulator: `python3 -m unittest delivery_streams_test`."""

import base64
import gzip
import pathlib
import tempfile
import types
import unittest

import delivery_streams
from delivery_streams import DeliveryStreams

CONFIG = {
    "BucketARN": "arn:aws:s3:::logs",
    "CompressionFormat": "GZIP",
    "BufferingHints": {"IntervalInSeconds": "10", "SizeInMBs": "1"},
    "CloudWatchLoggingOptions": {"Enabled": "true", "LogGroupName": "/aws/kinesisfirehose/logs", "LogStreamName": "S3Delivery"},
}


class DeliveryStreamsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.now = 1_000.0
        self.objects = []
        self.is_refusing = False

    def streams(self):
        def put(_config, key, body):
            if self.is_refusing:
                raise delivery_streams.Refused("S3.AccessDenied", "refused")
            self.objects.append((key, body))

        return DeliveryStreams(self.folder, put, lambda _config, stream, begun: f"{stream}/{begun:.0f}", lambda: self.now)

    def take(self, streams, *records):
        for record in records:
            streams.take("logs", record, CONFIG["BufferingHints"])

    def deliver_at(self, streams, now):
        self.now = now
        streams.deliver({"logs": CONFIG})
        told, self.objects = [(key, gzip.decompress(body)) for key, body in self.objects], []
        return told

    def left(self):
        return list(pathlib.Path(self.folder).glob("*/*"))

    def test_records_are_joined_when_they_are_old_enough(self):
        streams = self.streams()
        self.take(streams, b"a\n", b"b\n")
        self.assertEqual(self.deliver_at(streams, 1_009.9), [])
        self.take(streams, b"c\n")
        self.assertEqual(self.deliver_at(streams, 1_010.0), [("logs/1000", b"a\nb\nc\n")])
        self.assertEqual(self.left(), [])
        self.assertEqual(self.deliver_at(streams, 2_000.0), [])

    def test_records_are_joined_when_they_are_enough(self):
        streams = self.streams()
        half = b"x" * (512 * 1024)
        self.take(streams, half, half, b"next")
        self.assertEqual(self.deliver_at(streams, 1_000.0), [("logs/1000", half + half)])
        self.assertEqual(self.deliver_at(streams, 1_010.1), [("logs/1000", b"next")])

    def test_what_the_bucket_refuses_is_tried_again(self):
        streams = self.streams()
        self.take(streams, b"a")
        self.is_refusing = True
        self.assertEqual(self.deliver_at(streams, 1_010.0), [])
        line = {"deliveryStream": "logs", "destination": "arn:aws:s3:::logs", "message": "refused", "errorCode": "S3.AccessDenied"}
        error = {"group": "/aws/kinesisfirehose/logs", "stream": "S3Delivery", "line": line}
        self.assertEqual(
            streams.told()["logs"], {"records": 0, "bytes": 0, "written": 0, "refused": 1, "error": error, "oldest": 1_000.0}
        )
        self.is_refusing = False
        self.assertEqual(self.deliver_at(streams, 1_011.0), [], "not yet")
        self.assertEqual(self.deliver_at(streams, 1_012.0), [("logs/1000", b"a")])
        told = streams.told()["logs"]
        self.assertEqual((told["records"], told["written"], told["refused"], told["oldest"]), (1, 1, 1, None))

    def test_a_clock_that_is_put_forward_shortens_the_wait(self):
        streams = self.streams()
        self.take(streams, b"a")
        self.is_refusing = True
        self.assertEqual(self.deliver_at(streams, 1_010.0), [])
        self.is_refusing = False
        streams.time_passed(60.0)
        self.assertEqual(self.deliver_at(streams, 1_010.1), [("logs/1000", b"a")])

    def test_the_end_of_the_emulator_loses_nothing(self):
        self.take(self.streams(), b"a", b"b")
        # The last record was not written whole, and so it was never answered.
        (path,) = self.left()
        path.write_bytes(path.read_bytes() + delivery_streams.LENGTH.pack(100) + b"half")
        again = self.streams()
        self.take(again, b"c")
        self.assertEqual(again.told()["logs"]["oldest"], 1_000.0)
        self.assertEqual(self.deliver_at(again, 1_000.1), [("logs/1000", b"ab")])
        self.assertEqual(self.deliver_at(again, 1_011.0), [("logs/1000", b"c")])

    def test_a_full_disk_refuses_a_record_and_keeps_the_others(self):
        streams = self.streams()
        self.take(streams, b"a")

        class Full:
            def __init__(self, path, mode, buffering):
                self._file = open(path, mode, buffering)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self._file.close()

            def write(self, data):
                return self._file.write(data[: len(data) // 2])

            def truncate(self, size):
                return self._file.truncate(size)

        delivery_streams.open = Full
        try:
            with self.assertRaises(OSError):
                self.take(streams, b"b" * 100)
        finally:
            del delivery_streams.open
        self.take(streams, b"c")
        self.assertEqual(self.deliver_at(streams, 1_010.0), [("logs/1000", b"ac")])

    def test_streams_that_are_gone_wait(self):
        streams = self.streams()
        self.take(streams, b"a")
        self.now = 5_000.0
        streams.deliver({})
        self.assertEqual(len(self.left()), 1)


class BridgeTest(unittest.TestCase):
    def handler(self, config, taken, operation):
        stream = {"name": "logs", "status": "ACTIVE", "destinations": [{"type": "ExtendedS3", "config": config}]}
        firehose = types.SimpleNamespace(
            _streams={"logs": stream},
            _record_id=lambda: "id",
            _invalid=lambda message: (400, message),
            json_response=lambda answer: (200, answer),
        )
        streams = types.SimpleNamespace(take=lambda _stream, data, _hints: taken.append(data))
        return delivery_streams.bridged(firehose, streams, lambda _data: "of the emulator", operation)

    def test_batches_are_answered_record_by_record(self):
        taken = []
        handle = self.handler(CONFIG, taken, "PutRecordBatch")
        record = {"Data": base64.b64encode(b"a").decode()}
        status, answer = handle({"DeliveryStreamName": "logs", "Records": [record, record]})
        self.assertEqual((status, answer["FailedPutCount"], len(answer["RequestResponses"])), (200, 0, 2))
        self.assertEqual(taken, [b"a", b"a"])
        status, _ = self.handler(CONFIG, taken, "PutRecord")({"DeliveryStreamName": "logs", "Record": record})
        self.assertEqual((status, len(taken)), (200, 3))

    def test_a_batch_that_firehose_would_refuse_is_refused_whole(self):
        taken = []
        handle = self.handler(CONFIG, taken, "PutRecordBatch")

        def record(size):
            return {"Data": base64.b64encode(b"x" * size).decode()}

        million = 1000 * 1024
        for records in [[], [record(1)] * 501, [record(million + 1)], [record(million)] * 5, [{"Data": "no base64!"}]]:
            with self.subTest(records=len(records)):
                self.assertEqual(handle({"DeliveryStreamName": "logs", "Records": records})[0], 400)
        self.assertEqual(taken, [])

    def test_what_is_not_done_here_is_the_emulators(self):
        for config in [{**CONFIG, "CompressionFormat": "ZIP"}, {**CONFIG, "ProcessingConfiguration": {"Enabled": "true"}}]:
            handle = self.handler(config, [], "PutRecord")
            self.assertEqual(handle({"DeliveryStreamName": "logs", "Record": {}}), "of the emulator")
        self.assertEqual(self.handler(CONFIG, [], "PutRecord")({"DeliveryStreamName": "other"}), "of the emulator")


if __name__ == "__main__":
    unittest.main()
