//! Reading the log: in batches, and for a replay the next batch while this one is folded.

use super::{Places, Prepared, Runner, SIFTED_EVENTS_MAX};
use crate::error::AppError;
use plumbline_contract::event::{REBUILD_TYPE, SETTING_TYPE, TABLE_TYPE, TICK_TYPE};
use plumbline_contract::id::EventSeq;
use plumbline_store::{Rows, Store, StoreError};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

/// What of the log a run in memory reads next: at most `max` events between two positions that
/// concern a plan.
#[derive(Clone, Debug)]
struct Wish {
    from: EventSeq,
    until: EventSeq,
    max: usize,
    prepared: Arc<Prepared>,
}

impl Wish {
    fn read(&self, log: &dyn Store) -> Result<Rows, StoreError> {
        log.sift((self.from, self.until), self.max, &mut self.prepared.plan.sieve())
    }

    /// Whether what was read for this one is what another asks for. Where the other would end does
    /// not matter: it goes on behind what it gets.
    fn serves(&self, other: &Self) -> bool {
        self.from == other.from && Arc::ptr_eq(&self.prepared, &other.prepared)
    }
}

/// A thread that reads the log, one batch ahead of the run that it serves.
#[derive(Debug)]
pub(crate) struct Reader {
    wishes: Sender<Wish>,
    /// Never contended: the lock lets the runner be lent to the threads that fold.
    read: Mutex<Receiver<Result<Rows, StoreError>>>,
    /// What it reads now, or has read.
    asked: Option<Wish>,
}

impl Reader {
    /// Begins the thread; it ends once the reader is dropped.
    pub(crate) fn beside<'scope>(scope: &'scope Scope<'scope, '_>, log: &'scope dyn Store) -> Self {
        let (wishes, wished) = channel::<Wish>();
        let (found, read) = channel();
        scope.spawn(move || {
            let found = |wish: Wish| found.send(wish.read(log)).is_ok();
            wished.into_iter().all(found)
        });
        Self { wishes, read: Mutex::new(read), asked: None }
    }

    /// What was asked for, and begins with what is asked for next.
    fn rows(
        &mut self,
        wish: Wish,
        next: impl FnOnce(EventSeq) -> Option<Wish>,
    ) -> Result<Rows, StoreError> {
        if self.asked.as_ref().is_none_or(|asked| !asked.serves(&wish)) {
            if self.asked.is_some() {
                // Read for a plan that has changed meanwhile.
                drop(self.answer());
            }
            self.ask(wish);
        }
        let rows = self.answer()?;
        if let Some(next) = next(rows.end()) {
            self.ask(next);
        }
        Ok(rows)
    }

    fn ask(&mut self, wish: Wish) {
        self.asked = Some(wish.clone());
        self.wishes.send(wish).expect("it reads as long as it is asked");
    }

    fn answer(&mut self) -> Result<Rows, StoreError> {
        self.asked = None;
        let read = self.read.get_mut().unwrap_or_else(PoisonError::into_inner);
        read.recv().expect("it reads as long as it is asked")
    }
}

impl Runner {
    /// The events from a place on up to the next at which the deployment turns, or that one alone.
    /// What was read behind it is kept: a live log has ticks every few events.
    pub(super) fn read(
        &mut self,
        places: &Places<'_>,
        from: EventSeq,
        end: EventSeq,
    ) -> Result<Rows, AppError> {
        if !(self.ahead.begin()..self.ahead.end()).contains(&from) {
            self.ahead = self.read_ahead(places, from, end)?;
        }
        let (first, until) = (self.ahead.place_of(from), self.ahead.place_of(end));
        let turn = self.ahead.kinds(first).take(until - first).position(is_turn);
        let end = match turn.map(|turn| self.ahead.seq(first + turn)) {
            Some(turn) if turn == from => turn.next(),
            Some(turn) => turn,
            None => end,
        };
        Ok(self.ahead.part(from, end))
    }

