//! Any sequence of calls by two callers, whose clocks differ, about one key.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::*;
use super::table::Table;

/// What a caller does next.
#[derive(Debug, Clone)]
enum Step {
    /// Another attempt, with one of two bodies, sent once or twice.
    Begin { caller: usize, body: u8, twice: bool },
    /// Completes a lease from before, also one that was lost.
    Complete { lease: Index, answer: u8 },
    /// Gives a lease from before back, also one that was lost.
    Abandon(Index),
    /// Time goes by, in seconds.
    Wait(i64),
}

/// Times around the ends of leases and lives.
fn waits() -> impl Strategy<Value = i64> {
    let (lease, life) = (LEASE.as_secs(), RETENTION.as_secs());
    prop_oneof![
        8 => Just(1),
        4 => lease - 1..=lease + 1,
        2 => life - lease - 1..=life - lease + 1,
        2 => life - 1..=life + 1,
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..2_usize, prop_oneof![3 => Just(0), 1 => Just(1)], any::<bool>())
            .prop_map(|(caller, body, twice)| Step::Begin { caller, body, twice }),
        3 => (any::<Index>(), 0..2_u8).prop_map(|(lease, answer)| Step::Complete { lease, answer }),
        1 => any::<Index>().prop_map(Step::Abandon),
        4 => waits().prop_map(Step::Wait),
    ];
    vec(step, 1..40)
}

fn attempt(number: usize, body: u8) -> Attempt {
    Attempt {
        key: Key::new("guest", "k"),
        fingerprint: Fingerprint::of(&[body]),
        token: format!("t{number}"),
        subject: format!("s{number}"),
    }
}

