//! All alarms of the repository through the SDK into the local CloudWatch and back: what was put is what is there.

use std::collections::BTreeMap;

use alarms::model::{Definition, alarm_rule};

use super::*;
use crate::context::{ACCOUNT, REGION, local_sdk_config};
use crate::local_plane;

/// The alarms of the repository, for the local account. Filters are the emulator's.
fn wanted() -> Generated {
    let root = workspace::root().unwrap();
    let generation = Generation::of(&Workspace::at(root)).unwrap();
    let mut values: BTreeMap<String, String> = generation
        .generated
        .symbols
        .keys()
        .map(|name| (name.clone(), format!("the-{name}")))
        .collect();
    for (name, value) in [
        ("AWS::Partition", "aws"),
        ("AWS::Region", REGION),
        ("AWS::AccountId", ACCOUNT),
    ] {
        values.insert(name.to_owned(), value.to_owned());
    }
    let mut wanted = generation.generated.with(&values);
    wanted.metric_filters.clear();
    wanted
}

async fn planned(wanted: &Generated, client: &Client, prune: bool) -> Plan {
    let mut there = There {
        alarms: there::alarms(client, "shopfast").await.unwrap(),
        filters: BTreeMap::new(),
    };
    ask_whose(&mut there, wanted, client, "shopfast").await.unwrap();
    Plan::of(wanted, &there, prune).unwrap()
}

