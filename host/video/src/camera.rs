//! One camera of a fleet, in a thread of its own with a runtime of its own: nothing that happens to it
//! or that it does can hold up another.

use crate::clip::Clip;
use crate::error::VideoError;
use crate::health::{NO_KEY_FRAME, State};
use crate::live::Live;
use crate::observe::Observer;
use crate::post::{Evidence, Message, Post, Status, Wanted};
use crate::probe::Finding;
use crate::ring::{RING_US, Ring};
use crate::source::{Item, runtime};
use crate::sps::Sps;
use crate::still::Still;
use crate::unit::AccessUnit;
use crate::watch::{Watch, Written};
use crate::zone::{Zone, Zones};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval};

/// How often the clock is looked at while nothing comes: silence is told within 10 s.
const TICK: Duration = Duration::from_secs(1);
/// How long evidence waits for pictures that should have come, microseconds.
const GRACE_US: i64 = 3_000_000;
/// Evidence that one camera may have under way: each keeps seconds of video in memory.
pub(crate) const AWAITED_MAX: usize = 8;

/// Microseconds since 1970.
pub(crate) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A camera and its part in the fleet.
#[derive(Debug)]
pub(crate) struct Assigned {
    pub(crate) post: Post,
    /// How much later than now persons are counted for the first time, microseconds: the looks of the
    /// cameras of a fleet must not all come at once.
    pub(crate) first_look_us: i64,
}

/// What a camera is asked for. It ends when nobody can ask any more.
#[derive(Debug)]
pub(crate) enum Command {
    Adjust(Box<Assigned>),
    Burst { length_us: i64 },
    Learn { length_us: i64 },
    Collect(Wanted),
}

/// What the thread of a camera and those who ask about it share. Each lock is held for a moment only.
#[derive(Debug)]
pub(crate) struct Board {
    status: Mutex<Status>,
    ring: Mutex<Ring>,
    zones: Mutex<Arc<[Zone]>>,
}

impl Board {
    pub(crate) fn new(post: &Post) -> Self {
        Self {
            status: Mutex::new(Status::new(&post.subject.camera)),
            ring: Mutex::new(Ring::new(reach_us(post))),
            zones: Mutex::new(post.zones.as_slice().into()),
        }
    }

    pub(crate) fn status(&self) -> Status {
        let mut status = lock(&self.status).clone();
        let sends = !matches!(status.state, None | Some(State::Down | State::AuthFailed));
        status.fps = lock(&self.ring).fps().filter(|_| sends);
        status
    }

    /// The key frame at or before a moment, or the first after it, as a picture.
    pub(crate) fn still(&self, at_us: i64) -> Result<Still, VideoError> {
        let unit = lock(&self.ring).key(at_us).ok_or(VideoError::NothingRecorded)?;
        let zones = lock(&self.zones).clone();
        Still::of(&unit, &zones)
    }

    fn clip(&self, wanted: Span, around_us: i64) -> Result<Clip, VideoError> {
        let units = lock(&self.ring).cut(wanted.from_us, wanted.to_us);
        Clip::of(&units, around_us)
    }
}

/// Nothing that is done under these locks leaves them half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reach_us(post: &Post) -> i64 {
    if post.keeps_clips { RING_US } else { 0 }
}

#[derive(Clone, Copy, Debug)]
struct Span {
    from_us: i64,
    to_us: i64,
}

impl Span {
    fn of(wanted: &Wanted) -> Self {
        let (before_s, after_s) = wanted.clip_s.unwrap_or_default();
        Self {
            from_us: wanted.around_us.saturating_sub(i64::from(before_s) * 1_000_000),
            to_us: wanted.around_us.saturating_add(i64::from(after_s) * 1_000_000),
        }
    }
}

/// See the module.
pub(crate) struct Camera {
    pub(crate) post: Post,
    /// See [`Assigned`].
    pub(crate) first_look_us: i64,
    pub(crate) commands: Receiver<Command>,
    pub(crate) board: Arc<Board>,
    pub(crate) sink: SyncSender<Message>,
    pub(crate) clock: Clock,
}

