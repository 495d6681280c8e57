//! Generation from a small stack: what is shown, where, with which thresholds.

use std::collections::BTreeSet;

use alarms::model::{Dimension, MetricAlarm, MetricDataQuery, MetricStat, Stat};
use infra::{Deployment, NoTemplates, Source, Stack};
use proptest::prelude::*;

use super::*;
use crate::model::{Content, Mark, MetricProperties};
use crate::validate;

const STACK: &str = "
Parameters: { Stage: { Type: String } }
Resources:
  Api: { Type: AWS::Serverless::Api, Properties: { Name: shop, StageName: !Ref Stage } }
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      Timeout: 30
      ReservedConcurrentExecutions: 5
      Events: { Tick: { Type: Schedule, Properties: { Name: tick, Schedule: rate(1 minute) } } }
  Unnamed: { Type: AWS::Serverless::Function, Properties: { Timeout: 3 } }
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: work, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dlq.Arn, maxReceiveCount: 3 } } }
  Dlq: { Type: AWS::SQS::Queue, Properties: { QueueName: work-dlq } }
  Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: things, GlobalSecondaryIndexes: [ { IndexName: by-name } ] } }
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: events } }
  Rule: { Type: AWS::Events::Rule, Properties: { Name: placed, EventBusName: !Ref Bus, EventPattern: { source: [a] } } }
  Flow: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: flow } }
";

fn stack() -> Stack {
    let source = Source {
        file: "shop.yaml".to_owned(),
        text: STACK.to_owned(),
    };
    Stack::read(source, &Deployment::default(), &mut NoTemplates).unwrap()
}

fn alarm(name: &str, metric: MetricAlarm, incident: &str) -> WatchedAlarm {
    WatchedAlarm {
        name: name.to_owned(),
        definition: metric.into(),
        pages: true,
        resource: "Orders".to_owned(),
        mode: "duration".to_owned(),
        incident: None,
        dashboard: name::incident("shop", incident),
        runbook: format!("https://runbooks.example/{name}.md"),
    }
}

fn duration() -> WatchedAlarm {
    let metric = MetricAlarm {
        alarm_description: Some("Runs nearly as long as it may".to_owned()),
        dimensions: vec![Dimension {
            name: "FunctionName".to_owned(),
            value: "orders".to_owned(),
        }],
        threshold: Some(24_000.0),
        ..MetricAlarm::over("AWS/Lambda", "Duration", Stat::Maximum, 60)
    };
    alarm("shop-orders-duration", metric, "functions")
}

/// A part of the pair that watches how fast the error budget goes.
fn budget(name: &str, period: u32, threshold: f64) -> WatchedAlarm {
    let query = |id: &str, stat: &str| MetricDataQuery {
        metric_stat: Some(MetricStat {
            metric: alarms::model::Metric {
                namespace: "AWS/ApiGateway".to_owned(),
                metric_name: "5XXError".to_owned(),
                dimensions: ["ApiName=shop", "Stage=${Stage}"]
                    .map(|one| one.split_once('=').unwrap())
                    .map(|(name, value)| Dimension {
                        name: name.to_owned(),
                        value: value.to_owned(),
                    })
                    .into(),
            },
            period,
            stat: stat.to_owned(),
            unit: None,
        }),
        ..expression(id, "")
    };
    let rate = expression("watched", "IF(requests >= 10, 100 * errors / requests, 0)");
    let metric = MetricAlarm {
        threshold: Some(threshold),
        ..MetricAlarm::over_queries(vec![
            query("errors", "Sum"),
            query("requests", "SampleCount"),
            rate,
        ])
    };
    WatchedAlarm {
        resource: "Api".to_owned(),
        mode: "error-budget-fast".to_owned(),
        incident: Some("shop-api-error-budget".to_owned()),
        ..alarm(&format!("shop-api-error-budget-{name}"), metric, "api")
    }
}

fn expression(id: &str, expression: &str) -> MetricDataQuery {
    MetricDataQuery {
        id: id.to_owned(),
        expression: (!expression.is_empty()).then(|| expression.to_owned()),
        metric_stat: None,
        label: None,
        period: None,
        return_data: Some(!expression.is_empty()),
        account_id: None,
    }
}

