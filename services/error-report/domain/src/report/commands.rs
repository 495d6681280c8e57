//! Commands in mails. On AWS the region stands in each: on the machine of whoever types it, `shopwatch` would ask the platform there,
//! and `aws` the region of that person's configuration.

use super::shell::{is_plain_word, quoted};

/// Characters of an ID: what the carriers of correlation IDs take.
const LONGEST_ID: usize = 128;

/// What a mail lets somebody type next: the trace of its case, the runbook of its alarm, the lines of its function.
///
/// An ID comes from a log line: what is none is not typed.
#[must_use]
pub fn commands(
    id: Option<&str>,
    alarm: Option<&str>,
    function: Option<&str>,
    region: Option<&str>,
) -> Vec<String> {
    let trace = id
        .filter(|id| id.len() <= LONGEST_ID && is_plain_word(id))
        .map(|id| format!("shopwatch trace {id}"));
    let runbook = alarm.map(|alarm| format!("shopwatch runbooks run {}", quoted(alarm)));
    let of = function.map(|function| format!("--function {} ", quoted(function)));
    let logs = format!(
        "shopwatch logs {}--level error --since 1h",
        of.unwrap_or_default()
    );
    let all = trace.into_iter().chain(runbook).chain(Some(logs));
    all.map(|command| in_region(&command, region)).collect()
}

/// What is typed to read the runbook of an alarm. It is read from the clone, and no region is asked.
#[must_use]
pub fn page_command(alarm: &str) -> String {
    format!("shopwatch runbooks show {}", quoted(alarm))
}

/// Programs that take `--region` before everything else.
const PROGRAMS: [&str; 2] = ["shopwatch ", "aws "];
/// Behind these a command begins.
const BEFORE: [&str; 6] = ["|", "&&", ";", "$(", "\n", "sh -c '"];
/// Options of xargs that take the next word.
const XARGS_WITH_VALUE: [&str; 6] = ["-I", "-n", "-L", "-P", "-d", "-s"];

/// The command, in this region; as it is without one.
#[must_use]
pub fn in_region(command: &str, region: Option<&str>) -> String {
    let Some(region) = region else {
        return command.to_owned();
    };
    let mut out = String::with_capacity(command.len());
    let mut rest = command;
    while !rest.is_empty() {
        let program = PROGRAMS
            .iter()
            .find(|program| begins(&out) && rest.starts_with(**program));
        if let Some(program) = program {
            out.push_str(program);
            out.push_str(&format!("--region {region} "));
            rest = &rest[program.len()..];
        } else {
            let next = rest.chars().next().map_or(rest.len(), char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    out
}

/// Does a command begin behind this? Behind `xargs` and its options too.
fn begins(before: &str) -> bool {
    let ends = BEFORE
        .iter()
        .filter_map(|sign| before.rfind(sign).map(|at| at + sign.len()));
    let begun = &before[ends.max().unwrap_or_default()..];
    let mut words = begun.split_whitespace();
    if words.next().is_none() {
        return true;
    }
    if !begun.ends_with(' ') || !begun.trim_start().starts_with("xargs ") {
        return false;
    }
    let mut is_value = false;
    words.all(|word| {
        let is_option = is_value || word.starts_with('-');
        is_value = !is_value && XARGS_WITH_VALUE.contains(&word);
        is_option
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_asks_the_region_of_the_alarm() {
        let check = |command: &str, expected: &str| {
            assert_eq!(in_region(command, Some("eu-west-1")), expected);
            assert_eq!(in_region(command, None), command);
        };
        check("shopwatch trace c-1", "shopwatch --region eu-west-1 trace c-1");
        check(
            "shopwatch logs 'an order, aws it' --json | jq -r .id | xargs -r shopwatch trace",
            "shopwatch --region eu-west-1 logs 'an order, aws it' --json | jq -r .id | xargs -r shopwatch --region eu-west-1 trace",
        );
        check(
            "id=$(aws sns list-topics)\naws sns publish --topic-arn $id",
            "id=$(aws --region eu-west-1 sns list-topics)\naws --region eu-west-1 sns publish --topic-arn $id",
        );
        check("jq .shopwatch | tee aws", "jq .shopwatch | tee aws");
        check(
            "jq -r .id | xargs -I NAME aws sqs purge-queue --queue-url NAME",
            "jq -r .id | xargs -I NAME aws --region eu-west-1 sqs purge-queue --queue-url NAME",
        );
        check("ls | xargs echo aws it", "ls | xargs echo aws it");
        check(
            "ls | xargs -n 1 -r sh -c 'aws sqs list-queues; shopwatch dlq list'",
            "ls | xargs -n 1 -r sh -c 'aws --region eu-west-1 sqs list-queues; shopwatch --region eu-west-1 dlq list'",
        );
        check("größe", "größe");
    }
}
