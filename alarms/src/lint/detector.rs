//! Anomaly detectors: a model of a metric that nobody publishes learns nothing.

use crate::service_metrics::Presence;

use super::alarm::Alarm;
use super::checks::ANOMALY_BAND;
use super::report::Report;
use super::world::World;
use super::{identity, published};

pub(super) fn check(world: &World<'_>, report: &mut Report) {
    for detector in world.members.iter().copied().filter_map(Alarm::of_detector) {
        published::check(&detector, report);
        identity::check(&detector, world, report);
        if let [used] = detector.uses.as_slice()
            && let Some(known) = used.known
            && known.presence == Presence::OnEvent
        {
            let message = format!(
                "{} has datapoints only when something happened: there is no pattern to learn, use a threshold",
                known.name
            );
            report.say(
                &ANOMALY_BAND,
                &detector.member,
                detector.at(&used.metric["MetricName"]),
                message,
            );
        }
    }
}