/// Without waiting: nobody counts here.
async fn done(plan: &Plan, client: &Client, logs: &Logs) {
    for step in plan.steps.iter().filter(|step| step.acts()) {
        put::step(step, client, logs).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_put_is_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let plane = local_plane::start(&folder).await;
    let config = local_sdk_config(&format!("http://{}", plane.gateway_address()));
    let (client, logs) = (Client::new(&config), Logs::new(&config));
    let mut wanted = wanted();
    let count = wanted.alarms.len();
    assert!(count > 200, "{count}");

    let plan = planned(&wanted, &client, false).await;
    assert!(text::text(&plan).ends_with(&format!(
        "{count} to create, 0 to update, 0 to delete, 0 unchanged\n"
    )));
    done(&plan, &client, &logs).await;
    let plan = planned(&wanted, &client, false).await;
    assert_eq!(
        text::text(&plan),
        format!("0 to create, 0 to update, 0 to delete, {count} unchanged\n")
    );

    // One changes, one is gone.
    let gone = wanted
        .alarms
        .iter()
        .position(|alarm| alarm.name == "shopfast-order-dlq-retention")
        .unwrap();
    wanted.alarms.remove(gone);
    let changed = wanted
        .alarms
        .iter_mut()
        .find(|alarm| alarm.name == "shopfast-order-service-duration")
        .unwrap();
    if let Definition::Metric(alarm) = &mut changed.definition {
        alarm.threshold = Some(1.0);
    }
    let plan = planned(&wanted, &client, false).await;
    let expect = format!(
        "~ shopfast-order-service-duration\n    Threshold: 24000.0 → 1.0\n? shopfast-order-dlq-retention\n\
         0 to create, 1 to update, 0 to delete, {} unchanged\n1 marked ? are no longer generated: `--prune` deletes them\n",
        count - 2
    );
    assert_eq!(text::text(&plan), expect);
    let plan = planned(&wanted, &client, true).await;
    done(&plan, &client, &logs).await;
    assert!(planned(&wanted, &client, true).await.is_empty());
    plane.shutdown().await;
}

/// `--yes`: created, changed and removed by the calls of the command itself, no faster than CloudWatch takes them.
#[tokio::test]
async fn steps_are_carried_out_at_the_pace_of_cloudwatch() {
    let folder = tempfile::tempdir().unwrap();
    let plane = local_plane::start(&folder).await;
    let config = local_sdk_config(&format!("http://{}", plane.gateway_address()));
    let (client, logs) = (Client::new(&config), Logs::new(&config));
    let mut wanted = wanted();
    wanted.alarms.retain(|alarm| alarm.resource == "UserPool");
    let count = wanted.alarms.len();
    assert!(count >= 3, "{count}");

    let plan = planned(&wanted, &client, true).await;
    let started = Instant::now();
    carry_out(&plan, &client, &logs).await.unwrap();
    let pauses = u32::try_from(count - 1).unwrap();
    assert!(started.elapsed() >= BETWEEN * pauses, "{:?}", started.elapsed());
    assert!(planned(&wanted, &client, true).await.is_empty());

    // One is no longer generated, one says something else: a part of a composite stays as long as that watches it.
    let composite = wanted.alarms.pop().unwrap();
    assert!(matches!(composite.definition, Definition::Composite(_)));
    let Definition::Metric(alarm) = &mut wanted.alarms[0].definition else {
        panic!("parts come before the composite");
    };
    alarm.threshold = Some(7.0);
    let changed = wanted.alarms[0].name.clone();
    let plan = planned(&wanted, &client, true).await;
    assert!(
        text::text(&plan).ends_with(&format!(
            "0 to create, 1 to update, 1 to delete, {} unchanged\n",
            count - 2
        )),
        "{}",
        text::text(&plan)
    );
    carry_out(&plan, &client, &logs).await.unwrap();
    let there = there::alarms(&client, "shopfast").await.unwrap();
    assert_eq!(there.len(), count - 1);
    assert!(!there.contains_key(&composite.name));
    let Some(Definition::Metric(alarm)) = &there[&changed].definition else {
        panic!("{changed} is there");
    };
    assert_eq!(alarm.threshold, Some(7.0));
    plane.shutdown().await;
}

/// One that CloudWatch refuses ends it: what is done stays and is counted, what comes behind it is not begun, and the next run does
/// the rest.
#[tokio::test]
async fn what_is_done_stays_when_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let plane = local_plane::start(&folder).await;
    let config = local_sdk_config(&format!("http://{}", plane.gateway_address()));
    let (client, logs) = (Client::new(&config), Logs::new(&config));
    let mut wanted = wanted();
    wanted.alarms.retain(|alarm| alarm.resource == "UserPool");
    let whole = wanted.clone();
    let count = wanted.alarms.len();
    let Definition::Metric(alarm) = &mut wanted.alarms[1].definition else {
        panic!("parts come before the composite");
    };
    alarm.evaluation_periods = 0;
    let refused = wanted.alarms[1].name.clone();
    let error = carry_out(&planned(&wanted, &client, false).await, &client, &logs)
        .await
        .unwrap_err();
    let failure = error.downcast_ref::<Failure>().unwrap().to_string();
    assert!(
        failure.contains(&format!("put {refused} in place, 1 of {count} done")),
        "{failure}"
    );
    let there = there::alarms(&client, "shopfast").await.unwrap();
    let names: Vec<&str> = there.keys().map(String::as_str).collect();
    assert_eq!(names, [whole.alarms[0].name.as_str()]);

    let plan = planned(&whole, &client, false).await;
    let counts = format!("{} to create, 0 to update, 0 to delete, 1 unchanged\n", count - 1);
    assert!(text::text(&plan).ends_with(&counts), "{}", text::text(&plan));
    carry_out(&plan, &client, &logs).await.unwrap();
    assert!(planned(&whole, &client, false).await.is_empty());
    plane.shutdown().await;
}

/// Whatever order they are generated in, nothing is put before what it watches: CloudWatch refuses a composite of unknown alarms.
#[test]
fn composites_come_behind_what_they_watch() {
    let wanted = wanted();
    let plan = Plan::of(&wanted, &There::default(), false).unwrap();
    let mut put = std::collections::BTreeSet::new();
    for step in &plan.steps {
        if let Step::Alarm(definition, _) = step
            && let Definition::Composite(composite) = &**definition
        {
            let rule = alarm_rule::parse(&composite.alarm_rule).unwrap();
            let suppressor = composite.actions_suppressor.as_deref();
            for child in rule.children().into_iter().chain(suppressor) {
                let child = alarm_rule::name_of(child);
                assert!(put.contains(child), "{} before {child}", step.name());
            }
        }
        put.insert(step.name());
    }
}
