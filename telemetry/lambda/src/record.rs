//! One record of a batch: its own correlation context and its own subsegment, linked to the span that sent it.

use std::sync::Arc;

use opentelemetry::trace::Status;
use telemetry_core::metrics::standard;
use telemetry_core::xray::attribute;
use telemetry_core::{Record, Scope, current_scope, in_scope};
use tracing::{Instrument as _, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Runs the work for one record: what it logs, counts and calls belongs to the record's correlation ID. `record_id` is SQS
/// `messageId`, stream `eventID` or SNS `MessageId`; an unknown one runs in the invocation's context. Outside of an
/// invocation the work just runs.
pub async fn in_record<F: Future>(record_id: &str, work: F) -> F::Output {
    let Some(outer) = current_scope() else {
        return work.await;
    };
    let unknown = Record {
        id: record_id.to_owned(),
        ..Record::default()
    };
    let record = outer
        .invocation
        .records
        .iter()
        .find(|record| record.id == record_id)
        .unwrap_or(&unknown);
    let context = record
        .carried
        .context
        .clone()
        .unwrap_or_else(|| outer.context.clone());
    let span = info_span!("## record");
    describe(&span, record);
    let scope = Scope {
        invocation: Arc::clone(&outer.invocation),
        context,
        span: span.clone(),
    };
    scope.set_attribute(
        attribute::annotation("correlation_id"),
        scope.context.id.to_string(),
    );
    in_scope(Arc::new(scope), work.instrument(span)).await
}

/// Where a record came from, how long it waited, how often it was tried.
pub(crate) fn describe(span: &Span, record: &Record) {
    if let Some(producer) = record
        .carried
        .trace
        .as_ref()
        .and_then(telemetry_core::TraceHeader::span_context)
    {
        span.add_link(producer);
    }
    span.set_attribute("telemetry.record_id", record.id.clone());
    if !record.source.is_empty() {
        span.set_attribute("telemetry.source", record.source);
    }
    if let Some(arn) = &record.source_arn {
        span.set_attribute("telemetry.source_arn", arn.clone());
    }
    if let Some(sent) = record.sent_ms {
        let delay = jiff::Timestamp::now()
            .as_millisecond()
            .saturating_sub(sent)
            .max(0);
        span.set_attribute("telemetry.queue_delay_ms", delay);
        #[expect(clippy::cast_precision_loss, reason = "a delay in milliseconds fits 53 bits")]
        standard::QUEUE_DELAY.record(delay as f64, &[]);
    }
    if let Some(attempt) = record.attempt {
        span.set_attribute("telemetry.attempt", attempt);
        if attempt > 1 {
            standard::REDELIVERIES.add(1, &[]);
        }
    }
    span.set_status(Status::Unset);
}
