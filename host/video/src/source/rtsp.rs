//! A live camera over RTSP, its pictures interleaved in the one TCP connection: no port has to be
//! opened, and nothing is lost on the way. Digest and basic authentication.
//!
//! One session; who wants the next one after a failure uses [`crate::Live`].

use crate::error::VideoError;
use crate::nal::{self, NalType};
use crate::unit::{AccessUnit, Codec};
use retina::client::{
    Credentials, Demuxed, PlayOptions, Session, SessionOptions, SetupOptions, Transport,
};
use retina::codec::{CodecItem, FrameFormat};
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use url::Url;

/// Status of RTSP for a missing or wrong password.
const UNAUTHORIZED: u16 = 401;
/// ... and for a user who may not see this stream.
const FORBIDDEN: u16 = 403;

/// An open session.
pub struct Rtsp {
    runtime: Runtime,
    /// Absent where the camera sends another codec than H.264.
    frames: Option<Pin<Box<Demuxed>>>,
    patience: Duration,
}

impl std::fmt::Debug for Rtsp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rtsp").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Rtsp {
    pub(super) fn connect(address: &str, patience: Duration) -> Result<(Self, Codec), VideoError> {
        let (url, login) = parse(address)?;
        // A runtime of its own: what one camera does cannot stop another.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| VideoError::Unreachable(error.to_string()))?;
        let opened = runtime.block_on(async {
            timeout(patience, open(url, login)).await.map_err(|_| silent(patience))?
        });
        let (frames, codec) = opened?;
        Ok((Self { runtime, frames, patience }, codec))
    }

    pub(super) fn next(&mut self) -> Result<Option<AccessUnit>, VideoError> {
        let Some(frames) = &mut self.frames else { return Ok(None) };
        let patience = self.patience;
        self.runtime.block_on(async {
            loop {
                let item = timeout(patience, frames.next()).await.map_err(|_| silent(patience))?;
                match item {
                    None => return Err(VideoError::Ended),
                    Some(Err(error)) => return Err(failure(&error)),
                    Some(Ok(CodecItem::VideoFrame(frame))) => {
                        #[expect(clippy::cast_possible_truncation, reason = "a session of days")]
                        let at_us = (frame.timestamp().elapsed_secs() * 1e6).round() as i64;
                        let data = frame.data().to_vec();
                        let key = nal::units(&data).any(|nal| NalType::of(nal) == NalType::Key);
                        return Ok(Some(AccessUnit { at_us, key, data }));
                    }
                    Some(Ok(_)) => {}
                }
            }
        })
    }
}

impl Drop for Rtsp {
    /// The library takes leave of the camera in a task of the runtime, and panics without one. Closing
    /// the connection is leave enough, so nobody waits for that task.
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.frames = None;
    }
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
    let described = Session::describe(url, options).await;
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
