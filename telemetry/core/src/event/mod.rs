//! What a raw event is, where it came from, and what it carries. The handler's type is not asked, so every handler is
//! understood. One pass over the bytes; an event that is not understood is an invocation that carries nothing, and nothing
//! here fails. What follows from it, spans and scopes, is not here.

mod message;
mod record;
mod shape;

use crate::carrier::{self, Refused};
use crate::correlation::CorrelationContext;
use crate::invocation::Record;
use crate::json::Cursor;

/// What invoked the function, as far as its event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Trigger {
    /// A direct invocation, synchronous or not, and whatever has an event of its own making: its event is the caller's.
    #[default]
    Invoke,
    /// API Gateway REST API, or HTTP API with payload format 1.0: proxy event v1.
    RestApi,
    /// API Gateway HTTP API, payload format 2.0.
    HttpApi,
    /// Lambda Function URL.
    FunctionUrl,
    /// Application Load Balancer, with single or multi-value headers.
    LoadBalancer,
    /// API Gateway websocket: connect, disconnect, message.
    WebSocket,
    /// An HTTP request of another kind.
    Http,
    /// API Gateway authorizer of type TOKEN.
    TokenAuthorizer,
    /// API Gateway authorizer of type REQUEST, payload format 1.0.
    RequestAuthorizer,
    /// API Gateway authorizer of an HTTP API, payload format 2.0.
    HttpApiAuthorizer,
    /// AppSync resolver, one or a batch, or AppSync Events.
    AppSync,
    /// AppSync Lambda authorizer.
    AppSyncAuthorizer,
    /// SQS standard queue.
    Sqs,
    /// SQS FIFO queue.
    SqsFifo,
    /// SNS topic.
    Sns,
    /// EventBridge rule.
    EventBridge,
    /// EventBridge Scheduler, or a rule with a schedule.
    Schedule,
    /// DynamoDB stream.
    DynamoDb,
    /// Kinesis stream.
    Kinesis,
    /// S3 notification.
    S3,
    /// Step Functions task whose input has the context object; without it a task is an invocation like any other.
    StepFunctions,
    /// CloudWatch Logs subscription. Its data is compressed and stays so.
    Logs,
    /// Firehose transformation.
    Firehose,
    /// CloudWatch alarm action.
    Alarm,
    /// Destination of another function's asynchronous invocation.
    Destination,
}

impl Trigger {
    /// How traces name it, such as `aws:sqs`: as the event itself does where it does.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::RestApi => "aws:apigateway",
            Self::HttpApi => "aws:apigatewayv2",
            Self::FunctionUrl => "aws:lambda-url",
            Self::LoadBalancer => "aws:elasticloadbalancing",
            Self::WebSocket => "aws:apigateway-websocket",
            Self::Http => "http",
            Self::TokenAuthorizer | Self::RequestAuthorizer | Self::HttpApiAuthorizer => {
                "aws:apigateway-authorizer"
            }
            Self::AppSync => "aws:appsync",
            Self::AppSyncAuthorizer => "aws:appsync-authorizer",
            Self::Sqs | Self::SqsFifo => "aws:sqs",
            Self::Sns => "aws:sns",
            Self::EventBridge => "aws:events",
            Self::Schedule => "aws:scheduler",
            Self::DynamoDb => "aws:dynamodb",
            Self::Kinesis => "aws:kinesis",
            Self::S3 => "aws:s3",
            Self::StepFunctions => "aws:states",
            Self::Logs => "aws:logs",
            Self::Firehose => "aws:firehose",
            Self::Alarm => "aws:cloudwatch",
            Self::Destination => "aws:lambda",
        }
    }
}

/// A raw event.
#[derive(Debug, Default)]
pub struct Event {
    /// What invoked the function.
    pub trigger: Trigger,
    /// The event as a whole: source, and context where it is not a batch.
    pub own: Record,
    /// The records of a batch.
    pub records: Vec<Record>,
}

impl Event {
    /// Reads a raw event, and the client context that came with it (`Lambda-Runtime-Client-Context`).
    #[must_use]
    pub fn read(body: &[u8], client_context: Option<&str>) -> Self {
        let mut event = shape::read(&mut Cursor::new(body));
        if let Some(text) = client_context {
            let carried = carrier::from_client_context(text);
            if carried.context.is_some() {
                event.own.carried = carried;
                event.own.source = "aws:lambda";
            } else {
                event.own.carried.refused.extend(carried.refused);
            }
        }
        event
    }

    /// The invocation's context: its own, or the one that all records share, or a new one.
    #[must_use]
    pub fn context(&self) -> CorrelationContext {
        if let Some(context) = &self.own.carried.context {
            return context.clone();
        }
        let mut contexts = self.records.iter().map(|record| record.carried.context.as_ref());
        match contexts.next().flatten() {
            Some(first) if contexts.all(|other| other.is_some_and(|o| o.id == first.id)) => first.clone(),
            _ => CorrelationContext::begin(),
        }
    }

    /// The values that were refused, of the event and its records: correlation IDs, trace headers.
    pub fn refused(&self) -> impl Iterator<Item = &Refused> {
        let records = std::iter::once(&self.own).chain(&self.records);
        records.flat_map(|record| &record.carried.refused)
    }
}
