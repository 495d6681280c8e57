//! The HTTP edge: every event shape of API Gateway and Function URLs becomes one [`Request`], every answer one
//! [`Response`], every failure one JSON body `{error, code, correlationId}`. Routes are data ([`Routes`]); what a route does is
//! not here.

mod body;
mod edge;
mod error;
mod request;
mod response;
mod routes;

pub use body::MAX_BODY_BYTES;
pub use edge::{correlation_id, serve};
pub use error::ApiError;
pub use request::{EventShape, Request, RequestError};
pub use response::Response;
pub use routes::{Matched, Routes};
