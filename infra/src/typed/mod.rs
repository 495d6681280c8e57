//! What resources mean for monitoring: names, limits, and who feeds whom. Properties that no alarm or dashboard needs are
//! not here: they stay in the resource.

mod api;
mod container;
mod data;
mod database;
mod function;
mod link;
mod messaging;
mod read;
mod source;
mod watching;
mod workflow;

pub use api::{Api, Protocol};
pub use container::{ContainerCluster, ContainerService, Insights, LoadBalancer, TargetGroup};
pub use data::{Billing, Bucket, Firehose, Index, Stream, Table};
pub use database::{Database, DatabaseCluster};
pub use function::{Asynchronous, Function};
pub use messaging::{Queue, Redrive, Subscription, Topic};
pub use read::Setting;
pub use source::{EventSource, Feed};
pub use watching::{LogGroup, MetricFilter, Named, Transformation};
pub use workflow::{EventBus, Rule, Schedule, StateMachine};

pub(crate) use api::implicit_apis;

use crate::problem::Problem;
use crate::stack::Stack;

use read::Reader;

/// What a resource is.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// `AWS::Lambda::Function`, `AWS::Serverless::Function`.
    Function(Box<Function>),
    /// `AWS::SQS::Queue`.
    Queue(Queue),
    /// `AWS::SNS::Topic`.
    Topic(Topic),
    /// `AWS::SNS::Subscription`.
    Subscription(Subscription),
    /// `AWS::DynamoDB::Table`, `AWS::DynamoDB::GlobalTable`, `AWS::Serverless::SimpleTable`.
    Table(Table),
    /// REST, HTTP and WebSocket APIs of API Gateway and SAM.
    Api(Api),
    /// `AWS::StepFunctions::StateMachine`, `AWS::Serverless::StateMachine`.
    StateMachine(StateMachine),
    /// `AWS::Events::EventBus`.
    EventBus(EventBus),
    /// `AWS::Events::Rule`.
    Rule(Rule),
    /// `AWS::Scheduler::Schedule`.
    Schedule(Schedule),
    /// `AWS::Kinesis::Stream`.
    Stream(Stream),
    /// `AWS::KinesisFirehose::DeliveryStream`.
    Firehose(Firehose),
    /// `AWS::S3::Bucket`.
    Bucket(Bucket),
    /// `AWS::RDS::DBInstance`.
    Database(Box<Database>),
    /// `AWS::RDS::DBCluster`.
    DatabaseCluster(DatabaseCluster),
    /// `AWS::ECS::Service`.
    ContainerService(Box<ContainerService>),
    /// `AWS::ECS::Cluster`.
    ContainerCluster(ContainerCluster),
    /// `AWS::ElasticLoadBalancingV2::LoadBalancer`.
    LoadBalancer(LoadBalancer),
    /// `AWS::ElasticLoadBalancingV2::TargetGroup`.
    TargetGroup(TargetGroup),
    /// `AWS::Logs::LogGroup`.
    LogGroup(LogGroup),
    /// `AWS::Logs::MetricFilter`.
    MetricFilter(MetricFilter),
    /// `AWS::CloudWatch::Alarm`; its definition is in the resource's properties.
    Alarm(Named),
    /// `AWS::CloudWatch::CompositeAlarm`; as above.
    CompositeAlarm(Named),
    /// `AWS::CloudWatch::AnomalyDetector`; as above.
    AnomalyDetector,
    /// `AWS::CloudWatch::Dashboard`; as above.
    Dashboard(Named),
    /// Everything else: type and properties are in the resource.
    Other,
}

/// Gives every resource of a stack its meaning, and says what is wrong.
pub(crate) fn type_all(stack: &mut Stack) -> Vec<Problem> {
    let mut problems = Vec::new();
    for n in 0..stack.resources.len() {
        let resource = &stack.resources[n];
        let mut reader = Reader {
            file: &stack.file,
            path: &stack.path,
            resource,
            problems: &mut problems,
        };
        let typed = one(&mut reader);
        stack.resources[n].typed = typed;
    }
    link::all(stack, &mut problems);
    problems
}

fn one(reader: &mut Reader<'_>) -> Typed {
    match reader.resource.kind.as_str() {
        "AWS::Lambda::Function" | "AWS::Serverless::Function" => {
            Typed::Function(Box::new(Function::of(reader)))
        }
        "AWS::SQS::Queue" => Typed::Queue(Queue::of(reader)),
        "AWS::SNS::Topic" => Typed::Topic(Topic::of(reader)),
        "AWS::SNS::Subscription" => Typed::Subscription(Subscription::of(&reader.resource.properties)),
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" | "AWS::Serverless::SimpleTable" => {
            Typed::Table(Table::of(reader))
        }
        "AWS::Serverless::Api"
        | "AWS::Serverless::HttpApi"
        | "AWS::ApiGateway::RestApi"
        | "AWS::ApiGatewayV2::Api" => Typed::Api(Api::of(reader)),
        "AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine" => {
            Typed::StateMachine(StateMachine::of(reader))
        }
        "AWS::Events::EventBus" => Typed::EventBus(EventBus::of(reader)),
        "AWS::Events::Rule" => Typed::Rule(Rule::of(reader)),
        "AWS::Scheduler::Schedule" => Typed::Schedule(Schedule::of(reader)),
        "AWS::Kinesis::Stream" => Typed::Stream(Stream::of(reader)),
        "AWS::KinesisFirehose::DeliveryStream" => Typed::Firehose(Firehose::of(reader)),
        "AWS::S3::Bucket" => Typed::Bucket(Bucket::of(reader)),
        "AWS::RDS::DBInstance" => Typed::Database(Box::new(Database::of(reader))),
        "AWS::RDS::DBCluster" => Typed::DatabaseCluster(DatabaseCluster::of(reader)),
        "AWS::ECS::Service" => Typed::ContainerService(Box::new(ContainerService::of(reader))),
        "AWS::ECS::Cluster" => Typed::ContainerCluster(ContainerCluster::of(reader)),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => Typed::LoadBalancer(LoadBalancer::of(reader)),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => Typed::TargetGroup(TargetGroup::of(reader)),
        "AWS::Logs::LogGroup" => Typed::LogGroup(LogGroup::of(reader)),
        "AWS::Logs::MetricFilter" => Typed::MetricFilter(MetricFilter::of(reader)),
        "AWS::CloudWatch::Alarm" => Typed::Alarm(Named::of(reader, "AlarmName")),
        "AWS::CloudWatch::CompositeAlarm" => Typed::CompositeAlarm(Named::of(reader, "AlarmName")),
        "AWS::CloudWatch::AnomalyDetector" => Typed::AnomalyDetector,
        "AWS::CloudWatch::Dashboard" => Typed::Dashboard(Named::of(reader, "DashboardName")),
        _ => Typed::Other,
    }
}
