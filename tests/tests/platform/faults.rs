//! What must hold when things break: no order lost, none doubled, stock right. Each fault is armed from outside; the
//! functions know nothing of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::shop::{Placed, Shop, order_of, placed};
use tests::{Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    (
        "faults::killed_between_transaction_and_answer",
        killed_before_answer,
    ),
    (
        "faults::killed_between_reservation_and_transaction",
        killed_after_reservation,
    ),
    ("faults::killed_between_answer_and_publish", killed_before_publish),
    (
        "faults::killed_after_publish_tells_it_twice_and_does_it_once",
        killed_after_publish,
    ),
    ("faults::every_event_delivered_twice", everything_twice),
    (
        "faults::a_mail_that_cannot_be_sent_waits_in_the_dlq",
        mail_waits_in_dlq,
    ),
    (
        "faults::the_emulator_is_restarted_in_the_middle",
        emulator_restarted,
    ),
];

/// Retries of streams, queues and asynchronous invocations take their time.
const RETRIES_LIMIT: Duration = Duration::from_secs(180);
const PRODUCT: &str = "prod-009";

fn killed_before_answer(platform: &Platform) -> Result<()> {
    retried_with_the_same_key(
        platform,
        "fault-answer",
        &["kill-after-call", "dynamodb", "TransactWriteItems"],
    )
}

fn killed_after_reservation(platform: &Platform) -> Result<()> {
    retried_with_the_same_key(
        platform,
        "fault-reserved",
        &["kill-after-call", "lambda", "Invoke"],
    )
}

/// The order function dies on its way; the customer sends the same request again and has one order.
fn retried_with_the_same_key(platform: &Platform, key: &str, fault: &[&str]) -> Result<()> {
    let shop = platform.shop();
    let before = Books::of(platform, &shop)?;
    arm(platform, "shopfast-order-service", fault, 1)?;
    let order = order_of(&[(PRODUCT, 1)], "fault@example.com");
    let call = shop
        .orders("POST", "/orders")
        .header("idempotency-key", key)
        .json(&order);
    let first = call.send()?;
    ensure!(
        first.status >= 500,
        "the killed call was answered {}: {}",
        first.status,
        first.text
    );
    ensure!(happened(platform)? == 1, "the fault did not happen");
    let order = wait::until("the second try", RETRIES_LIMIT, || {
        let answer = call.send()?;
        Ok(placed(&answer).map_err(|_| answer.text))
    })?;
    shop.wait_for(&order, "delivered")?;
    Books::of(platform, &shop)?.one_more_order_of_one_piece(&before)?;
    mails_are(platform, &order, 3, 3)
}

fn killed_before_publish(platform: &Platform) -> Result<()> {
    placed_despite(platform, "shopfast-order-relay", &["kill-before-invoke"], 3)
}

fn killed_after_publish(platform: &Platform) -> Result<()> {
    placed_despite(
        platform,
        "shopfast-order-relay",
        &["kill-after-call", "events", "PutEvents"],
        // The first event comes twice.
        4,
    )
}

fn placed_despite(platform: &Platform, function: &str, fault: &[&str], tellings: usize) -> Result<()> {
    let shop = platform.shop();
    let before = Books::of(platform, &shop)?;
    arm(platform, function, fault, 1)?;
    let order = shop.place(&order_of(&[(PRODUCT, 1)], "fault@example.com"))?;
    shop.wait_for(&order, "delivered")?;
    ensure!(happened(platform)? == 1, "the fault did not happen");
    Books::of(platform, &shop)?.one_more_order_of_one_piece(&before)?;
    mails_are(platform, &order, 3, tellings)
}

fn everything_twice(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let before = Books::of(platform, &shop)?;
    platform.text(&["fault", "clear"])?;
    for function in [
        "shopfast-order-relay",
        "shopfast-order-dispatcher",
        "shopfast-notification-handler",
        "shopfast-payment-processor",
        "shopfast-shipping-arranger",
        "shopfast-order-status",
    ] {
        platform.text(&["fault", "set", function, "deliver", "2", "--times", "0"])?;
    }
    let order = shop.place(&order_of(&[(PRODUCT, 1)], "twice@example.com"))?;
    shop.wait_for(&order, "delivered")?;
    mails_are(platform, &order, 3, 6)?;
    ensure!(happened(platform)? >= 6, "too few events were doubled");
    platform.text(&["fault", "clear"])?;
    Books::of(platform, &shop)?.one_more_order_of_one_piece(&before)
}

