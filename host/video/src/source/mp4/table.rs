//! The index of an MP4 track: where each sample lies, how long it is and when it is shown. Reads
//! from memory only.

use crate::error::VideoError;
use crate::unit::Codec;

/// Samples of a track: two days at 25 pictures a second.
const SAMPLES_MAX: usize = 4_320_000;
/// Bytes of a visual sample entry before the boxes in it.
const VISUAL_ENTRY_BYTES: usize = 78;

/// Flags of `tfhd`.
const TFHD_BASE: u32 = 1;
const TFHD_DESCRIPTION: u32 = 2;
const TFHD_DURATION: u32 = 8;
const TFHD_SIZE: u32 = 0x10;
/// Flags of `trun`.
const TRUN_OFFSET: u32 = 1;
const TRUN_FIRST_FLAGS: u32 = 4;
const TRUN_DURATION: u32 = 0x100;
const TRUN_SIZE: u32 = 0x200;
const TRUN_FLAGS: u32 = 0x400;
const TRUN_SHIFT: u32 = 0x800;

/// One sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) size: u32,
    /// In units of the track.
    pub(super) time: u64,
}

/// The video track of a file.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) codec: Codec,
    /// Bytes of the length before each NAL unit.
    pub(super) length_bytes: usize,
    /// Sequence and picture parameter sets.
    pub(super) parameters: Vec<Vec<u8>>,
    id: u32,
    /// Units of time in a second.
    scale: u32,
    /// What fragments leave out: duration and size of a sample.
    usual: (u32, u32),
    /// End of the last fragment, in units of the track.
    end: u64,
}

impl Track {
    /// Finds the first H.264 track of `moov`, or the first video track if there is none.
    pub(super) fn read(moov: &[u8]) -> Result<Self, VideoError> {
        let tracks = boxes(moov).filter(|(kind, _)| *kind == b"trak");
        let mut tracks: Vec<_> = tracks.filter_map(|(_, trak)| Self::of(trak, moov)).collect();
        let best = tracks.iter().position(|track| track.codec == Codec::H264).unwrap_or(0);
        if tracks.is_empty() {
            return Err(VideoError::NoVideoTrack);
        }
        Ok(tracks.swap_remove(best))
    }

    /// `None` if the track is no video or its description is damaged.
    fn of(trak: &[u8], moov: &[u8]) -> Option<Self> {
        let mdia = find(trak, b"mdia")?;
        if find(mdia, b"hdlr")?.get(8..12)? != b"vide" {
            return None;
        }
        let tkhd = find(trak, b"tkhd")?;
        let id = number(tkhd, if tkhd.first()? == &1 { 20 } else { 12 })?;
        let mdhd = find(mdia, b"mdhd")?;
        let scale = number(mdhd, if mdhd.first()? == &1 { 20 } else { 12 })?;
        let stsd = find(find(find(mdia, b"minf")?, b"stbl")?, b"stsd")?;
        let (kind, description) = boxes(stsd.get(8..)?).next()?;
        let mut track = Self {
            codec: codec(kind),
            length_bytes: 4,
            parameters: Vec::new(),
            id,
            scale: scale.max(1),
            usual: usual(moov, id).unwrap_or_default(),
            end: 0,
        };
        if track.codec == Codec::H264 {
            let config = find(description.get(VISUAL_ENTRY_BYTES..)?, b"avcC")?;
            (track.length_bytes, track.parameters) = parameters(config)?;
        }
        Some(track)
    }

    /// The samples that the sample table of `moov` lists; none in a file of fragments.
    pub(super) fn entries(&self, moov: &[u8]) -> Result<Vec<Entry>, VideoError> {
        let of_track = |trak: &&[u8]| {
            find(trak, b"tkhd")
                .and_then(|tkhd| number(tkhd, if tkhd.first()? == &1 { 20 } else { 12 }))
                == Some(self.id)
        };
        let trak = boxes(moov).filter(|(kind, _)| *kind == b"trak").map(|(_, trak)| trak);
        let stbl = trak
            .into_iter()
            .find(|trak| of_track(trak))
            .and_then(|trak| find(find(find(trak, b"mdia")?, b"minf")?, b"stbl"));
        stbl.and_then(samples).ok_or(VideoError::Mp4("the sample table is damaged"))
    }

