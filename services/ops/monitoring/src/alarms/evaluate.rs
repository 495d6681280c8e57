//! `shopwatch alarms evaluate`: what CloudWatch says of one evaluation range.

use alarms::range_question::{Arguments, answer};

use crate::{Ended, Refused, Terminal};

const AFTER: &str = "\
The state is the first word of the answer, then comes the reason. The range is taken whole as given: nothing is added,
nothing is cut.

Examples:
  shopwatch alarms evaluate --range \"0-X-X\" --evaluation-periods 3 --datapoints-to-alarm 2
  shopwatch alarms evaluate --range \"-----\" --evaluation-periods 3 --treat-missing-data ignore --previous-state ALARM
  shopwatch alarms evaluate --range \"--X--\" --evaluation-periods 3 --json
";

/// Options of `shopwatch alarms evaluate`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub struct Args {
    /// The points, newest right: 0 within the threshold, X breaching, - missing
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true)]
    range: String,
    /// N: how many periods are compared
    #[arg(long, value_name = "N")]
    evaluation_periods: String,
    /// M: how many of them must breach [default: N]
    #[arg(long, value_name = "M")]
    datapoints_to_alarm: Option<String>,
    /// What missing data counts as: missing, ignore, breaching or notBreaching [default: missing]
    #[arg(long, value_name = "TREATMENT")]
    treat_missing_data: Option<String>,
    /// The state the alarm was in: OK, ALARM or INSUFFICIENT_DATA [default: OK]
    #[arg(long, value_name = "STATE")]
    previous_state: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Answers.
///
/// # Errors
/// An option is wrong.
pub fn run(args: &Args, terminal: &mut Terminal<'_>) -> Result<Ended, Refused> {
    let arguments = Arguments {
        range: &args.range,
        evaluation_periods: &args.evaluation_periods,
        datapoints_to_alarm: args.datapoints_to_alarm.as_deref(),
        treat_missing_data: args.treat_missing_data.as_deref(),
        previous_state: args.previous_state.as_deref(),
    };
    let answer = answer(&arguments).map_err(|error| {
        Refused::usage(error.to_string()).cure("`shopwatch alarms evaluate --help` has examples")
    })?;
    if args.json {
        terminal.json(&answer)?;
    } else {
        terminal.line(&answer)?;
    }
    Ok(Ended::Done)
}