impl Camera {
    /// Watches until nobody can ask any more, or nobody listens.
    pub(crate) fn run(self) {
        let camera = self.post.subject.camera.clone();
        let sink = self.sink.clone();
        let run = || {
            let watching = Watching::new(self)?;
            runtime()?.block_on(watching.run());
            Ok(())
        };
        if let Err(error) = run() {
            // If nobody listens, nobody misses it.
            drop(sink.send(Message::Fault { camera, error }));
        }
    }
}

struct Watching {
    camera: Camera,
    watch: Watch,
    live: Live,
    awaited: Vec<Wanted>,
    /// The moment of the last unit.
    seen_us: i64,
}

enum Turn {
    Command(Option<Command>),
    Tick,
    Item(Result<Item, VideoError>),
}

/// Nobody listens any more.
struct Unheard;

impl Watching {
    fn new(camera: Camera) -> Result<Self, VideoError> {
        let post = &camera.post;
        let observer = observer(post)?;
        let has_reference = observer.has_reference();
        let now_us = (camera.clock)();
        let mut watch = Watch::live(post.subject.clone(), observer, post.limits.clone(), now_us)?;
        watch.count(post.counting.as_ref(), now_us, camera.first_look_us);
        lock(&camera.board.status).has_reference = has_reference;
        let live = Live::new(post.address.clone(), post.patience);
        Ok(Self { camera, watch, live, awaited: Vec::new(), seen_us: i64::MIN })
    }

