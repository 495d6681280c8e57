//! Runs the example function `orders-function` on the Runtime API simulator, and shows what each invocation leaves: its answer, its
//! log, its metrics, its trace. `--help` tells the rest.

mod invocations;
mod program;

use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use serde_json::json;
use telemetry_testkit::function::Function;
use telemetry_testkit::runtime_api::EnvironmentConfig;
use telemetry_testkit::show::{self, Paint};

use program::{Options, Wanted};

type Error = Box<dyn std::error::Error>;

/// A rule of CloudWatch's or X-Ray's was broken.
const BROKEN: u8 = 1;
/// The function could not be built or run.
const UNAVAILABLE: u8 = 69;
/// The arguments make no sense.
const USAGE: u8 = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let ended = match program::wanted(std::env::args().skip(1)) {
        Ok(Wanted::Help) => stdout()
            .write_all(program::HELP.as_bytes())
            .map_err(Error::from)
            .map(|()| 0),
        Ok(Wanted::Show(options)) => show_all(options).await,
        Err(usage) => {
            tell(&usage);
            return USAGE.into();
        }
    };
    match ended {
        Ok(code) => code.into(),
        Err(error) => {
            tell(&chain(error.as_ref()));
            UNAVAILABLE.into()
        }
    }
}

fn tell(text: &str) {
    // Nobody listens: the exit code tells.
    let _ = writeln!(stderr(), "show: {text}");
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Every invocation, one after another. The last one is killed at its time limit, and the process with it.
async fn show_all(options: Options) -> Result<u8, Error> {
    let binary = match options.function {
        Some(binary) => binary,
        None => program::build()?,
    };
    // Lambda lets debug lines pass, the function writes them where they are of use.
    let config = EnvironmentConfig::new(binary)
        .variable("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .variable("AWS_LAMBDA_LOG_LEVEL", "DEBUG")
        .variable("SHOPWATCH_LOG_LEVEL", "INFO");
    let mut function = Function::start(config).await?;
    let mut code = 0;
    let mut out = stdout();
    let paint = Paint::of(&out);
    for told in invocations::all() {
        let left = function.invoke(told.invocation).await;
        if !left.violations.is_empty() {
            code = BROKEN;
        }
        if options.json {
            writeln!(out, "{}", json!({"invocation": told.title, "left": left.raw()}))?;
        } else {
            writeln!(out, "{}\n{}", paint.heading(told.title), show::left(&left, paint))?;
        }
    }
    function.stop().await;
    Ok(code)
}