    fn read_ahead(
        &mut self,
        places: &Places<'_>,
        from: EventSeq,
        end: EventSeq,
    ) -> Result<Rows, AppError> {
        let room = |from: EventSeq| end.0.saturating_sub(from.0) as usize;
        if !self.sifts {
            return Ok(places.log.rows(from, self.batch.min(room(from)))?);
        }
        let wish = |from: EventSeq| Wish {
            from,
            until: EventSeq(from.0 + room(from).min(SIFTED_EVENTS_MAX) as u64),
            max: self.batch,
            prepared: self.prepared.clone(),
        };
        let next = |from| (from < end).then(|| wish(from));
        Ok(match &mut self.reader {
            Some(reader) => reader.rows(wish(from), next)?,
            None => wish(from).read(places.log)?,
        })
    }
}

/// Events of the host at which a deployment stops and turns.
fn is_turn(kind: &str) -> bool {
    matches!(kind, TICK_TYPE | TABLE_TYPE | SETTING_TYPE | REBUILD_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumbline_contract::event::Event;
    use plumbline_contract::id::{DeploymentId, PackageHash};
    use plumbline_contract::manifest::Manifest;
    use plumbline_contract::time::{Millis, Zone};
    use plumbline_kernel::{Deployment, Grants, Mode, Plan, Setting};
    use plumbline_store::MemoryStore;
    use std::collections::BTreeMap;

    /// A plan that looks at events of these types.
    fn plan(kinds: &str) -> Arc<Prepared> {
        let text = format!(
            "[plugin]\nid = \"a\"\nversion = \"1.0.0\"\nrelease = 1\ncontract = \"0.1\"\n\
             domain = \"approval\"\nvendor = \"v\"\nname_zh = \"甲\"\nname_en = \"a\"\n\
             [[stream]]\nname = \"s\"\nevents = [\"{kinds}\"]\nkey = [\"subject\"]\n\
             [[capability]]\nkind = \"events\"\nname = \"{kinds}\"\nreason_zh = \"试\"\n\
             reason_en = \"t\"\n"
        );
        let manifest = Arc::new(Manifest::from_toml(&text).expect("a manifest"));
        let package = PackageHash([1; 32]);
        let setting = Setting { package: Some(package), ..Setting::default() };
        let deployment = Deployment {
            id: DeploymentId(1),
            plugin: "a".into(),
            mode: Mode::Live,
            scope: String::new(),
            from: EventSeq(0),
            since: None,
            settings: vec![setting],
            grants: vec![Grants::all(package, &manifest)],
        };
        let manifests = BTreeMap::from([(package, manifest)]);
        let zone = Arc::new(Zone::shanghai());
        let plan = Plan::new(&deployment, &manifests, zone, |_| String::new()).expect("a plan");
        Arc::new(Prepared { plan, plugins: Vec::new() })
    }

    /// Two types of events in turns.
    fn log() -> MemoryStore {
        let event = |number: usize| Event {
            id: number.to_string(),
            source: "s".into(),
            kind: ["a.one", "a.two"][number % 2].into(),
            subject: String::new(),
            time: Millis(0),
            recorded: Millis(0),
            corrected: None,
            logged: Millis(0),
            region: String::new(),
            dept: String::new(),
            serial: None,
            actor: None,
            dataversion: 1,
            data: "{}".into(),
        };
        let log = MemoryStore::new();
        log.append(&(0..20).map(event).collect::<Vec<_>>()).expect("appends");
        log
    }

    #[test]
    fn what_was_read_for_a_plan_that_has_changed_is_read_again() {
        let (log, narrow, wide) = (log(), plan("a.one"), plan("a.*"));
        let wish = |from, prepared: &Arc<Prepared>| Wish {
            from: EventSeq(from),
            until: EventSeq(20),
            max: 3,
            prepared: prepared.clone(),
        };
        let found = |rows: Rows| rows.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let mut reader = Reader::beside(scope, &log);
            let next = |from: EventSeq| Some(wish(from.0, &narrow));
            let mut read = |from, plan| found(reader.rows(wish(from, plan), next).expect("reads"));
            assert_eq!(read(0, &narrow), [0, 2, 4]);
            assert_eq!(read(5, &narrow), [6, 8, 10]);
            // Now it reads on behind 10, without the second type.
            assert_eq!(read(11, &wide), [11, 12, 13]);
            assert_eq!(read(14, &wide), [14, 15, 16]);
            // Another place than was thought.
            assert_eq!(read(3, &narrow), [4, 6, 8]);
            let last = reader.rows(wish(17, &wide), |_| None).expect("reads");
            assert_eq!((last.end(), found(last)), (EventSeq(20), vec![17, 18, 19]));
        });
    }
}
