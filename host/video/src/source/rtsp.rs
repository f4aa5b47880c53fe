//! A live camera over RTSP, its pictures interleaved in the one TCP connection: no port has to be
//! opened, and nothing is lost on the way. Digest and basic authentication.
//!
//! One session; who wants the next one after a failure uses [`crate::Live`].

use super::UNIT_BYTES_MAX;
use crate::error::VideoError;
use crate::nal::{self, NalType};
use crate::unit::{AccessUnit, Codec};
use retina::client::{
    Credentials, Demuxed, PlayOptions, Session as Client, SessionOptions, SetupOptions, Transport,
};
use retina::codec::{CodecItem, FrameFormat};
use retina::rtcp::ReceivedCompoundPacket;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::{Sleep, sleep, timeout};
use tokio_stream::StreamExt;
use url::Url;

/// Status of RTSP for a missing or wrong password.
const UNAUTHORIZED: u16 = 401;
/// ... and for a user who may not see this stream.
const FORBIDDEN: u16 = 403;
/// Seconds from 1900, where the clock of RTCP begins, to 1970.
const NTP_TO_UNIX_S: i64 = 2_208_988_800;
/// A clock before 1980 was never set, seconds since 1970: it counts from the camera's start.
const CLOCK_SET_S: i64 = 315_532_800;

/// A session as it is being opened and then brings pictures. Whoever waits for the next item may stop
/// waiting and come back: nothing is lost.
pub(crate) struct Session {
    patience: Duration,
    state: State,
}

type Opening = Pin<Box<dyn Future<Output = Result<(Frames, Codec), VideoError>> + Send>>;

enum State {
    Opening(Opening),
    Playing {
        frames: Pin<Box<Demuxed>>,
        /// When the next picture is overdue.
        overdue: Pin<Box<Sleep>>,
    },
    /// The camera sends another codec than H.264, or the session has failed.
    Closed(Codec),
}

/// What a session brings.
#[derive(Debug)]
pub(crate) enum Item {
    /// A picture; times count from the beginning of the session.
    Unit(AccessUnit),
    /// What the camera's own clock shows now, microseconds since 1970.
    Clock(i64),
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Session {
    /// Begins to open one; the first wait does it. Waits and drops belong inside a runtime.
    pub(crate) fn new(address: &str, patience: Duration) -> Result<Self, VideoError> {
        let (url, login) = parse(address)?;
        let opening =
            async move { timeout(patience, open(url, login)).await.map_err(|_| silent(patience))? };
        Ok(Self { patience, state: State::Opening(Box::pin(opening)) })
    }

    /// What the camera sends, once it has told.
    pub(crate) async fn codec(&mut self) -> Result<Codec, VideoError> {
        if let State::Opening(opening) = &mut self.state {
            let opened = opening.as_mut().await;
            self.state = State::Closed(Codec::H264);
            let (frames, codec) = opened?;
            self.state = match frames {
                None => State::Closed(codec),
                Some(frames) => State::Playing { frames, overdue: Box::pin(sleep(self.patience)) },
            };
        }
        match &self.state {
            State::Closed(codec) => Ok(codec.clone()),
            _ => Ok(Codec::H264),
        }
    }

    /// The next item. After an error there is nothing more.
    pub(crate) async fn next(&mut self) -> Result<Item, VideoError> {
        let codec = self.codec().await?;
        let State::Playing { frames, overdue } = &mut self.state else {
            let other = codec != Codec::H264;
            return Err(if other { VideoError::Codec(codec) } else { VideoError::Ended });
        };
        loop {
            let item = tokio::select! {
                biased;
                item = frames.next() => item,
                () = overdue.as_mut() => return Err(silent(self.patience)),
            };
            match item {
                None => return Err(VideoError::Ended),
                Some(Err(error)) => return Err(failure(&error)),
                Some(Ok(CodecItem::VideoFrame(frame))) => {
                    overdue.set(sleep(self.patience));
                    #[expect(clippy::cast_possible_truncation, reason = "a session of days")]
                    let at_us = (frame.timestamp().elapsed_secs() * 1e6).round() as i64;
                    if frame.data().len() > UNIT_BYTES_MAX {
                        return Err(VideoError::UnitTooLarge(UNIT_BYTES_MAX));
                    }
                    let data = frame.data().to_vec();
                    let key = nal::units(&data).any(|nal| NalType::of(nal) == NalType::Key);
                    return Ok(Item::Unit(AccessUnit { at_us, key, data }));
                }
                Some(Ok(CodecItem::Rtcp(packet))) => {
                    if let Some(clock) = sender_clock(&packet) {
                        return Ok(Item::Clock(clock));
                    }
                }
                Some(Ok(_)) => {}
            }
        }
    }
}

/// What the camera's clock showed when it sent a report. `None` if it has no clock that was ever set:
/// such cameras count from their start or send zero.
fn sender_clock(packet: &ReceivedCompoundPacket) -> Option<i64> {
    let report = packet.pkts().find_map(|packet| packet.as_sender_report().ok().flatten())?;
    since_1970(report.ntp_timestamp().0)
}

/// From the clock of RTCP: seconds since 1900 in the upper half, their parts in the lower.
fn since_1970(ntp: u64) -> Option<i64> {
    let seconds = i64::try_from(ntp >> 32).ok()? - NTP_TO_UNIX_S;
    let micros = i64::try_from(((ntp & 0xffff_ffff) * 1_000_000) >> 32).ok()?;
    (seconds >= CLOCK_SET_S).then_some(seconds * 1_000_000 + micros)
}

/// A session for one who has nothing else to do than to wait for its pictures.
#[derive(Debug)]
pub struct Rtsp {
    runtime: Runtime,
    /// Absent where the camera sends another codec than H.264.
    session: Option<Session>,
}

impl Rtsp {
    pub(super) fn connect(address: &str, patience: Duration) -> Result<(Self, Codec), VideoError> {
        let mut session = Session::new(address, patience)?;
        let runtime = runtime()?;
        let opened = runtime.block_on(session.codec());
        let rtsp = Self { runtime, session: Some(session) };
        let codec = opened?;
        Ok((rtsp, codec))
    }

