//! Many cameras at once, each apart from all others: a thread, a runtime, a decoder and a ring for each.
//! What they measure goes into one channel; what they are asked for never makes anybody wait.
//!
//! Decides nothing and keeps nothing beyond the seconds of the rings.

use crate::camera::{AWAITED_MAX, Assigned, Board, Camera, Clock, Command};
use crate::detector::delay_us;
use crate::error::VideoError;
use crate::post::{Message, Post, Status, Wanted};
use crate::still::Still;
use crate::zone::Zones;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::{Builder, JoinHandle};
use tokio::sync::mpsc::{Sender, channel, error::TrySendError};

/// Cameras of one fleet, at most: 100 at 640x360 take two thirds of a core and 800 MiB.
pub const CAMERAS_MAX: usize = 100;
/// Seconds of a clip, at most; the ring keeps two times its usual bytes for it.
pub const CLIP_S_MAX: u32 = 60;
/// Seconds that a reference may be taken over, at most: an hour without people.
pub const LEARN_S_MAX: u32 = 3_600;
/// Bytes of a thread's stack: the decoder keeps its tables elsewhere.
const STACK_BYTES: usize = 1 << 20;

/// See the module.
pub struct Fleet {
    cameras: BTreeMap<String, Running>,
    clock: Clock,
    sink: SyncSender<Message>,
}

struct Running {
    post: Post,
    commands: Sender<Command>,
    board: Arc<Board>,
    thread: JoinHandle<()>,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("cameras", &self.cameras.keys()).finish_non_exhaustive()
    }
}

impl Fleet {
    /// An empty fleet. `clock` gives microseconds since 1970; what is measured goes into `sink`, whose
    /// other end must be read as long as the fleet lives, because a camera waits while it is full.
    #[must_use]
    pub fn new(clock: Arc<dyn Fn() -> i64 + Send + Sync>, sink: SyncSender<Message>) -> Self {
        Self { cameras: BTreeMap::new(), clock, sink }
    }

    /// Makes the fleet watch these cameras and no others. One that is as it was goes on undisturbed;
    /// where only zones, masks, reference, limits or the counting of persons changed, its stream goes
    /// on.
    ///
    /// Returns those that could not be taken, with the reason: their zones make no sense, or there are
    /// too many. If such a camera was watched before, it goes on as it was.
    pub fn reconcile(&mut self, posts: Vec<Post>) -> Vec<(String, VideoError)> {
        let mut faults = Vec::new();
        let mut wanted = BTreeMap::new();
        for post in posts {
            wanted.insert(post.subject.camera.clone(), post);
        }
        let gone: Vec<_> =
            self.cameras.extract_if(.., |camera, _| !wanted.contains_key(camera)).collect();
        gone.into_iter().for_each(|(_, running)| running.end());
        let cameras = wanted.len();
        for (place, (camera, post)) in wanted.into_iter().enumerate() {
            let every_us = post.counting.as_ref().map_or(0, |counting| counting.every_us);
            let first_look_us = delay_us(every_us, place, cameras);
            if let Err(error) = self.watch(&camera, Assigned { post, first_look_us }) {
                faults.push((camera, error));
            }
        }
        faults
    }

    /// What is known about each camera.
    #[must_use]
    pub fn states(&self) -> Vec<Status> {
        self.cameras.values().map(|running| running.board.status()).collect()
    }

    /// What is known about one; `None` if it is not watched.
    #[must_use]
    pub fn state(&self, camera: &str) -> Option<Status> {
        self.cameras.get(camera).map(|running| running.board.status())
    }

    /// Gives the last picture of a camera without holding the fleet while it is decoded, which takes
    /// some milliseconds. Masks are painted over.
    ///
    /// # Errors
    /// The camera is not watched.
    pub fn still(&self, camera: &str) -> Result<LastPicture, VideoError> {
        Ok(LastPicture(Arc::clone(&self.running(camera)?.board)))
    }

    /// Asks for pictures of a moment. They come as [`Message::Evidence`] once the last second that is
    /// wanted has passed, with what there is if the camera breaks off.
    ///
    /// # Errors
    /// The camera is not watched, the clip is too long, or too much is under way.
    pub fn collect(&self, camera: &str, wanted: Wanted) -> Result<(), VideoError> {
        let (before_s, after_s) = wanted.clip_s.unwrap_or_default();
        if before_s.saturating_add(after_s) > CLIP_S_MAX {
            return Err(VideoError::Limit("a clip has at most 60 s"));
        }
        if wanted.around_us > (self.clock)().saturating_add(i64::from(CLIP_S_MAX) * 1_000_000) {
            return Err(VideoError::Limit("the moment is more than a minute ahead"));
        }
        self.ask(camera, Command::Collect(wanted))
    }

