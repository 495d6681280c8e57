//! Least privilege: each function may do what its code does, and nothing else.

use std::collections::BTreeSet;

use infra::{Statement, notation};
use serde_json::Value;

use super::rights::{EXECUTIONS, IDENTITIES, RIGHTS, statements};
use super::{FUNCTIONS, SHOPFAST, STATE_MACHINE, check, source};

/// Resources of which a part cannot be known, with what limits them instead.
const OPEN_ENDED: &[(&str, &str)] = &[
    (
        EXECUTIONS,
        "executions of one workflow: their names are made of orders",
    ),
    (IDENTITIES, "the condition ses:FromAddress"),
];

/// Objects of our own buckets: their names are known when they are written.
const OBJECTS: &[&str] = &[
    "${FrontendBucket.Arn}/*",
    "${LogArchive.Arn}/*",
    "${LogArchive.Arn}/failed/*",
    "${LogArchive.Arn}/failed/firehose/*",
    "${LogArchive.Arn}/failed/forwarder/*",
    "${LogArchive.Arn}/ids/*",
    "${LogArchive.Arn}/lines/*",
    "${LogArchive.Arn}/raw/*",
];

/// Actions that know no resources, or serve nobody who may do them for some only.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>
const WITHOUT_RESOURCE: &[&str] = &[
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html>
    "xray:BatchGetTraces",
    "xray:GetTraceSummaries",
    // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html>
    "cloudwatch:DescribeAlarmHistory",
];

#[test]
fn a_function_may_do_what_its_ports_need_and_nothing_else() {
    for (name, rights) in RIGHTS {
        let needed = rights.iter().flat_map(|(resource, actions)| {
            actions.iter().map(|a| ((*resource).to_owned(), (*a).to_owned()))
        });
        let granted = statements(name).into_iter().flat_map(pairs);
        assert_eq!(
            granted.collect::<BTreeSet<_>>(),
            needed.collect::<BTreeSet<_>>(),
            "{name}"
        );
    }
}

/// A new call in the source fails here until a function's row names it.
#[test]
fn every_call_in_the_source_is_somebodys_right() {
    let mut rights: BTreeSet<String> = RIGHTS
        .iter()
        .flat_map(|(_, rights)| rights.iter())
        .flat_map(|(_, actions)| actions.iter())
        .map(|action| (*action).to_owned())
        .collect();
    // The one right that is no call: of encrypted topics.
    rights.retain(|action| !action.starts_with("kms:"));
    assert_eq!(source::actions(), rights);
}

#[test]
fn no_right_is_wider_than_it_must_be() {
    let functions = FUNCTIONS
        .iter()
        .flat_map(|f| statements(&f.name).into_iter().cloned());
    let workflows = SHOPFAST
        .resources_of(STATE_MACHINE)
        .flat_map(|r| r.properties["Policies"].as_array().into_iter().flatten())
        .flat_map(Statement::all_of);
    let documents = SHOPFAST
        .resources()
        .iter()
        .flat_map(|r| Statement::all_of(&r.properties["PolicyDocument"]));
    let roles = SHOPFAST
        .resources_of("AWS::IAM::Role")
        .flat_map(|r| r.properties["Policies"].as_array().into_iter().flatten())
        .flat_map(|policy| Statement::all_of(&policy["PolicyDocument"]));
    let all: Vec<Statement> = functions
        .chain(workflows)
        .chain(documents)
        .chain(roles)
        .filter(|statement| !forbids_plain_text(statement))
        .collect();
    assert!(all.len() > 30, "{}", all.len());
    check("rights are exact", all.iter().flat_map(width));
}

/// What nobody may do takes no care of how wide it is.
fn forbids_plain_text(statement: &Statement) -> bool {
    statement.effect == "Deny" && statement.condition["Bool"]["aws:SecureTransport"] == "false"
}

fn width(statement: &Statement) -> Vec<String> {
    let mut wide = Vec::new();
    if statement.effect != "Allow" || statement.actions.is_empty() || statement.resources.is_empty() {
        wide.push(format!("not a plain grant: {statement:?}"));
    }
    wide.extend(statement.actions.iter().filter(|a| a.contains('*')).cloned());
    let without_resource = statement
        .actions
        .iter()
        .all(|action| WITHOUT_RESOURCE.contains(&action.as_str()));
    for resource in statement.resources.iter().filter(|r| r.contains('*')) {
        let known = OPEN_ENDED.iter().any(|(open, _)| open == resource)
            || OBJECTS.contains(&resource.as_str())
            || (resource == "*" && without_resource);
        if !known {
            wide.push(format!("{resource} for {:?}", statement.actions));
        }
    }
    wide
}

#[test]
fn mails_are_sent_from_one_address() {
    let all = statements("shopfast-notification-handler");
    let mail = all.iter().find(|s| s.actions == ["ses:SendEmail"]).unwrap();
    let from = &mail.condition["StringEquals"]["ses:FromAddress"];
    assert_eq!(notation(from), "${MailFrom}");
}

/// A bus, topic or bucket takes from the service that is meant, on behalf of the resource that is meant.
#[test]
fn services_act_for_resources_of_this_stack_only() {
    let open = SHOPFAST
        .resources()
        .iter()
        .filter(|r| !r.properties["PolicyDocument"].is_null())
        .filter(|r| {
            let statements = r.properties["PolicyDocument"]["Statement"].as_array();
            statements.is_none_or(|all| !all.iter().all(is_bound))
        })
        .map(|r| format!("line {}: {}", r.line, r.logical_id));
    check("a service is the principal, and aws:SourceArn binds it", open);
}

fn is_bound(statement: &Value) -> bool {
    if statement["Effect"] == "Deny" {
        return statement["Condition"]["Bool"]["aws:SecureTransport"] == "false";
    }
    let condition = &statement["Condition"];
    let of = |operator: &str| condition[operator].get("aws:SourceArn");
    // Alarms are a stack of their own: here only their names' beginning is known, and the account is said too.
    let alarms = || {
        let account = notation(&condition["StringEquals"]["aws:SourceAccount"]) == "${AWS::AccountId}";
        of("ArnLike").filter(|arn| account && notation(arn).ends_with(":alarm:shopfast-*"))
    };
    let source = of("ArnEquals").or_else(|| of("StringEquals")).or_else(alarms);
    statement["Principal"]["Service"].is_string() && source.is_some()
}

/// A key's policy may say `*`: it means the key. Without the account's statement nobody could ever change it.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
#[test]
fn keys_are_the_accounts_and_rotate() {
    for key in SHOPFAST.resources_of("AWS::KMS::Key") {
        assert_eq!(key.properties["EnableKeyRotation"], true);
        for statement in key.properties["KeyPolicy"]["Statement"].as_array().unwrap() {
            let account = notation(&statement["Principal"]["AWS"]).ends_with("${AWS::AccountId}:root");
            let bound = notation(&statement["Condition"]["StringEquals"]["aws:SourceAccount"]);
            assert!(account || bound == "${AWS::AccountId}", "{statement}");
        }
    }
}

fn pairs(statement: &Statement) -> Vec<(String, String)> {
    let of = |resource: &String| {
        let pair = |action: &String| (resource.clone(), action.clone());
        statement.actions.iter().map(pair).collect::<Vec<_>>()
    };
    statement.resources.iter().flat_map(of).collect()
}