fn generated() -> Vec<Dashboard> {
    let stack = stack();
    generate(&[Group {
        name: "shop",
        title: "Shop",
        stacks: &[stack],
        alarms: &[
            duration(),
            budget("14x-1h", 3_600, 7.2),
            budget("1x-3d", 259_200, 0.5),
        ],
    }])
}

fn metric_widgets(dashboard: &Dashboard) -> Vec<&MetricProperties> {
    let widgets = dashboard.body.widgets.iter();
    let metrics = widgets.filter_map(|widget| match &widget.content {
        Content::Metric(metric) => Some(metric.as_ref()),
        _ => None,
    });
    metrics.collect()
}

#[test]
fn one_overview_one_group_one_for_each_kind_of_incident() {
    let names: Vec<String> = generated().into_iter().map(|dashboard| dashboard.name).collect();
    assert_eq!(
        names,
        [
            "shopwatch-overview",
            "shop",
            "shop-incident-api",
            "shop-incident-functions"
        ]
    );
}

#[test]
fn cloudwatch_takes_them() {
    for dashboard in generated() {
        let body = dashboard.body.to_json().to_string();
        let body = body
            .replace("${AWS::Region}", "eu-central-1")
            .replace("${AWS::AccountId}", "123456789012");
        let body = body
            .replace("${AWS::Partition}", "aws")
            .replace("${Stage}", "dev");
        assert!(!body.contains("${"), "{body}");
        let value = serde_json::from_str(&body).unwrap();
        assert_eq!(validate::validate(&value), [], "{}", dashboard.name);
        assert!(validate::is_name(&dashboard.name));
    }
}

#[test]
fn every_resource_is_on_the_groups_dashboard() {
    let dashboards = generated();
    let shown: BTreeSet<String> = metric_widgets(&dashboards[1])
        .iter()
        .flat_map(|metric| metric.lines())
        .filter_map(|line| {
            let metric = line.metric()?;
            let dimensions: Vec<String> = metric
                .dimensions
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            Some(format!("{} {}", metric.namespace, dimensions.join(",")))
        })
        .collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    let expected = [
        "AWS/ApiGateway ApiName=shop,Stage=${Stage}",
        "AWS/DynamoDB TableName=things",
        "AWS/DynamoDB TableName=things,GlobalSecondaryIndexName=by-name",
        "AWS/DynamoDB TableName=things,Operation=GetItem",
        "AWS/DynamoDB TableName=things,Operation=PutItem",
        "AWS/DynamoDB TableName=things,Operation=Query",
        "AWS/DynamoDB TableName=things,Operation=UpdateItem",
        "AWS/Events EventBusName=events,RuleName=placed",
        "AWS/Events RuleName=tick",
        "AWS/Lambda FunctionName=orders",
        "AWS/SNS TopicName=news",
        "AWS/SQS QueueName=work",
        "AWS/SQS QueueName=work-dlq",
        "AWS/States StateMachineArn=arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:flow",
    ];
    assert_eq!(shown, expected);
    let Content::Text(header) = &dashboards[1].body.widgets[0].content else {
        panic!("no header")
    };
    assert!(
        header.markdown.contains("known after deployment only: Unnamed"),
        "{}",
        header.markdown
    );
}

/// What runs all the time has its graphs, with generated names as parameters of the template.
#[test]
fn servers_are_shown() {
    let text = "
Resources:
  Db: { Type: AWS::RDS::DBInstance, Properties: { DBInstanceIdentifier: Shop, Engine: postgres, DBInstanceClass: db.t4g.small, AllocatedStorage: '20' } }
  Aurora: { Type: AWS::RDS::DBCluster, Properties: { DBClusterIdentifier: main, Engine: aurora-postgresql } }
  Cluster: { Type: AWS::ECS::Cluster, Properties: { ClusterName: web, ClusterSettings: [ { Name: containerInsights, Value: enabled } ] } }
  Service: { Type: AWS::ECS::Service, Properties: { ServiceName: front, Cluster: !Ref Cluster, TaskDefinition: t, DesiredCount: 2 } }
  Balancer: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Subnets: [a, b] } }
  Targets: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { Protocol: HTTP, Port: 80, VpcId: v } }
  Listener: { Type: AWS::ElasticLoadBalancingV2::Listener, Properties: { LoadBalancerArn: !Ref Balancer, Port: 80, Protocol: HTTP,
    DefaultActions: [ { Type: forward, TargetGroupArn: !Ref Targets } ] } }
  Network: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Type: network, Subnets: [a, b] } }
