"""What the bridges of `launcher.py` do, without the emulator: `python3 -m unittest launcher_test`."""

import asyncio
import http.server
import json
import sys
import threading
import types
import unittest

import launcher


def record(number):
    return {"eventSource": "aws:dynamodb", "eventSourceARN": "stream", "dynamodb": {"SequenceNumber": str(number)}}


FUNCTION = {"config": {"FunctionArn": "arn", "FunctionName": "relay", "Timeout": 1, "RevisionId": "r-1"}}


class GuardTest(unittest.TestCase):
    def ask(self, path, **headers):
        sent = []

        async def app(scope, receive, send):
            await send({"status": 200})

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "path": path, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
        asyncio.run(launcher.guarded(app)(scope, None, send))
        return sent[0]["status"]

    def test_programs_pass_and_pages_do_not(self):
        shop = "/restapis/a1/dev/_user_request_/orders"
        for path, headers, status in [
            ("/", {"host": "127.0.0.1:4566"}, 200),
            ("/", {"host": "localhost:4566"}, 200),
            ("/", {"host": "s3.localhost:4566"}, 200),
            ("/", {}, 200),
            ("/", {"host": "evil.example:4566"}, 403),
            ("/", {"host": "127.0.0.1.evil.example"}, 403),
            ("/", {"host": "localhost:4566", "origin": "https://evil.example"}, 403),
            ("/bucket" + shop, {"host": "localhost:4566", "origin": "null"}, 403),
            (shop, {"host": "shop.example", "origin": "https://shop.example"}, 200),
            ("/_aws/lambda-url/u1/products", {"host": "shop.example"}, 200),
        ]:
            with self.subTest(path=path, headers=headers):
                self.assertEqual(self.ask(path, **headers), status)

    def test_functions_of_others_are_not_run(self):
        refused = launcher.refuse_function({"config": {"FunctionName": "mine"}}, {}, "r")
        self.assertEqual((refused["error"], refused["body"]["errorType"]), (True, "Runtime.NotDeployed"))


class PlatformCallsTest(unittest.TestCase):
    def test_only_its_own_paths_are_answered(self):
        def ask(path, parts):
            sent = []

            async def app(scope, receive, send):
                await send({"status": "of the emulator"})

            async def receive():
                return {"body": parts.pop(0), "more_body": bool(parts)}

            async def send(message):
                sent.append(message)

            asyncio.run(launcher.with_platform_calls(app)({"type": "http", "path": path}, receive, send))
            return sent

        calls = launcher.PLATFORM_CALLS
        launcher.PLATFORM_CALLS = {"/ours": lambda body: (200, body.upper()), "/broken": json.loads}
        try:
            self.assertEqual(ask("/", [b""])[0]["status"], "of the emulator")
            self.assertEqual(ask("/ours", [b"a", b"b"])[1]["body"], b"AB")
            self.assertEqual(ask("/broken", [b"{"])[0]["status"], 400)
        finally:
            launcher.PLATFORM_CALLS = calls


class DeadLettersTest(unittest.TestCase):
    def test_a_function_gets_and_loses_its_queue(self):
        functions = {"shop": {"config": {}}}
        create = launcher.with_dead_letters(lambda logical, properties, stack: ("shop", {}), functions, 1)
        update = launcher.with_dead_letters(lambda physical, old, new, stack: ("shop", {}), functions, 2)
        wanted = {"DeadLetterConfig": {"TargetArn": "arn"}}
        self.assertEqual(create("Shop", wanted, "stack"), ("shop", {}))
        self.assertEqual(functions["shop"]["config"], wanted)
        update("shop", wanted, {}, "stack")
        self.assertEqual(functions["shop"]["config"], {})


class MailsTest(unittest.TestCase):
    def test_e_mail_subscriptions_whose_filter_matches_are_told(self):
        subscriptions = [
            {"protocol": "email", "endpoint": "a@example.com"},
            {"protocol": "email", "endpoint": "b@example.com", "never": True},
            {"protocol": "sqs", "endpoint": "arn"},
        ]
        sns = types.SimpleNamespace(
            _topic_by_arn_any_scope=lambda arn: {"subscriptions": subscriptions},
            _resolve_message_for_protocol=lambda message, structure, protocol: f"{message} for {protocol}",
            _matches_filter_policy=lambda subscription, attributes, text: not subscription.get("never")
            and text == "text for default",
        )
        told, original = [], launcher.mail
        launcher.mail = lambda *args: told.append(args)
        try:
            fanout = launcher.bridged_fanout(lambda *args: "answer", sns)
            self.assertEqual(fanout("topic", "id", "text", "subject"), "answer")
        finally:
            launcher.mail = original
        self.assertEqual(told, [("topic", "a@example.com", "subject", "text for email", {})])


class Scoped(dict):
    """As the emulator's dictionaries by account, region and name."""

    def all_items(self):
        return list(self.items())

    def set_scoped(self, account, region, name, value):
        self[account, region, name] = value

    def get_scoped(self, account, region, name, default=None):
        return self.get((account, region, name), default)


class StreamsKeptTest(unittest.TestCase):
    def test_unread_records_survive_a_restart(self):
        key = ("0", "r", "outbox")

        def emulator():
            return types.SimpleNamespace(_stream_records=Scoped(), _stream_trimmed=Scoped(), _stream_seq_counter=0)

        before, after = emulator(), emulator()
        before._stream_records[key], before._stream_trimmed[key], before._stream_seq_counter = [record(7)], 6, 7
        saved = json.loads(json.dumps(launcher.with_streams(lambda: {"tables": {}}, before)()))
        restored = []
        launcher.with_restored_streams(restored.append, after)(saved)
        self.assertEqual((after._stream_records, after._stream_trimmed), (before._stream_records, before._stream_trimmed))
        self.assertEqual((after._stream_seq_counter, len(restored)), (7, 1))
        launcher.with_restored_streams(restored.append, emulator())({})


