//! One record of a batch: its own correlation context, its own subsegment, linked to the span that sent it, and its outcome.

use std::error::Error;
use std::sync::Arc;

use telemetry_core::metrics::standard;
use telemetry_core::span::Value;
use telemetry_core::timestamp::now_ms;
use telemetry_core::{
    Coded as _, CorrelationContext, Invocation, Record, Scope, SpanExt as _, current_scope, in_scope,
};
use tracing::{Instrument as _, Span, info_span};

use crate::handler::Loop;
use crate::source;

/// Runs the work for one record: what it logs, counts and calls belongs to the record's correlation ID. `record_id` is SQS
/// `messageId`, stream `eventID` or SNS `MessageId`; an unknown one runs in the invocation's context. Outside of an
/// invocation the work just runs.
///
/// The record counts as failed in `BatchRecords` when [`telemetry_core::record_error`] was called in it, when it panics, and
/// when it is dropped before its end.
pub async fn in_record<F: Future>(record_id: &str, work: F) -> F::Output {
    let Some(outer) = current_scope() else {
        return work.await;
    };
    let invocation = &outer.invocation;
    let unknown = Record {
        id: record_id.to_owned(),
        ..Record::default()
    };
    let found = invocation.records.iter().find(|record| record.id == record_id);
    invocation.track_records(usize::from(found.is_some()));
    let scope = scope_of(invocation, found.unwrap_or(&unknown), &outer.context);
    let span = scope.span.clone();
    // Each wrapper would hold and move the whole of it: behind a pointer it is moved once.
    let work = Box::pin(work);
    in_scope(
        Arc::clone(&scope),
        async {
            let mut outcome = Outcome { scope, ended: false };
            let output = work.await;
            outcome.ended = true;
            output
        }
        .instrument(span),
    )
    .await
}

/// Is there no record in the batch that may be handled?
pub(crate) fn is_all_refused(invocation: &Invocation) -> bool {
    let records = &invocation.records;
    records.iter().any(Record::is_loop) && source::refused(records).into_iter().all(|is_refused| is_refused)
}

/// Tells of each of these records, in its own scope, that it is not handled.
pub(crate) async fn refuse(invocation: &Arc<Invocation>, records: &[Record], outer: &CorrelationContext) {
    for record in records {
        let scope = scope_of(invocation, record, outer);
        let span = scope.span.clone();
        let refused = async {
            if record.is_loop() {
                tell_loop(record, &scope);
            } else {
                tell_waiting(record);
            }
        };
        in_scope(Arc::clone(&scope), refused.instrument(span)).await;
    }
}

fn tell_loop(record: &Record, scope: &Scope) {
    let error: &(dyn Error + 'static) = &Loop;
    tracing::error!(
        target: "telemetry",
        {
            error.code = Loop.code(), error = error, record_id = record.id, severity = "CRITICAL",
            source_arn = record.source_arn.as_deref().unwrap_or_default(), hops = scope.context.chain_length,
        },
        "a record is refused: {Loop}"
    );
    standard::ERRORS.add(1, &[("ErrorCode", Loop.code())]);
    standard::BATCH_RECORDS.add(1, &[("Outcome", "refused")]);
    scope.fail(&Loop, Loop.code());
}

/// It did nothing wrong, and comes again.
fn tell_waiting(record: &Record) {
    tracing::warn!(
        target: "telemetry",
        {
            record_id = record.id, source_arn = record.source_arn.as_deref().unwrap_or_default(),
            message_group = record.group.as_deref().unwrap_or_default(),
        },
        "a message is left for later: one before it in its group is refused"
    );
    standard::BATCH_RECORDS.add(1, &[("Outcome", "untracked")]);
}

/// A record's scope: its context, or else the invocation's, and a span of its own.
fn scope_of(invocation: &Arc<Invocation>, record: &Record, outer: &CorrelationContext) -> Arc<Scope> {
    let context = record.carried.context.as_ref().unwrap_or(outer).clone();
    let span = info_span!("## record");
    describe(&span, record);
    span.annotate("correlation_id", Value::Plain(context.id.as_str()));
    Arc::new(Scope::new(Arc::clone(invocation), context, span))
}

/// Counts a record's outcome, also when it panics or is dropped.
struct Outcome {
    scope: Arc<Scope>,
    ended: bool,
}

impl Drop for Outcome {
    fn drop(&mut self) {
        let processed = self.ended && !self.scope.has_failed();
        let outcome = if processed { "processed" } else { "failed" };
        standard::BATCH_RECORDS.add(1, &[("Outcome", outcome)]);
        if std::thread::panicking()
            && let Some(panic) = self.scope.invocation.last_panic()
        {
            self.scope.fail(&panic, panic.code());
        }
    }
}

/// Where a record came from, how long it waited, how often it was tried.
pub(crate) fn describe(span: &Span, record: &Record) {
    if let Some(sender) = &record.carried.trace {
        span.link_to(sender);
    }
    if !record.id.is_empty() {
        span.set_attribute("telemetry.record_id", Value::Plain(&record.id));
    }
    if !record.source.is_empty() {
        span.set_attribute("telemetry.source", Value::Plain(record.source));
    }
    if !record.contents.is_empty() {
        span.set_attribute("telemetry.contents", Value::Plain(record.contents));
    }
    if let Some(arn) = &record.source_arn {
        span.set_attribute("telemetry.source_arn", Value::Plain(arn));
    }
    if let Some(sent) = record.sent_ms {
        let now = i64::try_from(now_ms()).unwrap_or(i64::MAX);
        let delay = now.saturating_sub(sent).max(0);
        span.set_attribute("telemetry.queue_delay_ms", delay);
        #[expect(clippy::cast_precision_loss, reason = "a delay in milliseconds fits 53 bits")]
        standard::QUEUE_DELAY.record(delay as f64, &[]);
    }
    if let Some(attempt) = record.attempt {
        span.set_attribute("telemetry.attempt", attempt);
        #[expect(clippy::cast_precision_loss, reason = "an attempt fits 53 bits")]
        standard::ATTEMPTS.record(attempt as f64, &[]);
    }
}
