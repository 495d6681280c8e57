//! The panic hook: message and place as one ERROR line, while they are known, and kept for whoever catches the panic.
//! Counting is the business of the inner wrapper, and of records.

use std::any::Any;
use std::error::Error;
use std::panic::{PanicHookInfo, set_hook};

use telemetry_core::{Coded as _, Invocation, Panic, current_scope};

/// Installs the hook. The standard one is replaced: its text has no level and no request.
pub(crate) fn install_hook() {
    set_hook(Box::new(|info| {
        let panic = of_hook(info);
        let scope = current_scope();
        // First: the line brings the held ones with it.
        if let Some(scope) = &scope {
            scope.tell_held();
        }
        write(&panic);
        if let Some(scope) = &scope {
            scope.invocation.keep_panic(panic);
        }
    }));
}

/// What was caught: as the hook saw it, or, where no hook ran, as the payload tells. Then it is written here.
pub(crate) fn caught(invocation: Option<&Invocation>, payload: &(dyn Any + Send)) -> Panic {
    let kept = invocation.and_then(Invocation::last_panic);
    kept.filter(|kept| kept.message == message(payload))
        .unwrap_or_else(|| {
            let panic = Panic {
                message: message(payload).to_owned(),
                location: "an unknown place".to_owned(),
            };
            write(&panic);
            panic
        })
}

fn of_hook(info: &PanicHookInfo<'_>) -> Panic {
    Panic {
        message: message(info.payload()).to_owned(),
        location: info.location().map(ToString::to_string).unwrap_or_default(),
    }
}

fn write(panic: &Panic) {
    let error: &(dyn Error + 'static) = panic;
    tracing::error!(
        target: "telemetry",
        { error.code = panic.code(), error = error, panic.location = panic.location, severity = "CRITICAL" },
        "panicked: {}",
        panic.message
    );
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