    async fn run(mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let clock = Arc::clone(&self.camera.clock);
            let turn = tokio::select! {
                biased;
                command = self.camera.commands.recv() => Turn::Command(command),
                _ = ticks.tick() => Turn::Tick,
                item = self.live.next(&*clock) => Turn::Item(item),
            };
            let done = match turn {
                Turn::Command(None) => return,
                Turn::Command(Some(command)) => self.obey(command),
                Turn::Tick => self.tick(),
                Turn::Item(item) => self.item(item),
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn item(&mut self, item: Result<Item, VideoError>) -> Result<(), Unheard> {
        match item {
            Ok(Item::Unit(unit)) => self.unit(unit),
            Ok(Item::Clock(shown_us)) => {
                let now_us = (self.camera.clock)();
                let written = self.watch.camera_clock(now_us, shown_us);
                let off_us = shown_us - now_us;
                lock(&self.camera.board.status).clock_off_s = Some(off_us.div_euclid(1_000_000));
                self.tell(written, None)
            }
            Err(error) => {
                lock(&self.camera.board.ring).interrupted();
                let written = self.watch.failed((self.camera.clock)(), &error);
                self.tell(written, Some(&error))
            }
        }
    }

    fn unit(&mut self, unit: AccessUnit) -> Result<(), Unheard> {
        let unit = Arc::new(unit);
        lock(&self.camera.board.ring).push(Arc::clone(&unit));
        if unit.key {
            let size = Sps::of(&unit).map(|sps| (sps.width, sps.height));
            let mut status = lock(&self.camera.board.status);
            status.size = size.or(status.size);
        }
        self.seen_us = unit.at_us;
        let written = self.watch.unit(&unit);
        self.tell(written, None)?;
        self.settle(unit.at_us)
    }

    fn tick(&mut self) -> Result<(), Unheard> {
        let now_us = (self.camera.clock)();
        let written = self.watch.clock(now_us);
        self.tell(written, None)?;
        if let Some(reference) = self.watch.learned(now_us) {
            lock(&self.camera.board.status).is_learning = false;
            let camera = self.camera.post.subject.camera.clone();
            self.send(Message::Learned { camera, reference })?;
        }
        self.settle(now_us - GRACE_US)
    }

    fn obey(&mut self, command: Command) -> Result<(), Unheard> {
        let now_us = (self.camera.clock)();
        match command {
            Command::Adjust(assigned) => self.adjust(*assigned, now_us),
            Command::Burst { length_us } => self.watch.burst(now_us, length_us),
            Command::Learn { length_us } => {
                self.watch.learn(now_us.saturating_add(length_us));
                lock(&self.camera.board.status).is_learning = true;
            }
            Command::Collect(wanted) if self.awaited.len() < AWAITED_MAX => {
                self.awaited.push(wanted);
                self.pin();
                return self.settle(now_us - GRACE_US);
            }
            Command::Collect(wanted) => {
                let full = || VideoError::Limit("too much is under way with this camera");
                let clip = wanted.clip_s.map(|_| Err(full()));
                return self.hand_over(&wanted, clip, Err(full()));
            }
        }
        Ok(())
    }

    /// Zones, reference, limits and the counting of persons change while the stream goes on.
    fn adjust(&mut self, assigned: Assigned, now_us: i64) {
        let Assigned { post, first_look_us } = assigned;
        // The fleet has tried the zones; if they are wrong after all, the old ones stand.
        let Ok(observer) = observer(&post) else { return };
        let board = &self.camera.board;
        *lock(&board.zones) = post.zones.as_slice().into();
        lock(&board.status).has_reference = observer.has_reference();
        if self.camera.post.keeps_clips != post.keeps_clips {
            lock(&board.ring).reach(reach_us(&post));
        }
        self.watch.adjust(post.subject.clone(), observer, post.limits.clone());
        self.watch.count(post.counting.as_ref(), now_us, first_look_us);
        self.camera.post = post;
    }

    /// Keeps what the evidence that is under way needs.
    fn pin(&self) {
        let from_us = self.awaited.iter().map(|wanted| Span::of(wanted).from_us).min();
        lock(&self.camera.board.ring).pin(from_us);
    }

    /// Hands over the evidence whose last moment has come.
    fn settle(&mut self, past_us: i64) -> Result<(), Unheard> {
        let seen_us = past_us.max(self.seen_us);
        let (ready, awaited): (Vec<_>, Vec<_>) =
            self.awaited.drain(..).partition(|wanted| Span::of(wanted).to_us <= seen_us);
        self.awaited = awaited;
        if ready.is_empty() {
            return Ok(());
        }
        let board = Arc::clone(&self.camera.board);
        for wanted in ready {
            let span = Span::of(&wanted);
            let clip = wanted.clip_s.map(|_| board.clip(span, wanted.around_us));
            self.hand_over(&wanted, clip, board.still(wanted.around_us))?;
        }
        self.pin();
        Ok(())
    }

    fn hand_over(
        &self,
        wanted: &Wanted,
        clip: Option<Result<Clip, VideoError>>,
        still: Result<Still, VideoError>,
    ) -> Result<(), Unheard> {
        let camera = self.camera.post.subject.camera.clone();
        let Wanted { request, around_us, .. } = *wanted;
        self.send(Message::Evidence(Box::new(Evidence { camera, request, around_us, clip, still })))
    }

    /// Hands on what was written, and shows it on the board.
    fn tell(&mut self, written: Vec<Written>, error: Option<&VideoError>) -> Result<(), Unheard> {
        self.show(&written, error);
        if written.is_empty() {
            return Ok(());
        }
        let subject = self.watch.subject();
        let events = written.iter().map(|written| subject.event(written)).collect();
        let camera = subject.camera.clone();
        self.send(Message::Written { camera, written, events })
    }

    fn show(&self, written: &[Written], error: Option<&VideoError>) {
        let mut status = lock(&self.camera.board.status);
        if let Some(sample) = self.watch.latest()
            && status.sample.as_ref().map(|sample| sample.at_us) != Some(sample.at_us)
        {
            status.sample = Some(sample.clone());
        }
        if let Some(error) = error {
            status.finding = Finding::of(error);
        }
        for written in written {
            let Written::State(change) = written else { continue };
            status.state = Some(change.state);
            status.since_us = Some(change.since_us);
            status.reason.clone_from(&change.reason);
            if change.reason.as_deref() == Some(NO_KEY_FRAME) {
                status.finding = Some(Finding::NoKeyFrames);
            } else if change.state.quality().is_some() {
                status.finding = None;
            }
        }
    }

    fn send(&self, message: Message) -> Result<(), Unheard> {
        self.camera.sink.send(message).map_err(|_| Unheard)
    }
}

fn observer(post: &Post) -> Result<Observer, VideoError> {
    Ok(Observer::new(Zones::new(&post.zones)?, post.reference.clone()))
}