/// Every answer is one that its lease cannot share with another's.
fn answer(number: u8, lease: &Lease) -> StoredAnswer {
    StoredAnswer {
        status: 200 + u16::from(number),
        body: format!(r#"{{"by":"{}","text":"ü\n"}}"#, lease.token),
    }
}

/// The documented states, in the words of the documentation.
#[derive(Debug, Default)]
enum State {
    #[default]
    Absent,
    InProgress(Life),
    Completed(Life, StoredAnswer),
}

#[derive(Debug, Clone)]
struct Life {
    fingerprint: Fingerprint,
    holder: String,
    subject: String,
    lease_until: i64,
    expires: i64,
}

impl State {
    fn life(&self, now: i64) -> Option<&Life> {
        match self {
            Self::InProgress(life) | Self::Completed(life, _) if life.expires > now => Some(life),
            _ => None,
        }
    }

    fn begin(&mut self, attempt: &Attempt, now: i64) -> Begin {
        let mut subject = attempt.subject.clone();
        if let Some(life) = self.life(now) {
            if life.fingerprint != attempt.fingerprint {
                return Begin::Mismatch;
            }
            if let Self::Completed(_, answer) = self {
                return Begin::Completed(answer.clone());
            }
            if life.lease_until > now {
                return Begin::InProgress;
            }
            subject.clone_from(&life.subject);
        }
        *self = Self::InProgress(Life {
            fingerprint: attempt.fingerprint.clone(),
            holder: attempt.token.clone(),
            subject: subject.clone(),
            lease_until: now + LEASE.as_secs(),
            expires: now + RETENTION.as_secs(),
        });
        Begin::Started(attempt.clone().lease(subject))
    }

    fn complete(&mut self, lease: &Lease, answer: &StoredAnswer, now: i64) -> bool {
        let Some(life) = self.life(now).filter(|life| life.holder == lease.token) else {
            return false;
        };
        let life = Life {
            expires: now + RETENTION.as_secs(),
            ..life.clone()
        };
        if let Self::Completed(_, given) = self {
            return given == answer;
        }
        *self = Self::Completed(life, answer.clone());
        true
    }

    fn abandon(&mut self, lease: &Lease) {
        if matches!(self, Self::InProgress(life) if life.holder == lease.token) {
            *self = Self::Absent;
        }
    }
}

/// What must hold whatever the states are called: told from outside, by answers alone.
#[derive(Debug, Default)]
struct Observer {
    /// The subject of the life, and its answer.
    life: Option<(String, Option<StoredAnswer>)>,
}

impl Observer {
    fn saw(&mut self, begun: &Begin) {
        match begun {
            Begin::Started(lease)
                if self
                    .life
                    .as_ref()
                    .is_none_or(|(subject, _)| *subject != lease.subject) =>
            {
                self.life = Some((lease.subject.clone(), None));
            }
            Begin::Started(_) => assert!(
                self.life.as_ref().is_some_and(|(_, answer)| answer.is_none()),
                "done twice"
            ),
            Begin::Completed(answer) => assert_eq!(self.answer(), Some(answer), "not as it was stored"),
            Begin::InProgress | Begin::Mismatch => assert!(self.life.is_some()),
        }
    }

    fn completed(&mut self, lease: &Lease, answer: &StoredAnswer) {
        let (subject, given) = self.life.as_mut().unwrap();
        assert_eq!(*subject, lease.subject);
        assert!(given.as_ref().is_none_or(|given| given == answer), "two answers");
        *given = Some(answer.clone());
    }

    fn answer(&self) -> Option<&StoredAnswer> {
        self.life.as_ref().and_then(|(_, answer)| answer.as_ref())
    }
}

/// Runs the steps against a store; each outcome must be the documented one.
async fn check(records: &impl Records, steps: &[Step], skews: [i64; 2]) {
    let (mut state, mut observer) = (State::default(), Observer::default());
    let (mut attempts, mut leases, mut time) = (0, Vec::new(), 1_000_000);
    let at = |second| Timestamp::from_second(second).unwrap();
    for step in steps {
        match step {
            Step::Begin { caller, body, twice } => {
                attempts += 1;
                let (attempt, now) = (attempt(attempts, *body), time + skews[*caller]);
                let begun = records.begin(attempt.clone(), at(now)).await.unwrap();
                assert_eq!(begun, state.begin(&attempt, now), "{step:?}");
                if *twice {
                    assert_eq!(
                        records.begin(attempt, at(now)).await.unwrap(),
                        begun,
                        "sent twice"
                    );
                }
                observer.saw(&begun);
                if let Begin::Started(lease) = begun {
                    leases.push((*caller, lease));
                }
            }
            Step::Complete {
                lease,
                answer: number,
            } if !leases.is_empty() => {
                let (caller, lease): &(usize, Lease) = lease.get(&leases);
                let (now, answer) = (time + skews[*caller], answer(*number, lease));
                let completed = match records.complete(lease, &answer, at(now)).await {
                    Ok(()) => true,
                    Err(RecordError::LeaseLost) => false,
                    Err(other) => panic!("{other:?}"),
                };
                assert_eq!(completed, state.complete(lease, &answer, now), "{step:?}");
                if completed {
                    observer.completed(lease, &answer);
                }
            }
            Step::Abandon(lease) if !leases.is_empty() => {
                let (_, lease) = lease.get(&leases);
                records.abandon(lease).await.unwrap();
                state.abandon(lease);
            }
            Step::Wait(seconds) => time += seconds,
            Step::Complete { .. } | Step::Abandon(_) => {}
        }
    }
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn memory_is_the_documented_state_machine(steps in steps(), skews in any_skews()) {
        run(check(&MemoryRecords::default(), &steps, skews));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_table_is_the_documented_state_machine(steps in steps(), skews in any_skews()) {
        run(check(&Table::default().records(), &steps, skews));
    }

    /// Two callers at the same time: the calls of one fall between those of the other's begin.
    #[test]
    fn at_the_same_time_there_is_one_answer(
        waits in vec(prop_oneof![Just(0_i64), Just(LEASE.as_secs())], 8),
        pauses in vec(0..4_u8, 64),
    ) {
        run(race(waits, pauses));
    }
}

/// Both right, a little different, or one of them broken.
fn any_skews() -> impl Strategy<Value = [i64; 2]> {
    let skew = || prop_oneof![2 => Just(0), 1 => -3..=3_i64, 1 => -60..=60_i64];
    [skew(), skew()]
}

/// Each caller tries until it has an answer, and is slow in between.
async fn race(waits: Vec<i64>, pauses: Vec<u8>) {
    let table = Table::default();
    table.pause(&pauses);
    let caller = |number: usize| {
        let (records, waits) = (table.records(), &waits);
        async move {
            let (mut leases, mut answers, mut time) = (Vec::new(), Vec::new(), 1_000_000);
            for (n, wait) in waits.iter().enumerate() {
                let now = Timestamp::from_second(time).unwrap();
                match records.begin(attempt(number * 100 + n, 0), now).await.unwrap() {
                    Begin::Started(lease) => {
                        time += wait;
                        let (answer, now) = (answer(0, &lease), Timestamp::from_second(time).unwrap());
                        match records.complete(&lease, &answer, now).await {
                            Ok(()) => answers.push(answer),
                            Err(RecordError::LeaseLost) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                        leases.push(lease);
                    }
                    Begin::Completed(answer) => answers.push(answer),
                    Begin::InProgress => {}
                    Begin::Mismatch => panic!("the same was asked for"),
                }
                time += wait;
            }
            (leases, answers)
        }
    };
    let (one, other) = futures::join!(caller(1), caller(2));
    let subjects: BTreeSet<_> = one.0.iter().chain(&other.0).map(|lease| &lease.subject).collect();
    assert_eq!(subjects.len(), 1, "all work is about the same");
    let answers: BTreeSet<_> = one.1.iter().chain(&other.1).map(|answer| &answer.body).collect();
    assert_eq!(answers.len(), 1, "one answer, and there is one");
}
