//! The archive on S3: a server on loopback that speaks as much of S3's protocol as the archive uses, and that can fail.

mod archive;
mod faults;
mod server;
mod told;
