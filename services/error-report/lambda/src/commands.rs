//! Commands in mails. On AWS the region stands in each: on the machine of whoever types it, `shopwatch` would ask the platform there,
//! and `aws` the region of that person's configuration.

/// Programs that take `--region` before everything else.
const PROGRAMS: [&str; 2] = ["shopwatch ", "aws "];
/// Behind these a command begins.
const BEFORE: [&str; 7] = ["| ", "&& ", "; ", "$(", "xargs -r ", "xargs ", "\n"];

/// The command, in this region; as it is without one.
pub(crate) fn in_region(command: &str, region: Option<&str>) -> String {
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

/// Does a command begin behind this?
fn begins(before: &str) -> bool {
    before.is_empty() || BEFORE.iter().any(|end| before.ends_with(end))
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
        check("größe", "größe");
    }
}