class StreamsTest(unittest.TestCase):
    def setUp(self):
        self.mapping = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
        self.given_up = []
        self.calls = []
        self.streams = launcher.Streams()
        self.streams._mapping = lambda function, source: self.mapping
        self.streams._give_up = lambda mapping, func, records, source, result: self.given_up.append(numbers(records))

    def invoke(self, records, failing=(), error=False):
        def run(part):
            self.calls.append(numbers(part))
            if error:
                return launcher.failure("Boom", "no")
            failed = [number for number in numbers(part) if number in failing]
            return {"body": {"batchItemFailures": [{"itemIdentifier": str(number)} for number in failed]}}

        return self.streams.invoke(FUNCTION, [record(number) for number in records], run)

    def test_goes_on_at_the_failed_record(self):
        self.assertTrue(self.invoke([1, 2, 3, 4], failing=[3]).get("error"))
        self.assertTrue(self.invoke([1, 2, 3, 4], failing=[3]).get("error"))
        self.assertFalse(self.invoke([1, 2, 3, 4, 5]).get("error"))
        self.assertFalse(self.invoke([6]).get("error"))
        self.assertEqual(self.calls, [[1, 2, 3, 4], [3, 4], [3, 4, 5], [6]])

    def test_gives_up_after_the_configured_attempts(self):
        self.mapping["MaximumRetryAttempts"] = 1
        self.assertTrue(self.invoke([1, 2, 3], failing=[2]).get("error"))
        self.assertFalse(self.invoke([1, 2, 3], failing=[2]).get("error"))
        self.assertEqual((self.given_up, self.calls), ([[2]], [[1, 2, 3], [2, 3], [3]]))

    def test_a_function_error_fails_the_whole_batch(self):
        self.mapping["MaximumRetryAttempts"] = 0
        self.assertFalse(self.invoke([1, 2], error=True).get("error"))
        self.assertEqual(self.given_up, [[1, 2]])

    def test_without_the_setting_an_answer_is_a_success(self):
        self.mapping.clear()
        self.assertFalse(self.invoke([1, 2], failing=[2]).get("error"))

    def test_an_unknown_identifier_fails_the_whole_batch(self):
        result = {"body": {"batchItemFailures": [{"itemIdentifier": "99"}]}}
        self.assertEqual(launcher.first_failed([record(1), record(2)], result, self.mapping), 0)


def numbers(records):
    return [launcher.sequence(each) for each in records]


class Runner(http.server.BaseHTTPRequestHandler):
    answers = {
        "/ok": (200, {}, b'{"a": 1}'),
        "/error": (200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorType": "order.refused", "errorMessage": "no"}'),
        "/throttled": (429, {}, b"{}"),
        "/unknown": (404, {"X-Amzn-ErrorType": "ResourceNotFoundException"}, b"{}"),
    }

    def do_POST(self):
        self.server.seen.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers, body = self.answers[self.path]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class InvocationTest(unittest.TestCase):
    def setUp(self):
        emulator = types.ModuleType("ministack.services")
        emulator.lambda_svc = types.SimpleNamespace(
            _throttle_response=lambda reason_code, msg: {"throttle": True, "error": True}
        )
        sys.modules["ministack"] = types.ModuleType("ministack")
        sys.modules["ministack.services"] = emulator
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Runner)
        self.server.seen = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def invoke(self, path):
        url = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
        return launcher.execute_function_proxy(FUNCTION, {"order": "ü"}, url, "request-1")

    def test_answers_keep_their_meaning(self):
        self.assertEqual(self.invoke("/ok"), {"body": {"a": 1}})
        failed = self.invoke("/error")
        self.assertEqual((failed["error"], failed["body"]["errorType"]), (True, "order.refused"))
        self.assertTrue(self.invoke("/throttled")["throttle"])
        self.assertEqual(self.invoke("/unknown")["body"]["errorType"], "ResourceNotFoundException")

    def test_the_runner_learns_request_and_revision(self):
        self.invoke("/ok")
        headers, body = self.server.seen[0]
        self.assertEqual(headers["X-Amzn-Lambda-Request-Id"], "request-1")
        self.assertEqual(headers["X-Amzn-Lambda-Revision-Id"], "r-1")
        self.assertEqual(headers["X-Amzn-Lambda-Invocation-Type"], "RequestResponse")
        self.assertEqual(json.loads(body), {"order": "ü"})

    def test_a_runner_that_is_away_is_a_service_error(self):
        result = launcher.execute_function_proxy(FUNCTION, {}, "http://127.0.0.1:1/invoke/relay", "request-1")
        self.assertEqual((result["error"], result["body"]["errorType"]), (True, "ServiceException"))

    def test_an_event_is_accepted_refused_or_tried_again(self):
        headers = launcher.request_headers(FUNCTION["config"], "request-1", "Event")
        for path, accepted in [("/ok", True), ("/unknown", True), ("/throttled", False)]:
            url = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
            with self.subTest(path=path):
                self.assertEqual(launcher.accepted(url, {}, headers), accepted)
        self.assertFalse(launcher.accepted("http://127.0.0.1:1/invoke/relay", {}, headers))

    def test_callers_of_an_api_see_no_internals(self):
        response, _ = launcher.bridged_api_response(lambda result: ("original", None))(launcher.failure("Boom", "secret"))
        self.assertEqual((response["statusCode"], response["body"]), (502, '{"message": "Internal server error"}'))
        self.assertEqual(launcher.bridged_rest_response(None)(launcher.failure("Boom", "secret")), (None, "Internal server error"))


if __name__ == "__main__":
    unittest.main()
