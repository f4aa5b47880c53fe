//! The composer: one home with its store, ledger, engine and deployments.

mod deployments;

pub use deployments::{Past, limits};

use crate::alert::{Alert, AlertIndex};
use crate::disk::DiskGuard;
use crate::driver::{Places, Runner, Step};
use crate::error::{AppError, Kind};
use crate::footage::leaf::FootageIndex;
use crate::hall::Hall;
use crate::home::{Config, Home, load_zone};
use crate::log_clock::LogClock;
use crate::platform::source::{self, Intake};
use crate::platform::{self, Takers, alert::Leaf};
use crate::setting::SettingHistory;
use crate::table::{Origin, TableHistory, canonical, table_subject, to_stored};
use crate::{act, clock};
use deployments::{Loaded, is_standstill};
use plumbline_contract::alert::AlertLeaf;
use plumbline_contract::event::{Event, TABLE_TYPE, TICK_TYPE, TableLoaded, Tick};
use plumbline_contract::id::{EventSeq, LeafIndex, PackageHash, TableVersion};
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::TableRow;
use plumbline_contract::time::{Day, Millis, Zone};
use plumbline_engine::{Calendars, Engine};
use plumbline_ingest::{Reject, Rights};
use plumbline_kernel::health::DayQuality;
use plumbline_kernel::{Deployment, Mode, is_import};
use plumbline_ledger::{Ledger, sha256_hex};
use plumbline_store::{Appended, Problem, SledStore, Store};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
};

/// Leaves sealed under one checkpoint at once.
const LEAVES_PER_SEAL: usize = 4096;
/// Observations at the end of the log that are passed over to find the newest event received.
const OBSERVED_LAST: usize = 256;
/// What an event takes on the disk beside its data, in bytes, generously.
const ENVELOPE_BYTES: usize = 1024;
/// Rounds of driving and observing what came of it. One is usual, two where alerts are observed;
/// plugins that hand an observation round in a circle must not hold up the others.
pub(crate) const ROUNDS_MAX: usize = 8;
/// Source of the host's own events.
pub const HOST_SOURCE: &str = "plumbline";

/// An open home. All methods may be called from any thread.
///
/// Locks are taken in the order `history`, `turn`, `runners`, `tables`, and `ledger`, `alerts`. The runners
/// move under their own lock, so that nothing is driven twice; the turn is for work of many steps
/// that must not be interrupted by other people's steps.
#[derive(Debug)]
pub struct App {
    home: Home,
    config: Config,
    zone: Arc<Zone>,
    store: Arc<SledStore>,
    engine: Engine,
    calendars: Arc<Calendars>,
    disk: DiskGuard,
    /// What ordinary sources may say of the supervision itself.
    rights: Rights,
    threads: usize,
    ledger: Mutex<Ledger>,
    alerts: Mutex<AlertIndex>,
    tables: Mutex<Arc<TableHistory>>,
    settings: Mutex<Arc<SettingHistory>>,
    runners: Mutex<Vec<Runner>>,
    /// Deployments that could not be started.
    suspended: Mutex<Vec<(Deployment, AppError)>>,
    /// Packages that were loaded since the start.
    loaded: Mutex<BTreeMap<PackageHash, Loaded>>,
    /// What they take of the host's observations.
    takers: Mutex<Arc<Takers>>,
    /// What came in and is not in the log.
    intake: Mutex<Intake>,
    log_clock: Mutex<LogClock>,
    told_time: Mutex<Option<Millis>>,
    turn: Mutex<()>,
    /// The cameras of the running service.
    hall: Mutex<Option<Arc<Hall>>>,
    /// Held for writing while old payloads are dropped.
    history: RwLock<()>,
    /// Held for writing while footage is deleted.
    footage: RwLock<()>,
    /// Threads that wait for the turn.
    waiting: AtomicUsize,
    stopping: AtomicBool,
}

/// The right to drive alone, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    _guard: MutexGuard<'a, ()>,
}

/// A lock whose holder panicked is not an issue: a panic ends the process.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a run of the driver went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driven {
    pub events: u64,
}

impl App {
    /// Creates a home and opens it.
    ///
    /// # Errors
    /// If there is one already, or something cannot be written.
    pub fn create(home: Home, config: &Config) -> Result<Self, AppError> {
        let key = home.create(config)?;
        Ledger::create(&home.ledger_dir(), &config.origin, key)?;
        let app = Self::open(home)?;
        let particulars = json!({ "origin": config.origin, "zone": config.zone });
        app.record(&[act::leaf("init", clock::now(), &app.zone, particulars)])?;
        Ok(app)
    }

