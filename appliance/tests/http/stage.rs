//! Cameras on the loopback: a small RTSP server that plays a drawn hall over and over, in its own
//! time, to as many clients as come. Ends with the test.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plumbline_camera::{AccessUnit, NalType, Scene, nal_units, stage};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Pictures a second.
const RATE: u32 = 10;
/// What RTP counts in a second.
const TICKS: u32 = 90_000;

/// Plays a scene; returns the address.
pub(crate) fn play(scene: Scene) -> String {
    let units = stage(&[(scene, 4 * RATE)], 1_000_000 / i64::from(RATE)).unwrap();
    let units: Arc<[AccessUnit]> = units.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtsp://{}/hall", listener.local_addr().unwrap());
    let control = address.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let (units, control) = (units.clone(), control.clone());
            // A client that goes away ends its own thread.
            std::thread::spawn(move || serve(&stream, &units, &control));
        }
    });
    address
}

fn serve(stream: &TcpStream, units: &[AccessUnit], control: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let (method, cseq) = request(&mut reader)?;
        let mut answer = |headers: &str, body: &str| {
            let length = body.len();
            write!(
                writer,
                "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
            )
        };
        match method.as_str() {
            "DESCRIBE" => {
                let head = format!("Content-Type: application/sdp\r\nContent-Base: {control}/\r\n");
                answer(&head, &sdp(&units[0]))?;
            }
            "SETUP" => {
                let transport = "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000009";
                answer(&format!("Session: 7\r\nTransport: {transport}\r\n"), "")?;
            }
            "PLAY" => {
                let info = format!("RTP-Info: url={control}/t0;seq=1;rtptime=0\r\n");
                answer(&format!("Session: 7\r\n{info}"), "")?;
                return stream_units(writer, units);
            }
            _ => answer("Session: 7\r\n", "")?,
        }
    }
}

fn request(reader: &mut impl BufRead) -> std::io::Result<(String, String)> {
    let (mut method, mut cseq) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok((method, cseq));
        }
        if method.is_empty() {
            line.split(' ').next().unwrap_or_default().clone_into(&mut method);
        } else if let Some((_, value)) =
            line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("cseq"))
        {
            value.clone_into(&mut cseq);
        }
    }
}

fn sdp(unit: &AccessUnit) -> String {
    let of = |kind: NalType| {
        let nal = nal_units(&unit.data).find(|nal| NalType::of(nal) == kind).unwrap();
        BASE64_STANDARD.encode(nal)
    };
    let sets = format!("{},{}", of(NalType::Sps), of(NalType::Pps));
    format!(
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
         a=rtpmap:96 H264/90000\r\na=control:t0\r\n\
         a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
    )
}

/// Each NAL unit as one RTP packet; in TCP a packet may have 65,535 bytes. It is the pace of a camera,
/// not a wait for something to happen.
#[expect(clippy::disallowed_methods, reason = "a camera sends at its own pace")]
fn stream_units(mut writer: &TcpStream, units: &[AccessUnit]) -> std::io::Result<()> {
    let (mut sequence, mut time) = (1_u16, 0_u32);
    loop {
        for unit in units {
            let nals: Vec<_> = nal_units(&unit.data).collect();
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
            time = time.wrapping_add(TICKS / RATE);
            std::thread::sleep(Duration::from_secs(1) / RATE);
        }
    }
}
