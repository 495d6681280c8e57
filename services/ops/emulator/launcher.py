"""Starts the emulator (ministack) with the gaps bridged that the functions of this repository would fall into.

Each bridge replaces one function of the emulator and says what AWS does by itself. Nothing else of the emulator is
touched. The replacements fit one version; another one is refused rather than run half bridged.

What does not belong here: configuration (the environment says it all), supervision (`supervise.py`), and anything
that a function's environment, log or retry needs: that is the runner's work.
"""

import asyncio
import http.client
import importlib.metadata
import json
import os
import re
import sys
import threading
import time
import urllib.parse
import uuid

import delivery_streams

VERSION = "1.5.33"
# An asynchronous event is stored by the runner within milliseconds.
ACCEPT_TIMEOUT_SECONDS = 5.0
# Lambda allows ten seconds of init, which do not count towards the function's time limit.
INIT_SECONDS = 10.0
MARGIN_SECONDS = 5.0
REDELIVERY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


class RunnerAway(Exception):
    """Nobody answered at the address that functions are invoked at."""


def main():
    check_version()
    # The emulator talks to nobody but loopback: a proxy of the machine must not see it.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    os.environ.setdefault("BIND_HOST", "127.0.0.1")
    bridge()
    from ministack import app as emulator

    emulator.app = guarded(with_platform_calls(emulator.app))
    sys.argv = ["ministack"]
    emulator.main()


def say(text):
    print(f"launcher: {text}", file=sys.stderr)


def check_version():
    try:
        found = importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError:
        found = "none"
    if found != VERSION:
        sys.exit(
            f"launcher: written for ministack {VERSION}, found {found}. Install the pinned requirements again "
            "(delete the virtual environment), or adapt launcher.py to the new version."
        )


def bridge():
    from ministack.services import apigateway_v1, cloudwatch_logs, dynamodb, eventbridge, firehose, lambda_svc, sns

    lambda_svc._execute_function_proxy = execute_function_proxy
    lambda_svc._execute_function_docker = refuse_function
    lambda_svc.lambda_execute_result_to_api_proxy_response = bridged_api_response(
        lambda_svc.lambda_execute_result_to_api_proxy_response
    )
    apigateway_v1._lambda_proxy_response = bridged_rest_response(apigateway_v1._lambda_proxy_response)
    eventbridge._dispatch_to_lambda = bridged_rule_target(eventbridge._dispatch_to_lambda)
    sns._deliver_to_lambda = bridged_subscription(sns._deliver_to_lambda)
    sns._threading = InlineForFunctions(sns._threading, sns)
    bridge_dead_letters()
    dynamodb.get_state = with_streams(dynamodb.get_state, dynamodb)
    dynamodb.load_persisted_state = with_restored_streams(dynamodb.load_persisted_state, dynamodb)
    sns._fanout = bridged_fanout(sns._fanout, sns)
    bridge_schedules(eventbridge, int(os.environ.get("SHOPWATCH_TIME_SCALE", "1")))
    cloudwatch_logs._fanout_to_subscription_filters = no_fanout
    streams = delivery_streams.bridge(firehose, delivery_streams.folder())
    PLATFORM_CALLS["/_shopwatch/delivery-streams"] = delivery_streams.told(streams)
    PLATFORM_CALLS["/_shopwatch/time-passed"] = delivery_streams.with_time(time_passed, firehose, streams)


# --- Callers --------------------------------------------------------------------------------------------------------
# AWS: a signature keeps web pages away from the APIs. Emulator: it allows every page. A listener on loopback is reached
# by the pages that a browser on the machine shows, under a name that leads to 127.0.0.1 too, so both are refused here.
# The shop's own addresses are for pages and may be called under any name.


SHOP_PATHS = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(/|$)|/_aws/lambda-url/")
LOOPBACK = re.compile(r"(127\.0\.0\.1|\[::1\]|localhost|[a-z0-9.-]+\.localhost)(:[0-9]+)?", re.IGNORECASE)


