//! What can be chosen.

use error_report_domain::budget::Limits;
use error_report_domain::known::Rules;
use error_report_domain::report::Step;
use error_report_intake::AlarmNotification;

/// Choices of a deployment.
#[derive(Clone)]
pub struct Settings {
    /// When a failure is news.
    pub rules: Rules,
    /// How many mails may go.
    pub limits: Limits,
    /// `https://…/runbooks`, without a slash at the end; empty: no link.
    pub runbooks: String,
    /// `https://…#dashboards/dashboard/`, to which a name is added; empty: no link.
    pub dashboards: String,
    /// The name of the topic whose alarms wait until morning; those of every other topic wake somebody.
    pub ticket_topic: String,
    /// The name of this function: alarms that begin with it are nothing that it tells of. Empty: there is no such alarm.
    pub own: String,
    /// The dashboard of an alarm, as its runbook names it; none for one that is not known.
    pub dashboard: fn(&AlarmNotification) -> Option<&'static str>,
    /// The region of AWS that commands name; none on the local platform, which they reach without.
    pub region: Option<String>,
    /// Names of the functions whose lines may be asked for.
    pub functions: Vec<String>,
    /// Names of the dead-letter queues that may be looked into.
    pub dead_letter_queues: Vec<String>,
    /// First steps of the runbook of an alarm; none for one that is not known.
    pub steps: fn(&AlarmNotification) -> Vec<Step>,
    /// Its steps that show whether it is over.
    pub verification: fn(&AlarmNotification) -> Vec<Step>,
    /// With this the names of customers are hashed. It is a secret.
    pub customer_key: Vec<u8>,
    /// Failures that are told in one mail; more are counted.
    pub told_groups: usize,
    /// Seconds that lines may take to be found: the window of an alarm begins so much earlier.
    pub ingestion_delay_s: i64,
}

impl Settings {
    /// The address of an alarm's runbook; empty where nobody says where runbooks are.
    pub(crate) fn runbook(&self, alarm: &str) -> String {
        if self.runbooks.is_empty() {
            return String::new();
        }
        format!("{}/{alarm}.md", self.runbooks)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::DEFAULT,
            limits: Limits::DEFAULT,
            runbooks: String::new(),
            dashboards: String::new(),
            ticket_topic: String::new(),
            own: String::new(),
            region: None,
            functions: Vec::new(),
            dead_letter_queues: Vec::new(),
            steps: |_| Vec::new(),
            verification: |_| Vec::new(),
            dashboard: |_| None,
            customer_key: Vec::new(),
            told_groups: 5,
            ingestion_delay_s: 120,
        }
    }
}

/// Without the key.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("rules", &self.rules)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
