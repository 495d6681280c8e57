//! What a person reads when the platform is ready: where it is, a `curl` that places an order, the next command.

use crate::context::{ACCOUNT, Context, REGION};
use crate::run_file::RunFile;
use crate::workspace;

/// The order of the example, one line for a shell.
const ORDER: &str = r#"{"items":[{"productId":"prod-001","quantity":2}],"customer":{"email":"ada@example.com","firstName":"Ada","lastName":"Lovelace"},"shippingAddress":{"address":"1 Analytical Way","city":"London","state":"LN","zipCode":"12345"}}"#;

/// The text.
pub(crate) fn text(run: &RunFile, context: &Context) -> String {
    let command = command(context);
    format!(
        "
ShopFast is ready after {seconds:.1} s.

  products   {products}
  orders     {orders}
  inventory  {inventory}
  AWS APIs   {aws}  (account {ACCOUNT}, region {REGION}, any credentials)
  runbooks   {runbooks}

Place an order:

  curl -s {orders}/orders -H 'content-type: application/json' -d '{ORDER}'

See what happened to it, in another terminal:

  {command} trace ORDER_ID

What the alarms say:

  {command} alarms status
{faster}
",
        seconds = run.started_in_seconds,
        products = run.endpoint("products"),
        orders = run.endpoint("orders"),
        inventory = run.endpoint("inventory"),
        aws = run.endpoint("aws"),
        runbooks = run.endpoint("runbooks"),
        faster = faster(run.clock.scale),
    )
}

/// A clock that is not the wall's is worth a word.
fn faster(scale: u32) -> String {
    if scale == 1 {
        return String::new();
    }
    format!("\nMetrics and alarms live {scale} times as fast as the wall clock; the shop does not.\n")
}

/// How this program is called: by cargo from a clone, by its name elsewhere.
fn command(context: &Context) -> String {
    let from_build_folder = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.parent()?.join("CACHEDIR.TAG").is_file()))
        .unwrap_or(false);
    let program = if from_build_folder {
        "cargo run -q --"
    } else {
        "shopwatch"
    };
    let root = context.state().root();
    let default = workspace::root().is_ok_and(|workspace| workspace.join(".shopwatch") == root);
    if default {
        program.to_owned()
    } else {
        format!("{program} --state-dir {}", root.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_order_is_json_for_a_shell() {
        assert!(!ORDER.contains('\''), "it is quoted with single quotes");
        let order: serde_json::Value = serde_json::from_str(ORDER).unwrap();
        assert_eq!(order["items"][0]["productId"], "prod-001");
    }
}
