//! Faults on order: a drill or a test says what goes wrong with a function, the function's code knows nothing of it.
//!
//! On AWS the same faults happen by themselves (a host dies, a limit is hit, a queue delivers twice); AWS Fault
//! Injection Service can order some of them. Each plan is used up `times` times and then gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::pool::Registry;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The environment dies before it gets the event: no work is done, the caller gets an error.
    KillBeforeInvoke,
    /// The environment dies after the handler answered, before the answer is passed on: the work is done, the caller
    /// gets an error.
    KillBeforeResponse,
    /// The environment dies when an AWS call of the function was carried out, before it learns so.
    KillAfterCall {
        /// Service as the endpoint names it, e.g. `dynamodb`.
        service: String,
        /// Operation, e.g. `TransactWriteItems`.
        operation: String,
    },
    /// An AWS call of the function is refused without being carried out.
    FailCall {
        /// Service as the endpoint names it, e.g. `ses`.
        service: String,
        /// Operation, e.g. `SendEmail`.
        operation: String,
        /// Error code of the service, e.g. `MessageRejected`.
        code: String,
    },
    /// The event reaches the function later.
    Latency(Duration),
    /// The function is not run; the caller gets this function error.
    Error {
        /// `errorType`.
        error_type: String,
        /// `errorMessage`.
        message: String,
    },
    /// The event is delivered this many times instead of once.
    Deliver(u32),
    /// The invocation is throttled.
    Throttle,
}

/// A fault that is armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number for [`Faults::disarm`].
    pub id: u64,
    /// Function it is for.
    pub function: String,
    /// What goes wrong.
    pub fault: Fault,
    /// How often it will still happen; `None` is until it is disarmed.
    pub remaining: Option<u32>,
    /// How often it has happened.
    pub happened: u32,
}

/// Who makes an AWS call: a function and the environment it runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name of the function.
    pub function: String,
    /// Environment, as the runner numbers them.
    pub environment: String,
}

impl Caller {
    /// The application id that the runner gives each environment: SDKs put it into the user agent as `app/…`.
    pub(crate) fn app_id(&self) -> String {
        format!("{}~{}", self.function, self.environment)
    }

    /// Reads the caller from the user agent of an AWS call; `None` for calls from outside of functions.
    pub fn from_user_agent(user_agent: &str) -> Option<Self> {
        let app = user_agent.split(' ').find_map(|part| part.strip_prefix("app/"))?;
        let (function, environment) = app.split_once('~')?;
        Some(Self {
            function: function.to_owned(),
            environment: environment.to_owned(),
        })
    }
}

/// What the endpoint does with the answer of an AWS call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Pass it on.
    Forward,
    /// The caller was killed: close the connection.
    Drop,
}

#[derive(Default)]
struct Armed {
    last_id: u64,
    plans: Vec<Plan>,
}

/// The armed faults of a runner. Cheap to clone.
#[derive(Clone, Default)]
pub struct Faults {
    armed: Arc<Mutex<Armed>>,
    environments: Registry,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.plans()).finish()
    }
}

impl Faults {
    pub(crate) fn new(environments: Registry) -> Self {
        Self {
            armed: Arc::default(),
            environments,
        }
    }

    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms a fault for the next `times` occasions (`None`: until disarmed) and returns its number.
    pub fn arm(&self, function: &str, fault: Fault, times: impl Into<Option<u32>>) -> u64 {
        let mut armed = self.armed();
        armed.last_id += 1;
        let id = armed.last_id;
        let remaining = times.into();
        armed.plans.push(Plan {
            id,
            function: function.to_owned(),
            fault,
            remaining,
            happened: 0,
        });
        id
    }

    /// Removes a fault; `false` when it is not armed.
    pub fn disarm(&self, id: u64) -> bool {
        let mut armed = self.armed();
        let before = armed.plans.len();
        armed.plans.retain(|plan| plan.id != id);
        armed.plans.len() != before
    }

    /// Removes every fault.
    pub fn clear(&self) {
        self.armed().plans.clear();
    }