def guarded(app):
    """`app` (ASGI), refusing web pages with 403."""

    async def guard(scope, receive, send):
        if scope["type"] not in ("http", "websocket") or not is_page(scope):
            return await app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        told = b"this address is for programs on this machine, not for web pages\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(told)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        return await send({"type": "http.response.body", "body": told})

    return guard


def is_page(scope):
    if SHOP_PATHS.match(scope.get("path", "")):
        return False
    headers = dict(scope.get("headers", []))
    host = headers.get(b"host")
    stranger = host is not None and not LOOPBACK.fullmatch(host.decode("latin-1"))
    return stranger or b"origin" in headers


# --- Calls of the plane ---------------------------------------------------------------------------------------------
# What AWS services do among themselves, and no API of AWS offers.


def aws_events(body):
    """AWS: CloudWatch puts alarm events on the default bus by itself. Emulator: PutEvents refuses sources that begin with
    `aws.`, as AWS does for customers; it has no other way in for a CloudWatch that is not its own."""
    from ministack.services import eventbridge

    status, _, answer = eventbridge._put_events(json.loads(body), allow_aws_source=True)
    return status, answer


def oldest_messages(_body):
    """AWS: SQS tells CloudWatch `ApproximateAgeOfOldestMessage`. Emulator: no API shows when a message that nobody receives
    was sent. Here by queue: the time (seconds since 1970) at which its oldest message was sent."""
    from ministack.services import sqs

    now = time.time()
    oldest = {}
    for _, queue in sqs._queues.all_items():
        sent = [message.get("enqueued_at", message.get("sent_at", now)) for message in list(queue.get("messages", []))]
        if sent:
            oldest[queue.get("url", "").rsplit("/", 1)[-1] or queue.get("name", "")] = min(sent)
    return 200, json.dumps(oldest).encode()


def age_messages(body):
    """AWS: nobody can do this; a drill about messages that are too old needs not wait for days. The messages that lie in a queue
    were sent so many seconds earlier."""
    from ministack.services import sqs

    order = json.loads(body)
    aged = 0
    for _, queue in sqs._queues.all_items():
        if (queue.get("url", "").rsplit("/", 1)[-1] or queue.get("name", "")) != order["queue"]:
            continue
        for message in list(queue.get("messages", [])):
            for member in ("enqueued_at", "sent_at"):
                if member in message:
                    message[member] -= float(order["seconds"])
            aged += 1
    return 200, json.dumps({"aged": aged}).encode()


def time_passed(body):
    """AWS: time passes. Here the alarms' clock was put forward by so many seconds: what rates of schedules are due then match
    now."""
    from ministack.services import eventbridge

    seconds = float(json.loads(body)["seconds"])
    for (account, region, name), rule in list(eventbridge._rules._data.items()):
        last = eventbridge._rule_last_fired.get((account, region, name), rule.get("CreationTime"))
        if last is not None and eventbridge._parse_rate_seconds(rule.get("ScheduleExpression", "")) is not None:
            eventbridge._rule_last_fired[(account, region, name)] = last - seconds
    eventbridge._tick_scheduled_rules()
    return 200, b"{}"


PLATFORM_CALLS = {
    "/_shopwatch/time-passed": time_passed,
    "/_shopwatch/aws-events": aws_events,
    "/_shopwatch/oldest-messages": oldest_messages,
    "/_shopwatch/age-messages": age_messages,
}


