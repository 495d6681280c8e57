//! What rules ask of a subject, taken out of the typed resource and its links, names as text.

use infra::typed::{Database, Feed, Protocol};
use infra::{Node, Stack, Typed};

use super::ResourceKind;
use super::generated::GeneratedFilter;
use super::links::{Links, id};
use super::subject::{
    ContainerFacts, DatabaseFacts, Facts, Found, LogFacts, RuleFacts, Subject, TargetFacts, TopicFacts, What,
};
use super::symbol::{Symbols, text};

/// The group of schedules that name none.
const DEFAULT_GROUP: &str = "default";

/// The name in the dimensions of its metrics.
pub(super) fn name(found: &Found<'_>, symbols: &mut Symbols) -> Result<String, String> {
    let node = match &found.what {
        // Their metrics know the identifier only.
        What::Api(api) if api.protocol != Protocol::Rest => &api.id,
        What::Api(api) if api.name.is_null() => {
            return Err("its name is in a file that is not read: give `Name`".to_owned());
        }
        What::Group { .. } if found.name.is_none() => return Ok(DEFAULT_GROUP.to_owned()),
        What::Event(_) if found.name.is_none() => return reference(&found.logical_id, symbols),
        What::UserPool | What::Certificate => return reference(&found.logical_id, symbols),
        What::Trail => {
            let group = found
                .name
                .map_or_else(|| Ok(String::new()), |arn| text(arn, symbols))?;
            return Ok(log_group(&group).to_owned());
        }
        _ => match found.name {
            Some(name) => name,
            None => return Ok(String::new()),
        },
    };
    text(node, symbols)
}

/// The name in `arn:…:log-group:NAME:*`; a symbol as it is.
fn log_group(arn: &str) -> &str {
    let name = arn.split_once(":log-group:").map_or(arn, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

/// What `Ref` gives of a resource of the watched stack.
fn reference(logical_id: &str, symbols: &mut Symbols) -> Result<String, String> {
    let stands_for = format!("Name or identifier of {logical_id} in the watched stack");
    symbols.entry(logical_id.to_owned()).or_insert(stands_for);
    Ok(format!("${{{logical_id}}}"))
}

pub(super) fn of<'a>(
    stack: &'a Stack,
    links: &Links,
    found: &Found<'a>,
    symbols: &mut Symbols,
) -> Result<Facts<'a>, String> {
    let me = &found.logical_id;
    Ok(match &found.what {
        What::Function(function) => Facts::Function(function),
        What::Api(api) => {
            let stages: Result<Vec<String>, String> =
                api.stages.iter().map(|stage| text(stage, symbols)).collect();
            Facts::Api(api, stages?)
        }
        What::Queue(queue) => Facts::Queue(queue),
        What::Table(table, is_global) => {
            let indexes: Result<Vec<String>, String> = table
                .indexes
                .iter()
                .map(|index| text(&index.name, symbols))
                .collect();
            Facts::Table(table, indexes?, *is_global)
        }
        What::Rule(rule) => Facts::Rule(RuleFacts {
            bus: bus(stack, &rule.bus, symbols)?,
            dead_letters: rule
                .targets
                .iter()
                .any(|target| !target["DeadLetterConfig"].is_null()),
            by_clock: !rule.schedule.is_null(),
        }),
        What::Event(source) => Facts::Rule(RuleFacts {
            bus: match source.feed {
                Feed::EventBridge => bus(stack, &source.source, symbols)?,
                _ => None,
            },
            dead_letters: !source.properties["DeadLetterConfig"].is_null(),
            by_clock: source.feed == Feed::Schedule,
        }),
        What::Group { dead_letters } => Facts::ScheduleGroup {
            dead_letters: *dead_letters,
        },
        What::Topic => {
            let filters = links.filtering_topics.get(me);
            Facts::Topic(TopicFacts {
                redrives: links.redriven_topics.contains(me),
                filters_bodies: filters.is_some_and(|found| found.contains(&true)),
                filters_attributes: filters.is_some_and(|found| found.contains(&false)),
            })
        }
        What::StateMachine => Facts::StateMachine,
        What::Stream(stream) => Facts::Stream(stream),
        What::Firehose(firehose) => Facts::Firehose(firehose),
        What::Trail => Facts::Trail,
        What::Bucket(bucket) => {
            let filters: Result<Vec<String>, String> = bucket
                .request_metrics
                .iter()
                .map(|filter| text(filter, symbols))
                .collect();
            Facts::Bucket(bucket, filters?)
        }
        What::Database(database) => Facts::Database(
            database,
            DatabaseFacts {
                engine: engine(stack, database),
                class: database.class.as_text().map(str::to_owned),
                in_cluster: !database.cluster.is_null(),
            },
        ),
        What::DatabaseCluster(cluster) => Facts::DatabaseCluster(cluster.engine.as_text().map(str::to_owned)),
        What::ContainerService(service) => {
            let cluster = text(&service.cluster, symbols)?;
            Facts::ContainerService(ContainerFacts {
                // An ARN ends in the name.
                cluster: cluster.rsplit('/').next().unwrap_or(&cluster).to_owned(),
                desired_tasks: service.desired_tasks.known(),
                is_daemon: service.is_daemon,
                insights: service.insights.known(),
            })
        }
        What::TargetGroup(group) => {
            let balancers: Result<Vec<String>, String> = group
                .balancers
                .iter()
                .map(|balancer| text(balancer, symbols))
                .collect();
            Facts::TargetGroup(TargetFacts {
                balancers: balancers?,
                speaks_http: matches!(group.protocol.as_text(), Some("HTTP" | "HTTPS"))
                    || group.target_type.as_text() == Some("lambda"),
            })
        }
        What::LoadBalancer(balancer) => Facts::LoadBalancer {
            is_application: balancer.kind.as_text() == Some("application"),
        },
        What::LogGroup => {
            let writers: Vec<String> = links.writers.get(me).into_iter().flatten().cloned().collect();
            Facts::LogGroup(LogFacts {
                never_silent: writers.iter().any(|writer| runs_by_the_clock(stack, writer)),
                has_subscription: links.subscribed_logs.contains(me),
                writers,
            })
        }
        What::UserPool => {
            let clients = stack.resources.iter().filter(|one| {
                one.kind == "AWS::Cognito::UserPoolClient"
                    && id(&one.properties["UserPoolId"]).as_ref() == Some(me)
            });
            let clients: Result<_, String> = clients
                .map(|client| reference(&client.logical_id, symbols))
                .collect();
            Facts::UserPool { clients: clients? }
        }
        What::Certificate => Facts::Certificate,
        What::Other => Facts::Other,
    })
}