fn mail_waits_in_dlq(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    platform.text(&["fault", "clear"])?;
    let refusal = ["fail-call", "ses", "SendEmail", "MessageRejected"];
    arm(platform, "shopfast-notification-handler", &refusal, 0)?;
    let order = shop.place(&order_of(&[(PRODUCT, 1)], "dlq@example.com"))?;
    shop.wait_for(&order, "delivered")?;
    let dlq = "shopfast-notification-dlq";
    wait::until("three mails in the DLQ", RETRIES_LIMIT, || {
        let messages = depth(platform, dlq)?;
        Ok(if messages == 3 {
            Ok(())
        } else {
            Err(format!("{messages} messages"))
        })
    })?;
    mails_are(platform, &order, 0, 3)?;
    let story = platform.json(&["trace", &order.correlation_id, "--json"])?;
    ensure!(
        !story["errors"].as_array().is_none_or(Vec::is_empty),
        "the story shows no error"
    );
    platform.text(&["fault", "clear"])?;
    let redriven = platform.json(&["dlq", "redrive", dlq, "--json"])?;
    ensure!(redriven["redriven"] == 3, "{redriven}");
    mails_are(platform, &order, 3, 4)?;
    ensure!(depth(platform, dlq)? == 0, "messages left in {dlq}");
    let story = platform.json(&["trace", &order.correlation_id, "--json"])?;
    let text = story.to_string();
    ensure!(
        text.contains("MessageRejected"),
        "the failed attempts are gone from the story"
    );
    ensure!(
        story["mails"].as_array().map(Vec::len) == Some(3),
        "{}",
        story["mails"]
    );
    Ok(())
}

fn emulator_restarted(platform: &Platform) -> Result<()> {
    let shop = platform.shop();
    let before = Books::of(platform, &shop)?;
    let orders = (0..5)
        .map(|n| shop.place(&order_of(&[(PRODUCT, 1)], &format!("restart{n}@example.com"))))
        .collect::<Result<Vec<_>>>()?;
    platform.text(&["emulator", "restart"])?;
    for order in &orders {
        wait::until(
            &format!("order {} delivered", order.order_id),
            RETRIES_LIMIT,
            || {
                // In the first moments after the restart the shop may answer 503: it is asked again.
                let answer = shop.read(order)?;
                Ok(if answer.json["status"] == "delivered" {
                    Ok(())
                } else {
                    Err(answer.text)
                })
            },
        )?;
    }
    for order in &orders {
        told_after_redrive(platform, order)?;
    }
    nothing_waits(platform)?;
    let after = Books::of(platform, &shop)?;
    ensure!(
        after.orders == before.orders + 5,
        "{} orders, then {}",
        before.orders,
        after.orders
    );
    ensure!(
        after.pieces == before.pieces - 5 && after.reserved == before.reserved,
        "{before:?} then {after:?}"
    );
    Ok(())
}

/// The customer of a delivered order has three mails: where the retries of a notification all fell into the outage it waits
/// in its DLQ, and is redriven as an operator would.
fn told_after_redrive(platform: &Platform, order: &Placed) -> Result<()> {
    const DLQ: &str = "shopfast-notification-dlq";
    wait::until(&format!("the mails of {}", order.order_id), RETRIES_LIMIT, || {
        if depth(platform, DLQ)? > 0 {
            platform.json(&["dlq", "redrive", DLQ, "--json"])?;
        }
        let printed = platform.json(&["mails", "--id", &order.order_id, "--json"])?;
        let mails = printed.as_array().or(printed["mails"].as_array());
        let count = mails.map_or(0, Vec::len);
        ensure!(count <= 3, "more than 3: {printed}");
        Ok(if count == 3 {
            Ok(())
        } else {
            Err(format!("{count} mails"))
        })
    })
}

