#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod inject;
mod message;
mod resource;
mod response;
mod size;
mod stream;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::config::Region;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
    FinalizerInterceptorContextRef, Input,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use telemetry_core::carrier::TRACE_HEADER;
use telemetry_core::xray::attribute;
use telemetry_core::{Scope, SpanExt as _, TraceHeader, current_scope};
use tracing::{Span, info_span};

use crate::inject::Carried;

/// The interceptor. Set it once on each client's configuration.
#[derive(Debug, Clone, Default)]
pub struct Interceptor {
    tables: Arc<BTreeSet<String>>,
    left_alone: Option<Arc<str>>,
}

impl Interceptor {
    /// An interceptor that adds nothing to DynamoDB items.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Items put into these tables carry the context, for readers of their streams.
    #[must_use]
    pub fn with_item_context<T: Into<String>>(self, tables: impl IntoIterator<Item = T>) -> Self {
        Self {
            tables: Arc::new(tables.into_iter().map(Into::into).collect()),
            ..self
        }
    }

    /// Records of Kinesis and Firehose are left as they are, for a client that writes to this stream only: they are data that is
    /// kept, where nobody looks for a context, and to read megabytes of them takes longer than to send them.
    #[must_use]
    pub fn leaving_records_of(self, stream: &str) -> Self {
        Self {
            left_alone: Some(stream.into()),
            ..self
        }
    }
}

/// A call under way: the scope that made it, and its subsegment.
#[derive(Debug, Clone)]
struct Call {
    scope: Arc<Scope>,
    span: Span,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Call {
    fn trace(&self) -> Option<TraceHeader> {
        self.scope.trace_header_for(&self.span)
    }
}

impl Intercept for Interceptor {
    fn name(&self) -> &'static str {
        "Telemetry"
    }

    /// The first hook in which the operation is known.
    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(scope), Some(metadata)) = (current_scope(), config.load::<Metadata>()) else {
            return Ok(());
        };
        let call = Call {
            span: span_of(metadata, context.input()),
            scope,
        };
        if let Some(region) = config.load::<Region>() {
            call.span.set_attribute("aws.region", region.as_ref());
        }
        inject::into(
            context.input_mut(),
            &call.scope.context,
            call.trace().as_ref(),
            &self.tables,
        );
        config.interceptor_state().store_put(call);
        Ok(())
    }

    /// The first hook in which the request is there as it will be sent, and the last before it is signed and perhaps repeated.
    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some((call, metadata)) = config.load::<Call>().zip(config.load::<Metadata>()) else {
            return Ok(());
        };
        if let Some(stream) = self
            .left_alone
            .as_deref()
            .filter(|_| stream::has_records(metadata))
        {
            call.span.set_attribute("aws.stream_name", stream);
            return Ok(());
        }
        let trace = call.trace();
        let carried = Carried {
            context: &call.scope.context,
            trace: trace.as_ref(),
        };
        if let Some(name) = stream::into(metadata, context.request_mut(), &carried) {
            call.span.set_attribute("aws.stream_name", name);
        }
        Ok(())
    }

    /// Before the SDK's own header, which names Lambda's segment as the parent and not this call.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(trace) = config.load::<Call>().and_then(Call::trace) {
            context
                .request_mut()
                .headers_mut()
                .insert(TRACE_HEADER, trace.to_string());
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = config.load::<Call>().cloned() else {
            return Ok(());
        };
        if let Some(attempts) = config.load::<RequestAttempts>() {
            call.span
                .set_attribute("aws.retries", i64::from(attempts.attempts().saturating_sub(1)));
        }
        let response = context.response();
        if let Some(response) = response {
            response::describe(&call.span, response);
        }
        if let Some(Err(error)) = context.output_or_error() {
            response::describe_error(&call.span, response, &format!("{error:?}"));
        }
        Ok(())
    }
}

/// The subsegment of a call.
fn span_of(metadata: &Metadata, input: &Input) -> Span {
    let span = info_span!("aws", otel.name = %xray_name(metadata.service()), otel.kind = "client");
    span.set_attribute(attribute::NAMESPACE, "aws");
    span.set_attribute("aws.operation", metadata.name());
    for (key, value) in resource::of(input) {
        span.set_attribute(key, value);
    }
    span
}

/// The names under which X-Ray shows services.
fn xray_name(service: &str) -> Cow<'static, str> {
    match service {
        "EventBridge" => "Events".into(),
        "SFN" => "States".into(),
        "SESv2" => "SES".into(),
        other => other.to_owned().into(),
    }
}
