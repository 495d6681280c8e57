//! What is published about orders is what rules and subscriptions listen for: the domain's list is the one list.

use std::collections::BTreeSet;

use serde_json::Value;
use shopfast_domain::order::OrderEvent;

use super::{FUNCTIONS, SHOPFAST, function, read};

#[test]
fn the_rule_lists_every_detail_type_that_is_published_and_no_other() {
    let lifecycle = SHOPFAST.resource("OrderLifecycleRule").unwrap();
    let all = OrderEvent::ALL.map(OrderEvent::detail_type);
    assert_eq!(
        texts(&lifecycle.properties["EventPattern"]["detail-type"]),
        all.into()
    );
}

#[test]
fn every_rule_listens_for_what_the_relay_says() {
    let relay = read("services/shopfast/lambdas/src/outbox/relay.rs");
    let source = relay
        .split("pub const SOURCE: &str = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    for rule in SHOPFAST.resources_of("AWS::Events::Rule") {
        let pattern = &rule.properties["EventPattern"];
        assert_eq!(texts(&pattern["source"]), [source].into(), "{}", rule.logical_id);
        let types = texts(&pattern["detail-type"]);
        assert!(!types.is_empty());
        assert!(
            types.iter().all(|name| OrderEvent::parse(name).is_some()),
            "{}: {types:?}",
            rule.logical_id
        );
    }
    let bus = &function("shopfast-order-relay").environment["EVENT_BUS"];
    let buses = SHOPFAST
        .resources_of("AWS::Events::Rule")
        .map(|r| &r.properties["EventBusName"]);
    assert!(buses.into_iter().all(|listened| listened == bus));
}

#[test]
fn new_orders_and_no_other_events_reach_the_queue() {
    let placed = SHOPFAST.resource("OrderPlacedRule").unwrap();
    let types = texts(&placed.properties["EventPattern"]["detail-type"]);
    assert_eq!(types, [OrderEvent::Created.detail_type()].into());
}

/// EventBridge sets no message attributes: a filter on them, which is the default scope, would match nothing.
#[test]
fn the_filter_reads_the_body_and_lets_through_what_is_mailed() {
    let handler = function("shopfast-notification-handler");
    let [event] = handler.events.as_slice() else {
        panic!("{:?}", handler.events)
    };
    assert_eq!(event.properties["FilterPolicyScope"], "MessageBody");
    let filter = event.properties["FilterPolicy"].as_object().unwrap();
    assert_eq!(filter.keys().collect::<Vec<_>>(), ["detail-type"]);
    let mailed = OrderEvent::ALL.into_iter().filter(|event| event.is_mailed());
    let mailed: BTreeSet<&str> = mailed.map(OrderEvent::detail_type).collect();
    assert_eq!(texts(&filter["detail-type"]), mailed);
}

#[test]
fn every_filter_has_a_scope() {
    let events = FUNCTIONS
        .iter()
        .flat_map(|f| &f.events)
        .map(|event| &event.properties);
    let subscriptions = SHOPFAST
        .resources_of("AWS::SNS::Subscription")
        .map(|s| &s.properties);
    for properties in events
        .chain(subscriptions)
        .filter(|p| !p["FilterPolicy"].is_null())
    {
        assert!(properties["FilterPolicyScope"].is_string(), "{properties}");
    }
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