    /// Adds the samples of a `moof` that lies at `at` in the file.
    pub(super) fn fragment(
        &mut self,
        moof: &[u8],
        at: u64,
        entries: &mut Vec<Entry>,
    ) -> Result<(), VideoError> {
        for (_, traf) in boxes(moof).filter(|(kind, _)| *kind == b"traf") {
            self.track_fragment(traf, at, entries)
                .ok_or(VideoError::Mp4("a fragment is damaged"))?;
        }
        Ok(())
    }

    fn track_fragment(&mut self, traf: &[u8], at: u64, entries: &mut Vec<Entry>) -> Option<()> {
        let mut tfhd = Cursor(find(traf, b"tfhd")?);
        let flags = tfhd.u32()? & 0x00ff_ffff;
        if tfhd.u32()? != self.id {
            return Some(());
        }
        let base = if flags & TFHD_BASE != 0 { tfhd.u64()? } else { at };
        if flags & TFHD_DESCRIPTION != 0 {
            tfhd.u32()?;
        }
        let duration = if flags & TFHD_DURATION != 0 { tfhd.u32()? } else { self.usual.0 };
        let size = if flags & TFHD_SIZE != 0 { tfhd.u32()? } else { self.usual.1 };
        let mut time = match find(traf, b"tfdt") {
            Some(tfdt) if tfdt.first()? == &1 => Cursor(tfdt.get(4..)?).u64()?,
            Some(tfdt) => u64::from(number(tfdt, 4)?),
            None => self.end,
        };
        let mut offset = base;
        for (_, trun) in boxes(traf).filter(|(kind, _)| *kind == b"trun") {
            let mut trun = Cursor(trun);
            let flags = trun.u32()? & 0x00ff_ffff;
            let count = trun.u32()?;
            if flags & TRUN_OFFSET != 0 {
                offset = base.checked_add_signed(i64::from(trun.u32()?.cast_signed()))?;
            }
            if flags & TRUN_FIRST_FLAGS != 0 {
                trun.u32()?;
            }
            for _ in 0..count {
                let lasts = if flags & TRUN_DURATION != 0 { trun.u32()? } else { duration };
                let size = if flags & TRUN_SIZE != 0 { trun.u32()? } else { size };
                for flag in [TRUN_FLAGS, TRUN_SHIFT] {
                    if flags & flag != 0 {
                        trun.u32()?;
                    }
                }
                if entries.len() >= SAMPLES_MAX {
                    return None;
                }
                entries.push(Entry { offset, size, time });
                offset = offset.checked_add(u64::from(size))?;
                time = time.checked_add(u64::from(lasts))?;
            }
        }
        self.end = time;
        Some(())
    }

    /// A time of the track in microseconds.
    pub(super) fn micros(&self, time: u64) -> i64 {
        let micros = u128::from(time) * 1_000_000 / u128::from(self.scale);
        i64::try_from(micros).unwrap_or(i64::MAX)
    }
}

fn codec(kind: &[u8; 4]) -> Codec {
    match kind {
        b"avc1" | b"avc3" => Codec::H264,
        b"hvc1" | b"hev1" => Codec::H265,
        other => Codec::Other(other.escape_ascii().to_string()),
    }
}

/// `avcC`: bytes of a length, and the parameter sets.
fn parameters(config: &[u8]) -> Option<(usize, Vec<Vec<u8>>)> {
    let length_bytes = usize::from(config.get(4)? & 3) + 1;
    let mut units = Vec::new();
    let mut rest = Cursor(config.get(5..)?);
    for mask in [0x1f, 0xff] {
        for _ in 0..rest.u8()? & mask {
            let length = usize::from(rest.u16()?);
            units.push(rest.take(length)?.to_vec());
        }
    }
    Some((length_bytes, units))
}

