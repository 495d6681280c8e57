//! `shopwatch token`: a signed-in user's token, for `curl` and tests.

use serde_json::json;

use crate::console;
use crate::context::Context;
use crate::exit::Exit;
use crate::users::{UserPool, Users};

/// Options of `shopwatch token`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: curl -H \"authorization: Bearer $(shopwatch token)\" http://127.0.0.1:PORT/orders"
)]
pub(crate) struct Args {
    /// Of the administrator, who may change the stock
    #[arg(long)]
    admin: bool,
    /// As JSON, with whose it is
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<Exit> {
    let running = context.running()?;
    let users = Users::of(context.state())?;
    let user = if args.admin { &users.admin } else { &users.shopper };
    let pool = UserPool::new(
        running.endpoint("emulator"),
        &running.user_pool_id,
        &running.user_pool_client_id,
    );
    let token = pool.token(user).await?;
    if args.json {
        console::json(&json!({"token": token, "user": user.email}));
    } else {
        console::line(&token);
    }
    Ok(Exit::Done)
}
