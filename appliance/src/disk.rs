//! The guard of the disk: new events are refused while there is still room, so that what was
//! accepted can always be driven, sealed and read.
//!
//! A store that runs into a full disk stops for good until it is opened again. The guard keeps it
//! from coming to that: below the reserve it refuses what comes from outside and lets pass what the
//! host itself still has to write.

use crate::error::{AppError, Kind};
use plumbline_contract::time::Millis;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

/// Free space that is kept for what follows from the events in hand, in MiB: the states and leaves
/// of a large import and the copies that the store makes of its own segments.
pub const RESERVE_MIB: u64 = 256;
/// How long a measurement holds, in milliseconds.
const HOLDS_MS: i64 = 1000;
/// How many bytes may come in on one measurement: a sixteenth of the usual reserve.
const BYTES_PER_LOOK: u64 = 16 * MIB;
const MIB: u64 = 1024 * 1024;

/// Says how many bytes are free.
pub type FreeSpace = Box<dyn Fn() -> io::Result<u64> + Send + Sync>;

/// See the module.
pub struct DiskGuard {
    /// The home as people know it.
    name: String,
    reserve: u64,
    watch: Mutex<Watch>,
}

struct Watch {
    free: FreeSpace,
    seen: Option<Seen>,
    full: bool,
}

/// The last measurement.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Millis,
    free: u64,
    /// Bytes that have come in since.
    taken: u64,
}

impl fmt::Debug for DiskGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskGuard")
            .field("name", &self.name)
            .field("reserve", &self.reserve)
            .finish()
    }
}

impl DiskGuard {
    /// Guards the disk on which a folder lies.
    #[must_use]
    pub fn new(dir: &Path, reserve_mib: u64) -> Self {
        let path = dir.to_path_buf();
        let free: FreeSpace = Box::new(move || {
            let disk = rustix::fs::statvfs(&path)?;
            Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
        });
        Self {
            name: dir.display().to_string(),
            reserve: reserve_mib.saturating_mul(MIB),
            watch: Mutex::new(Watch { free, seen: None, full: false }),
        }
    }

    /// Measures in another way from now on, where the system's answer is not the one that counts.
    pub fn measure_with(&self, free: FreeSpace) {
        let mut watch = self.lock();
        (watch.free, watch.seen) = (free, None);
    }

    /// Whether so many bytes may come in at a moment of the wall clock.
    ///
    /// # Errors
    /// If they may not, or the disk cannot be measured.
    pub fn admit(&self, bytes: u64, now: Millis) -> Result<(), AppError> {
        let mut watch = self.lock();
        let seen = match watch.seen {
            // Who was refused may come in as soon as there is room again.
            Some(seen) if !watch.full && holds(&seen, bytes, now) => seen,
            _ => {
                let free = (watch.free)().map_err(|error| {
                    AppError::new(Kind::Failed, "io", format!("{}: {error}", self.name))
                })?;
                Seen { at: now, free, taken: 0 }
            }
        };
        let left = seen.free.saturating_sub(seen.taken).saturating_sub(bytes);
        let full = left < self.reserve;
        if full != watch.full {
            let (free_mib, reserve_mib) = (seen.free / MIB, self.reserve / MIB);
            tracing::warn!(full, free_mib, reserve_mib, "the disk");
        }
        let taken = if full { seen.taken } else { seen.taken + bytes };
        (watch.full, watch.seen) = (full, Some(Seen { taken, ..seen }));
        if full {
            let (free, reserve) = (seen.free / MIB, self.reserve / MIB);
            let detail = format!("{}: {free} MiB < {reserve} MiB (disk_reserve_mib)", self.name);
            return Err(AppError::new(Kind::Full, "disk-full", detail));
        }
        Ok(())
    }

    /// A lock whose holder panicked is not an issue: a panic ends the process.
    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a measurement is still good for so many bytes more.
fn holds(seen: &Seen, bytes: u64, now: Millis) -> bool {
    let age = now.0.saturating_sub(seen.at.0);
    (0..HOLDS_MS).contains(&age) && seen.taken.saturating_add(bytes) <= BYTES_PER_LOOK
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// One row for each request: its moment, its MiB, the MiB that are free by then, whether it is
    /// let in, and the measurements made so far.
    #[test]
    fn what_is_let_in_and_when_it_is_measured() {
        let rows = [
            (0, 1, 300, true, 1),
            // The measurement of the same second holds.
            (999, 1, 0, true, 1),
            (1000, 1, 257, true, 2),
            // What has come in since is counted.
            (1001, 1, 0, false, 2),
            // Whoever was refused is measured anew each time.
            (1001, 1, 256, false, 3),
            (1002, 0, 256, true, 4),
            (1003, 1, 300, false, 4),
            (1004, 10, 300, true, 5),
            (1005, 6, 0, true, 5),
            // More than one measurement is good for.
            (1006, 1, 1000, true, 6),
            (1007, 17, 272, false, 7),
            (1008, 17, 273, true, 8),
            // A clock that was set back.
            (500, 1, 1000, true, 9),
        ];
        let free = Arc::new(AtomicU64::new(0));
        let looks = Arc::new(AtomicU64::new(0));
        let guard = DiskGuard::new(Path::new("/"), RESERVE_MIB);
        let (measured, counted) = (free.clone(), looks.clone());
        guard.measure_with(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(measured.load(Ordering::Relaxed) * MIB)
        }));
        for (number, (at, mib, has, let_in, measurements)) in rows.into_iter().enumerate() {
            free.store(has, Ordering::Relaxed);
            let answer = guard.admit(mib * MIB, Millis(at));
            assert_eq!(answer.is_ok(), let_in, "row {number}: {answer:?}");
            assert_eq!(looks.load(Ordering::Relaxed), measurements, "row {number}");
            if let Err(error) = answer {
                assert_eq!((error.kind, error.message), (Kind::Full, "disk-full"));
            }
        }
        guard.measure_with(Box::new(|| Err(io::ErrorKind::NotFound.into())));
        assert_eq!(guard.admit(0, Millis(0)).unwrap_err().kind, Kind::Failed);
    }

    #[test]
    fn the_system_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        let admit = |reserve| DiskGuard::new(dir.path(), reserve).admit(0, Millis(0));
        assert!(admit(0).is_ok());
        assert_eq!(admit(u64::MAX).unwrap_err().message, "disk-full");
    }
}
