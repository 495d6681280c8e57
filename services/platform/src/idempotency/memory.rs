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
        records.retain(|_, record| record.expires > now);
        let mut subject = attempt.subject;
        if let Some(record) = records.get(&attempt.key) {
            if record.fingerprint != attempt.fingerprint {
                return Ok(Begin::Mismatch);
            }
            if let Some(answer) = &record.answer {
                return Ok(Begin::Completed(answer.clone()));
            }
            if record.lease_until > now {
                return Ok(Begin::InProgress);
            }
            subject.clone_from(&record.subject);
        }
        let record = Record {
            fingerprint: attempt.fingerprint,
            token: attempt.token.clone(),
            subject: subject.clone(),
            lease_until: now.saturating_add(LEASE).unwrap_or(now),
            expires: now.saturating_add(RETENTION).unwrap_or(now),
            answer: None,
        };
        records.insert(attempt.key.clone(), record);
        Ok(Begin::Started(Lease {
            key: attempt.key,
            token: attempt.token,
            subject,
        }))
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
            .filter(|record| record.token == lease.token && record.answer.is_none())
            .ok_or(RecordError::LeaseLost)?;
        record.answer = Some(answer.clone());
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
