//! Records in memory, for tests of what uses them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Attempt, Begin, Fingerprint, Key, LEASE, Lease, RETENTION, RecordError, Records, StoredAnswer};

#[derive(Debug)]
struct Record {
    fingerprint: Fingerprint,
    token: String,
    subject: String,
    lease_until: Timestamp,
    expires: Timestamp,
    answer: Option<StoredAnswer>,
}

/// [`Records`] in memory.
#[derive(Debug, Default)]
pub struct MemoryRecords(Mutex<HashMap<Key, Record>>);

impl MemoryRecords {
    fn records(&self) -> MutexGuard<'_, HashMap<Key, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn begin(&self, attempt: Attempt, now: Timestamp) -> Result<Begin, RecordError> {
        let mut records = self.records();
        let mut subject = attempt.subject.clone();
        let alive = records.get(&attempt.key).filter(|record| record.expires > now);
        if let Some(record) = alive {
            if record.fingerprint != attempt.fingerprint {
                return Ok(Begin::Mismatch);
            }
            if let Some(answer) = &record.answer {
                return Ok(Begin::Completed(answer.clone()));
            }
            subject.clone_from(&record.subject);
            if record.lease_until > now {
                let ours = record.token == attempt.token;
                return Ok(if ours {
                    Begin::Started(attempt.lease(subject))
                } else {
                    Begin::InProgress
                });
            }
        }
        let record = Record {
            fingerprint: attempt.fingerprint.clone(),
            token: attempt.token.clone(),
            subject: subject.clone(),
            lease_until: now.saturating_add(LEASE).unwrap_or(now),
            expires: now.saturating_add(RETENTION).unwrap_or(now),
            answer: None,
        };
        records.insert(attempt.key.clone(), record);
        Ok(Begin::Started(attempt.lease(subject)))
    }

    async fn complete(
        &self,
        lease: &Lease,
        answer: &StoredAnswer,
        now: Timestamp,
    ) -> Result<(), RecordError> {
        let mut records = self.records();
        let record = records
            .get_mut(&lease.key)
            .filter(|record| record.token == lease.token && record.expires > now)
            .ok_or(RecordError::LeaseLost)?;
        match &record.answer {
            Some(given) if given == answer => return Ok(()),
            Some(_) => return Err(RecordError::LeaseLost),
            None => record.answer = Some(answer.clone()),
        }
        record.expires = now.saturating_add(RETENTION).unwrap_or(now);
        Ok(())
    }

    async fn abandon(&self, lease: &Lease) -> Result<(), RecordError> {
        let mut records = self.records();
        let ours = records
            .get(&lease.key)
            .is_some_and(|record| record.token == lease.token && record.answer.is_none());
        if ours {
            records.remove(&lease.key);
        }
        Ok(())
    }
}
