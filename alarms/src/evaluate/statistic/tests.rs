//! Statistics against the user guide's definitions.

use super::*;
use crate::model::Stat;

fn of(samples: &[Sample], stat: &str) -> Option<f64> {
    let stat: Stat = stat.parse().unwrap();
    let mut distribution = Distribution::default();
    samples.iter().for_each(|sample| distribution.add(sample));
    let moments = samples
        .iter()
        .fold(Moments::default(), |all, sample| all.with(&Moments::of(sample)));
    if stat.needs_samples() {
        distribution.statistic(stat)
    } else {
        moments.statistic(stat)
    }
}

fn check(samples: &[Sample], stat: &str, expect: Option<f64>) {
    let found = of(samples, stat);
    match (found, expect) {
        (Some(found), Some(expect)) => assert!(
            (found - expect).abs() < 1e-9,
            "{stat}: {found}, expected {expect}"
        ),
        _ => assert_eq!(found, expect, "{stat}"),
    }
}

fn values(values: impl IntoIterator<Item = u32>) -> Vec<Sample> {
    values
        .into_iter()
        .map(|value| Sample::value(f64::from(value)).unwrap())
        .collect()
}

#[test]
fn standard_statistics() {
    let samples = values([4, 1, 7]);
    for (stat, expect) in [
        ("SampleCount", 3.0),
        ("Sum", 12.0),
        ("Average", 4.0),
        ("Minimum", 1.0),
        ("Maximum", 7.0),
    ] {
        check(&samples, stat, Some(expect));
        check(&[], stat, None);
    }
    let set = [Sample::set(3.0, 12.0, 1.0, 7.0).unwrap()];
    let counted = [Sample::values([(4.0, 1.0), (1.0, 1.0), (7.0, 1.0)]).unwrap()];
    for stat in ["SampleCount", "Sum", "Average", "Minimum", "Maximum"] {
        assert_eq!(of(&set, stat), of(&samples, stat), "{stat}");
        assert_eq!(of(&counted, stat), of(&samples, stat), "{stat}");
    }
}

#[test]
fn percentiles_and_trimmed_statistics() {
    let hundred = values((1..=100).rev());
    for (stat, expect) in [
        ("p0", 1.0),
        ("p50", 50.0),
        ("p95", 95.0),
        ("p99.9", 100.0),
        ("p100", 100.0),
        ("tm90", 45.5),
        ("tc90", 90.0),
        ("ts90", 4095.0),
        ("TM(2%:98%)", 50.5),
        ("TC(2%:98%)", 96.0),
        ("IQM", 50.5),
        ("TM(25%:75%)", 50.5),
        ("TS(80%:)", 1810.0),
        ("TM(10:20)", 15.5),
        ("TC(10:20)", 10.0),
        ("TC(:20)", 20.0),
        ("TC(20:)", 80.0),
        ("PR(:30)", 30.0),
        ("PR(10:30)", 20.0),
        ("PR(90:)", 10.0),
        ("wm98", (4851.0 + 98.0 + 98.0) / 100.0),
        ("WM(10:90)", (10.0 * 10.0 + 4040.0 + 10.0 * 90.0) / 100.0),
    ] {
        check(&hundred, stat, Some(expect));
    }
    for stat in ["p50", "p99", "tm99", "ts99", "wm90", "IQM"] {
        check(&values([7]), stat, Some(7.0));
        check(&[], stat, None);
    }
    check(&values([7]), "tc99", Some(1.0));
    check(&hundred, "TM(1000:2000)", None);
    check(&hundred, "TC(1000:2000)", Some(0.0));
}

#[test]
fn a_trimmed_sum_is_mean_times_count() {
    let samples = values([5, 1, 4, 4, 9, 2, 8, 3]);
    for bounds in ["10%:90%", ":95%", "30%:", "2:8", "3:"] {
        let [mean, count, sum] =
            ["TM", "TC", "TS"].map(|name| of(&samples, &format!("{name}({bounds})")).unwrap());
        assert!((mean * count - sum).abs() < 1e-9, "{bounds}");
    }
}

/// Counts stand for that many samples.
#[test]
fn counts_are_samples() {
    let counted = [Sample::values([(1.0, 90.0), (100.0, 10.0)]).unwrap()];
    let single: Vec<Sample> = values(std::iter::repeat_n(1, 90).chain(std::iter::repeat_n(100, 10)));
    for stat in ["p50", "p90", "p91", "tm95", "TC(5%:95%)", "wm95", "PR(:1)", "IQM"] {
        assert_eq!(of(&counted, stat), of(&single, stat), "{stat}");
    }
}

/// "You can retrieve these types of statistics only if …" of the user guide.
#[test]
fn statistic_sets_have_percentiles_only_if_their_samples_are_equal() {
    check(&[Sample::set(1.0, 5.0, 5.0, 5.0).unwrap()], "p99", Some(5.0));
    check(&[Sample::set(4.0, 20.0, 5.0, 5.0).unwrap()], "p99", Some(5.0));
    check(&[Sample::set(2.0, 12.0, 5.0, 7.0).unwrap()], "p99", None);
    check(
        &[Sample::value(-1.0).unwrap(), Sample::value(3.0).unwrap()],
        "p99",
        None,
    );
}

#[test]
fn bad_samples_are_refused() {
    assert!(Sample::value(f64::NAN).is_err());
    assert!(Sample::value(f64::INFINITY).is_err());
    assert!(Sample::value(2_f64.powi(361)).is_err());
    assert!(Sample::set(0.0, 0.0, 0.0, 0.0).is_err());
    assert!(Sample::set(2.0, 3.0, 2.0, 1.0).is_err());
    assert!(Sample::values([]).is_err());
    assert!(Sample::values([(1.0, -1.0)]).is_err());
    assert!(Sample::values((0..151).map(|n| (f64::from(n), 1.0))).is_err());
}

proptest::proptest! {
    /// Percentiles rise with the rank, lie among the samples, and trimming never leaves them.
    #[test]
    fn percentiles_are_in_order(samples in proptest::collection::vec(0_u32..1000, 1..60), p in 0_u32..100) {
        let (lowest, highest) = (*samples.iter().min().unwrap(), *samples.iter().max().unwrap());
        let samples = values(samples);
        let [a, b] = [p, p + 1].map(|p| of(&samples, &format!("p{p}")).unwrap());
        proptest::prop_assert!(a <= b && a >= f64::from(lowest) && b <= f64::from(highest));
        let mean = of(&samples, &format!("tm{}", p + 1)).unwrap();
        proptest::prop_assert!(mean <= b + 1e-9 && mean >= f64::from(lowest));
        let rank = of(&samples, &format!("PR(:{b})")).unwrap();
        proptest::prop_assert!(rank >= f64::from(p + 1) - 1e-9, "{rank} of p{}", p + 1);
    }
}
