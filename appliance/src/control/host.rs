//! The service's side: takes calls, runs one command at a time on a thread of its own, and sends
//! back what it says.
//!
//! A command writes into a queue and another task sends it on, so that a caller who reads slowly
//! (through a pager, say) does not keep the next command waiting. A caller who goes away does not
//! stop a command: it is finished as if nothing had happened.

use super::{ANSWER_BYTES_MAX, Call, HEAD_BYTES, Sort, frame, head, malformed, reachable};
use crate::app::App;
use crate::cli;
use crate::error::{AppError, Kind};
use crate::home::Home;
use crate::http::Service;
use std::cell::Cell;
use std::fs;
use std::io::{self, BufWriter, LineWriter, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::UCred;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

/// Calls that are in hand or wait at the same time; more are not accepted until one has ended.
const CALLS_MAX: usize = 32;
/// How long a caller may take to say what it wants.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a command waits for its caller to read once the queue is full; then the rest of its
/// output is lost, and it goes on.
const READER_PATIENCE: Duration = Duration::from_secs(30);
/// Frames of output that wait for a slow reader: up to 32 MiB.
const QUEUE_FRAMES: usize = 512;
/// Pause after the system refused a connection, for instance because files ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The user who may do everything on this machine anyway.
const ROOT: u32 = 0;

/// The socket of a running service. It is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    socket: PathBuf,
    /// Whose socket it is.
    owner: u32,
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.socket) {
            tracing::warn!(socket = %self.socket.display(), %error, "cannot be removed");
        }
    }
}

impl Control {
    /// Listens. The caller holds the home, so a socket that is there was left by a process that is
    /// gone.
    ///
    /// # Errors
    /// If the socket cannot be made.
    pub(crate) fn bind(home: &Home) -> Result<Self, AppError> {
        let socket = home.control_socket();
        let failed = |error: io::Error| AppError::io(&socket, &error);
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let (path, _folder) = reachable(home).map_err(failed)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = fs::metadata(&socket).map_err(failed)?.uid();
        Ok(Self { listener, socket, owner })
    }

    /// Takes calls until the service stops; then lets the command in hand end within `farewell`.
    /// What goes on beyond that has no caller any more and ends with the process.
    pub(crate) async fn run(self, service: Arc<Service>, farewell: Duration) {
        let turn = Arc::new(Mutex::new(()));
        let mut calls = JoinSet::new();
        loop {
            tokio::select! {
                () = service.stopped() => break,
                Some(_) = calls.join_next() => {}
                (stream, peer) = self.accept(), if calls.len() < CALLS_MAX => {
                    calls.spawn(attend(stream, peer, service.clone(), turn.clone()));
                }
            }
        }
        // Nobody calls any more.
        drop(self);
        let all = async { while calls.join_next().await.is_some() {} };
        if tokio::time::timeout(farewell, all).await.is_err() {
            tracing::warn!(open = calls.len(), "a command was cut off");
            calls.shutdown().await;
        }
    }

    /// The next caller who may call.
    async fn accept(&self) -> (UnixStream, UCred) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => match stream.peer_cred() {
                    Ok(peer) if [self.owner, ROOT].contains(&peer.uid()) => return (stream, peer),
                    peer => tracing::warn!(?peer, "a caller is another user and was refused"),
                },
                Err(error) => {
                    tracing::warn!(%error, "a call was refused by the system");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Reads one call, runs it when its turn has come, and sends on what it says.
async fn attend(mut stream: UnixStream, peer: UCred, service: Arc<Service>, turn: Arc<Mutex<()>>) {
    let call = match tokio::time::timeout(CALL_TIMEOUT, read_call(&mut stream)).await {
        Ok(Ok(call)) => call,
        Ok(Err(error)) => return tracing::warn!(%error, "a call cannot be understood"),
        Err(_) => return tracing::warn!("a caller said nothing"),
    };
    // Its words may name people and do not belong into a log of the system.
    let (pid, uid) = (peer.pid(), peer.uid());
    tracing::info!(?pid, uid, "a command was called");
    let (frames, mut queue) = mpsc::channel(QUEUE_FRAMES);
    let command = async {
        // Whoever still waits when the service stops is told so without waiting any longer.
        let _turn = tokio::select! {
            turn = turn.lock() => Some(turn),
            () = service.stopped() => None,
        };
        let service = service.clone();
        let running = tokio::task::spawn_blocking(move || perform(call, &service, frames));
        if let Err(error) = running.await {
            tracing::error!(%error, "a command has panicked");
        }
    };
    let send = async {
        while let Some(frame) = queue.recv().await {
            if stream.write_all(&frame).await.is_err() {
                // Whoever writes to the queue learns that nobody reads it.
                return queue.close();
            }
        }
    };
    tokio::join!(command, send);
}

async fn read_call(stream: &mut UnixStream) -> io::Result<Call> {
    let mut bytes = [0; HEAD_BYTES];
    stream.read_exact(&mut bytes).await?;
    let (Sort::Call, length) = head(bytes)? else { return Err(malformed("no call")) };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(serde_json::from_slice(&body)?)
}

/// Runs a call on this thread; its last frame is the exit code.
fn perform(call: Call, service: &Service, frames: mpsc::Sender<Vec<u8>>) {
    let queue = Queue { frames, gone: Cell::new(false) };
    let mut out = BufWriter::with_capacity(ANSWER_BYTES_MAX, queue.speaker(Sort::Out));
    let mut err = LineWriter::new(queue.speaker(Sort::Err));
    let app = welcome(&call, service);
    let (code, error) = cli::run_inside(app, call, &mut out, &mut err);
    if let Some(error) = error
        && matches!(error.kind, Kind::Failed | Kind::Integrity)
        && service.app().store().sync().is_err()
    {
        // The store takes nothing more until it is opened again.
        service.fail(error);
    }
    service.commanded();
    drop((out, err));
    // A caller who is gone does not hear how it ended.
    let _ = queue.speaker(Sort::Exit).write(&[code]);
    tracing::info!(code, "a command has ended");
}

/// The home for a command, unless it comes too late or from a program of another version.
fn welcome(call: &Call, service: &Service) -> Result<Arc<App>, AppError> {
    let own = env!("CARGO_PKG_VERSION");
    if call.version != own {
        let detail = format!("{own}, {}", call.version);
        return Err(AppError::new(Kind::Usage, "control-version", detail));
    }
    service.app().go_on()?;
    Ok(service.app().clone())
}

/// Frames on their way to the caller.
struct Queue {
    frames: mpsc::Sender<Vec<u8>>,
    /// The caller has not read for so long that nobody waits for it any more.
    gone: Cell<bool>,
}

impl Queue {
    fn speaker(&self, sort: Sort) -> Speaker<'_> {
        Speaker { sort, queue: self }
    }
}

/// One of the caller's streams.
struct Speaker<'a> {
    sort: Sort,
    queue: &'a Queue,
}

impl Write for Speaker<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(ANSWER_BYTES_MAX)];
        let frame = frame(self.sort, bytes)?;
        let sent = async {
            let send = self.queue.frames.send(frame);
            tokio::time::timeout(READER_PATIENCE, send).await.is_ok_and(|sent| sent.is_ok())
        };
        if self.queue.gone.get() || !Handle::current().block_on(sent) {
            self.queue.gone.set(true);
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
