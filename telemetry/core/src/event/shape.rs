//! The top of an event: which members it has says what it is.

use std::borrow::Cow;

use super::message::Contents;
use super::{Event, Trigger, record};
use crate::carrier::{self, Carried, Header, Headers};
use crate::invocation::Record;
use crate::json::{Cursor, Text};
use crate::timestamp;

/// Reads an event.
pub(super) fn read(body: &mut Cursor<'_>) -> Event {
    let mut shape = Shape::default();
    let mut first = true;
    // A batch of AppSync is an array of resolver events, all of one request.
    body.items_or_self(|event| {
        if std::mem::take(&mut first) {
            event.members(|key, value| shape.read_member(key, value));
        }
    });
    shape.finish()
}

/// Members that say what an event is, and what they hold.
#[derive(Debug, Default)]
struct Shape<'a> {
    /// Of the first record.
    batch: Option<Trigger>,
    records: Vec<Record>,
    is_firehose: bool,
    headers: Headers<'a>,
    multi_value_headers: Headers<'a>,
    /// Of an AppSync request.
    request_headers: Headers<'a>,
    request: Option<Request<'a>>,
    kind: Option<Text<'a>>,
    version: Option<Text<'a>>,
    arn: Option<(&'static str, Text<'a>)>,
    has_token: bool,
    has_field: bool,
    has_request: bool,
    has_logs: bool,
    detail_type: Option<Text<'a>>,
    source: Option<Text<'a>>,
    time: Option<Text<'a>>,
    resource: Option<Text<'a>>,
    /// Of `detail`, the input of a workflow or the payload of another invocation: what stands one level deeper.
    inner: Carried,
    own: Carried,
    body: Option<Text<'a>>,
    task: Task<'a>,
}

/// `requestContext`.
#[derive(Debug, Default)]
struct Request<'a> {
    has_http: bool,
    has_method: bool,
    connection: Option<Text<'a>>,
    domain: Option<Text<'a>>,
    target_group: Option<Text<'a>>,
    function: Option<Text<'a>>,
    attempt: Option<i64>,
}

/// The context object of Step Functions.
#[derive(Debug, Default)]
struct Task<'a> {
    has_execution: bool,
    has_token: bool,
    state_machine: Option<Text<'a>>,
    input: Carried,
}

impl<'a> Shape<'a> {
    fn read_member(&mut self, key: &[u8], value: &mut Cursor<'a>) {
        match key {
            b"Records" => self.read_records(value),
            b"records" => self.read_firehose(value),
            b"headers" => read_headers(&mut self.headers, value),
            b"multiValueHeaders" => read_headers(&mut self.multi_value_headers, value),
            b"requestHeaders" => read_headers(&mut self.request_headers, value),
            b"requestContext" => self.request = Request::read(value),
            b"type" => self.kind = value.text(),
            b"version" => self.version = value.text(),
            b"methodArn" | b"routeArn" | b"alarmArn" | b"deliveryStreamArn" => self.read_arn(key, value),
            b"authorizationToken" => self.has_token = true,
            b"detail-type" => self.detail_type = value.text(),
            b"source" => self.source = value.text(),
            b"time" => self.time = value.text(),
            b"resources" => self.resource = first_text(value),
            b"detail" | b"requestPayload" => self.inner = carrier::read_payload(value),
            b"awslogs" => self.has_logs = value.is_object(),
            b"info" => self.has_field = has_member(value, &[b"fieldName", b"channel", b"channelNamespace"]),
            b"request" => self.read_request(value),
            b"body" => self.body = value.text(),
            b"__context__" => self.own = carrier::read_context(value),
            _ => self.task.read_member(key, value),
        }
    }

    fn read_records(&mut self, value: &mut Cursor<'a>) {
        // As many as a queue hands over unless it is told otherwise.
        let (mut records, mut batch) = (Vec::with_capacity(10), None);
        value.items(|item| {
            let (trigger, read) = record::read(item);
            batch.get_or_insert(trigger);
            records.push(read);
        });
        (self.records, self.batch, self.is_firehose) = (records, batch, false);
    }

    fn read_firehose(&mut self, value: &mut Cursor<'a>) {
        let mut records = Vec::new();
        if self.batch.is_none() && value.items(|item| records.push(record::of_firehose(item))) {
            (self.records, self.is_firehose) = (records, true);
        }
    }

    fn read_arn(&mut self, key: &[u8], value: &mut Cursor<'a>) {
        let name = match key {
            b"methodArn" => "method",
            b"routeArn" => "route",
            b"alarmArn" => "alarm",
            _ => "delivery stream",
        };
        self.arn = value.text().map(|text| (name, text));
    }

