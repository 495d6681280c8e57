//! What `Ref` and `Fn::GetAtt` give for resources of known types with known names. "Return values" of each type:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>

/// A type of which names lead to identifiers. In formats stand `{name}` and pseudo parameters by their short names.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) kind: &'static str,
    /// The property with the name.
    pub(crate) name: &'static str,
    /// What `Ref` gives; empty when it is generated.
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
}

const NAME: &str = "{name}";
const LAMBDA: &str = "arn:{partition}:lambda:{region}:{account}:function:{name}";
const QUEUE: &str = "arn:{partition}:sqs:{region}:{account}:{name}";
const QUEUE_URL: &str = "https://sqs.{region}.{suffix}/{account}/{name}";
const TOPIC: &str = "arn:{partition}:sns:{region}:{account}:{name}";
const TABLE: &str = "arn:{partition}:dynamodb:{region}:{account}:table/{name}";
const STREAM: &str = "arn:{partition}:kinesis:{region}:{account}:stream/{name}";
const FIREHOSE: &str = "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}";
const MACHINE: &str = "arn:{partition}:states:{region}:{account}:stateMachine:{name}";
const BUS: &str = "arn:{partition}:events:{region}:{account}:event-bus/{name}";
const BUCKET: &str = "arn:{partition}:s3:::{name}";
const LOG_GROUP: &str = "arn:{partition}:logs:{region}:{account}:log-group:{name}:*";
const DATABASE: &str = "arn:{partition}:rds:{region}:{account}:db:{name}";
const DATABASE_CLUSTER: &str = "arn:{partition}:rds:{region}:{account}:cluster:{name}";
const CONTAINER_CLUSTER: &str = "arn:{partition}:ecs:{region}:{account}:cluster/{name}";
const ALARM: &str = "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}";

const KNOWN: &[Known] = &[
    known("AWS::Lambda::Function", "FunctionName", NAME, &[("Arn", LAMBDA)]),
    known(
        "AWS::Serverless::Function",
        "FunctionName",
        NAME,
        &[("Arn", LAMBDA)],
    ),
    known(
        "AWS::SQS::Queue",
        "QueueName",
        QUEUE_URL,
        &[("Arn", QUEUE), ("QueueName", NAME), ("QueueUrl", QUEUE_URL)],
    ),
    known(
        "AWS::SNS::Topic",
        "TopicName",
        TOPIC,
        &[("TopicArn", TOPIC), ("TopicName", NAME)],
    ),
    known("AWS::DynamoDB::Table", "TableName", NAME, &[("Arn", TABLE)]),
    known("AWS::DynamoDB::GlobalTable", "TableName", NAME, &[("Arn", TABLE)]),
    known(
        "AWS::Serverless::SimpleTable",
        "TableName",
        NAME,
        &[("Arn", TABLE)],
    ),
    known("AWS::Kinesis::Stream", "Name", NAME, &[("Arn", STREAM)]),
    known(
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamName",
        NAME,
        &[("Arn", FIREHOSE)],
    ),
    known(
        "AWS::StepFunctions::StateMachine",
        "StateMachineName",
        MACHINE,
        &[("Arn", MACHINE), ("Name", NAME)],
    ),
    known(
        "AWS::Serverless::StateMachine",
        "Name",
        MACHINE,
        &[("Arn", MACHINE), ("Name", NAME)],
    ),
    known(
        "AWS::Events::EventBus",
        "Name",
        NAME,
        &[("Arn", BUS), ("Name", NAME)],
    ),
    known(
        "AWS::S3::Bucket",
        "BucketName",
        NAME,
        &[("Arn", BUCKET), ("DomainName", "{name}.s3.{suffix}")],
    ),
    known(
        "AWS::RDS::DBInstance",
        "DBInstanceIdentifier",
        NAME,
        &[("DBInstanceArn", DATABASE)],
    ),
    known(
        "AWS::RDS::DBCluster",
        "DBClusterIdentifier",
        NAME,
        &[("DBClusterArn", DATABASE_CLUSTER)],
    ),
    known("AWS::RDS::DBParameterGroup", "DBParameterGroupName", NAME, &[]),
    known(
        "AWS::ECS::Cluster",
        "ClusterName",
        NAME,
        &[("Arn", CONTAINER_CLUSTER)],
    ),
    // `Ref` is an ARN with the cluster's name in it.
    known("AWS::ECS::Service", "ServiceName", "", &[("Name", NAME)]),
    known("AWS::Logs::LogGroup", "LogGroupName", NAME, &[("Arn", LOG_GROUP)]),
    known("AWS::CloudWatch::Alarm", "AlarmName", NAME, &[("Arn", ALARM)]),
    known(
        "AWS::CloudWatch::CompositeAlarm",
        "AlarmName",
        NAME,
        &[("Arn", ALARM)],
    ),
    known("AWS::CloudWatch::Dashboard", "DashboardName", NAME, &[]),
    known("AWS::ApiGateway::Stage", "StageName", NAME, &[]),
    known("AWS::ApiGatewayV2::Stage", "StageName", NAME, &[]),
    known("AWS::Scheduler::Schedule", "Name", NAME, &[]),
    // Its ARN has the property Path in it.
    known("AWS::IAM::Role", "RoleName", NAME, &[]),
];

const fn known(
    kind: &'static str,
    name: &'static str,
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
) -> Known {
    Known {
        kind,
        name,
        reference,
        attributes,
    }
}

/// What is known about a type.
pub(crate) fn of(kind: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.kind == kind)
}

impl Known {
    /// The format of an attribute, or of what `Ref` gives.
    pub(crate) fn format(&self, attribute: Option<&str>) -> Option<&'static str> {
        match attribute {
            None => Some(self.reference).filter(|format| !format.is_empty()),
            Some(wanted) => {
                let found = self.attributes.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, format)| *format)
            }
        }
    }
}

/// The attribute that gives a resource's name; `None` when `Ref` does, or nothing.
pub(crate) fn of_name(kind: &str) -> Option<&'static str> {
    let known = of(kind).filter(|known| known.reference != NAME)?;
    let found = known.attributes.iter().find(|(_, format)| *format == NAME);
    found.map(|(attribute, _)| *attribute)
}
