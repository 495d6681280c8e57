//! All alarms of the repository through the SDK into the local CloudWatch and back: what was put is what is there.

use std::collections::BTreeMap;

use alarms::model::Definition;
use ops_plane::{Limits, Plane, PlaneConfig};

use super::*;
use crate::context::{ACCOUNT, REGION, local_sdk_config};

/// The local CloudWatch, without an emulator.
async fn plane(folder: &tempfile::TempDir) -> Plane {
    let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let config = PlaneConfig {
        store: folder.path().join("o.db"),
        limits: Limits::default(),
        emulator: "http://127.0.0.1:1".to_owned(),
        gateway: anywhere,
        api: anywhere,
        function_url: anywhere,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        time_scale: 1,
    };
    Plane::start(config).await.unwrap()
}

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
    let plane = plane(&folder).await;
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