    /// Opens a home; nobody else can until this is dropped.
    ///
    /// # Errors
    /// If there is none, another process holds it, or what is on the disk is damaged.
    pub fn open(home: Home) -> Result<Self, AppError> {
        let config = home.config()?;
        let zone = Arc::new(load_zone(&config.zone)?);
        let store = Arc::new(SledStore::open(&home.store_dir())?);
        let ledger = Ledger::open(&home.ledger_dir(), home.ledger_key()?)?;
        outbox_fits(&*store, ledger.size())?;
        let mut alerts = AlertIndex::default();
        alerts.catch_up(&ledger)?;
        let engine = Engine::new(Some(home.cache_dir()))
            .map_err(|error| AppError::new(Kind::Failed, "engine", error))?;
        let tables = Arc::new(TableHistory::load(&*store)?);
        let settings = Arc::new(SettingHistory::load(&*store)?);
        let log_clock = LogClock::after(newest_live(&*store)?);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let disk = DiskGuard::new(home.dir(), config.disk_reserve_mib);
        let app = Self {
            home,
            rights: config.health.rights(),
            config,
            zone,
            store,
            engine,
            calendars: Arc::new(Calendars::default()),
            disk,
            threads,
            ledger: Mutex::new(ledger),
            alerts: Mutex::new(alerts),
            tables: Mutex::new(tables),
            settings: Mutex::new(settings),
            runners: Mutex::new(Vec::new()),
            suspended: Mutex::new(Vec::new()),
            loaded: Mutex::new(BTreeMap::new()),
            takers: Mutex::default(),
            intake: Mutex::default(),
            log_clock: Mutex::new(log_clock),
            told_time: Mutex::new(None),
            turn: Mutex::new(()),
            hall: Mutex::default(),
            history: RwLock::new(()),
            footage: RwLock::new(()),
            waiting: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        };
        app.reload()?;
        app.observe_sealed()?;
        app.seal()?;
        Ok(app)
    }

    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What sources may say of the supervision itself.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Walks the whole store; whoever writes waits until it is done.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn check_store(&self) -> Result<Vec<Problem>, AppError> {
        Ok(self.store.check()?)
    }

    /// The store with what only one on a disk can do.
    #[must_use]
    pub fn store_on_disk(&self) -> &SledStore {
        &self.store
    }

    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The history of reference tables.
    #[must_use]
    pub fn tables(&self) -> Arc<TableHistory> {
        lock(&self.tables).clone()
    }

    /// The ledger; appending to it is the business of [`App::seal`].
    pub fn with_ledger<T>(&self, use_it: impl FnOnce(&Ledger) -> T) -> T {
        use_it(&lock(&self.ledger))
    }

    /// # Errors
    /// If the ledger cannot be read.
    pub fn alerts(&self) -> Result<Vec<Alert>, AppError> {
        // The ledger first, as in `seal`.
        let ledger = lock(&self.ledger);
        lock(&self.alerts).list(&ledger)
    }

    /// # Errors
    /// If the ledger cannot be read.
    pub fn alert(&self, id: &str) -> Result<Option<Alert>, AppError> {
        let ledger = lock(&self.ledger);
        lock(&self.alerts).get(&ledger, id)
    }