";
    let source = Source {
        file: "shop.yaml".to_owned(),
        text: text.to_owned(),
    };
    let stack = Stack::read(source, &Deployment::default(), &mut NoTemplates).unwrap();
    let metric = MetricAlarm {
        dimensions: vec![Dimension {
            name: "LoadBalancer".to_owned(),
            value: "${BalancerLoadBalancerFullName}".to_owned(),
        }],
        threshold: Some(5.0),
        ..MetricAlarm::over("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", Stat::Sum, 60)
    };
    let dashboards = generate(&[Group {
        name: "shop",
        title: "Shop",
        stacks: &[stack],
        alarms: &[alarm("shop-orders-balancer", metric, "api")],
    }]);
    let group = dashboards
        .iter()
        .find(|one| one.name == name::group("shop"))
        .unwrap();
    let shown: Vec<String> = metric_widgets(group)
        .iter()
        .map(|metric| {
            let lines = metric.lines();
            let of = lines[0].metric().unwrap();
            let dimensions: Vec<String> = of
                .dimensions
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let lines: Vec<&str> = lines
                .iter()
                .filter_map(|line| Some(line.metric()?.name.as_str()))
                .collect();
            format!(
                "{} | {} {} | {}",
                metric.title.clone().unwrap(),
                of.namespace,
                dimensions.join(","),
                lines.join(" ")
            )
        })
        .collect();
    expect_test::expect![[r#"
        main: processor (%) and connections | AWS/RDS DBClusterIdentifier=main | CPUUtilization DatabaseConnections
        main: volume (B) | AWS/RDS DBClusterIdentifier=main | VolumeBytesUsed AuroraVolumeBytesLeftTotal
        main: replicas (ms behind) | AWS/RDS DBClusterIdentifier=main | AuroraReplicaLagMaximum
        shop: processor (%) and connections | AWS/RDS DBInstanceIdentifier=shop | CPUUtilization DatabaseConnections
        shop: free memory and storage (B) | AWS/RDS DBInstanceIdentifier=shop | FreeableMemory FreeStorageSpace
        shop: latency (s) | AWS/RDS DBInstanceIdentifier=shop | ReadLatency WriteLatency
        front: processor and memory (% of what is reserved) | AWS/ECS ClusterName=web,ServiceName=front | CPUUtilization MemoryUtilization
        front: tasks | ECS/ContainerInsights ClusterName=web,ServiceName=front | DesiredTaskCount RunningTaskCount DeploymentCount
        Balancer: requests | AWS/ApplicationELB LoadBalancer=${BalancerLoadBalancerFullName} | RequestCount
        Balancer: answered with an error by itself | AWS/ApplicationELB LoadBalancer=${BalancerLoadBalancerFullName} | HTTPCode_ELB_4XX_Count HTTPCode_ELB_5XX_Count
        Balancer: connections | AWS/ApplicationELB LoadBalancer=${BalancerLoadBalancerFullName} | ActiveConnectionCount RejectedConnectionCount
        Targets: targets | AWS/ApplicationELB LoadBalancer=${BalancerLoadBalancerFullName},TargetGroup=${TargetsTargetGroupFullName} | HealthyHostCount UnHealthyHostCount
        Targets: requests and errors | AWS/ApplicationELB LoadBalancer=${BalancerLoadBalancerFullName},TargetGroup=${TargetsTargetGroupFullName} | RequestCount HTTPCode_Target_5XX_Count
        Targets: response time (s) | AWS/ApplicationELB LoadBalancer=${BalancerLoadBalancerFullName},TargetGroup=${TargetsTargetGroupFullName} | TargetResponseTime TargetResponseTime TargetResponseTime"#]]
    .assert_eq(&shown.join("\n"));
    check_threshold(group, &[("Balancer: answered with an error by itself", 5.0)]);
}

/// Titles of the graphs with the alarm's line, and its value.
fn check_threshold(dashboard: &Dashboard, expected: &[(&str, f64)]) {
    let found: Vec<(String, f64)> = metric_widgets(dashboard)
        .iter()
        .flat_map(|metric| {
            let marks = metric
                .annotations
                .iter()
                .flat_map(|annotations| &annotations.horizontal);
            let lines = marks.filter_map(|mark| match mark {
                Mark::Line(line)
                    if line
                        .label
                        .as_deref()
                        .is_some_and(|label| label.starts_with("shop-orders")) =>
                {
                    Some(line.value)
                }
                _ => None,
            });
            lines
                .map(|value| (metric.title.clone().unwrap_or_default(), value))
                .collect::<Vec<_>>()
        })
        .collect();
    let found: Vec<(&str, f64)> = found
        .iter()
        .map(|(title, value)| (title.as_str(), *value))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn thresholds_are_the_alarms() {
    let dashboards = generated();
    check_threshold(&dashboards[0], &[]);
    check_threshold(&dashboards[1], &[("orders: duration", 24_000.0)]);
    check_threshold(&dashboards[3], &[("shop-orders-duration", 24_000.0)]);
}

#[test]
fn the_objective_is_that_of_the_alarms() {
    let dashboards = generated();
    let of = |title: &str| {
        let widgets = metric_widgets(&dashboards[0]);
        widgets
            .into_iter()
            .find(|metric| metric.title.as_deref() == Some(title))
            .unwrap()
            .clone()
    };
    let marks = |metric: &MetricProperties| -> Vec<(f64, String)> {
        let marks = &metric.annotations.as_ref().unwrap().horizontal;
        let lines = marks.iter().filter_map(|mark| match mark {
            Mark::Line(line) => Some((line.value, line.label.clone().unwrap_or_default())),
            Mark::Band(_) => None,
        });
        lines.collect()
    };
    let answered = of("Shop: answered without a fault (%)");
    assert_eq!(marks(&answered), [(99.5, "promised 99.5 %".to_owned())]);
    let speed = of("Shop: failed calls (%) in the windows of the error budget");
    let first = &marks(&speed)[0];
    assert_eq!(
        (first.0, first.1.as_str()),
        (7.2, "shop-api-error-budget-14x-1h > 7.2")
    );
    let expressions: Vec<String> = speed
        .lines()
        .iter()
        .filter(|line| line.is_visible())
        .map(|line| format!("{:?}", line.series))
        .collect();
    assert_eq!(
        expressions[1],
        "Expression(\"IF(w2_requests >= 10, 100 * w2_errors / w2_requests, 0)\")"
    );
}

#[test]
fn logs_of_the_incidents_functions_are_shown() {
    let dashboards = generated();
    let queries: Vec<&str> = dashboards[3]
        .body
        .widgets
        .iter()
        .filter_map(|widget| match &widget.content {
            Content::Log(log) => Some(log.query.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(queries.len(), 2);
    assert!(
        queries
            .iter()
            .all(|query| query.starts_with("SOURCE '/aws/lambda/orders' | ")),
        "{queries:?}"
    );
    assert!(queries[0].contains("by correlation_id"));
}

proptest! {
    #[test]
    fn nothing_overlaps_and_nothing_sticks_out(sizes in prop::collection::vec((1u32..=30, 1u32..=9, any::<bool>()), 0..40)) {
        let mut grid = grid::Grid::default();
        for (width, height, in_row) in &sizes {
            let content = || Content::Text(crate::model::TextProperties::default());
            match in_row {
                true => grid.row((0..*width % 7 + 1).map(|_| Widget::sized(6, *height, content())).collect()),
                false => grid.put(Widget::sized(*width, *height, content())),
            }
        }
        let placed = grid.done();
        let mut taken = BTreeSet::new();
        for widget in placed {
            let (x, y) = (widget.x.unwrap(), widget.y.unwrap());
            prop_assert!(x + widget.width <= 24);
            for cell in (x..x + widget.width).flat_map(|x| (y..y + widget.height).map(move |y| (x, y))) {
                prop_assert!(taken.insert(cell), "two widgets at {cell:?}");
            }
        }
    }
}
