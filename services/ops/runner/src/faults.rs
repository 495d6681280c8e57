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
    /// An AWS call is refused without being carried out.
    FailCall {
        /// Which calls.
        calls: Calls,
        /// Error code of the service, e.g. `MessageRejected`.
        code: String,
    },
    /// An AWS call is carried out later, and answered as much later.
    SlowCall {
        /// Which calls.
        calls: Calls,
        /// By how much.
        delay: Duration,
    },
    /// The event reaches the function later.
    Latency(Duration),
    /// The invocation runs into the function's time limit. It is not waited for: the environment dies at once, and what Lambda
    /// says of it (line, report, metrics) is what it says after the whole limit.
    Timeout,
    /// The function takes more memory than it has: the environment is killed, and the report shows all memory in use.
    MemoryKill,
    /// The environment cannot be initialized.
    InitError,
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

/// Which AWS calls a fault is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Service as the endpoint names it, e.g. `dynamodb`.
    pub service: String,
    /// Operation, e.g. `PutItem`; [`ANY`] for each.
    pub operation: String,
    /// Name of the table, queue, topic, bus, state machine or function; every one without.
    pub resource: Option<String>,
    /// Every how many-th of them: 1 is each.
    pub every: u32,
}

impl Calls {
    /// All of an operation.
    pub fn of(service: &str, operation: &str) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            resource: None,
            every: 1,
        }
    }

    fn have(&self, call: &CallSeen<'_>) -> bool {
        let is_resource = |wanted: &String| call.resources.iter().any(|resource| resource == wanted);
        self.service.eq_ignore_ascii_case(call.service)
            && (self.operation == ANY || self.operation == call.operation)
            && self.resource.as_ref().is_none_or(is_resource)
    }
}

/// An AWS call on its way.
#[derive(Clone, Copy, Debug)]
pub struct CallSeen<'a> {
    /// Service as the endpoint names it.
    pub service: &'a str,
    /// Operation.
    pub operation: &'a str,
    /// Names of what it is about.
    pub resources: &'a [String],
}

/// What happens to an AWS call before it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// It is refused with this error code.
    Refuse(String),
    /// It waits.
    Wait(Duration),
}

/// Stands for every operation, and as a plan's function for every caller, from outside of functions too.
pub const ANY: &str = "*";

/// A fault that is armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number for [`Faults::disarm`].
    pub id: u64,
    /// Function it is for; [`ANY`] for calls of whomever.
    pub function: String,
    /// What goes wrong.
    pub fault: Fault,
    /// Occasions that were counted for [`Calls::every`].
    seen: u32,
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
            seen: 0,
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

    /// To be called before an AWS call is carried out: what is to happen to it, if anything. `caller` is none for calls from
    /// outside of functions.
    pub fn before_call(&self, caller: Option<&Caller>, call: &CallSeen<'_>) -> Option<Before> {
        let matches = |fault: &Fault| matches!(fault, Fault::FailCall { calls, .. } | Fault::SlowCall { calls, .. } if calls.have(call));
        let function = caller.map_or(ANY, |caller| caller.function.as_str());
        match self.take(function, matches)? {
            Fault::FailCall { code, .. } => Some(Before::Refuse(code)),
            Fault::SlowCall { delay, .. } => Some(Before::Wait(delay)),
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

/// The oldest plan that is due happens. Every plan that is about the occasion counts it, whoever happens.
fn take(plans: &mut [Plan], function: &str, matches: impl Fn(&Fault) -> bool) -> Option<Fault> {
    let mut due = None;
    for plan in plans.iter_mut().filter(|plan| {
        (plan.function == function || plan.function == ANY)
            && plan.remaining != Some(0)
            && matches(&plan.fault)
    }) {
        plan.seen = plan.seen.wrapping_add(1);
        let every = match &plan.fault {
            Fault::FailCall { calls, .. } | Fault::SlowCall { calls, .. } => calls.every.max(1),
            _ => 1,
        };
        if due.is_none() && plan.seen.is_multiple_of(every) {
            plan.remaining = plan.remaining.map(|remaining| remaining - 1);
            plan.happened += 1;
            due = Some(plan.fault.clone());
        }
    }
    due
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

    fn caller(function: &str) -> Caller {
        Caller {
            function: function.into(),
            environment: "e".into(),
        }
    }

    fn call<'a>(service: &'a str, operation: &'a str, resources: &'a [String]) -> CallSeen<'a> {
        CallSeen {
            service,
            operation,
            resources,
        }
    }

    #[test]
    fn a_call_is_refused_as_ordered() {
        let faults = Faults::default();
        let refused = Fault::FailCall {
            calls: Calls::of("ses", "SendEmail"),
            code: "MessageRejected".into(),
        };
        faults.arm("mail", refused, 1);
        let send = call("ses", "SendEmail", &[]);
        assert_eq!(faults.before_call(Some(&caller("shop")), &send), None);
        assert_eq!(
            faults.before_call(Some(&caller("mail")), &call("ses", "GetAccount", &[])),
            None
        );
        assert_eq!(
            faults.before_call(Some(&caller("mail")), &send),
            Some(Before::Refuse("MessageRejected".into()))
        );
        assert_eq!(faults.before_call(Some(&caller("mail")), &send), None);
    }

    #[test]
    fn calls_are_told_by_what_they_are_about_and_counted() {
        let faults = Faults::default();
        let delay = Duration::from_millis(200);
        let calls = Calls {
            resource: Some("orders".into()),
            every: 2,
            ..Calls::of("dynamodb", ANY)
        };
        faults.arm(ANY, Fault::SlowCall { calls, delay }, None);
        let tables = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (orders, payments) = (tables(&["products", "orders"]), tables(&["payments"]));
        let mut waits = Vec::new();
        for _ in 0..4 {
            assert_eq!(
                faults.before_call(None, &call("dynamodb", "GetItem", &payments)),
                None
            );
            let seen = call("DynamoDB", "GetItem", &orders);
            waits.push(faults.before_call(Some(&caller("shop")), &seen).is_some());
        }
        assert_eq!(waits, [false, true, false, true]);
        assert_eq!(faults.plans()[0].happened, 2);
    }

    /// A plan that waits for its turn hides no other, and each counts all calls.
    #[test]
    fn the_first_plan_that_is_due_happens() {
        let faults = Faults::default();
        let refused = |every, code: &str| Fault::FailCall {
            calls: Calls {
                every,
                ..Calls::of("ses", "SendEmail")
            },
            code: code.into(),
        };
        faults.arm("mail", refused(3, "third"), None);
        faults.arm("mail", refused(2, "second"), None);
        let sent = call("ses", "SendEmail", &[]);
        let happened: Vec<_> = (1..=6)
            .map(|_| match faults.before_call(Some(&caller("mail")), &sent) {
                Some(Before::Refuse(code)) => code,
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(happened, ["None", "second", "third", "second", "None", "third"]);
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