    /// Every fault since the last [`Faults::clear`], used up ones included, oldest first.
    pub fn plans(&self) -> Vec<Plan> {
        self.armed().plans.clone()
    }

    /// To be called before the function's AWS call is carried out; the code of the error to refuse it with, if any.
    pub fn before_call(&self, caller: &Caller, service: &str, operation: &str) -> Option<String> {
        let matches = |fault: &Fault| {
            matches!(fault, Fault::FailCall { service: s, operation: o, .. }
                if s.eq_ignore_ascii_case(service) && o == operation)
        };
        match self.take(&caller.function, matches)? {
            Fault::FailCall { code, .. } => Some(code),
            _ => None,
        }
    }

    /// To be called when the function's AWS call was answered, before the answer is passed on.
    pub async fn on_call(&self, caller: &Caller, service: &str, operation: &str) -> Action {
        let matches = |fault: &Fault| {
            matches!(fault, Fault::KillAfterCall { service: s, operation: o }
                if s.eq_ignore_ascii_case(service) && o == operation)
        };
        // A caller that is gone cannot be killed: the plan stays for the next one.
        let Some(environment) = self.environments.get(&caller.environment) else {
            return Action::Forward;
        };
        if self.take(&caller.function, matches).is_none() {
            return Action::Forward;
        }
        environment.kill().await;
        Action::Drop
    }

    /// Uses up one occasion of a fault that `matches`.
    pub(crate) fn take(&self, function: &str, matches: impl Fn(&Fault) -> bool) -> Option<Fault> {
        take(&mut self.armed().plans, function, matches)
    }
}

fn take(plans: &mut [Plan], function: &str, matches: impl Fn(&Fault) -> bool) -> Option<Fault> {
    let plan = plans
        .iter_mut()
        .find(|plan| plan.function == function && plan.remaining != Some(0) && matches(&plan.fault))?;
    plan.remaining = plan.remaining.map(|remaining| remaining - 1);
    plan.happened += 1;
    Some(plan.fault.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_ordered_and_to_its_function_only() {
        let faults = Faults::default();
        faults.arm("shop", Fault::Throttle, 2);
        let throttled = |function: &str| faults.take(function, |f| *f == Fault::Throttle).is_some();
        assert!(!throttled("mail"));
        assert!(throttled("shop") && throttled("shop") && !throttled("shop"));
        assert_eq!(
            (faults.plans()[0].remaining, faults.plans()[0].happened),
            (Some(0), 2)
        );
        let forever = faults.arm("mail", Fault::Throttle, None);
        assert!(throttled("mail") && throttled("mail"));
        assert!(faults.disarm(forever) && !faults.disarm(forever) && !throttled("mail"));
    }

    #[test]
    fn a_call_is_refused_as_ordered() {
        let faults = Faults::default();
        let caller = |function: &str| Caller {
            function: function.into(),
            environment: "e".into(),
        };
        let refused = Fault::FailCall {
            service: "ses".into(),
            operation: "SendEmail".into(),
            code: "MessageRejected".into(),
        };
        faults.arm("mail", refused, 1);
        assert_eq!(faults.before_call(&caller("shop"), "ses", "SendEmail"), None);
        assert_eq!(faults.before_call(&caller("mail"), "ses", "GetAccount"), None);
        assert_eq!(
            faults.before_call(&caller("mail"), "ses", "SendEmail").as_deref(),
            Some("MessageRejected")
        );
        assert_eq!(faults.before_call(&caller("mail"), "ses", "SendEmail"), None);
    }

    #[test]
    fn the_user_agent_names_the_caller() {
        let caller = Caller {
            function: "shopfast-order-service".into(),
            environment: "7f3a".into(),
        };
        let agent = format!(
            "aws-sdk-rust/1.3 ua/2.1 api/dynamodb/1.1 os/linux lang/rust/1.95 app/{}",
            caller.app_id()
        );
        assert_eq!(Caller::from_user_agent(&agent), Some(caller));
        assert_eq!(Caller::from_user_agent("aws-cli/2.1 app/mine"), None);
        assert_eq!(Caller::from_user_agent("curl/8"), None);
    }
}
