//! The steps of a start, one after the other. What each does is in the module of its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;

use super::build;
use super::deploy::{self, Change, Stack};
use super::platform::{Deployment, Platform};
use super::progress::Progress;
use super::template::Template;
use super::{Args, package, planes, ports, python, ready, tools};
use crate::context::{ACCOUNT, REGION};
use crate::exit::{Exit, Failure};
use crate::run_file::RunFile;
use crate::state_dir::{self, StateDir};
use crate::{users, workspace};

/// Brings everything up. What was started is in `platform`, also when a later step fails.
pub(crate) async fn start(
    args: &Args,
    platform: &mut Platform,
    progress: Progress,
    started: Instant,
) -> anyhow::Result<RunFile> {
    let root = workspace::root()?;
    let state = platform.state().clone();
    let template = read_template(&root)?;
    let functions: Vec<String> = template.functions()?.into_values().collect();
    let packages = template.packages()?;

    let step = progress.step("Check tools");
    let tools = tools::check(!args.no_build, &root).await?;
    step.done(&tools.found.clone());

    let step = progress.step("Install the emulator");
    let venv = python::ensure(&state, &tools, &step).await?;
    step.done(if venv.made {
        "installed"
    } else {
        "already installed"
    });

    let step = progress.step("Build the functions");
    let programs = if args.no_build {
        build::existing(&functions)?
    } else {
        build::build(&root, &packages, &step).await?
    };
    step.done(&format!("{} programs", programs.len()));

    let step = progress.step("Start the platform");
    let ports = choose_ports(args, &state)?;
    platform
        .start(&ports, &functions, &programs, venv.python, args.time_scale)
        .await?;
    let runbooks = platform.serve_runbooks(&ports, &root).await?;
    step.done(&format!("emulator on port {}", ports.emulator));

    let step = progress.step("Deploy the shop");
    let deployment = Deployment {
        parameters: deploy::parameters(&template, &runbooks),
        packaged: package::package(template, &root.join("infra"), programs).await?,
    };
    let (stack, change) = platform.deploy(deployment, &step).await?;
    step.done(&describe(&stack, change));

    let step = progress.step("Put the alarms in place");
    let done = platform.put_alarms(&root, &stack).await?;
    step.done(&done);

    let step = progress.step("Load products and users");
    let new = platform.seed(&stack, &users::Users::of(&state)?).await?;
    step.done(&format!("{new} new products"));

    let step = progress.step("Wait until it answers");
    let endpoints = platform.endpoints()?;
    ready::wait(&endpoints).await?;
    step.done("ready");

    let run = RunFile {
        ready_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        started_in_seconds: (started.elapsed().as_secs_f64() * 10.0).round() / 10.0,
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        control: state.control_socket().display().to_string(),
        stack: deploy::STACK.to_owned(),
        clock: platform.clock()?,
        ..RunFile::default()
    };
    with_stack(run, endpoints, &stack)
}

/// The run file with what a deployment decides; a deployment after a crash may decide anew.
pub(crate) fn with_stack(
    run: RunFile,
    endpoints: BTreeMap<String, String>,
    stack: &Stack,
) -> anyhow::Result<RunFile> {
    Ok(RunFile {
        endpoints,
        user_pool_id: stack.require("AWS::Cognito::UserPool")?,
        user_pool_client_id: stack.require("AWS::Cognito::UserPoolClient")?,
        ..run
    })
}

fn read_template(root: &Path) -> anyhow::Result<Template> {
    let path: PathBuf = workspace::template(root);
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    Template::parse(&text).map_err(|cause| {
        Failure::new(Exit::Platform, format!("read {}", path.display()))
            .cure("mend the template: `cargo test -p infra` says more")
            .caused_by(cause)
            .into()
    })
}

/// Chosen and remembered for the next start.
fn choose_ports(args: &Args, state: &StateDir) -> anyhow::Result<ports::Ports> {
    let last = state_dir::read_json(&state.ports()).unwrap_or_default();
    let chosen = ports::choose(args.ports, last)?.release();
    state_dir::write_json(&state.ports(), &chosen)?;
    Ok(chosen)
}

fn describe(stack: &Stack, change: Change) -> String {
    let what = match change {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::None => "unchanged",
    };
    format!("{} resources, {what}", stack.size())
}

/// The routes of the deployed API and function URL.
pub(crate) fn routes(stack: &Stack) -> anyhow::Result<planes::Routes> {
    let output = |name: &str| stack.output(name).unwrap_or_default().to_owned();
    Ok(planes::Routes {
        rest_api_id: stack.require("AWS::ApiGateway::RestApi")?,
        api_name: output("RestApiName"),
        stage: stack.require("AWS::ApiGateway::Stage")?,
        url_function: output("ProductFunctionName"),
        function_url: output("ProductFunctionUrl"),
    })
}
