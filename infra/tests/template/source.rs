//! What the functions' source says: SDK calls, variables, routes, errors. Text is enough: adapters write a call as `.get_item()` at the
//! start of a line, and rustfmt keeps it there.

use std::collections::BTreeSet;
use std::path::Path;

use super::{read, root};

/// Code that runs in functions.
const CODE: &[&str] = &[
    "services/shopfast/domain/src",
    "services/shopfast/lambdas/src",
    "services/platform/src",
    "services/error-report/domain/src",
    "services/error-report/intake/src",
    "services/error-report/lambda/src",
    "services/error-report/function/src",
    "services/log-archive/domain/src",
    "services/log-archive/intake/src",
    "services/log-archive/format/src",
    "services/log-archive/store/src",
    "services/log-archive/forwarder/src",
    "services/log-archive/compactor/src",
    "services/log-archive/function/src",
];

/// What stands in the source for an action of IAM. A transaction needs the actions of its parts.
const OPERATIONS: &[(&str, &str)] = &[
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".batch_write_item()", "dynamodb:BatchWriteItem"),
    (".delete_item()", "dynamodb:DeleteItem"),
    (".describe_table()", "dynamodb:DescribeTable"),
    (".get_item()", "dynamodb:GetItem"),
    (".put_item()", "dynamodb:PutItem"),
    (".query()", "dynamodb:Query"),
    (".scan()", "dynamodb:Scan"),
    (".update_item()", "dynamodb:UpdateItem"),
    ("ConditionCheck::builder()", "dynamodb:ConditionCheckItem"),
    ("Delete::builder()", "dynamodb:DeleteItem"),
    ("Put::builder()", "dynamodb:PutItem"),
    ("Update::builder()", "dynamodb:UpdateItem"),
    (".describe_alarm_history()", "cloudwatch:DescribeAlarmHistory"),
    (".put_events()", "events:PutEvents"),
    (".put_record_batch()", "firehose:PutRecordBatch"),
    (".invoke()", "lambda:InvokeFunction"),
    (".list_versions_by_function()", "lambda:ListVersionsByFunction"),
    (".filter_log_events()", "logs:FilterLogEvents"),
    // Of the archive's store, which is `object_store`'s. To copy is to read and to write.
    ("self.store.get(", "s3:GetObject"),
    ("self.store.put(", "s3:PutObject"),
    ("self.store.list(", "s3:ListBucket"),
    ("self.store.delete(", "s3:DeleteObject"),
    (".get_secret_value()", "secretsmanager:GetSecretValue"),
    (".send_email()", "ses:SendEmail"),
    (".publish()", "sns:Publish"),
    (".publish_batch()", "sns:Publish"),
    (".receive_message()", "sqs:ReceiveMessage"),
    (".send_message()", "sqs:SendMessage"),
    (".send_message_batch()", "sqs:SendMessage"),
    (".describe_execution()", "states:DescribeExecution"),
    (".start_execution()", "states:StartExecution"),
    (".stop_execution()", "states:StopExecution"),
    (".batch_get_traces()", "xray:BatchGetTraces"),
    (".get_trace_summaries()", "xray:GetTraceSummaries"),
];

/// How a variable is asked for.
const READS: &[&str] = &[
    "required(\"",
    "parsed::<i64>(\"",
    "const REDIS_URL: &str = \"",
    "const MAX_RECEIVE_COUNT: &str = \"",
    "optional(source, \"",
];

/// Actions that the code of all functions together needs.
pub(crate) fn actions() -> BTreeSet<String> {
    let code = code();
    OPERATIONS
        .iter()
        .filter(|(operation, _)| code.contains(operation))
        .map(|(_, action)| (*action).to_owned())
        .collect()
}

/// Variables that the code of all functions together reads.
pub(crate) fn variables() -> BTreeSet<String> {
    let code = code();
    let all = READS.iter().flat_map(|read| code.split(read).skip(1));
    all.filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// (method, path) of the routes that a group's entry knows.
pub(crate) fn routes(group: &str) -> BTreeSet<(String, String)> {
    let text = read(&format!("services/shopfast/lambdas/src/{group}/http.rs"));
    let table = text
        .split("Routes(&[")
        .nth(1)
        .and_then(|rest| rest.split("]);").next());
    let rows = table.expect("a table of routes").split("(\"").skip(1);
    rows.map(|row| {
        let mut quoted = row.split('"');
        let mut text = |skipped| quoted.nth(skipped).unwrap_or_default().to_owned();
        (text(0), text(1))
    })
    .collect()
}

/// Does the code say this text as a literal?
pub(crate) fn says(text: &str) -> bool {
    code().contains(&format!("\"{text}\""))
}

/// Everything but tests.
fn code() -> String {
    let mut files = Vec::new();
    for folder in CODE {
        collect(&root().join(folder), &mut files);
    }
    assert!(files.len() > 30, "{} files", files.len());
    files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("source is text"))
        .map(|text| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned())
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

#[test]
fn calls_and_variables_are_found() {
    assert!(actions().contains("dynamodb:GetItem") && !actions().contains("states:StopExecution"));
    assert!(variables().contains("ORDERS_TABLE") && !variables().contains("LIMIT"));
    assert!(read("services/shopfast/lambdas/src/product/function.rs").contains(READS[2]));
}
