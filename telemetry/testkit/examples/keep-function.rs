//! Runs the function given as argument, prints its process id, and waits to be killed: what a test kills to see
//! that a function dies with the program that runs it.

use telemetry_testkit::runtime_api::{Environment, EnvironmentConfig};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the process id is its output")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let binary = std::env::args().nth(1).ok_or("the function's path is missing")?;
    let (environment, _lines) = Environment::start(EnvironmentConfig::new(binary)).await?;
    environment
        .initialized()
        .await
        .map_err(|outcome| format!("{outcome:?}"))?;
    println!("{}", environment.pid());
    std::future::pending().await
}
