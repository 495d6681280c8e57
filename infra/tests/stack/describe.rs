//! A stack as text, for people to compare: a line for each resource, its properties below when nothing more is known.

use std::fmt::{Display, Write as _};

use infra::typed::{Database, Function, Queue, Setting, Subscription, Table, Typed};
use infra::{Node, Stack, StackResource};

pub(crate) fn stack(stack: &Stack) -> String {
    let mut text = String::new();
    for stack in stack.all() {
        let _ = writeln!(text, "== {} {}", stack.file, stack.path);
        for (name, value) in &stack.parameters {
            let _ = writeln!(text, "parameter {name} = {value}");
        }
        for (name, holds) in &stack.conditions {
            let holds = holds.map_or("depends".to_owned(), |holds| holds.to_string());
            let _ = writeln!(text, "condition {name} = {holds}");
        }
        stack
            .resources
            .iter()
            .for_each(|one| text.push_str(&resource(one)));
        for (name, output) in &stack.outputs {
            let _ = writeln!(
                text,
                "output {name} = {} (export {})",
                output.value, output.export
            );
        }
    }
    text
}

fn resource(resource: &StackResource) -> String {
    let perhaps = resource.perhaps.as_ref().map(|name| format!(" if {name}"));
    let head = format!(
        "{} {} [{}]{}: ",
        resource.logical_id,
        resource.kind,
        resource.at,
        perhaps.unwrap_or_default()
    );
    let said = match &resource.typed {
        Typed::Function(it) => function(it),
        Typed::Queue(it) => queue(it),
        Typed::Table(it) => table(it),
        Typed::Topic(it) => {
            let subscriptions: String = it.subscriptions.iter().map(subscription).collect();
            format!("{} fifo {}{subscriptions}", it.name, number(&it.fifo))
        }
        Typed::Subscription(it) => subscription(it),
        Typed::Api(it) => format!("{} {:?} stages [{}]", it.name, it.protocol, list(&it.stages)),
        Typed::StateMachine(it) => format!("{} {}", it.name, it.kind),
        Typed::EventBus(it) => it.name.to_string(),
        Typed::Rule(it) => format!("{} on {} {}", it.name, it.bus, it.schedule),
        Typed::Schedule(it) => format!("{} in {} {}", it.name, it.group, it.expression),
        Typed::Stream(it) => {
            format!(
                "{} shards {} retention {} h",
                it.name,
                number(&it.shards),
                number(&it.retention_h)
            )
        }
        Typed::Firehose(it) => format!("{} {} buffer {} s", it.name, it.kind, number(&it.buffer_s)),
        Typed::Bucket(it) => format!(
            "{} metrics [{}] replicates {}",
            it.name,
            list(&it.request_metrics),
            it.replicates
        ),
        Typed::Database(it) => database(it),
        Typed::DatabaseCluster(it) => {
            format!("{} {} capacity {}", it.name, it.engine, it.most_capacity)
        }
        Typed::ContainerService(it) => format!(
            "{} in {} tasks {} daemon {} targets [{}] insights {}",
            it.name,
            it.cluster,
            number(&it.desired_tasks),
            it.is_daemon,
            list(&it.target_groups),
            setting(&it.insights),
        ),
        Typed::ContainerCluster(it) => format!("{} insights {}", it.name, setting(&it.insights)),
        Typed::LoadBalancer(it) => format!("{} {}", it.full_name, it.kind),
        Typed::TargetGroup(it) => format!(
            "{} {} {} behind [{}]",
            it.full_name,
            it.protocol,
            it.target_type,
            list(&it.balancers)
        ),
        Typed::LogGroup(it) => format!("{} {} days", it.name, number(&it.retention_days)),
        Typed::MetricFilter(it) => {
            let metrics: Vec<String> = it
                .transformations
                .iter()
                .map(|one| format!("{}/{}", one.namespace, one.metric))
                .collect();
            format!("on {} {} makes {}", it.log_group, it.pattern, metrics.join(", "))
        }
        Typed::Alarm(it) | Typed::CompositeAlarm(it) | Typed::Dashboard(it) => {
            format!("{}\n    {}", it.name, resource.properties)
        }
        Typed::AnomalyDetector | Typed::Other => format!("\n    {}", resource.properties),
    };
    format!("{head}{said}\n")
}

fn database(database: &Database) -> String {
    format!(
        "{} {} {} storage {} up to {} GiB cluster {} replica of {} load {} parameters {} connections {}",
        database.name,
        database.engine,
        database.class,
        number(&database.storage_gib),
        number(&database.most_storage_gib),
        database.cluster,
        database.replica_of,
        number(&database.measures_load),
        database.parameter_group,
        number(&database.most_connections),
    )
}

/// Of words.
fn setting<T: std::fmt::Debug>(setting: &Setting<T>) -> String {
    match setting {
        Setting::Given(value) => format!("{value:?}"),
        Setting::Default(value) => format!("{value:?} (default)"),
        Setting::Absent => "-".to_owned(),
        Setting::Unknown(node) => node.to_string(),
    }
}

fn function(function: &Function) -> String {
    let mut text = format!(
        "{} timeout {} s memory {} MB reserved {} provisioned {} dead letters {} log group {}",
        function.name,
        number(&function.timeout_s),
        number(&function.memory_mb),
        number(&function.reserved_concurrency),
        number(&function.provisioned_concurrency),
        optional(function.dead_letter.as_ref()),
        function.log_group,
    );
    if let Some(config) = &function.asynchronous {
        let _ = write!(
            text,
            "\n    asynchronous: age {} s retries {} failures to {}",
            number(&config.maximum_age_s),
            number(&config.maximum_retries),
            optional(config.on_failure.as_ref()),
        );
    }
    for source in &function.sources {
        let _ = write!(
            text,
            "\n    {} [{}] {:?} {}",
            source.name, source.at, source.feed, source.source
        );
    }
    text
}

fn queue(queue: &Queue) -> String {
    let mut text = format!(
        "{} fifo {} visibility {} s retention {} s",
        queue.name,
        number(&queue.fifo),
        number(&queue.visibility_s),
        number(&queue.retention_s),
    );
    if let Some(redrive) = &queue.redrive {
        let _ = write!(
            text,
            " after {} to {}",
            number(&redrive.max_receive_count),
            redrive.target
        );
    }
    text
}

fn table(table: &Table) -> String {
    let mut text = format!(
        "{} {:?} read {} write {} stream {}",
        table.name,
        table.billing.known(),
        number(&table.read_capacity),
        number(&table.write_capacity),
        table.stream,
    );
    for index in &table.indexes {
        let (read, write) = (number(&index.read_capacity), number(&index.write_capacity));
        let _ = write!(text, "\n    index {} read {read} write {write}", index.name);
    }
    text
}

fn subscription(subscription: &Subscription) -> String {
    format!(
        " {} {} of {}",
        subscription.protocol, subscription.endpoint, subscription.topic
    )
}

fn number<T: Display>(setting: &Setting<T>) -> String {
    match setting {
        Setting::Given(number) => number.to_string(),
        Setting::Default(number) => format!("{number} (default)"),
        Setting::Absent => "-".to_owned(),
        Setting::Unknown(node) => node.to_string(),
    }
}

fn optional(node: Option<&Node>) -> String {
    node.map_or("-".to_owned(), Node::to_string)
}

fn list(nodes: &[Node]) -> String {
    nodes.iter().map(Node::to_string).collect::<Vec<_>>().join(", ")
}
