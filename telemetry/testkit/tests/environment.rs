//! A real function binary in a real environment.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use telemetry_testkit::runtime_api::{
    Environment, EnvironmentConfig, Exit, Invocation, Lines, Outcome, Source,
};

fn probe() -> EnvironmentConfig {
    // Cargo builds the examples before it runs this, next to the directory of the test's own executable.
    let test = std::env::current_exe().unwrap();
    let examples: PathBuf = test.ancestors().nth(2).unwrap().join("examples");
    EnvironmentConfig::new(examples.join("probe-function"))
}

fn event(event: &Value) -> Invocation {
    Invocation::new(event.to_string())
}

async fn start(config: EnvironmentConfig) -> (Environment, Lines) {
    Environment::start(config).await.unwrap()
}

async fn invoke(environment: &Environment, payload: Value) -> Value {
    match environment.invoke(event(&payload)).await {
        Outcome::Success(bytes) => serde_json::from_slice(&bytes).unwrap(),
        other => panic!("{payload}: {other:?}"),
    }
}

#[tokio::test]
async fn a_function_gets_its_context_and_is_reused() {
    let (environment, _lines) = start(probe()).await;
    let mut invocation = event(&json!({"hello": "world"}));
    invocation.trace_header =
        Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".into());
    invocation.client_context = Some(json!({"custom": {"x-correlation-id": "Zoë"}}));
    let Outcome::Success(bytes) = environment.invoke(invocation.clone()).await else {
        panic!("no success")
    };
    let seen: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(seen["payload"], json!({"hello": "world"}));
    assert_eq!(seen["requestId"], *invocation.request_id);
    assert_eq!(seen["arn"], *invocation.function_arn);
    assert_eq!(seen["trace"], invocation.trace_header.unwrap());
    assert_eq!(seen["clientContext"]["custom"]["x-correlation-id"], "Zoë");
    assert_eq!(environment.idle().await, None);
    let again = invoke(&environment, json!({})).await;
    assert_eq!((&again["pid"], &again["count"]), (&seen["pid"], &json!(2)));
    assert!(environment.initialized().await.unwrap() > Duration::ZERO);
    assert!(environment.memory().unwrap().resident_bytes > 100_000);
    assert_eq!(environment.stop().await, Exit::Signal(9));
    assert_eq!(environment.memory(), None);
}

#[tokio::test]
async fn nothing_of_the_machine_s_environment_reaches_the_function() {
    let (environment, _lines) = start(probe().variable("ORDERS_TABLE", "orders")).await;
    let variables = invoke(&environment, json!({"do": "environment"})).await;
    assert_eq!(variables["ORDERS_TABLE"], "orders");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "probe-function");
    assert_eq!(variables["PATH"], "/usr/local/bin:/usr/bin:/bin:/opt/bin");
    assert!(variables.get("HOME").is_none() && variables.get("CARGO_MANIFEST_DIR").is_none());
}

#[tokio::test]
async fn every_way_to_fail_has_its_outcome() {
    let (environment, mut lines) = start(probe()).await;
    let failed = environment.invoke(event(&json!({"do": "fail"}))).await;
    assert!(
        matches!(&failed, Outcome::FunctionError { message, .. } if message == "no stock"),
        "{failed:?}"
    );
    let panicked = environment.invoke(event(&json!({"do": "panic"}))).await;
    assert!(
        matches!(&panicked, Outcome::FunctionError { message, .. } if message.contains("invariant broken"))
    );
    let exited = environment.invoke(event(&json!({"do": "exit"}))).await;
    assert_eq!(exited, Outcome::Exited(Exit::Status(7)));
    assert_eq!(
        environment.invoke(event(&json!({}))).await,
        Outcome::Exited(Exit::Status(7)),
        "it stays dead"
    );
    environment.drained().await;
    let written: Vec<String> = std::iter::from_fn(|| lines.try_recv().ok())
        .map(|line| line.text)
        .collect();
    assert!(
        written.iter().any(|line| line.contains("invariant broken")),
        "{written:?}"
    );
}

#[tokio::test]
async fn a_function_that_hangs_is_killed_at_its_time_limit() {
    let (environment, _lines) = start(probe()).await;
    let mut hanging = event(&json!({"do": "hang"}));
    hanging.timeout = Duration::from_millis(50);
    assert_eq!(environment.invoke(hanging).await, Outcome::Timeout);
    assert_eq!(environment.ended(), Some(Exit::Signal(9)));
}

#[tokio::test]
async fn init_fails_in_its_own_way() {
    async fn check(mode: &str, timeout: Duration, expected_type: &str) {
        let mut config = probe().variable("PROBE_INIT", mode);
        config.init_timeout = timeout;
        let (environment, _lines) = start(config).await;
        let outcome = environment.invoke(event(&json!({}))).await;
        let Outcome::InitError { error_type, .. } = &outcome else {
            panic!("{mode}: {outcome:?}")
        };
        assert_eq!(error_type, expected_type, "{mode}");
    }
    check("exit", Duration::from_secs(10), "Runtime.ExitError").await;
    check("fail", Duration::from_secs(10), "Runtime.ExitError").await;
    check("hang", Duration::from_millis(100), "Sandbox.Timedout").await;
    let missing = Environment::start(EnvironmentConfig::new("/nowhere/function"))
        .await
        .unwrap_err();
    assert_eq!(missing.to_string(), "run /nowhere/function");
}

