//! A delivery stream on loopback: it keeps the records that it takes, and answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What is answered to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// All but these records are taken.
    Without(Vec<usize>),
    /// None is: status and code.
    Error(u16, &'static str),
}

#[derive(Debug, Default)]
pub(crate) struct Firehose {
    /// For the next requests; after them everything is taken.
    pub(crate) answers: Mutex<VecDeque<Answer>>,
    taken: Mutex<Vec<Bytes>>,
    /// How many records each request had.
    pub(crate) requests: Mutex<Vec<usize>>,
}

impl Firehose {
    /// Its address.
    pub(crate) async fn serve() -> (Arc<Self>, String) {
        let firehose = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(put_record_batch)
            .with_state(Arc::clone(&firehose));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (firehose, address)
    }

    /// What was taken, one record behind the other, as Firehose stores them.
    pub(crate) fn taken(&self) -> Bytes {
        self.taken.lock().unwrap().concat().into()
    }
}

async fn put_record_batch(
    State(firehose): State<Arc<Firehose>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(headers["x-amz-target"], "Firehose_20150804.PutRecordBatch");
    let request: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(request["DeliveryStreamName"], "archive");
    let records = request["Records"].as_array().unwrap();
    firehose.requests.lock().unwrap().push(records.len());
    let answer = firehose.answers.lock().unwrap().pop_front();
    let refused = match answer {
        Some(Answer::Error(status, code)) => {
            let status = StatusCode::from_u16(status).unwrap();
            return (
                status,
                json!({"__type": code, "message": "said the service"}).to_string(),
            )
                .into_response();
        }
        Some(Answer::Without(refused)) => refused,
        None => Vec::new(),
    };
    let mut outcomes = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if refused.contains(&at) {
            outcomes.push(json!({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}));
            continue;
        }
        let data = STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
        firehose.taken.lock().unwrap().push(data.into());
        outcomes.push(json!({"RecordId": format!("r-{at}")}));
    }
    json!({"FailedPutCount": refused.len(), "RequestResponses": outcomes})
        .to_string()
        .into_response()
}
