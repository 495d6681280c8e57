//! For tests: the local CloudWatch, X-Ray and Logs in this process, on free ports, without an emulator.

use ops_plane::{Limits, Plane, PlaneConfig};

use crate::context::{ACCOUNT, REGION};

/// With its store in this folder.
pub(crate) async fn start(folder: &tempfile::TempDir) -> Plane {
    let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let config = PlaneConfig {
        store: folder.path().join("o.db"),
        limits: Limits::default(),
        // Nobody listens there.
        emulator: "http://127.0.0.1:1".to_owned(),
        gateway: anywhere,
        api: anywhere,
        function_url: anywhere,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        time_scale: 1,
        clock_file: folder.path().join("alarm-clock"),
    };
    Plane::start(config).await.unwrap()
}