    /// Decodes all pictures of a camera for some seconds, 30 at most.
    ///
    /// # Errors
    /// The camera is not watched, or too much is under way.
    pub fn burst(&self, camera: &str, seconds: u32) -> Result<(), VideoError> {
        self.ask(camera, Command::Burst { length_us: i64::from(seconds) * 1_000_000 })
    }

    /// Takes a reference from the pictures of the next seconds; it comes as [`Message::Learned`].
    ///
    /// # Errors
    /// The camera is not watched, the time is too long, or too much is under way.
    pub fn learn(&self, camera: &str, seconds: u32) -> Result<(), VideoError> {
        if seconds > LEARN_S_MAX {
            return Err(VideoError::Limit("a reference is taken in an hour at most"));
        }
        self.ask(camera, Command::Learn { length_us: i64::from(seconds) * 1_000_000 })
    }

    /// Ends all watches and waits for their threads. The minute that was begun is not told.
    ///
    /// Whoever reads the channel must go on until it is closed, or have dropped it.
    pub fn stop(self) {
        let (commands, threads): (Vec<_>, Vec<_>) =
            self.cameras.into_values().map(|running| (running.commands, running.thread)).unzip();
        drop(commands);
        for thread in threads {
            // A thread that panicked has said so already, and there is nothing left to end.
            drop(thread.join());
        }
    }

    fn running(&self, camera: &str) -> Result<&Running, VideoError> {
        self.cameras.get(camera).ok_or_else(|| VideoError::UnknownCamera(camera.to_owned()))
    }

    fn ask(&self, camera: &str, command: Command) -> Result<(), VideoError> {
        self.running(camera)?.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => VideoError::Limit("too much is under way with this camera"),
            TrySendError::Closed(_) => VideoError::Stopped,
        })
    }

    fn watch(&mut self, camera: &str, assigned: Assigned) -> Result<(), VideoError> {
        let post = assigned.post.clone();
        Zones::new(&post.zones)?;
        if let Some(running) = self.cameras.get_mut(camera) {
            if running.post == post && !running.thread.is_finished() {
                return Ok(());
            }
            if running.keeps_stream(&post) {
                self.ask(camera, Command::Adjust(Box::new(assigned)))?;
                if let Some(running) = self.cameras.get_mut(camera) {
                    running.post = post;
                }
                return Ok(());
            }
        } else if self.cameras.len() >= CAMERAS_MAX {
            return Err(VideoError::Limit("no more than 100 cameras are watched"));
        }
        let running = self.begin(camera, assigned)?;
        if let Some(before) = self.cameras.insert(camera.to_owned(), running) {
            before.end();
        }
        Ok(())
    }

    fn begin(&self, camera: &str, assigned: Assigned) -> Result<Running, VideoError> {
        let Assigned { post, first_look_us } = assigned;
        let (commands, receiver) = channel(AWAITED_MAX);
        let board = Arc::new(Board::new(&post));
        let watched = Camera {
            post: post.clone(),
            first_look_us,
            commands: receiver,
            board: Arc::clone(&board),
            sink: self.sink.clone(),
            clock: Arc::clone(&self.clock),
        };
        let thread = Builder::new().name(format!("camera {camera}")).stack_size(STACK_BYTES);
        let thread = thread.spawn(|| watched.run()).map_err(VideoError::Thread)?;
        Ok(Running { post, commands, board, thread })
    }
}

impl Running {
    /// Whether a change can be made without a new session.
    fn keeps_stream(&self, post: &Post) -> bool {
        !self.thread.is_finished()
            && self.post.address == post.address
            && self.post.patience == post.patience
    }

    /// Nobody waits for the thread: it ends as soon as it sees that nobody can ask any more.
    fn end(self) {
        drop(self.commands);
    }
}

/// The last picture of a camera, not yet decoded.
#[derive(Clone, Debug)]
pub struct LastPicture(Arc<Board>);

impl LastPicture {
    /// # Errors
    /// No key frame has come yet, or it cannot be decoded.
    pub fn jpeg(&self) -> Result<Still, VideoError> {
        self.0.still(i64::MAX)
    }
}
