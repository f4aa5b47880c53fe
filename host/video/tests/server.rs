//! A camera on loopback: as much of an RTSP server as one client needs, with digest authentication
//! that is really checked.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use md5::{Digest, Md5};
use plumbline_camera::{NalType, nal_units};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const USER: &str = "cam";
pub(crate) const PASSWORD: &str = "s3cret";
const REALM: &str = "hall";
const NONCE: &str = "8d0f5c";

/// Answers connections one after the other, each with all units, until the test ends. Returns the
/// address without user and password. `hang` keeps the connection open after the last unit.
pub(crate) fn start(units: Vec<Vec<u8>>, encoding: &'static str, hang: bool) -> String {
    start_counted(units, encoding, hang).0
}

/// The same, with the number of connections.
pub(crate) fn start_counted(
    units: Vec<Vec<u8>>,
    encoding: &'static str,
    hang: bool,
) -> (String, Arc<AtomicU32>) {
    let sessions = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&sessions);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("{}/live", listener.local_addr().unwrap());
    let control = format!("rtsp://{address}");
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            // A client that goes away in the middle is what these tests are about.
            if serve(&stream, &units, encoding, &control).is_ok() && hang {
                held.push(stream);
            }
        }
    });
    (address, sessions)
}

fn serve(
    stream: &TcpStream,
    units: &[Vec<u8>],
    encoding: &str,
    control: &str,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let request = request(&mut reader)?;
        let line = request.first().cloned().unwrap_or_default();
        let header = |name: &str| {
            let lines = request.iter().filter_map(|line| line.split_once(": "));
            lines
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, v)| v.to_owned())
                .next()
        };
        let cseq = header("CSeq").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let (method, uri) = line.split_once(' ').unwrap();
        let uri = uri.split(' ').next().unwrap();
        let mut answer = |status: &str, headers: &str, body: &str| {
            let length = body.len();
            write!(
                writer,
                "RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
            )
        };
        if !header("Authorization").is_some_and(|given| allowed(&given, method, uri)) {
            let digest =
                format!("WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{NONCE}\"\r\n");
            answer("401 Unauthorized", &digest, "")?;
            continue;
        }
        match method {
            "DESCRIBE" => {
                let headers =
                    format!("Content-Type: application/sdp\r\nContent-Base: {control}/\r\n");
                answer("200 OK", &headers, &sdp(units, encoding))?;
            }
            "SETUP" => answer(
                "200 OK",
                "Session: 77\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000009\r\n",
                "",
            )?,
            "PLAY" => {
                let info = format!("Session: 77\r\nRTP-Info: url={control}/t0;seq=1;rtptime=0\r\n");
                answer("200 OK", &info, "")?;
                return play(writer, units);
            }
            _ => answer("200 OK", "Session: 77\r\n", "")?,
        }
    }
}

fn request(reader: &mut impl BufRead) -> std::io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            return Ok(lines);
        }
        lines.push(line);
    }
}

fn allowed(given: &str, method: &str, uri: &str) -> bool {
    let md5 = |text: String| {
        let sum = Md5::digest(text.as_bytes());
        sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let user = md5(format!("{USER}:{REALM}:{PASSWORD}"));
    let request = md5(format!("{method}:{uri}"));
    let expected = md5(format!("{user}:{NONCE}:{request}"));
    given.starts_with("Digest ") && given.contains(&format!("response=\"{expected}\""))
}

fn sdp(units: &[Vec<u8>], encoding: &str) -> String {
    let head = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n";
    let mut sdp = format!("{head}a=rtpmap:96 {encoding}/90000\r\na=control:t0\r\n");
    if encoding == "H264" {
        let of = |kind: NalType| {
            let nal = nal_units(&units[0]).find(|nal| NalType::of(nal) == kind).unwrap();
            base64::engine::general_purpose::STANDARD.encode(nal)
        };
        let sets = format!("{},{}", of(NalType::Sps), of(NalType::Pps));
        sdp += &format!("a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n");
    }
    sdp
}

/// Each NAL unit as one RTP packet; in TCP a packet may have 65,535 bytes.
fn play(mut writer: &TcpStream, units: &[Vec<u8>]) -> std::io::Result<()> {
    let mut sequence = 1_u16;
    for (index, unit) in units.iter().enumerate() {
        let time = u32::try_from(index).unwrap() * 9000;
        let nals: Vec<_> = nal_units(unit).collect();
        for (place, nal) in nals.iter().enumerate() {
            let last = u8::from(place + 1 == nals.len());
            let length = u16::try_from(nal.len() + 12).unwrap();
            let mut packet = vec![b'$', 0];
            packet.extend(length.to_be_bytes());
            packet.extend([0x80, 96 | last << 7]);
            packet.extend(sequence.to_be_bytes());
            packet.extend(time.to_be_bytes());
            packet.extend(9_u32.to_be_bytes());
            packet.extend(*nal);
            writer.write_all(&packet)?;
            sequence = sequence.wrapping_add(1);
        }
    }
    Ok(())
}