    fn read_request(&mut self, value: &mut Cursor<'a>) {
        let headers = &mut self.request_headers;
        self.has_request = value.members(|key, value| {
            if key == b"headers" {
                read_headers(headers, value);
            }
        });
    }

    fn finish(mut self) -> Event {
        let trigger = self.trigger();
        // An array called `records` is Firehose's only with its stream; else it is the caller's.
        if self.is_firehose && trigger != Trigger::Firehose {
            self.records.clear();
        }
        let is_batch = self.batch.is_some() || trigger == Trigger::Firehose;
        let own = if is_batch {
            Record::default()
        } else {
            self.own(trigger)
        };
        let arn = owned(self.arn.map(|(_, arn)| arn));
        if trigger == Trigger::Firehose {
            for record in &mut self.records {
                record.source_arn.clone_from(&arn);
            }
        }
        Event {
            trigger,
            own,
            records: self.records,
        }
    }

    fn trigger(&self) -> Trigger {
        if let Some(batch) = self.batch {
            return batch;
        }
        let (arn, kind) = (self.arn.map(|(name, _)| name), self.kind.map(Text::raw));
        match (arn, kind) {
            (Some("delivery stream"), _) if self.is_firehose => return Trigger::Firehose,
            (Some("alarm"), _) => return Trigger::Alarm,
            (Some("method"), Some(b"TOKEN")) => return Trigger::TokenAuthorizer,
            (Some("method"), Some(b"REQUEST")) => return Trigger::RequestAuthorizer,
            (Some("route"), Some(b"REQUEST")) => return Trigger::HttpApiAuthorizer,
            _ => {}
        }
        if let Some(request) = &self.request {
            return request.trigger(self.has_token, self.version);
        }
        if let Some(kind) = self.detail_type {
            let scheduled = kind.raw() == b"Scheduled Event"
                || self.source.is_some_and(|source| source.raw() == b"aws.scheduler");
            return if scheduled {
                Trigger::Schedule
            } else {
                Trigger::EventBridge
            };
        }
        if self.has_logs {
            Trigger::Logs
        } else if self.has_field && self.has_request {
            Trigger::AppSync
        } else if self.task.is_known() {
            Trigger::StepFunctions
        } else {
            Trigger::Invoke
        }
    }

    /// The event as a whole, where it is not a batch.
    fn own(&mut self, trigger: Trigger) -> Record {
        let arn = |text: Option<Text<'_>>| owned(text);
        let request = self.request.take().unwrap_or_default();
        let (carried, source_arn) = match trigger {
            Trigger::LoadBalancer => (self.http(), arn(request.target_group)),
            Trigger::RestApi | Trigger::HttpApi | Trigger::FunctionUrl | Trigger::Http => (self.http(), None),
            Trigger::WebSocket => (self.websocket(), None),
            Trigger::TokenAuthorizer | Trigger::RequestAuthorizer | Trigger::HttpApiAuthorizer => {
                (self.http(), arn(self.arn.map(|(_, arn)| arn)))
            }
            Trigger::AppSync | Trigger::AppSyncAuthorizer => (self.request_headers.finish(), None),
            Trigger::EventBridge | Trigger::Schedule => (std::mem::take(&mut self.inner), arn(self.resource)),
            Trigger::Alarm => (Carried::default(), arn(self.arn.map(|(_, arn)| arn))),
            Trigger::Destination => (std::mem::take(&mut self.inner), arn(request.function)),
            Trigger::StepFunctions => (self.task(), arn(self.task.state_machine)),
            _ => (std::mem::take(&mut self.own), None),
        };
        let has_time = matches!(trigger, Trigger::EventBridge | Trigger::Schedule | Trigger::Alarm);
        let time = self.time.filter(|_| has_time).and_then(Text::decoded);
        Record {
            carried,
            source: trigger.source(),
            source_arn,
            sent_ms: time.and_then(|text| timestamp::read(&text)),
            attempt: request.attempt.filter(|_| trigger == Trigger::Destination),
            ..Record::default()
        }
    }

    /// The multi-value headers where there are any: they have every value of a header, the others its last one.
    fn http(&self) -> Carried {
        if self.multi_value_headers.is_empty() {
            self.headers.finish()
        } else {
            self.multi_value_headers.finish()
        }
    }