/// No event waits to be tried again, and none lies in the DLQ: of an event that came twice in the outage, one may have been mailed
/// while the other still fails.
fn nothing_waits(platform: &Platform) -> Result<()> {
    const DLQ: &str = "shopfast-notification-dlq";
    wait::until("no event waits", RETRIES_LIMIT, || {
        let status = platform.status()?;
        let functions = status["functions"].as_array().context("functions")?;
        let waiting: u64 = functions
            .iter()
            .filter_map(|function| function["queueDepth"].as_u64())
            .sum();
        let dead = depth(platform, DLQ)?;
        if dead > 0 {
            platform.json(&["dlq", "redrive", DLQ, "--json"])?;
        }
        Ok(if waiting + dead == 0 {
            Ok(())
        } else {
            Err(format!("{waiting} wait to be tried again, {dead} in {DLQ}"))
        })
    })
}

/// What must add up.
#[derive(Debug)]
struct Books {
    orders: usize,
    pieces: i64,
    reserved: i64,
}

impl Books {
    fn of(platform: &Platform, shop: &Shop) -> Result<Self> {
        let (pieces, reserved) = shop.stock(PRODUCT)?;
        Ok(Self {
            orders: platform.aws().scan("shopfast-orders")?.len(),
            pieces,
            reserved,
        })
    }

    fn one_more_order_of_one_piece(&self, before: &Self) -> Result<()> {
        ensure!(
            self.orders == before.orders + 1,
            "orders: {} then {}",
            before.orders,
            self.orders
        );
        ensure!(
            self.pieces == before.pieces - 1,
            "pieces: {} then {}",
            before.pieces,
            self.pieces
        );
        ensure!(
            self.reserved == before.reserved,
            "reserved: {} then {}",
            before.reserved,
            self.reserved
        );
        Ok(())
    }
}

fn arm(platform: &Platform, function: &str, fault: &[&str], times: u32) -> Result<()> {
    platform.text(&["fault", "clear"])?;
    let times = times.to_string();
    let command = [&["fault", "set", function, "--times", &times], fault].concat();
    platform.text(&command).map(drop)
}

/// How often the armed faults happened.
fn happened(platform: &Platform) -> Result<u64> {
    let plans = platform.json(&["fault", "list", "--json"])?;
    let plans = plans.as_array().context("fault list --json is an array")?;
    Ok(plans.iter().filter_map(|plan| plan["happened"].as_u64()).sum())
}

fn depth(platform: &Platform, queue: &str) -> Result<u64> {
    let queues = platform.json(&["dlq", "list", "--json"])?;
    let found = queues
        .as_array()
        .into_iter()
        .flatten()
        .find(|q| q["queue"] == queue);
    found
        .and_then(|q| q["messages"].as_u64())
        .with_context(|| format!("{queue} in {queues}"))
}

/// An order has exactly this many mails after its customer was told this often, however often an event came.
fn mails_are(platform: &Platform, order: &Placed, count: usize, tellings: usize) -> Result<()> {
    wait::until("the notifications", RETRIES_LIMIT, || {
        // By its order ID: after a killed first try the order carries that try's correlation ID.
        let story = platform.json(&["trace", &order.order_id, "--json"])?;
        let ended = notifications_ended(&story);
        Ok(if ended >= tellings {
            Ok(())
        } else {
            Err(format!("{ended} of {tellings} ended"))
        })
    })?;
    let what = format!("{count} mails of {}", order.order_id);
    wait::until(&what, RETRIES_LIMIT, || {
        let printed = platform.json(&["mails", "--id", &order.order_id, "--json"])?;
        let mails: &[Value] = printed
            .as_array()
            .or(printed["mails"].as_array())
            .map_or(&[], Vec::as_slice);
        ensure!(mails.len() <= count, "more than {count}: {printed}");
        Ok(if mails.len() == count {
            Ok(())
        } else {
            Err(printed.to_string())
        })
    })
}

/// Invocations of the notification handler in an order's story that are over.
fn notifications_ended(story: &Value) -> usize {
    let spans = story["spans"].as_array().into_iter().flatten();
    spans
        .filter(|span| {
            span["kind"] == "invocation"
                && span["name"] == "shopfast-notification-handler"
                && span["state"] != "in_progress"
        })
        .count()
}