def with_platform_calls(app):
    """`app` (ASGI), with the paths of PLATFORM_CALLS answered here."""

    async def calls(scope, receive, send):
        call = PLATFORM_CALLS.get(scope.get("path", "")) if scope["type"] == "http" else None
        if call is None:
            return await app(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        try:
            # A rule's function is invoked before the answer: not on the thread that serves everybody.
            status, told = await asyncio.to_thread(call, body)
        except (ValueError, KeyError) as error:
            status, told = 400, json.dumps({"error": repr(error)}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(told)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        return await send({"type": "http.response.body", "body": told})

    return calls


# --- Invocation -----------------------------------------------------------------------------------------------------
# AWS: Invoke answers 200 for a function error, names it in `X-Amz-Function-Error`, and the payload holds `errorType`
# and `errorMessage` of the function itself, which Step Functions' Catch and Retry match on. A throttled invocation is
# `TooManyRequestsException`. Emulator: every answer that is not 2xx is a `Runtime.HandlerError`, every 2xx a success.


def execute_function_proxy(func, event, url, request_id):
    records = event.get("Records") if isinstance(event, dict) else None
    if isinstance(records, list) and records and records[0].get("eventSource") == "aws:dynamodb":
        return STREAMS.invoke(func, records, lambda part: invoke(func, {"Records": part}, url, str(uuid.uuid4())))
    return invoke(func, event, url, request_id)


def refuse_function(func, event, request_id):
    """A function that is not the stack's: the emulator would run whatever was uploaded as a process of this machine."""
    name = (func.get("config") or func).get("FunctionName", "?")
    return failure("Runtime.NotDeployed", f"{name} is no function of the deployed template; nothing else is run here")


def invoke(func, event, url, request_id):
    from ministack.services import lambda_svc

    config = func.get("config") or func
    timeout = int(config.get("Timeout") or 3)
    try:
        # A function waits for a free environment for at most its own time limit, then starts, then runs.
        status, headers, body = post(url, event, request_headers(config, request_id), 2 * timeout + INIT_SECONDS + MARGIN_SECONDS)
    except RunnerAway as error:
        return failure("ServiceException", f"the function could not be invoked: {error}")
    if status == 429:
        return lambda_svc._throttle_response(
            reason_code="ReservedFunctionConcurrentInvocationLimitExceeded", msg="Rate Exceeded."
        )
    text = body.decode("utf-8", "replace")
    if not 200 <= status < 300:
        return failure(headers.get("x-amzn-errortype") or "ServiceException", text[:512])
    try:
        payload = json.loads(text) if text else None
    except json.JSONDecodeError:
        return {"body": text, "raw_payload": True}
    if headers.get("x-amz-function-error"):
        return {"body": payload, "error": True, "function_error": headers["x-amz-function-error"]}
    return {"body": payload}


def request_headers(config, request_id, invocation_type="RequestResponse"):
    timeout = int(config.get("Timeout") or 3)
    return {
        "Content-Type": "application/json",
        "X-Amzn-Lambda-Function-Name": config.get("FunctionName", ""),
        "X-Amzn-Lambda-Function-Version": config.get("Version", "$LATEST"),
        "X-Amzn-Lambda-Function-Arn": config.get("FunctionArn", ""),
        "X-Amzn-Lambda-Request-Id": request_id,
        "X-Amzn-Lambda-Deadline-Ms": str(int((time.time() + timeout) * 1000)),
        "X-Amzn-Lambda-Invocation-Type": invocation_type,
        "X-Amzn-Lambda-Revision-Id": config.get("RevisionId") or "",
    }


def failure(error_type, message):
    return {"body": {"errorType": error_type, "errorMessage": message}, "error": True}


def post(url, event, headers, timeout):
    """One request to loopback, by no proxy, with the names of the answer's headers in lower case."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    try:
        body = json.dumps(event, ensure_ascii=False).encode("utf-8")
        connection.request("POST", parts.path or "/", body, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RunnerAway(f"{url}: {error!r}") from error
    finally:
        connection.close()


# --- Streams --------------------------------------------------------------------------------------------------------
# AWS: with `ReportBatchItemFailures` a stream batch is tried again from the first failed record on, and what failed
# `MaximumRetryAttempts` times goes to the OnFailure destination. Emulator: it takes a partial failure for a success
# and goes on behind the whole batch, which loses the failed records; it retries a failed batch for ever.


class Streams:
    """Where each function is in a batch that it did not finish. In memory: after a restart the batch runs again."""

    def __init__(self):
        self._unfinished = {}

    def invoke(self, func, records, run):
        config = func.get("config") or func
        source = records[0].get("eventSourceARN", "")
        key = (config.get("FunctionArn", ""), source)
        mapping = self._mapping(config.get("FunctionName", ""), source)
        first, attempts = self._unfinished.get(key, (0, 0))
        left = [record for record in records if sequence(record) >= first]
        while left:
            result = run(left)
            failed = first_failed(left, result, mapping)
            if failed is None:
                self._unfinished.pop(key, None)
                return result
            # Progress starts the count of attempts anew: another record is the one that fails.
            attempts = attempts + 1 if sequence(left[failed]) == first else 1
            first = sequence(left[failed])
            limit = mapping.get("MaximumRetryAttempts")
            if limit is None or int(limit) < 0 or attempts <= int(limit):
                self._unfinished[key] = (first, attempts)
                return result if result.get("error") else failure("BatchItemFailures", f"record {first} failed")
            # A failed answer is about the whole batch, a reported failure about one record.
            given_up = left[failed:] if result.get("error") else left[failed : failed + 1]
            self._give_up(mapping, func, given_up, source, result)
            left = left[failed + len(given_up) :]
            first, attempts = (sequence(left[0]) if left else 0), 0
        self._unfinished.pop(key, None)
        return {"body": None}

    @staticmethod
    def _mapping(function, source):
        from ministack.services import lambda_svc

        for _, _, mapping in lambda_svc._iter_all_esms():
            if mapping.get("EventSourceArn") == source and mapping.get("FunctionName") == function:
                return mapping
        return {}

    @staticmethod
    def _give_up(mapping, func, records, source, result):
        from ministack.services import lambda_svc

        lambda_svc._send_ddb_stream_failure_record(mapping, func, records, source, result, "RetryAttemptsExhausted")


STREAMS = Streams()

# AWS: a stream keeps its records for 24 hours. Emulator: over a restart it keeps how far each function has read, but not the
# records: what was not read is lost, and as many records again are taken for read.


def with_streams(get_state, dynamodb):
    def state():
        saved = get_state()
        if isinstance(saved, dict):
            saved["shopwatch_streams"] = [
                [*scope, records, dynamodb._stream_trimmed.get_scoped(*scope, 0)]
                for scope, records in dynamodb._stream_records.all_items()
            ]
            saved["shopwatch_stream_sequence"] = dynamodb._stream_seq_counter
        return saved

    return state


def with_restored_streams(load, dynamodb):
    def restore(data):
        load(data)
        for account, region, table, records, trimmed in (data or {}).get("shopwatch_streams", []):
            dynamodb._stream_records.set_scoped(account, region, table, records)
            dynamodb._stream_trimmed.set_scoped(account, region, table, trimmed)
        dynamodb._stream_seq_counter = (data or {}).get("shopwatch_stream_sequence", 0)

    return restore


def sequence(record):
    return int((record.get("dynamodb") or {}).get("SequenceNumber") or 0)


def first_failed(records, result, mapping):
    """Position of the first record to try again, None when there is none."""
    if result.get("error"):
        return 0
    body = result.get("body")
    reported = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not reported or "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    positions = {str((record.get("dynamodb") or {}).get("SequenceNumber")): at for at, record in enumerate(records)}
    # An identifier that is missing or unknown fails the whole batch, as on AWS.
    return min(positions.get(str(item.get("itemIdentifier")), 0) for item in reported)


# --- Answers of failed functions ------------------------------------------------------------------------------------
# AWS: API Gateway and Function URLs answer 502 with a fixed text when a function fails; the error stays in the log.
# Emulator: the caller gets the function's error type and message, which are internals.


def bridged_api_response(original):
    def api_response(result):
        if result.get("error") and not result.get("throttle"):
            headers = {"Content-Type": "application/json"}
            return {"statusCode": 502, "headers": headers, "body": '{"message": "Internal server error"}'}, None
        return original(result)

    return api_response


def bridged_rest_response(original):
    """The same for REST APIs, which put the text they get into `{"message": …}` themselves."""

    def rest_response(result):
        if result.get("error") and not result.get("throttle"):
            return None, "Internal server error"
        return original(result)

    return rest_response


# --- Mails of topics ------------------------------------------------------------------------------------------------
# AWS: SNS mails every message to the confirmed e-mail subscriptions of a topic. Emulator: it writes a line into its log.
# Here they are told to the platform's mailbox; nobody has to confirm, nobody could.


def bridged_fanout(original, sns):
    def fanout(topic_arn, msg_id, message, subject, message_structure="", message_attributes=None, *args, **kwargs):
        answer = original(topic_arn, msg_id, message, subject, message_structure, message_attributes, *args, **kwargs)
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        for subscription in topic.get("subscriptions", []):
            if str(subscription.get("protocol", "")).startswith("email"):
                text = sns._resolve_message_for_protocol(message, message_structure, subscription["protocol"])
                # A filter on the body means the JSON that every protocol gets, not the words that a mail has instead.
                body = sns._resolve_message_for_protocol(message, message_structure, "default")
                if sns._matches_filter_policy(subscription, message_attributes or {}, body):
                    mail(topic_arn, subscription.get("endpoint", ""), subject, text, message_attributes or {})
        return answer

    return fanout


def mail(topic_arn, to, subject, text, attributes):
    values = {name: str(value.get("StringValue", value.get("Value", ""))) for name, value in attributes.items()}
    told = {"topic_arn": topic_arn, "to": to, "subject": subject, "message": text, "attributes": values}
    try:
        address = os.environ["SHOPWATCH_GATEWAY"] + "/_shopwatch/mails"
        status, _, body = post(address, told, {"Content-Type": "application/json"}, ACCEPT_TIMEOUT_SECONDS)
        reason = None if status < 300 else f"{status} {body[:200]!r}"
    except (RunnerAway, KeyError) as error:
        reason = repr(error)
    if reason:
        # A mail that cannot be kept must not fail Publish; on AWS it would not either.
        say(f"a mail of {topic_arn} was not kept: {reason}")


# --- Subscription filters -------------------------------------------------------------------------------------------
# AWS: Lambda writes a function's lines to its log group, and the group's filters hand them on. Emulator: it writes lines of its own
# about each invocation and hands these on; those of the functions never reach it. The plane has them, and applies the filters.


def no_fanout(_group, _stream, _events):
    """Nothing is handed on here."""


# --- Dead letters of functions --------------------------------------------------------------------------------------
# AWS: CloudFormation gives a function its `DeadLetterConfig`. Emulator: Lambda's API knows it, its CloudFormation drops it.


def bridge_dead_letters():
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import provisioners

    for table in vars(provisioners).values():
        handlers = table.get("AWS::Lambda::Function") if isinstance(table, dict) else None
        if isinstance(handlers, dict) and callable(handlers.get("create")) and callable(handlers.get("update")):
            handlers["create"] = with_dead_letters(handlers["create"], lambda_svc._functions, 1)
            handlers["update"] = with_dead_letters(handlers["update"], lambda_svc._functions, 2)
            return
    sys.exit("launcher: the emulator's CloudFormation has no function provisioner where one was expected")


def with_dead_letters(original, functions, properties_at):
    """`original` makes or changes a function; its argument number `properties_at` holds the wanted properties."""

    def provision(*args, **kwargs):
        made = original(*args, **kwargs)
        properties = args[properties_at] if len(args) > properties_at else kwargs.get("new_props") or kwargs["props"]
        function = functions.get(made[0] if isinstance(made, tuple) else made)
        if function:
            function["config"].pop("DeadLetterConfig", None)
            if properties.get("DeadLetterConfig"):
                function["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
        return made

    return provision


# --- Schedules ------------------------------------------------------------------------------------------------------
# AWS: a rule with `rate(1 minute)` matches every minute. The alarms of this machine may live faster than the wall clock
# (`shopwatch up --time-scale N`), and an alarm over a schedule's heartbeat must see it at its pace: rates are those of the
# alarms' clock. Cron expressions name times of day and keep the wall's.

# Faster than this a schedule is only load.
SHORTEST_RATE_SECONDS = 1.0


def bridge_schedules(eventbridge, scale):
    if scale <= 1:
        return
    original = eventbridge._parse_rate_seconds

    def scaled(expression):
        seconds = original(expression)
        return None if seconds is None else max(seconds / scale, min(seconds, SHORTEST_RATE_SECONDS))

    eventbridge._parse_rate_seconds = scaled
    eventbridge._SCHEDULER_TICK_INTERVAL = min(eventbridge._SCHEDULER_TICK_INTERVAL, SHORTEST_RATE_SECONDS / 2)


# --- Asynchronous deliveries ----------------------------------------------------------------------------------------
# AWS: SNS and EventBridge put the event into the function's own queue, which is durable, waits while the function is
# throttled, retries, and ends at the dead letter queue. Emulator: a thread runs the function once and the event is
# gone with it. Here the event is given to the runner's queue before Publish or PutEvents is answered; only when the
# runner is away a thread goes on trying.


def bridged_rule_target(original):
    def dispatch_to_lambda(arn, payload):
        from ministack.services import lambda_svc

        func, config, _ = lambda_svc._get_func_record_for_ref(arn)
        url = config and lambda_svc._proxy_url_for(config)
        if not url:
            return original(arn, payload)
        try:
            event = json.loads(payload)
        except (json.JSONDecodeError, TypeError):
            event = {"body": payload}
        return give_away(url, config, event)

    return dispatch_to_lambda


def bridged_subscription(original):
    def deliver_to_lambda(endpoint, envelope, topic_arn, sub_arn, msg_id, raw_message, message_attributes):
        from ministack.services import lambda_svc

        func, config, _ = lambda_svc._get_func_record_for_ref(endpoint)
        url = config and lambda_svc._proxy_url_for(config)
        if not url:
            return original(endpoint, envelope, topic_arn, sub_arn, msg_id, raw_message, message_attributes)
        record = {
            "EventVersion": "1.0",
            "EventSubscriptionArn": sub_arn,
            "EventSource": "aws:sns",
            "Sns": json.loads(envelope),
        }
        return give_away(url, config, {"Records": [record]})

    return deliver_to_lambda


def give_away(url, config, event):
    headers = request_headers(config, str(uuid.uuid4()), "Event")
    if not accepted(url, event, headers):
        threading.Thread(target=keep_trying, args=(url, event, headers), daemon=True).start()


def accepted(url, event, headers):
    try:
        status, _, body = post(url, event, headers, ACCEPT_TIMEOUT_SECONDS)
    except RunnerAway:
        return False
    if 400 <= status < 500 and status != 429:
        # What the runner refuses (too large, no such function) it refuses again.
        say(f"{headers['X-Amzn-Lambda-Function-Name']} did not take event {headers['X-Amzn-Lambda-Request-Id']}: {status} {body[:200]!r}")
        return True
    return status < 400


def keep_trying(url, event, headers):
    # AWS: SNS and EventBridge retry for hours; the request id stays, so the runner's log shows one event.
    for attempt in range(3600):
        time.sleep(REDELIVERY_SECONDS[min(attempt, len(REDELIVERY_SECONDS) - 1)])
        if accepted(url, event, headers):
            return


class InlineForFunctions:
    """Stands for the `threading` module inside `sns`: a delivery to a function is made before Publish is answered.

    With a thread the message would be lost when the emulator stops between its answer and the delivery.
    """

    def __init__(self, threading_module, sns):
        self._threading = threading_module
        self._sns = sns

    def __getattr__(self, name):
        return getattr(self._threading, name)

    def Thread(self, *args, **kwargs):
        target_args = kwargs.get("args") or ()
        if target_args and target_args[0] is self._sns._deliver_to_lambda and self._is_ours(target_args[1]):
            return Inline(kwargs["target"], target_args)
        return self._threading.Thread(*args, **kwargs)

    @staticmethod
    def _is_ours(endpoint):
        # Functions that the emulator runs itself may take their time: not inline.
        from ministack.services import lambda_svc

        name = str(endpoint).split(":function:")[-1].split(":")[0]
        return bool(os.environ.get(lambda_svc._PROXY_PREFIX + name))


class Inline:
    """What a thread looks like to its caller, run by the caller."""

    def __init__(self, target, args):
        self._target = target
        self._args = args

    def start(self):
        self._target(*self._args)


if __name__ == "__main__":
    main()
