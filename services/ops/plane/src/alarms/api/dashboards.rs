//! `PutDashboard`, `GetDashboard`, `ListDashboards`, `DeleteDashboards`. Bodies are kept as they are given; what CloudWatch would
//! refuse is refused, and what it would warn of is warned of, by the rules of `dashboards::validate`.

use dashboards::validate::{self, Kind, Message, Refused};
use serde_json::{Value, json};

use super::{failed, page, required, texts};
use crate::alarms::book::Effect;
use crate::alarms::service::Alarms;
use crate::gateway::Refusal;
use crate::store::{AlarmWrite, alarm_rows};

/// Kind of the stored documents.
const DASHBOARD: &str = "dashboard";
/// Dashboards of one page (API reference).
const PAGE: usize = 1_000;

pub(super) async fn put(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let name = required(input, "DashboardName")?;
    let body = required(input, "DashboardBody")?;
    if !validate::is_name(name) {
        return Err(refused(
            "DashboardName has 1 to 255 characters of A-Z, a-z, 0-9, - and _",
        ));
    }
    let messages = said_of(body)?;
    let document = json!({"body": body, "modified": alarms.clock().now()});
    let write = AlarmWrite::Put {
        kind: DASHBOARD,
        name: name.to_owned(),
        document,
    };
    alarms.carry_out(vec![Effect::Write(write)]).await;
    Ok(json!({"DashboardValidationMessages": messages}))
}

/// The warnings, which the answer of a dashboard that was taken has, or the refusal with its errors: `DashboardInvalidInputError` of
/// the API reference has them under the same name.
fn said_of(body: &str) -> Result<Vec<Message>, Refusal> {
    let invalid = |refused: Refused| Refusal {
        details: json!({"dashboardValidationMessages": refused.messages}),
        ..(400, "InvalidParameterInput", refused.to_string()).into()
    };
    validate::read(body).map_err(invalid)?;
    let body = serde_json::from_str(body).unwrap_or_default();
    let mut messages = validate::validate(&body);
    messages.retain(|message| message.kind == Kind::Warning);
    Ok(messages)
}

fn refused(told: &str) -> Refusal {
    (400, "InvalidParameterInput", told.to_owned()).into()
}

async fn all(alarms: &Alarms) -> Result<Vec<(String, Value)>, Refusal> {
    let store = alarms.store();
    store.flush().await;
    let read = store.read(|connection| alarm_rows::documents(connection, DASHBOARD));
    read.await.map_err(|error| failed(&error))
}

pub(super) async fn get(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let wanted = required(input, "DashboardName")?;
    let all = all(alarms).await?;
    let found = all.into_iter().find(|(name, _)| name == wanted);
    let (name, document) = found.ok_or_else(|| unknown(wanted))?;
    let arn = alarms.book().place().dashboard_arn(&name);
    Ok(json!({"DashboardName": name, "DashboardArn": arn, "DashboardBody": document["body"]}))
}

pub(super) async fn list(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let prefix = input["DashboardNamePrefix"].as_str().unwrap_or_default();
    let all = all(alarms).await?;
    let book = alarms.book();
    let entries: Vec<Value> = all
        .into_iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, document)| {
            let modified = document["modified"]
                .as_str()
                .and_then(|at| at.parse().ok())
                .map_or(Value::Null, super::seconds);
            json!({
                "DashboardArn": book.place().dashboard_arn(&name),
                "DashboardName": name,
                "LastModified": modified,
                "Size": document["body"].as_str().map_or(0, str::len),
            })
        })
        .collect();
    let (entries, next) = page(entries, input, PAGE)?;
    let mut answer = json!({"DashboardEntries": entries});
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

pub(super) async fn delete(alarms: &Alarms, input: &Value) -> Result<Value, Refusal> {
    let names = texts(input, "DashboardNames");
    let all = all(alarms).await?;
    // If one is unknown none is deleted (API reference).
    if let Some(name) = names.iter().find(|name| !all.iter().any(|(own, _)| own == *name)) {
        return Err(unknown(name));
    }
    let effects = names.iter().map(|name| {
        Effect::Write(AlarmWrite::Remove {
            kind: DASHBOARD,
            name: (*name).to_owned(),
        })
    });
    alarms.carry_out(effects.collect()).await;
    Ok(json!({}))
}

fn unknown(name: &str) -> Refusal {
    (404, "ResourceNotFound", format!("there is no dashboard {name}")).into()
}