    /// Only the request that connects has headers; a message may be a payload with a context.
    fn websocket(&self) -> Carried {
        match self.body {
            Some(body) if self.headers.is_empty() => Contents::of(body).carried,
            _ => self.http(),
        }
    }

    fn task(&mut self) -> Carried {
        let own = std::mem::take(&mut self.own);
        if own.is_empty() {
            std::mem::take(&mut self.task.input)
        } else {
            own
        }
    }
}

impl<'a> Request<'a> {
    fn read(value: &mut Cursor<'a>) -> Option<Self> {
        let mut request = Self::default();
        let is_object = value.members(|key, value| match key {
            b"http" => request.has_http = value.is_object(),
            b"httpMethod" | b"resourcePath" => request.has_method = true,
            b"connectionId" => request.connection = value.text(),
            b"domainName" => request.domain = value.text(),
            b"functionArn" => request.function = value.text(),
            b"approximateInvokeCount" => request.attempt = value.scalar().and_then(|text| text.parse().ok()),
            b"elb" => drop(value.members(|key, value| {
                if key == b"targetGroupArn" {
                    request.target_group = value.text();
                }
            })),
            _ => {}
        });
        is_object.then_some(request)
    }

    fn trigger(&self, has_token: bool, version: Option<Text<'_>>) -> Trigger {
        let of_url = |domain: Text<'_>| memchr::memmem::find(domain.raw(), b".lambda-url.").is_some();
        if self.target_group.is_some() {
            Trigger::LoadBalancer
        } else if self.connection.is_some() {
            Trigger::WebSocket
        } else if self.has_http && self.domain.is_some_and(of_url) {
            Trigger::FunctionUrl
        } else if self.has_http {
            Trigger::HttpApi
        } else if self.has_method {
            Trigger::RestApi
        } else if self.function.is_some() && version.is_some_and(|version| version.raw() == b"1.0") {
            Trigger::Destination
        } else if has_token {
            Trigger::AppSyncAuthorizer
        } else {
            Trigger::Http
        }
    }
}

impl<'a> Task<'a> {
    fn read_member(&mut self, key: &[u8], value: &mut Cursor<'a>) {
        match key {
            // The context object itself, or in a member, as `"Context.$": "$$"` puts it there.
            b"Execution" | b"StateMachine" | b"Task" => self.read_object(key, value),
            b"Context" | b"context" | b"executionContext" => {
                value.members(|key, value| self.read_object(key, value));
            }
            b"TaskToken" | b"taskToken" => self.has_token = value.text().is_some(),
            b"Input" | b"input" => self.keep(carrier::read_payload(value)),
            _ => {}
        }
    }

    fn read_object(&mut self, key: &[u8], value: &mut Cursor<'a>) {
        match key {
            b"Execution" => {
                let mut has_id = false;
                let mut input = Carried::default();
                value.members(|key, value| match key {
                    b"Id" => has_id = value.text().is_some(),
                    b"Input" => input = carrier::read_payload(value),
                    _ => {}
                });
                self.has_execution = has_id;
                self.keep(input);
            }
            b"StateMachine" => drop(value.members(|key, value| {
                if key == b"Id" {
                    self.state_machine = value.text();
                }
            })),
            b"Task" => self.has_token |= has_member(value, &[b"Token"]),
            _ => {}
        }
    }

    fn keep(&mut self, input: Carried) {
        if self.input.is_empty() {
            self.input = input;
        }
    }

    fn is_known(&self) -> bool {
        self.has_token || (self.has_execution && self.state_machine.is_some())
    }
}

/// Reads headers; a value is a text, or several.
fn read_headers<'a>(headers: &mut Headers<'a>, value: &mut Cursor<'a>) {
    value.members(|name, value| {
        let Some(header) = Header::named(name) else { return };
        let mut add = |text: Option<Cow<'a, str>>| {
            if let Some(text) = text {
                headers.add(header, text);
            }
        };
        match value.text() {
            Some(text) => add(text.decoded()),
            None => drop(value.items(|value| add(value.decoded()))),
        }
    });
}

fn has_member(value: &mut Cursor<'_>, names: &[&[u8]]) -> bool {
    let mut found = false;
    value.members(|key, value| found |= names.contains(&key) && value.is_some());
    found
}

fn first_text<'a>(value: &mut Cursor<'a>) -> Option<Text<'a>> {
    let mut first = None;
    value.items(|item| {
        if first.is_none() {
            first = item.text();
        }
    });
    first
}

fn owned(text: Option<Text<'_>>) -> Option<String> {
    text?.decoded().map(Cow::into_owned)
}
