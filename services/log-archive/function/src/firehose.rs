//! The delivery stream: `firehose:PutRecordBatch`.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_firehose::operation::put_record_batch::{PutRecordBatchError, PutRecordBatchOutput};
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::{PutRecordBatchResponseEntry, Record};
use bytes::Bytes;
use log_archive_forwarder::ports::{Outcome, Stream, StreamError};
use telemetry_aws_sdk::Interceptor;

/// A delivery stream.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryStream {
    client: Client,
    name: String,
}

impl DeliveryStream {
    pub(crate) fn new(config: &SdkConfig, name: String) -> Self {
        let interceptor = Interceptor::new().leaving_records_of(&name);
        let builder = aws_sdk_firehose::config::Builder::from(config).interceptor(interceptor);
        let client = Client::from_conf(builder.build());
        Self { client, name }
    }
}

#[async_trait]
impl Stream for DeliveryStream {
    async fn put(&self, records: &[Bytes]) -> Result<Vec<Outcome>, StreamError> {
        let records = records.iter().map(record).collect::<Result<_, _>>();
        let records = records.map_err(|error| StreamError {
            is_passing: false,
            cause: Box::new(error),
        })?;
        let answer = self
            .client
            .put_record_batch()
            .delivery_stream_name(&self.name)
            .set_records(Some(records))
            .send()
            .await;
        answer.map(|answer| outcomes(&answer)).map_err(failed)
    }
}

fn record(data: &Bytes) -> Result<Record, aws_sdk_firehose::error::BuildError> {
    Record::builder().data(Blob::new(&data[..])).build()
}

fn outcomes(answer: &PutRecordBatchOutput) -> Vec<Outcome> {
    let outcome = |entry: &PutRecordBatchResponseEntry| match entry.error_code() {
        None | Some("") => Outcome::Taken,
        Some(code) => Outcome::Refused(code.to_owned()),
    };
    answer.request_responses().iter().map(outcome).collect()
}

/// What went wrong with a request, in the service's words where it answered. Whoever was not answered may be the next time; of the
/// answers these are the service's own fault, or say that there were too many requests.
fn failed(error: SdkError<PutRecordBatchError>) -> StreamError {
    let is_passing = match &error {
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let is_throttled = answer.err().code().is_some_and(|code| code.contains("Throttl"));
            status >= 500 || status == 429 || is_throttled || answer.err().is_service_unavailable_exception()
        }
        _ => true,
    };
    let told = error.as_service_error().map(|answer| {
        let code = answer.code().unwrap_or("an error without a code");
        let message = answer.message();
        message.map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
    });
    let cause = told.unwrap_or_else(|| DisplayErrorContext(&error).to_string());
    StreamError {
        is_passing,
        cause: cause.into(),
    }
}
