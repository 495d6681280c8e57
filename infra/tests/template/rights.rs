//! The rights of each function, as its adapters need them. Derived by reading the calls of each function's ports, not
//! from the template: a row changes when code changes.

use infra::{Policy, Statement};

use super::{FUNCTIONS, function};

/// A resource in the notation of `Fn::Sub`, and what may be done with it.
type Right = (&'static str, &'static [&'static str]);

/// The rights of each function.
pub(crate) const RIGHTS: &[(&str, &[Right])] = &[
    (
        "shopfast-product-service",
        &[
            ("${ProductsTable.Arn}", &["dynamodb:GetItem", "dynamodb:Scan"]),
            ("${ProductsTable.Arn}/index/category-index", &["dynamodb:Query"]),
        ],
    ),
    (
        // Orders, outbox and idempotency record are parts of one transaction.
        "shopfast-order-service",
        &[
            ("${ProductsTable.Arn}", &["dynamodb:BatchGetItem"]),
            ("${OrdersTable.Arn}", &["dynamodb:GetItem", "dynamodb:PutItem"]),
            ("${OrdersTable.Arn}/index/user-index", &["dynamodb:Query"]),
            ("${OutboxTable.Arn}", &["dynamodb:PutItem"]),
            (
                "${IdempotencyTable.Arn}",
                &["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            ),
            ("${InventoryService.Arn}", &["lambda:InvokeFunction"]),
            ("${OrderTokenSecret}", &["secretsmanager:GetSecretValue"]),
        ],
    ),
    (
        "shopfast-inventory-service",
        &[
            (
                "${InventoryTable.Arn}",
                &["dynamodb:GetItem", "dynamodb:UpdateItem"],
            ),
            (
                "${ReservationsTable.Arn}",
                &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            ),
            ("${InventoryUpdatesTopic}", &["sns:Publish"]),
            ("${TopicKey.Arn}", ENCRYPTED_TOPIC),
        ],
    ),
    (
        // A reservation without an order is released, or barred when it is not there: it reads no stock.
        "shopfast-inventory-sweeper",
        &[
            ("${ReservationsTable.Arn}/index/lease-index", &["dynamodb:Query"]),
            (
                "${ReservationsTable.Arn}",
                &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            ),
            ("${InventoryTable.Arn}", &["dynamodb:UpdateItem"]),
            ("${OrdersTable.Arn}", &["dynamodb:GetItem"]),
            ("${InventoryUpdatesTopic}", &["sns:Publish"]),
            ("${TopicKey.Arn}", ENCRYPTED_TOPIC),
        ],
    ),
    (
        // The queue is written by the event source mapping, with the function's rights.
        "shopfast-order-relay",
        &[
            ("${EventBus.Arn}", &["events:PutEvents"]),
            ("${RelayDlq.Arn}", &["sqs:SendMessage"]),
        ],
    ),
    (
        "shopfast-order-dispatcher",
        &[(WORKFLOW, &["states:StartExecution"])],
    ),
    ("shopfast-payment-processor", LEDGER),
    ("shopfast-shipping-arranger", LEDGER),
    (
        "shopfast-order-status",
        &[
            ("${OrdersTable.Arn}", &["dynamodb:GetItem", "dynamodb:PutItem"]),
            ("${OutboxTable.Arn}", &["dynamodb:PutItem"]),
        ],
    ),
    (
        "shopfast-order-reconciler",
        &[
            ("${OrdersTable.Arn}/index/open-index", &["dynamodb:Query"]),
            ("${OrdersTable.Arn}/index/stage-index", &["dynamodb:Query"]),
            ("${OrdersTable.Arn}", &["dynamodb:GetItem", "dynamodb:UpdateItem"]),
            (EXECUTIONS, &["states:DescribeExecution"]),
            ("${OrderQueue.Arn}", &["sqs:SendMessage"]),
        ],
    ),
    (
        "shopfast-notification-handler",
        &[
            (
                "${NotificationLogTable.Arn}",
                &["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            ),
            (IDENTITIES, &["ses:SendEmail"]),
        ],
    ),
    (
        "shopfast-error-report",
        &[
            ("${ReportTable.Arn}", &["dynamodb:GetItem", "dynamodb:PutItem"]),
            ("${CustomerKeySecret}", &["secretsmanager:GetSecretValue"]),
            ("${ReportTopic}", &["sns:Publish"]),
            ("${TopicKey.Arn}", ENCRYPTED_TOPIC),
            (IDENTITIES, &["ses:SendEmail"]),
            (
                "*",
                &[
                    "cloudwatch:DescribeAlarmHistory",
                    "xray:BatchGetTraces",
                    "xray:GetTraceSummaries",
                ],
            ),
            ("${OrderDlq.Arn}", LOOK_INTO),
            ("${NotificationDlq.Arn}", LOOK_INTO),
            ("${InventoryDlq.Arn}", LOOK_INTO),
            ("${RelayDlq.Arn}", LOOK_INTO),
            ("${RuleDlq.Arn}", LOOK_INTO),
            ("${ScheduleDlq.Arn}", LOOK_INTO),
            ("${SubscriptionDlq.Arn}", LOOK_INTO),
            ("${ProductServiceLog.Arn}", READ_LINES),
            ("${ProductService.Arn}", READ_VERSIONS),
            ("${OrderServiceLog.Arn}", READ_LINES),
            ("${OrderService.Arn}", READ_VERSIONS),
            ("${InventoryServiceLog.Arn}", READ_LINES),
            ("${InventoryService.Arn}", READ_VERSIONS),
            ("${InventorySweeperLog.Arn}", READ_LINES),
            ("${InventorySweeper.Arn}", READ_VERSIONS),
            ("${OrderRelayLog.Arn}", READ_LINES),
            ("${OrderRelay.Arn}", READ_VERSIONS),
            ("${OrderDispatcherLog.Arn}", READ_LINES),
            ("${OrderDispatcher.Arn}", READ_VERSIONS),
            ("${PaymentProcessorLog.Arn}", READ_LINES),
            ("${PaymentProcessor.Arn}", READ_VERSIONS),
            ("${ShippingArrangerLog.Arn}", READ_LINES),
            ("${ShippingArranger.Arn}", READ_VERSIONS),
            ("${OrderStatusLog.Arn}", READ_LINES),
            ("${OrderStatus.Arn}", READ_VERSIONS),
            ("${OrderReconcilerLog.Arn}", READ_LINES),
            ("${OrderReconciler.Arn}", READ_VERSIONS),
            ("${NotificationHandlerLog.Arn}", READ_LINES),
            ("${NotificationHandler.Arn}", READ_VERSIONS),
            ("${LogForwarderLog.Arn}", READ_LINES),
            ("${LogForwarder.Arn}", READ_VERSIONS),
            ("${LogCompactorLog.Arn}", READ_LINES),
            ("${LogCompactor.Arn}", READ_VERSIONS),
        ],
    ),
    (
        // It reads nothing: what it writes is new.
        "shopfast-log-forwarder",
        &[
            ("${LogArchiveStream.Arn}", &["firehose:PutRecordBatch"]),
            ("${LogArchive.Arn}/raw/*", &["s3:PutObject"]),
            ("${LogArchive.Arn}/failed/forwarder/*", &["s3:PutObject"]),
        ],
    ),
    (
        // Manifests and the chain are never deleted. To move an object is to copy and to delete it.
        "shopfast-log-compactor",
        &[
            ("${LogArchive.Arn}", &["s3:ListBucket"]),
            (EVERY_OBJECT, &["s3:GetObject", "s3:PutObject"]),
            ("${LogArchive.Arn}/raw/*", &["s3:DeleteObject"]),
            ("${LogArchive.Arn}/failed/*", &["s3:DeleteObject"]),
            ("${LogArchive.Arn}/lines/*", &["s3:DeleteObject"]),
            ("${LogArchive.Arn}/ids/*", &["s3:DeleteObject"]),
        ],
    ),
];

/// Whatever is in the archive's bucket.
const EVERY_OBJECT: &str = "${LogArchive.Arn}/*";

/// What the error report asks of every other function.
const READ_LINES: &[&str] = &["logs:FilterLogEvents"];
const READ_VERSIONS: &[&str] = &["lambda:ListVersionsByFunction"];

/// What it asks of dead-letter queues: it deletes nothing.
const LOOK_INTO: &[&str] = &["sqs:ReceiveMessage"];

/// Publishing to an encrypted topic needs its key.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>
const ENCRYPTED_TOPIC: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];
const LEDGER: &[Right] = &[(
    "${PaymentsTable.Arn}",
    &["dynamodb:GetItem", "dynamodb:UpdateItem"],
)];
/// By name: a reference would be circular, the workflow invokes functions.
const WORKFLOW: &str =
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:shopfast-order-workflow";
pub(crate) const EXECUTIONS: &str =
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:shopfast-order-workflow:*";
pub(crate) const IDENTITIES: &str = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*";

/// Every statement of a function.
pub(crate) fn statements(name: &str) -> Vec<&'static Statement> {
    let policies = function(name).policies.iter();
    policies
        .flat_map(|policy| match policy {
            Policy::Document(statements) => statements.iter().collect::<Vec<_>>(),
            other => panic!("{name}: a right that is not written out: {other:?}"),
        })
        .collect()
}

#[test]
fn every_function_has_a_row() {
    let mut rows: Vec<&str> = RIGHTS.iter().map(|(name, _)| *name).collect();
    let mut names: Vec<&str> = FUNCTIONS.iter().map(|f| f.name.as_str()).collect();
    rows.sort_unstable();
    names.sort_unstable();
    assert_eq!(rows, names);
}
