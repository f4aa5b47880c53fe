//! From the cameras into the log: takes what they tell without ever keeping one waiting, and appends
//! it as a delivery over HTTP is appended: read, checked, durable.
//!
//! While the log takes nothing (a full disk), what comes waits here. What no longer fits is lost, and
//! how much that is is counted and said.

use crate::error::{AppError, Kind};
use crate::http::Service;
use plumbline_contract::event::Event;
use plumbline_ingest::{Mode, Reading, read_event};
use plumbline_store::Appended;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Events that wait for the log at most: some three hours of 45 cameras, 10 MiB.
const WAITING_MAX: usize = 8192;
/// Events appended at once.
const BATCH: usize = 512;
/// Type of the events that tell how a camera is.
const STATE: &str = "video.stream.state";
/// Pause before the log is tried again after it had no room.
const FULL_PAUSE: Duration = Duration::from_secs(5);

/// What became of what the cameras told, since the service was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// In the log.
    pub written: u64,
    /// The same again: in the log already.
    pub repeated: u64,
    /// Not taken by the log, as an outsider's would not be.
    pub refused: u64,
    /// Had no place to wait any more.
    pub lost: u64,
    pub waiting: u64,
}

/// See the module. Filled by any thread, emptied by one.
#[derive(Debug, Default)]
pub struct Writer {
    queue: Mutex<Queue>,
    changed: Condvar,
    written: AtomicU64,
    repeated: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Value>,
    stop: bool,
}

impl Writer {
    /// Takes an event; never waits. Without room the oldest minute makes way for a state, which nobody
    /// would tell again; a minute is lost itself, since what is in the queue is in its order.
    pub fn push(&self, event: Value) {
        let mut queue = self.lock();
        let is_full = queue.events.len() >= WAITING_MAX;
        if is_full && self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!("the log takes nothing: what the cameras tell begins to be lost");
        }
        if is_full {
            let oldest = queue.events.iter().position(|waiting| !is_state(waiting));
            let Some(oldest) = oldest.filter(|_| is_state(&event)) else { return };
            queue.events.remove(oldest);
        }
        queue.events.push_back(event);
        self.changed.notify_one();
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            written: read(&self.written),
            repeated: read(&self.repeated),
            refused: read(&self.refused),
            lost: read(&self.lost),
            waiting: self.lock().events.len() as u64,
        }
    }

    /// Lets [`Writer::run`] end once the queue is empty.
    pub fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_one();
    }

    /// Appends what comes until it is told to stop.
    ///
    /// # Errors
    /// If the store fails.
    pub fn run(&self, service: &Arc<Service>) -> Result<(), AppError> {
        loop {
            let (batch, stop) = self.next(Duration::MAX);
            if batch.is_empty() && stop {
                return Ok(());
            }
            match self.write(service, &batch) {
                Ok(()) => {}
                Err(error) if error.kind == Kind::Full => {
                    self.put_back(batch);
                    if stop {
                        let waiting = self.counts().waiting;
                        tracing::error!(waiting, "the disk is full: what waits is lost");
                        return Ok(());
                    }
                    self.pause();
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, longest: Duration) -> (Vec<Value>, bool) {
        let idle = |queue: &mut Queue| queue.events.is_empty() && !queue.stop;
        let longest = longest.min(Duration::from_secs(3600));
        let waited = self.changed.wait_timeout_while(self.lock(), longest, idle);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let count = queue.events.len().min(BATCH);
        (queue.events.drain(..count).collect(), queue.stop)
    }

    fn put_back(&self, batch: Vec<Value>) {
        let mut queue = self.lock();
        batch.into_iter().rev().for_each(|event| queue.events.push_front(event));
    }

    /// Waits, but not longer than until the end.
    fn pause(&self) {
        let going = |queue: &mut Queue| !queue.stop;
        drop(self.changed.wait_timeout_while(self.lock(), FULL_PAUSE, going));
    }

    fn write(&self, service: &Arc<Service>, batch: &[Value]) -> Result<(), AppError> {
        let app = service.app();
        let received = app.log_time();
        let reading =
            Reading { zone: app.zone(), received, mode: Mode::Live, rights: app.rights() };
        let (mut events, mut rejects): (Vec<Event>, _) = (Vec::new(), Vec::new());
        for event in batch {
            match read_event(event.to_string().as_bytes(), &reading) {
                Ok(event) => events.push(event),
                Err(reject) => {
                    tracing::error!(why = reject.en(), "what a camera told is refused");
                    rejects.push(reject);
                }
            }
        }
        let appended = app.append(&events)?;
        let is_repeat = |(_, appended): &(&Event, &Appended)| matches!(appended, Appended::Repeat);
        let repeats: Vec<_> =
            events.iter().zip(&appended).filter(is_repeat).map(|(event, _)| event).collect();
        app.count_intake(&repeats, &rejects, received);
        let written = appended.iter().filter(|appended| appended.seq().is_some()).count();
        let add = |count: &AtomicU64, more: usize| count.fetch_add(more as u64, Ordering::Relaxed);
        add(&self.written, written);
        add(&self.repeated, repeats.len());
        add(&self.refused, rejects.len() + events.len() - repeats.len() - written);
        if written > 0 {
            service.pulse().appended();
        }
        Ok(())
    }
}

/// Whether an event tells that a camera's state has changed; all others are minutes.
fn is_state(event: &Value) -> bool {
    event["type"] == STATE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_longer_fits_is_counted_and_never_waits() {
        let writer = Writer::default();
        for number in 0..WAITING_MAX + 3 {
            writer.push(Value::from(number));
        }
        let counts = writer.counts();
        assert_eq!((counts.waiting, counts.lost), (WAITING_MAX as u64, 3));
        let (batch, stop) = writer.next(Duration::ZERO);
        assert_eq!((batch.len(), batch.first(), stop), (BATCH, Some(&Value::from(0)), false));
        writer.put_back(batch);
        writer.stop();
        let (batch, stop) = writer.next(Duration::ZERO);
        assert_eq!((batch.first(), stop), (Some(&Value::from(0)), true), "in its order");
    }

    #[test]
    fn a_state_is_never_lost_before_a_minute() {
        let minute = |number: usize| serde_json::json!({ "type": "video.obs.minute", "n": number });
        let state = |number: usize| serde_json::json!({ "type": STATE, "n": number });
        let writer = Writer::default();
        writer.push(state(0));
        (1..WAITING_MAX).for_each(|number| writer.push(minute(number)));
        writer.push(state(WAITING_MAX));
        writer.push(minute(WAITING_MAX + 1));
        let counts = writer.counts();
        assert_eq!((counts.waiting, counts.lost), (WAITING_MAX as u64, 2));
        let waiting = writer.lock().events.clone();
        assert_eq!(waiting.iter().take(2).collect::<Vec<_>>(), [&state(0), &minute(2)]);
        assert_eq!(waiting.back(), Some(&state(WAITING_MAX)), "the newest minute is lost");

        let writer = Writer::default();
        (0..=WAITING_MAX).for_each(|number| writer.push(state(number)));
        assert_eq!((writer.counts().waiting, writer.counts().lost), (WAITING_MAX as u64, 1));
        assert_eq!(writer.lock().events.front(), Some(&state(0)), "no minute makes way");
    }
}
