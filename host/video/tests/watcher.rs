//! A fleet and somebody who reads what it says.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "live cameras are paced by real time")]

use plumbline_camera::{Evidence, Fleet, Limits, Message, Place, Post, Subject, Written, Zone};
use plumbline_contract::time::{Millis, Zone as Clock};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// When the clocks of the tests begin, microseconds since 1970.
const BEGIN_US: i64 = 1_772_413_200_000_000;

/// A clock that begins now and runs so many times as fast as real time, by which cameras send.
pub(crate) fn clock(speed: i64) -> Arc<dyn Fn() -> i64 + Send + Sync> {
    let begun = Instant::now();
    Arc::new(move || BEGIN_US + speed * i64::try_from(begun.elapsed().as_micros()).unwrap())
}

pub(crate) struct Watcher {
    pub(crate) fleet: Fleet,
    messages: Receiver<Message>,
}

impl Watcher {
    pub(crate) fn new() -> Self {
        let (sink, messages) = sync_channel(64);
        Self { fleet: Fleet::new(clock(1), sink), messages }
    }

    /// Watches these and no others; all must be taken.
    pub(crate) fn watch(&mut self, posts: Vec<Post>) {
        let faults = self.fleet.reconcile(posts);
        assert!(faults.is_empty(), "{faults:?}");
    }

    pub(crate) fn message(&self) -> Message {
        self.messages.recv_timeout(PATIENCE).expect("a message")
    }

    /// Reads until a camera has come into a state; returns the reason.
    pub(crate) fn until(&self, camera: &str, word: &str) -> Option<String> {
        loop {
            match self.message() {
                Message::Written { camera: of, written, .. } if of == camera => {
                    for written in written {
                        let Written::State(change) = written else { continue };
                        let state = change.state;
                        if state.quality().unwrap_or(state.stream()) == word {
                            return change.reason;
                        }
                    }
                }
                Message::Fault { camera, error } => panic!("{camera} has ended: {error}"),
                _ => {}
            }
        }
    }

    pub(crate) fn evidence(&self) -> Evidence {
        loop {
            if let Message::Evidence(evidence) = self.message() {
                return *evidence;
            }
        }
    }

    /// Ends the fleet; every thread must end.
    pub(crate) fn stop(self) {
        drop(self.messages);
        self.fleet.stop();
    }
}

/// A camera with a mask over its left half.
pub(crate) fn post(camera: &str, address: &str) -> Post {
    let subject = Subject {
        camera: camera.to_owned(),
        source: "/video".to_owned(),
        region: None,
        start: Millis(0),
        clock: Clock::shanghai(),
    };
    Post {
        subject,
        address: address.to_owned(),
        zones: vec![zone("m1", "mask", 0.0, 0.5), zone("s1", "seat", 0.5, 1.0)],
        reference: None,
        limits: Limits::default(),
        patience: Duration::from_secs(20),
        keeps_clips: true,
        counting: None,
    }
}

/// All of the height, from one part of the width to another.
pub(crate) fn zone(name: &str, kind: &str, left: f64, right: f64) -> Zone {
    let place = Place { zone: name.to_owned(), kind: kind.to_owned(), seat: None };
    let polygon = vec![[left, 0.0], [right, 0.0], [right, 1.0], [left, 1.0]];
    Zone { place, polygon }
}