    pub(super) fn next(&mut self) -> Result<Option<AccessUnit>, VideoError> {
        let Some(session) = &mut self.session else { return Ok(None) };
        loop {
            match self.runtime.block_on(session.next()) {
                Ok(Item::Unit(unit)) => return Ok(Some(unit)),
                Ok(Item::Clock(_)) => {}
                // Another codec was told when the session was opened, and gives no units.
                Err(VideoError::Codec(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Rtsp {
    /// The library takes leave of the camera in a task of the runtime, and panics without one. Closing
    /// the connection is leave enough, so nobody waits for that task.
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.session = None;
    }
}

/// A runtime of one thread: what one camera does cannot stop another.
pub(crate) fn runtime() -> Result<Runtime, VideoError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| VideoError::Unreachable(error.to_string()))
}

/// Address without user and password, and these.
fn parse(address: &str) -> Result<(Url, Option<Credentials>), VideoError> {
    // The address itself may hold a password, which no message shows.
    let wrong = || VideoError::Address("rtsp://user:password@host/path is needed".to_owned());
    let mut url = Url::parse(address).map_err(|_| wrong())?;
    if url.scheme() != "rtsp" || url.host_str().is_none() {
        return Err(wrong());
    }
    let (username, password) = (decoded(url.username()), decoded(url.password().unwrap_or("")));
    let login = (!username.is_empty()).then_some(Credentials { username, password });
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| wrong())?;
    Ok((url, login))
}

/// Takes `%40` and the like out of a user name or a password.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

type Frames = Option<Pin<Box<Demuxed>>>;

async fn open(url: Url, login: Option<Credentials>) -> Result<(Frames, Codec), VideoError> {
    let options = SessionOptions::default().creds(login).user_agent("plumbline".to_owned());
    let described = Client::describe(url, options).await;
    let mut session = described.map_err(|error| failure(&error))?;
    let streams = session.streams();
    let is_h264 = |index: &usize| streams[*index].encoding_name() == "h264";
    let videos = || (0..streams.len()).filter(|index| streams[*index].media() == "video");
    let Some(index) = videos().find(is_h264) else {
        let first = videos().next().ok_or(VideoError::NoVideoTrack)?;
        return Ok((None, codec(streams[first].encoding_name())));
    };
    let setup = SetupOptions::default()
        .transport(Transport::Tcp(Default::default()))
        .frame_format(FrameFormat::SIMPLE);
    session.setup(index, setup).await.map_err(|error| failure(&error))?;
    let playing = session.play(PlayOptions::default()).await.map_err(|error| failure(&error))?;
    let frames = playing.demuxed().map_err(|error| failure(&error))?;
    Ok((Some(Box::pin(frames)), Codec::H264))
}

fn codec(name: &str) -> Codec {
    match name {
        "h265" | "hevc" => Codec::H265,
        other => Codec::Other(other.to_owned()),
    }
}

fn silent(patience: Duration) -> VideoError {
    VideoError::Silent(u64::try_from(patience.as_millis()).unwrap_or(u64::MAX))
}

/// The first line says it; what follows describes the connection for developers.
fn failure(error: &retina::Error) -> VideoError {
    match error.status_code() {
        Some(UNAUTHORIZED | FORBIDDEN) => return VideoError::AuthFailed,
        Some(status) => return VideoError::Unreachable(format!("RTSP status {status}")),
        None => {}
    }
    let text = error.to_string();
    // Without a user name there is no status: the challenge could not be answered.
    if text.contains("no credentials") || text.contains("Authentication requested") {
        return VideoError::AuthFailed;
    }
    VideoError::Unreachable(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_tells_nothing() {
        let ntp = |seconds: i64, half: u64| (seconds as u64) << 32 | half << 31;
        let set = NTP_TO_UNIX_S + 1_700_000_000;
        assert_eq!(since_1970(ntp(set, 1)), Some(1_700_000_000_500_000));
        for unset in [0, 3_600, NTP_TO_UNIX_S, NTP_TO_UNIX_S + 86_400] {
            assert_eq!(since_1970(ntp(unset, 0)), None);
        }
    }

    #[test]
    fn addresses_give_up_their_password_and_no_message_shows_it() {
        let (url, login) = parse("rtsp://admin:p%40ss:w@10.0.0.8:554/cam/1?sub=1").unwrap();
        assert_eq!(url.as_str(), "rtsp://10.0.0.8:554/cam/1?sub=1");
        let login = login.unwrap();
        assert_eq!((&*login.username, &*login.password), ("admin", "p@ss:w"));
        assert!(parse("rtsp://10.0.0.8/").unwrap().1.is_none());
        for wrong in ["", "http://u:secret@h/", "rtsp://", "rtsp:///secret", "u:secret@h"] {
            let error = parse(wrong).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