#[tokio::test]
async fn every_line_is_there_when_drained_returns() {
    let (environment, mut lines) = start(probe()).await;
    let written: Vec<String> = (0..2_000).map(|n| format!("{{\"line\": {n}}}")).collect();
    invoke(&environment, json!({"do": "print", "lines": written})).await;
    environment.drained().await;
    let mut seen = Vec::new();
    while let Ok(line) = lines.try_recv() {
        if line.source == Source::Stdout {
            seen.push(line.text);
        } else {
            assert_eq!(line.text, "to stderr");
        }
    }
    assert_eq!(seen, written);
}

#[tokio::test]
async fn a_frozen_function_goes_on_after_the_thaw() {
    let (environment, _lines) = start(probe()).await;
    let before = invoke(&environment, json!({})).await;
    assert_eq!(environment.idle().await, None);
    environment.freeze();
    let mut frozen = event(&json!({}));
    frozen.timeout = Duration::from_secs(20);
    let answer = environment.invoke(frozen);
    tokio::pin!(answer);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), &mut answer)
            .await
            .is_err(),
        "it is frozen"
    );
    environment.thaw();
    let Outcome::Success(bytes) = answer.await else {
        panic!("no success")
    };
    assert_eq!(
        serde_json::from_slice::<Value>(&bytes).unwrap()["pid"],
        before["pid"]
    );
}

#[tokio::test]
async fn a_dropped_environment_leaves_no_process() {
    let (environment, mut lines) = start(probe()).await;
    environment.initialized().await.unwrap();
    let pid = environment.pid();
    drop(environment);
    assert_eq!(lines.recv().await, None, "both streams end");
    let gone = async {
        while std::path::Path::new(&format!("/proc/{pid}")).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
}

#[tokio::test]
async fn a_function_with_an_extension_may_finish() {
    let (environment, mut lines) = start(probe().variable("PROBE_INIT", "graceful")).await;
    invoke(&environment, json!({})).await;
    assert_eq!(environment.stop().await, Exit::Status(0));
    let mut written = Vec::new();
    while let Some(line) = lines.recv().await {
        written.push(line.text);
    }
    assert!(written.contains(&"flushed".to_owned()), "{written:?}");
}

/// The keeper starts a function and waits to be killed: a child of a child of this test.
#[tokio::test]
async fn a_function_dies_with_the_program_that_runs_it() {
    use tokio::io::AsyncBufReadExt;
    let mut keeper = tokio::process::Command::new(probe().binary.with_file_name("keep-function"))
        .arg(&probe().binary)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(keeper.stdout.take().unwrap()).lines();
    let pid = lines.next_line().await.unwrap().unwrap();
    assert!(is_running(&pid), "{pid}");
    keeper.kill().await.unwrap();
    let gone = async {
        while is_running(&pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
}

/// Not a zombie either: those wait for init to reap them, which is not ours to test.
fn is_running(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

#[tokio::test]
async fn standard_output_can_stand_still_and_be_closed() {
    let (environment, mut lines) = start(probe()).await;
    environment.initialized().await.unwrap();
    environment.pause_stdout().await;
    invoke(&environment, json!({"do": "print", "lines": ["one"]})).await;
    environment.drained().await;
    let stdout = |lines: &mut Lines| {
        let lines = std::iter::from_fn(|| lines.try_recv().ok());
        lines
            .filter(|line| line.source == Source::Stdout)
            .map(|line| line.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(stdout(&mut lines), Vec::<String>::new());
    environment.resume_stdout();
    environment.drained().await;
    assert_eq!(stdout(&mut lines), ["one"]);
    environment.close_stdout().await;
    let outcome = environment
        .invoke(event(&json!({"do": "print", "lines": ["two"]})))
        .await;
    assert!(
        matches!(&outcome, Outcome::FunctionError { message, .. } if message.contains("Broken pipe")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_managed_instance_takes_several_invocations_at_a_time() {
    let config = probe().concurrency(4);
    let (environment, _lines) = start(config).await;
    let running = (0..4).map(|n| {
        let mut invocation = event(&json!({"do": "wait", "ms": 300}));
        invocation.request_id = format!("request-{n}");
        environment.invoke(invocation)
    });
    let began = std::time::Instant::now();
    for outcome in futures::future::join_all(running).await {
        assert!(matches!(outcome, Outcome::Success(_)), "{outcome:?}");
    }
    assert!(
        began.elapsed() < Duration::from_millis(1_100),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(environment.idle().await, None);
}
