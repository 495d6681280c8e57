//! Which metrics our own functions publish: by service, with units and sets of dimensions. Alarms on metrics that nobody
//! publishes are dead, so they are not made.
//!
//! The declarations are [`MetricSpec`]s in the functions' crates, which need the AWS SDKs to build. They reach this crate as a
//! generated file (`services/shopfast/metrics.json`, `services/log-archive/metrics.json`) that a test of those crates holds to the
//! declarations; what every wrapped function publishes comes from `telemetry-core` itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use telemetry_core::metrics::{MetricSpec, standard};

use crate::near::nearest;

/// The metrics of some services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricRegistry {
    services: BTreeMap<String, Service>,
}

/// What a service publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its metrics, by name.
    pub metrics: BTreeMap<String, Metric>,
}

/// A metric as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// CloudWatch's name of its unit.
    pub unit: String,
    /// Names of dimensions; each set is a metric of its own.
    pub sets: Vec<Vec<String>>,
}

/// A service is declared twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("service {0} is in another registry too")]
pub struct Twice(String);

/// Why an alarm on a metric of ours would be dead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpublished {
    /// No such service.
    #[error("no service is named `{0}`{1}")]
    Service(String, String),
    /// The service has no such metric.
    #[error("service {0} publishes no metric `{1}`{2}")]
    Metric(String, String, String),
    /// Not by these dimensions.
    #[error("{0} is not published by dimensions {1}, but by {2}")]
    Dimensions(String, String, String),
    /// In another unit.
    #[error("the unit of {0} is {1}, not {2}")]
    Unit(String, String, String),
}

impl Metric {
    fn of(spec: &MetricSpec) -> Self {
        let owned = |set: &[&str]| set.iter().map(|name| (*name).to_owned()).collect();
        let usual = [&["Service"][..], spec.dimensions];
        let sets = match (spec.sets, spec.dimensions.len()) {
            ([], 0 | 1) => &usual[..1],
            ([], _) => &usual,
            (sets, _) => sets,
        };
        Self {
            unit: spec.unit.as_str().to_owned(),
            sets: sets.iter().map(|set| owned(set)).collect(),
        }
    }
}

impl MetricRegistry {
    /// Adds a service with its declarations and those that every wrapped function has.
    pub fn add(&mut self, service: &str, namespace: &str, metrics: &[&MetricSpec]) {
        let all = standard::METRICS.iter().chain(metrics);
        let metrics = all.map(|spec| (spec.name.to_owned(), Metric::of(spec))).collect();
        let namespace = namespace.to_owned();
        self.services
            .insert(service.to_owned(), Service { namespace, metrics });
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// The text is something else.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            services: serde_json::from_str(json)?,
        })
    }

    /// The file for others.
    ///
    /// # Errors
    /// None that could happen: names are text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(&self.services)? + "\n")
    }

    /// Adds the services of another registry.
    ///
    /// # Errors
    /// A service is in both.
    pub fn join(&mut self, other: Self) -> Result<(), Twice> {
        for (name, service) in other.services {
            if self.services.contains_key(&name) {
                return Err(Twice(name));
            }
            self.services.insert(name, service);
        }
        Ok(())
    }

    /// Names of services.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }

    /// The namespace of a metric that is published by a service with exactly these dimensions, and its unit.
    ///
    /// # Errors
    /// It is not, with the nearest that is.
    pub fn resolve(
        &self,
        metric: &str,
        dimensions: &BTreeMap<String, String>,
        unit: Option<&str>,
    ) -> Result<(&str, &str), Unpublished> {
        let name = dimensions.get("Service").map_or("", String::as_str);
        let Some(service) = self.services.get(name) else {
            let known: Vec<&str> = self.services().collect();
            return Err(Unpublished::Service(name.to_owned(), hint(name, &known)));
        };
        let Some(found) = service.metrics.get(metric) else {
            let known: Vec<&str> = service.metrics.keys().map(String::as_str).collect();
            let elsewhere = self
                .services
                .iter()
                .find(|(_, other)| other.metrics.contains_key(metric));
            let hint = match elsewhere {
                Some((other, _)) => format!(": service {other} does"),
                None => hint(metric, &known),
            };
            return Err(Unpublished::Metric(name.to_owned(), metric.to_owned(), hint));
        };
        let asked: BTreeSet<&str> = dimensions.keys().map(String::as_str).collect();
        let is_published =
            |set: &Vec<String>| set.iter().map(String::as_str).collect::<BTreeSet<_>>() == asked;
        if !found.sets.iter().any(is_published) {
            let sets: Vec<String> = found.sets.iter().map(|set| set.join(", ")).collect();
            let asked = asked.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Unpublished::Dimensions(
                metric.to_owned(),
                asked,
                sets.join("; or "),
            ));
        }
        if let Some(unit) = unit.filter(|unit| *unit != found.unit) {
            return Err(Unpublished::Unit(
                metric.to_owned(),
                found.unit.clone(),
                unit.to_owned(),
            ));
        }
        Ok((&service.namespace, &found.unit))
    }
}

fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("; is it `{near}`?"),
        None => format!("; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use telemetry_core::metrics::Unit;

    use super::*;

    fn registry() -> MetricRegistry {
        const PLACED: MetricSpec = MetricSpec::counter("OrdersPlaced", Unit::Count, &["Service"], "orders");
        const REFUSED: MetricSpec =
            MetricSpec::counter("OrdersRefused", Unit::Count, &["Service", "Reason"], "orders");
        let mut registry = MetricRegistry::default();
        registry.add("order-service", "Shop", &[&PLACED, &REFUSED]);
        registry.add("order-relay", "Shop", &[]);
        registry
    }

    #[test]
    fn registries_are_joined_and_each_service_is_in_one() {
        let mut all = registry();
        let mut other = MetricRegistry::default();
        other.add("log-forwarder", "Shop", &[]);
        assert_eq!(all.join(other), Ok(()));
        assert_eq!(
            all.services().collect::<Vec<_>>(),
            ["log-forwarder", "order-relay", "order-service"]
        );
        assert_eq!(all.join(registry()), Err(Twice("order-relay".to_owned())));
    }

    #[test]
    fn only_what_is_published_resolves() {
        let check = |metric: &str, dimensions: &[(&str, &str)], unit: Option<&str>, expect: &str| {
            let dimensions = dimensions
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let registry = registry();
            let found = registry.resolve(metric, &dimensions.collect(), unit);
            let shown = found.map_or_else(
                |error| error.to_string(),
                |(namespace, unit)| format!("{namespace} {unit}"),
            );
            assert_eq!(shown, expect);
        };
        let orders = [("Service", "order-service")];
        check("OrdersPlaced", &orders, Some("Count"), "Shop Count");
        check(
            "OrdersRefused",
            &[("Service", "order-service"), ("Reason", "x")],
            None,
            "Shop Count",
        );
        check("Faults", &orders, None, "Shop Count");
        check(
            "OrderPlaced",
            &orders,
            None,
            "service order-service publishes no metric `OrderPlaced`; is it `OrdersPlaced`?",
        );
        check(
            "OrdersPlaced",
            &[("Service", "order-relay")],
            None,
            "service order-relay publishes no metric `OrdersPlaced`: service order-service does",
        );
        check(
            "OrdersPlaced",
            &[("Service", "order-servce")],
            None,
            "no service is named `order-servce`; is it `order-service`?",
        );
        check(
            "OrdersRefused",
            &[("Service", "order-service"), ("Code", "x")],
            None,
            "OrdersRefused is not published by dimensions Code, Service, but by Service; or Service, Reason",
        );
        check(
            "OrdersPlaced",
            &orders,
            Some("Seconds"),
            "the unit of OrdersPlaced is Count, not Seconds",
        );
    }

    #[test]
    fn a_registry_is_what_was_written() {
        let registry = registry();
        let text = registry.to_json().unwrap();
        assert_eq!(MetricRegistry::read(&text).unwrap(), registry);
    }
}
