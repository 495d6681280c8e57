//! Which dimension names which type of resource, and what of it is published.

/// A dimension that names a resource.
pub(super) struct Names {
    pub(super) dimension: &'static str,
    pub(super) kinds: &'static [&'static str],
    /// Attributes that give what is published; the empty one is what `Ref` gives.
    pub(super) right: &'static [&'static str],
    /// What is published.
    pub(super) what: &'static str,
}

const fn names(
    dimension: &'static str,
    kinds: &'static [&'static str],
    right: &'static [&'static str],
    what: &'static str,
) -> Names {
    Names {
        dimension,
        kinds,
        right,
        what,
    }
}

/// What `Ref` and `Fn::GetAtt` give: "Return values" of each type,
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>
pub(super) const DIMENSIONS: &[Names] = &[
    names(
        "FunctionName",
        &["AWS::Lambda::Function", "AWS::Serverless::Function"],
        &[""],
        "the function's name: Ref",
    ),
    names(
        "QueueName",
        &["AWS::SQS::Queue"],
        &["QueueName"],
        "the queue's name: GetAtt QueueName",
    ),
    names(
        "TopicName",
        &["AWS::SNS::Topic"],
        &["TopicName"],
        "the topic's name: GetAtt TopicName",
    ),
    names(
        "TableName",
        &[
            "AWS::DynamoDB::Table",
            "AWS::DynamoDB::GlobalTable",
            "AWS::Serverless::SimpleTable",
        ],
        &[""],
        "the table's name: Ref",
    ),
    names(
        "StateMachineArn",
        &[
            "AWS::StepFunctions::StateMachine",
            "AWS::Serverless::StateMachine",
        ],
        &["", "Arn"],
        "the state machine's ARN: Ref",
    ),
    names(
        "ApiName",
        &["AWS::ApiGateway::RestApi", "AWS::Serverless::Api"],
        &[],
        "the API's name as text: Ref gives its identifier",
    ),
    names(
        "ApiId",
        &["AWS::ApiGatewayV2::Api", "AWS::Serverless::HttpApi"],
        &["", "ApiId"],
        "the API's identifier: Ref",
    ),
    names("RuleName", &["AWS::Events::Rule"], &[""], "the rule's name: Ref"),
    names(
        "EventBusName",
        &["AWS::Events::EventBus"],
        &["", "Name"],
        "the bus's name: Ref",
    ),
    names(
        "ScheduleGroup",
        &["AWS::Scheduler::ScheduleGroup"],
        &[""],
        "the group's name: Ref",
    ),
    names(
        "DeliveryStreamName",
        &["AWS::KinesisFirehose::DeliveryStream"],
        &[""],
        "the stream's name: Ref",
    ),
    names(
        "StreamName",
        &["AWS::Kinesis::Stream"],
        &[""],
        "the stream's name: Ref",
    ),
    names(
        "BucketName",
        &["AWS::S3::Bucket"],
        &[""],
        "the bucket's name: Ref",
    ),
    names(
        "LogGroupName",
        &["AWS::Logs::LogGroup"],
        &[""],
        "the group's name: Ref",
    ),
    names(
        "ClusterName",
        &["AWS::ECS::Cluster"],
        &[""],
        "the cluster's name: Ref",
    ),
    names(
        "ServiceName",
        &["AWS::ECS::Service"],
        &["Name"],
        "the service's name: GetAtt Name",
    ),
    names(
        "DBInstanceIdentifier",
        &["AWS::RDS::DBInstance"],
        &[""],
        "the instance's identifier: Ref",
    ),
    names(
        "DBClusterIdentifier",
        &["AWS::RDS::DBCluster"],
        &[""],
        "the cluster's identifier: Ref",
    ),
    names(
        "LoadBalancer",
        &["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        &["LoadBalancerFullName"],
        "the end of the load balancer's ARN: GetAtt LoadBalancerFullName",
    ),
    names(
        "TargetGroup",
        &["AWS::ElasticLoadBalancingV2::TargetGroup"],
        &["TargetGroupFullName"],
        "the end of the target group's ARN: GetAtt TargetGroupFullName",
    ),
    names(
        "GraphQLAPIId",
        &["AWS::AppSync::GraphQLApi"],
        &["ApiId"],
        "the API's identifier: GetAtt ApiId",
    ),
    names(
        "UserPool",
        &["AWS::Cognito::UserPool"],
        &["", "UserPoolId"],
        "the pool's identifier: Ref",
    ),
    names(
        "UserPoolClient",
        &["AWS::Cognito::UserPoolClient"],
        &["", "ClientId"],
        "the client's identifier: Ref",
    ),
    names(
        "DistributionId",
        &["AWS::CloudFront::Distribution"],
        &["", "Id"],
        "the distribution's identifier: Ref",
    ),
    names(
        "CacheClusterId",
        &["AWS::ElastiCache::CacheCluster"],
        &[""],
        "the cluster's identifier: Ref",
    ),
    names(
        "InstanceId",
        &["AWS::EC2::Instance"],
        &["", "InstanceId"],
        "the instance's identifier: Ref",
    ),
    names(
        "AutoScalingGroupName",
        &["AWS::AutoScaling::AutoScalingGroup"],
        &[""],
        "the group's name: Ref",
    ),
    names(
        "CertificateArn",
        &["AWS::CertificateManager::Certificate"],
        &[""],
        "the certificate's ARN: Ref",
    ),
    names(
        "EventSourceMappingUUID",
        &["AWS::Lambda::EventSourceMapping"],
        &["", "Id"],
        "the mapping's identifier: Ref",
    ),
];
