//! `PutDashboard`, `GetDashboard`, `ListDashboards`, `DeleteDashboards`. Bodies are kept as they are given; what is no JSON object
//! with `widgets` is refused.

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
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() > 255 || !name.chars().all(is_name) {
        return Err(refused(
            "DashboardName has 1 to 255 characters of A-Z, a-z, 0-9, - and _",
        ));
    }
    match serde_json::from_str::<Value>(body) {
        Ok(body) if body["widgets"].is_array() => {}
        Ok(_) => return Err(refused("DashboardBody: should have required property 'widgets'")),
        Err(error) => return Err(refused(&format!("DashboardBody is no JSON: {error}"))),
    }
    let document = json!({"body": body, "modified": alarms.clock().now()});
    let write = AlarmWrite::Put {
        kind: DASHBOARD,
        name: name.to_owned(),
        document,
    };
    alarms.carry_out(vec![Effect::Write(write)]).await;
    Ok(json!({"DashboardValidationMessages": []}))
}

fn refused(told: &str) -> Refusal {
    (400, "InvalidParameterInput", told.to_owned())
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
    (404, "ResourceNotFound", format!("there is no dashboard {name}"))
}