/// Duration and size of the samples of a track in fragments, where these leave them out.
fn usual(moov: &[u8], id: u32) -> Option<(u32, u32)> {
    let trex = boxes(find(moov, b"mvex")?).filter(|(kind, _)| *kind == b"trex");
    let mut trex = trex.map(|(_, trex)| trex).filter(|trex| number(trex, 4) == Some(id));
    let trex = trex.next()?;
    Some((number(trex, 12)?, number(trex, 16)?))
}

/// Joins the tables of sizes, times and chunks.
fn samples(stbl: &[u8]) -> Option<Vec<Entry>> {
    let mut sizes = Cursor(find(stbl, b"stsz")?.get(4..)?);
    let (constant, count) = (sizes.u32()?, sizes.u32()? as usize);
    if count > SAMPLES_MAX || constant == 0 && count > sizes.0.len() / 4 {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    let mut times = Times::new(find(stbl, b"stts")?)?;
    let mut chunks = Chunks::new(stbl)?;
    while entries.len() < count {
        let (mut offset, in_chunk) = chunks.next()?;
        for _ in 0..in_chunk.min(u32::try_from(count - entries.len()).ok()?) {
            let size = if constant > 0 { constant } else { sizes.u32()? };
            entries.push(Entry { offset, size, time: times.next() });
            offset = offset.checked_add(u64::from(size))?;
        }
    }
    Some(entries)
}

/// `stts`: runs of samples that last equally long.
struct Times<'a> {
    runs: Cursor<'a>,
    left: u32,
    lasts: u32,
    time: u64,
}

impl<'a> Times<'a> {
    fn new(stts: &'a [u8]) -> Option<Self> {
        Some(Self { runs: Cursor(stts.get(8..)?), left: 0, lasts: 0, time: 0 })
    }

    /// Time of the next sample; a table that is too short goes on as it ended.
    fn next(&mut self) -> u64 {
        let time = self.time;
        while self.left == 0 {
            match (self.runs.u32(), self.runs.u32()) {
                (Some(count), Some(lasts)) => (self.left, self.lasts) = (count, lasts),
                _ => self.left = u32::MAX,
            }
        }
        self.left -= 1;
        self.time = self.time.saturating_add(u64::from(self.lasts));
        time
    }
}

/// `stsc` and `stco` or `co64`: where each chunk lies and how many samples it has.
struct Chunks<'a> {
    offsets: Cursor<'a>,
    wide: bool,
    runs: Cursor<'a>,
    /// Number of the next chunk, from 1.
    chunk: u32,
    in_chunk: u32,
    /// The chunk from which the next run holds.
    next_run: u32,
}

impl<'a> Chunks<'a> {
    fn new(stbl: &'a [u8]) -> Option<Self> {
        let (offsets, wide) = match find(stbl, b"stco") {
            Some(stco) => (stco, false),
            None => (find(stbl, b"co64")?, true),
        };
        let runs = Cursor(find(stbl, b"stsc")?.get(8..)?);
        let next_run = number(runs.0, 0).unwrap_or(u32::MAX);
        Some(Self {
            offsets: Cursor(offsets.get(8..)?),
            wide,
            runs,
            chunk: 1,
            in_chunk: 0,
            next_run,
        })
    }

    fn next(&mut self) -> Option<(u64, u32)> {
        if self.chunk >= self.next_run {
            self.runs.u32()?;
            self.in_chunk = self.runs.u32()?;
            self.runs.u32()?;
            self.next_run = number(self.runs.0, 0).unwrap_or(u32::MAX);
        }
        self.chunk = self.chunk.checked_add(1)?;
        let offset = if self.wide { self.offsets.u64()? } else { u64::from(self.offsets.u32()?) };
        Some((offset, self.in_chunk))
    }
}

/// The boxes that lie one after another in some bytes; ends where the bytes make no sense.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let size = usize::try_from(number(rest, 0)?).ok()?;
        let kind = rest.get(4..8)?.first_chunk::<4>()?;
        let body = rest.get(8..size)?;
        rest = &rest[size..];
        Some((kind, body))
    })
}

fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(found, _)| *found == kind).map(|(_, body)| body)
}

/// A number of four bytes at a place.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Reads numbers from the front.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk::<N>().copied()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }
}