/// A read replica has the engine of its source.
fn engine(stack: &Stack, database: &Database) -> Option<String> {
    if let Some(engine) = database.engine.as_text() {
        return Some(engine.to_owned());
    }
    match stack.typed(&id(&database.replica_of)?)? {
        Typed::Database(source) => source.engine.as_text().map(str::to_owned),
        _ => None,
    }
}

/// The name of a bus; none for the default one.
fn bus(stack: &Stack, node: &Node, symbols: &mut Symbols) -> Result<Option<String>, String> {
    if node.is_null() || node.as_text() == Some("default") {
        return Ok(None);
    }
    let resource = id(node).and_then(|id| stack.resource(&id));
    if let Some(Typed::EventBus(bus)) = resource.map(|resource| &resource.typed) {
        return text(&bus.name, symbols).map(Some);
    }
    let text = text(node, symbols)?;
    Ok(Some(text.rsplit('/').next().unwrap_or(&text).to_owned()))
}

/// Does a function run at least every five minutes, and so write lines?
fn runs_by_the_clock(stack: &Stack, function: &str) -> bool {
    let Some(Typed::Function(function)) = stack.typed(function) else {
        return false;
    };
    let clocks = function
        .sources
        .iter()
        .filter(|source| source.feed == Feed::Schedule);
    let mut expressions = clocks.filter_map(|source| {
        let names = ["Schedule", "ScheduleExpression"];
        names
            .iter()
            .find_map(|name| source.properties.get(name)?.as_text())
    });
    expressions.any(|text| super::schedule::window(text).is_some_and(|window| window <= 300))
}

impl Subject<'_> {
    /// As people call it, with its kind: `shopfast-orders`.
    pub(super) fn called(&self) -> String {
        match self.kind {
            ResourceKind::Account => "The account".to_owned(),
            _ if self.name.contains("${") || self.name.is_empty() => self.short.clone(),
            _ => self.name.clone(),
        }
    }

    /// The filter that makes the metric of a failure mode, where lines are what it watches.
    pub(super) fn filter(&self, mode: &str, alarm: &str) -> Option<GeneratedFilter> {
        let (pattern, metric) = match &self.facts {
            Facts::LogGroup(_) if mode == "critical" => (
                super::catalogue::CRITICAL_PATTERN.to_owned(),
                super::catalogue::critical_metric(&self.short),
            ),
            Facts::Trail => super::catalogue::refusals(mode, &self.short)?,
            _ => return None,
        };
        Some(GeneratedFilter {
            name: alarm.to_owned(),
            log_group: self.name.clone(),
            pattern,
            namespace: super::catalogue::LOG_NAMESPACE.to_owned(),
            metric,
        })
    }
}