    /// Alerts about one entity.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn alerts_about(&self, key: &str) -> Result<Vec<Alert>, AppError> {
        let ledger = lock(&self.ledger);
        lock(&self.alerts).about(&ledger, key)
    }

    /// Where the leaves of footage are, with the ledger that holds them.
    pub fn with_footage<T>(&self, use_it: impl FnOnce(&FootageIndex, &Ledger) -> T) -> T {
        let ledger = lock(&self.ledger);
        use_it(lock(&self.alerts).footage(), &ledger)
    }

    /// Alerts first raised at or behind a leaf, in that order, as long as `take` wants more.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn alerts_from(
        &self,
        first_leaf: u64,
        take: &mut dyn FnMut(Alert) -> bool,
    ) -> Result<(), AppError> {
        let ledger = lock(&self.ledger);
        lock(&self.alerts).from(&ledger, first_leaf, take)
    }

    /// Manifests of the running deployments.
    #[must_use]
    pub fn manifests(&self) -> Vec<Manifest> {
        let runners = lock(&self.runners);
        let variants = runners.iter().flat_map(|runner| runner.plan().variants());
        let mut manifests: Vec<Manifest> = Vec::new();
        for variant in variants {
            if !manifests.contains(&variant.manifest) {
                manifests.push((*variant.manifest).clone());
            }
        }
        manifests
    }

    /// Uses the runners, which stand still meanwhile.
    pub fn with_runners<T>(&self, use_them: impl FnOnce(&mut [Runner]) -> T) -> T {
        use_them(&mut lock(&self.runners))
    }

    /// Log time of what is received now. It never goes back, and a jump of the wall clock counts
    /// only once it has lasted.
    #[must_use]
    pub fn log_time(&self) -> Millis {
        self.log_time_at(clock::now(), clock::running())
    }

    /// As [`App::log_time`], at given readings of the wall clock and of the running clock.
    #[must_use]
    pub fn log_time_at(&self, wall: Millis, running: Millis) -> Millis {
        lock(&self.told_time).unwrap_or_else(|| lock(&self.log_clock).at(wall, running))
    }

    /// The present instant for what cannot be undone; `None` as long as no clock of this process
    /// can be trusted that far. See [`LogClock::sure`].
    #[must_use]
    pub fn sure_time(&self) -> Option<Millis> {
        let (wall, running) = (clock::now(), clock::running());
        lock(&self.log_clock).sure(wall, running)
    }

    /// From now on log time is what is told here: for a home that lives through another time than
    /// ours, as in a demonstration or a test.
    pub fn tell_time(&self, time: Millis) {
        *lock(&self.told_time) = Some(time);
    }

    /// Waits until nobody else drives in turn, and keeps the turn. While it is held, nobody writes a
    /// tick of the clock, and what [`App::seal`] returns is this caller's own work. Not to be taken
    /// twice by one thread.
    pub fn take_turn(&self) -> Turn<'_> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let guard = lock(&self.turn);
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        Turn { _guard: guard }
    }

    /// Waits until nobody drops old payloads, and keeps them from being dropped: for what reads the
    /// log from a base on, or asks that it be read. Not to be taken twice by one thread, nor while it
    /// has the turn.
    pub(crate) fn keep_history(&self) -> RwLockReadGuard<'_, ()> {
        self.history.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody reads the log from a base on: for who drops payloads.
    pub(crate) fn change_history(&self) -> RwLockWriteGuard<'_, ()> {
        self.history.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody deletes footage, and keeps it from being deleted.
    pub(crate) fn keep_footage(&self) -> RwLockReadGuard<'_, ()> {
        self.footage.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody takes or reads footage: for who deletes some.
    pub(crate) fn change_footage(&self) -> RwLockWriteGuard<'_, ()> {
        self.footage.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`App::take_turn`], or `None` if somebody else has it or waits for it: who asks again and
    /// again would otherwise keep the others from it.
    pub fn try_turn(&self) -> Option<Turn<'_>> {
        if self.waiting.load(Ordering::Acquire) > 0 {
            return None;
        }
        match self.turn.try_lock() {
            Ok(guard) => Some(Turn { _guard: guard }),
            Err(TryLockError::Poisoned(error)) => Some(Turn { _guard: error.into_inner() }),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Asks long work to end at its next good place.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether long work may go on.
    ///
    /// # Errors
    /// If the service is about to stop.
    pub fn go_on(&self) -> Result<(), AppError> {
        match self.stopping.load(Ordering::Relaxed) {
            true => Err(AppError::new(Kind::Busy, "stopping", self.home.dir().display())),
            false => Ok(()),
        }
    }

    /// The cameras of the running service.
    ///
    /// # Errors
    /// If no service runs on this home.
    pub fn hall(&self) -> Result<Arc<Hall>, AppError> {
        let none = || AppError::new(Kind::Usage, "no-hall", self.home.dir().display());
        lock(&self.hall).clone().ok_or_else(none)
    }

    pub(crate) fn set_hall(&self, hall: Option<Arc<Hall>>) {
        *lock(&self.hall) = hall;
    }

    /// Lets in what comes from outside only while there is room on the disk.
    #[must_use]
    pub fn disk(&self) -> &DiskGuard {
        &self.disk
    }

    /// Appends events; when it returns they are durable.
    ///
    /// # Errors
    /// If the disk has no room for them or the store fails; nothing is acknowledged then.
    pub fn append(&self, events: &[Event]) -> Result<Vec<Appended>, AppError> {
        let bytes = events.iter().map(|event| event.data.len() + ENVELOPE_BYTES).sum::<usize>();
        self.disk.admit(bytes as u64, clock::now())?;
        let appended = self.store.append(events)?;
        let is_conflict = |one: &Appended| matches!(one, Appended::Conflict(_));
        if appended.iter().any(is_conflict) && self.takers().takes(platform::record::KIND) {
            let observed = platform::record::observe(self, events, &appended)?;
            self.store.append(&observed)?;
        }
        Ok(appended)
    }

    /// Writes a tick: timers due at or before `time` fire at this place of the log.
    ///
    /// # Errors
    /// If the store fails.
    pub fn tick(&self, time: Millis, import: bool) -> Result<Appended, AppError> {
        let data = json!(Tick { time, import }).to_string();
        // Unique by its place: two imports may end at the same moment, and each needs its tick.
        let id = format!("tick/{}/{}", time.0, self.store.next_seq());
        let event = self.host_event(TICK_TYPE, id, TICK_TYPE.to_owned(), time, data);
        let appended = self.store.append(&[event])?;
        appended.into_iter().next().ok_or_else(|| AppError::new(Kind::Failed, "store", "tick"))
    }

    fn host_event(
        &self,
        kind: &str,
        id: String,
        subject: String,
        time: Millis,
        data: String,
    ) -> Event {
        Event {
            id,
            source: HOST_SOURCE.to_owned(),
            kind: kind.to_owned(),
            subject,
            time,
            recorded: time,
            corrected: None,
            logged: time,
            region: self.config.region.clone(),
            dept: String::new(),
            serial: None,
            actor: None,
            dataversion: 1,
            data,
        }
    }

    /// Puts a new version of a reference table into force; an act in the ledger. Rows that equal
    /// the version in force change nothing.
    ///
    /// # Errors
    /// If the disk has no room for it or the store fails.
    pub fn load_table(
        &self,
        table: &str,
        rows: Vec<TableRow>,
    ) -> Result<(TableVersion, bool), AppError> {
        self.load_table_at(table, rows, self.log_time())
    }

    /// As [`App::load_table`], at a given log time.
    ///
    /// # Errors
    /// As there.
    pub fn load_table_at(
        &self,
        table: &str,
        rows: Vec<TableRow>,
        now: Millis,
    ) -> Result<(TableVersion, bool), AppError> {
        self.load_table_from(table, rows, Origin::default(), now)
    }

    /// As [`App::load_table_at`], with where the rows come from.
    ///
    /// # Errors
    /// As there.
    pub fn load_table_from(
        &self,
        table: &str,
        rows: Vec<TableRow>,
        origin: Origin,
        now: Millis,
    ) -> Result<(TableVersion, bool), AppError> {
        let sha256 = sha256_hex(&canonical(&rows));
        if let Some(version) = self.same_version(table, &sha256)? {
            return Ok((version, false));
        }
        let count = rows.len() as u64;
        let rows: Vec<_> = rows.into_iter().map(to_stored).collect();
        let bytes = rows.iter().map(|row| row.key.len() + row.json.len()).sum::<usize>();
        self.disk.admit(bytes as u64, clock::now())?;
        let version = self.store.put_table(table, &rows)?;
        let Origin { file, file_sha256, by } = origin;
        let mut loaded = TableLoaded {
            table: table.to_owned(),
            version: version.0,
            sha256,
            rows: count,
            file,
            file_sha256,
            by,
            leaf: None,
        };
        // The act first: one too many after a crash is harmless, one missing is not.
        let act = act::leaf("table", now, &self.zone, json!(loaded));
        loaded.leaf = Some(self.store.push_leaves(&[act])?.0);
        let data = json!(loaded).to_string();
        let id = format!("table/{table}/{version}");
        // In a home that only imports, open keys look again at the log's own time: with a log of
        // former years, the wall clock would make everything overdue.
        let logged = self.import_time()?.unwrap_or(now);
        let event = self.host_event(TABLE_TYPE, id, table_subject(table), logged, data.clone());
        // Held while the change is in the log and not in the history: nobody drives across it.
        let mut tables = lock(&self.tables);
        for appended in self.store.append(&[event])? {
            if let Some(seq) = appended.seq() {
                let mut history = TableHistory::load(&*self.store)?.sharing(&tables);
                if !history.changes().iter().any(|(at, _, _)| *at == seq) {
                    history.note(seq, &data)?;
                }
                *tables = Arc::new(history);
            }
        }
        drop(tables);
        self.seal()?;
        Ok((version, true))
    }

    /// How far log time has come in a home whose last tick ended an import; `None` where the wall
    /// clock is log time.
    pub(crate) fn import_time(&self) -> Result<Option<Millis>, AppError> {
        let Some(seq) = self.store.by_subject(TICK_TYPE, 1)?.pop() else { return Ok(None) };
        let Some(event) = self.store.get(seq)?.filter(|event| event.kind == TICK_TYPE) else {
            return Ok(None);
        };
        let tick: Tick = serde_json::from_str(&event.data)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
        Ok(tick.import.then_some(tick.time))
    }

    /// The version in force, if its rows have this digest.
    fn same_version(&self, table: &str, sha256: &str) -> Result<Option<TableVersion>, AppError> {
        let tables = self.tables();
        let newest = tables.changes().iter().rev().find(|(_, name, _)| name == table);
        let Some((seq, _, version)) = newest else { return Ok(None) };
        let Some(event) = self.store.get(*seq)? else { return Ok(None) };
        let loaded: TableLoaded = serde_json::from_str(&event.data)
            .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
        Ok((loaded.sha256 == sha256).then_some(*version))
    }

    /// Puts acts into the ledger and seals them.
    ///
    /// # Errors
    /// If the store or the ledger fails.
    pub fn record(&self, leaves: &[Vec<u8>]) -> Result<(), AppError> {
        self.store.push_leaves(leaves)?;
        self.seal().map(drop)
    }

    /// Runs all deployments to the end of the log.
    ///
    /// # Errors
    /// If the store fails.
    pub fn drive(&self, lazy: bool) -> Result<Driven, AppError> {
        let mut driven = Driven::default();
        let mut runners = lock(&self.runners);
        // One step each in turn, so that a slow plugin does not keep the others waiting.
        loop {
            let mut moved = false;
            for runner in runners.iter_mut().filter(|runner| runner.suspended.is_none()) {
                let (log, states, end) = (&*self.store, &*self.store, self.store.next_seq());
                // Read after the end, so that they hold every change before it.
                let tables = self.tables();
                let places = Places { log, states, tables: &tables, loader: self, end, lazy };
                match runner.step(&places) {
                    Ok(Step::Idle) => {}
                    Ok(Step::Moved { events }) => {
                        moved = true;
                        driven.events += events as u64;
                    }
                    Err(error) if is_standstill(&error) => {
                        tracing::error!(plugin = runner.deployment().plugin, %error, "stands still");
                        runner.suspended = Some(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            if !moved {
                runners.retain(|runner| runner.deployment().mode != Mode::Ended);
                return Ok(driven);
            }
        }
    }

    /// Runs all deployments until none has anything left, facts of others included, then seals.
    ///
    /// # Errors
    /// If the store or the ledger fails.
    pub fn settle(&self) -> Result<Vec<(u64, AlertLeaf)>, AppError> {
        let mut alerts = Vec::new();
        for _ in 0..ROUNDS_MAX {
            while self.drive(false)?.events > 0 {}
            let sealed = self.seal_and_observe()?;
            alerts.extend(sealed.alerts);
            if sealed.observed == 0 {
                break;
            }
        }
        Ok(alerts)
    }

    /// Moves durable leaves from the outbox into the ledger and signs a checkpoint over them;
    /// returns the alerts among them. Only from here on may they be shown.
    ///
    /// # Errors
    /// If the store or the ledger fails.
    pub fn seal(&self) -> Result<Vec<(u64, AlertLeaf)>, AppError> {
        Ok(self.seal_and_observe()?.alerts)
    }

    /// As [`App::seal`]; says also whether there is something new to drive.
    pub(crate) fn seal_and_observe(&self) -> Result<Sealed, AppError> {
        let mut ledger = lock(&self.ledger);
        loop {
            let leaves = self.store.leaves(LeafIndex(ledger.size()), LEAVES_PER_SEAL)?;
            if leaves.is_empty() {
                break;
            }
            let bytes: Vec<_> = leaves.into_iter().map(|(_, bytes)| bytes).collect();
            ledger.append(&bytes)?;
        }
        // Also signs what an earlier run appended and could not sign any more.
        ledger.seal()?;
        self.store.drop_leaves(LeafIndex(ledger.size()))?;
        let news = lock(&self.alerts).follow(&ledger)?;
        drop(ledger);
        self.observe_leaves(news)
    }

    /// Writes what is observed in leaves that were sealed; returns the alerts among them, and how
    /// many observations that gave.
    fn observe_leaves(&self, leaves: Vec<(u64, Leaf)>) -> Result<Sealed, AppError> {
        let mut observed = Vec::new();
        for (index, leaf) in &leaves {
            observed.extend(platform::alert::observe(self, *index, leaf)?);
        }
        if !observed.is_empty() {
            self.store.append(&observed)?;
        }
        let alert = |(index, leaf)| match leaf {
            Leaf::Alert(alert) => Some((index, *alert)),
            Leaf::Card(_) | Leaf::Footage(_) => None,
        };
        let alerts = leaves.into_iter().filter_map(alert).collect();
        Ok(Sealed { alerts, observed: observed.len() })
    }

    /// Observes what was sealed before a crash and not observed any more.
    fn observe_sealed(&self) -> Result<(), AppError> {
        let Some(newest) = platform::alert::newest(self)? else { return Ok(()) };
        let leaves = self.with_ledger(|ledger| {
            let from = newest + 1;
            let size = ledger.checkpoint().size().max(from);
            let mut leaves = Vec::new();
            for (index, bytes) in (from..).zip(ledger.leaves(from..size)?) {
                leaves.extend(Leaf::read(index, &bytes?)?.map(|leaf| (index, leaf)));
            }
            Ok::<_, AppError>(leaves)
        })?;
        self.observe_leaves(leaves).map(drop)
    }

    /// Counts what a delivery brought that is not in the log: repeats and refused records.
    pub(crate) fn count_intake(&self, repeats: &[&Event], rejects: &[Reject], received: Millis) {
        if repeats.is_empty() && rejects.is_empty() || !self.takers().takes(source::DAY) {
            return;
        }
        let day = self.zone.local(received).day();
        let mut intake = lock(&self.intake);
        repeats.iter().for_each(|event| intake.repeated(&event.source, day));
        rejects.iter().for_each(|reject| intake.refused(reject, day));
    }

    /// What was counted since the last call, by source and day.
    pub(crate) fn take_intake(&self) -> BTreeMap<(String, Day), DayQuality> {
        lock(&self.intake).take()
    }

    /// What the running plugins take of the host's observations.
    #[must_use]
    pub fn takers(&self) -> Arc<Takers> {
        lock(&self.takers).clone()
    }
}

/// What a seal has brought to light.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    pub(crate) alerts: Vec<(u64, AlertLeaf)>,
    /// Observations of it in the log, which the plugins have not seen yet.
    pub(crate) observed: usize,
}

/// Newest log time that was taken from the host's clocks: of the last tick, and of the last event
/// unless it was imported.
fn newest_live(store: &dyn Store) -> Result<Millis, AppError> {
    let mut newest = Millis(0);
    let mut last = store.next_seq().0.checked_sub(1).map(EventSeq);
    // What the host observed carries the time of what it was about.
    for _ in 0..OBSERVED_LAST {
        let Some(seq) = last else { break };
        if store.get(seq)?.is_none_or(|event| !event.is_platform()) {
            break;
        }
        last = seq.0.checked_sub(1).map(EventSeq);
    }
    for seq in store.by_subject(TICK_TYPE, 1)?.into_iter().chain(last) {
        let Some(event) = store.get(seq)? else { continue };
        let is_live = match event.kind.as_str() {
            TICK_TYPE => serde_json::from_str(&event.data).is_ok_and(|tick: Tick| !tick.import),
            _ => !event.is_host() && !is_import(&event),
        };
        if is_live {
            newest = newest.max(event.logged);
        }
    }
    Ok(newest)
}

/// The outbox follows on the ledger without a hole. If it does not, one of the two was damaged, or
/// replaced by an older copy, and going on would lose leaves or seal some twice.
fn outbox_fits(store: &dyn Store, sealed: u64) -> Result<(), AppError> {
    let end = store.next_leaf().0;
    let first = store.leaves(LeafIndex(0), 1)?.first().map_or(end, |(leaf, _)| leaf.0);
    if (first..=end).contains(&sealed) {
        return Ok(());
    }
    let detail = format!("ledger: {sealed} leaves; store: {first}..{end}");
    Err(AppError::new(Kind::Integrity, "outbox-apart", detail))
}
