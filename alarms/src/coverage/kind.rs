//! What resources are for monitoring, and how loud an alarm is.

use std::fmt;

use serde::{Serialize, Serializer};

/// How loud an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody looks at it on the next working day.
    Ticket,
    /// Somebody is woken.
    Page,
}

impl Severity {
    /// The word of definition files, tags and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Page => "page",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $suffix:literal, $dashboard:literal;)+) => {
        /// Kinds of what is watched. The names are those of definition files.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ResourceKind { $($(#[$doc])* $kind,)+ }

        impl ResourceKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Its name in definition files.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)+ }
            }

            /// The last word of a subject's name, unless it is there already: `orders` → `orders-table`. Functions have none:
            /// they are what names are about.
            pub(crate) const fn suffix(self) -> &'static str {
                match self { $(Self::$kind => $suffix,)+ }
            }


            /// The kind of incident, for dashboards: `<group>-incident-<this>`. Empty: the group's dashboard shows it.
            pub const fn incident_dashboard(self) -> &'static str {
                match self { $(Self::$kind => $dashboard,)+ }
            }
        }
    };
}

kinds! {
    /// A Lambda function.
    Function = "", "functions";
    /// A REST, HTTP or WebSocket API.
    Api = "api", "api";
    /// A queue that is not only for dead letters.
    Queue = "queue", "messages";
    /// A queue to which others give what they could not handle.
    DeadLetterQueue = "dlq", "messages";
    /// A DynamoDB table and its indexes.
    Table = "table", "tables";
    /// A rule of EventBridge, also one that SAM makes for a function's event.
    Rule = "rule", "messages";
    /// A group of EventBridge Scheduler: its metrics know no schedule.
    ScheduleGroup = "schedules", "messages";
    /// An SNS topic with its subscriptions.
    Topic = "topic", "messages";
    /// A Step Functions state machine.
    StateMachine = "workflow", "workflow";
    /// A Kinesis stream.
    Stream = "stream", "messages";
    /// A Firehose delivery stream.
    Firehose = "firehose", "messages";
    /// An S3 bucket.
    Bucket = "bucket", "";
    /// A database instance of RDS.
    Database = "database", "";
    /// A cluster of databases of RDS.
    DatabaseCluster = "cluster", "";
    /// A service of ECS.
    ContainerService = "service", "";
    /// A target group of a load balancer.
    TargetGroup = "targets", "";
    /// A load balancer.
    LoadBalancer = "balancer", "";
    /// A log group.
    LogGroup = "logs", "functions";
    /// A Cognito user pool.
    UserPool = "pool", "api";
    /// A certificate of ACM.
    Certificate = "certificate", "api";
    /// A trail of CloudTrail that writes to a log group.
    Trail = "trail", "";
    /// What one account and region share.
    Account = "account", "";
    /// The way of alarms to people.
    Pipeline = "alarms", "";
    /// A metric of our own.
    Application = "", "functions";
    /// A resource of a type for which there is no catalogue.
    Other = "", "";
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ResourceKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
