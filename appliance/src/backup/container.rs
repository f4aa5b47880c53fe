//! The file around the frames: its first line, the seal, the compression; and how a file gets its
//! name only once it is whole and was judged.

use crate::error::{AppError, Kind};
use plumbline_ledger::{CipherError, Kind as LedgerKind, OpeningReader, Passphrase, SealingWriter};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const PLAIN: &[u8] = b"plumbline-archive/1 plain\n";
const SEALED: &[u8] = b"plumbline-archive/1 sealed\n";
/// Blocks of events are compressed already; what gains is the rest, and level 3 is enough for it.
const ZSTD_LEVEL: i32 = 3;
/// Bytes handed to the system at once.
const BUFFER_BYTES: usize = 256 * 1024;
/// Suffix of a file that is not yet whole.
const PARTIAL: &str = "partial";

/// Where compressed bytes go.
#[derive(Debug)]
enum Outlet {
    Plain(BufWriter<File>),
    Sealed(Box<SealingWriter<BufWriter<File>>>),
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Sealed(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            Self::Sealed(to) => to.flush(),
        }
    }
}

/// Takes frames, for a new file.
pub(super) struct Packed(zstd::stream::write::Encoder<'static, Outlet>);

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packed")
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Packed {
    pub(super) fn begin(file: File, passphrase: Option<&Passphrase>) -> Result<Self, AppError> {
        let mut to = BufWriter::with_capacity(BUFFER_BYTES, file);
        let line = if passphrase.is_some() { SEALED } else { PLAIN };
        to.write_all(line).map_err(|error| unwritten(&error))?;
        let outlet = match passphrase {
            None => Outlet::Plain(to),
            Some(passphrase) => Outlet::Sealed(Box::new(
                SealingWriter::new(to, passphrase).map_err(|error| cipher(&error))?,
            )),
        };
        let encoder = zstd::stream::write::Encoder::new(outlet, ZSTD_LEVEL);
        encoder.map(Self).map_err(|error| unwritten(&error))
    }

    /// Ends compression and seal; the file is written, not yet synced.
    pub(super) fn finish(self) -> Result<File, AppError> {
        let end = || {
            let to = match self.0.finish()? {
                Outlet::Plain(to) => to,
                Outlet::Sealed(to) => to.finish()?,
            };
            to.into_inner().map_err(io::IntoInnerError::into_error)
        };
        end().map_err(|error| unwritten(&error))
    }
}

type Inner = BufReader<Box<dyn Read>>;

/// Gives the frames of a file.
pub(super) struct Unpacked {
    decoder: zstd::stream::read::Decoder<'static, Inner>,
    pub(super) sealed: bool,
    pub(super) file_bytes: u64,
}

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unpacked")
    }
}

impl Read for Unpacked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(out)
    }
}

impl Unpacked {
    pub(super) fn open(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, AppError> {
        let file = File::open(path).map_err(|error| AppError::io(path, &error))?;
        let file_bytes = file.metadata().map_err(|error| AppError::io(path, &error))?.len();
        let mut from = BufReader::with_capacity(BUFFER_BYTES, file);
        let sealed = is_sealed(&mut from).map_err(|error| AppError::io(path, &error))?;
        let sealed = sealed
            .ok_or_else(|| AppError::new(Kind::Integrity, "backup-unknown", path.display()))?;
        let inner: Box<dyn Read> = match (sealed, passphrase) {
            (false, _) => Box::new(from),
            (true, None) => {
                return Err(AppError::new(Kind::Usage, "backup-sealed", path.display()));
            }
            (true, Some(passphrase)) => {
                Box::new(OpeningReader::new(from, passphrase).map_err(|error| cipher(&error))?)
            }
        };
        let inner = BufReader::with_capacity(BUFFER_BYTES, inner);
        let decoder = zstd::stream::read::Decoder::with_buffer(inner);
        let decoder = decoder.map_err(|error| damaged(&error))?.single_frame();
        Ok(Self { decoder, sealed, file_bytes })
    }

    /// Judges that the file ends where its content does.
    pub(super) fn finish(mut self) -> Result<(), AppError> {
        let mut behind = [0];
        let surplus = || AppError::new(Kind::Integrity, "backup-damaged", "bytes follow its end");
        if self.decoder.read(&mut behind).map_err(|error| damaged(&error))? > 0 {
            return Err(surplus());
        }
        let mut rest = self.decoder.finish();
        // Reading on also makes a sealed stream judge its last chunk.
        match rest.read(&mut behind).map_err(|error| damaged(&error))? {
            0 => Ok(()),
            _ => Err(surplus()),
        }
    }
}

/// Reads the first line; `None` if it is another file.
fn is_sealed(from: &mut impl Read) -> io::Result<Option<bool>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < SEALED.len() && !line.ends_with(b"\n") && from.read(&mut byte)? > 0 {
        line.push(byte[0]);
    }
    Ok(match &line[..] {
        PLAIN => Some(false),
        SEALED => Some(true),
        _ => None,
    })
}

/// What a failed read of a file's content means.
pub(crate) fn damaged(error: &io::Error) -> AppError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<CipherError>()) {
        Some(error) => cipher(error),
        None => AppError::new(Kind::Integrity, "backup-damaged", error),
    }
}

fn cipher(error: &CipherError) -> AppError {
    match error.kind() {
        LedgerKind::InvalidInput => AppError::new(Kind::Usage, "passphrase", error),
        LedgerKind::Untrusted => AppError::new(Kind::Refused, "backup-passphrase", error),
        LedgerKind::DataLoss => AppError::new(Kind::Integrity, "backup-damaged", error),
        _ => AppError::new(Kind::Failed, "key", error),
    }
}

pub(crate) fn unwritten(error: &io::Error) -> AppError {
    use io::ErrorKind as E;
    match error.kind() {
        E::StorageFull | E::QuotaExceeded | E::FileTooLarge => {
            AppError::new(Kind::Failed, "backup-full", error)
        }
        _ => AppError::new(Kind::Failed, "io", error),
    }
}

/// Makes a file that must not exist yet: `fill` writes it under another name, it is synced, `judge`
/// reads it again, and only then it gets its name. Whatever fails, nothing is left.
///
/// # Errors
/// If there is such a file, somebody else is writing it, or what `fill` and `judge` say.
pub(crate) fn write_file<T, U>(
    path: &Path,
    fill: impl FnOnce(File) -> Result<(File, T), AppError>,
    judge: impl FnOnce(&Path, &T) -> Result<U, AppError>,
) -> Result<(T, U), AppError> {
    let exists = || AppError::new(Kind::Usage, "backup-exists", path.display());
    if path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let partial = partial_of(path)?;
    let file = begin_partial(&partial)?;
    let made = (|| {
        let (file, filled) = fill(file)?;
        file.sync_all().map_err(|error| unwritten(&error))?;
        // So that the judge reads what the disk has, not what memory still holds.
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        let judged = judge(&partial, &filled)?;
        name(&partial, path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(),
            _ => AppError::io(path, &error),
        })?;
        Ok((filled, judged))
    })();
    if made.is_err() {
        // The first error says more than that of tidying up.
        let _ = fs::remove_file(&partial);
    }
    made
}

fn partial_of(path: &Path) -> Result<PathBuf, AppError> {
    let no_name = || AppError::new(Kind::Usage, "backup-name", path.display());
    let mut name = path.file_name().ok_or_else(no_name)?.to_owned();
    name.push(".");
    name.push(PARTIAL);
    Ok(path.with_file_name(name))
}

/// What an earlier process left behind is overwritten; what another one is writing is not.
fn begin_partial(partial: &Path) -> Result<File, AppError> {
    let io = |error: io::Error| AppError::io(partial, &error);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(partial);
    let file = file.map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(AppError::new(Kind::Busy, "backup-busy", partial.display()));
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    Ok(file)
}

/// Renames without replacing anything, and makes the name durable.
fn name(partial: &Path, path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, partial, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => {}
        // File systems that cannot say it, such as NFS.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if !path.exists() => {
            fs::rename(partial, path)?;
        }
        Err(error) => return Err(error.into()),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn text(mut file: File) -> Result<(File, ()), AppError> {
        file.write_all(b"content").map_err(|error| unwritten(&error))?;
        Ok((file, ()))
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_gets_its_name_when_it_is_whole_and_judged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let judge = |partial: &Path, (): &()| Ok(fs::read(partial).unwrap());
        let ((), judged) = write_file(&path, text, judge).unwrap();
        assert_eq!((judged, fs::read(&path).unwrap()), (b"content".to_vec(), b"content".to_vec()));
        assert_eq!(names(dir.path()), ["a"]);
        let again = write_file(&path, text, |_, ()| Ok(())).unwrap_err();
        assert_eq!(again.message, "backup-exists");
    }

    #[test]
    fn whatever_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let full = |mut file: File| {
            file.write_all(b"half").unwrap();
            Err::<(File, ()), _>(unwritten(&io::Error::from(io::ErrorKind::StorageFull)))
        };
        let error = write_file(&path, full, |_, ()| Ok(())).unwrap_err();
        assert_eq!((error.message, names(dir.path())), ("backup-full", Vec::new()));
        let doubt = |_: &Path, (): &()| {
            Err::<(), _>(AppError::new(Kind::Integrity, "backup-damaged", "not the same"))
        };
        let error = write_file(&path, text, doubt).unwrap_err();
        assert_eq!((error.message, names(dir.path())), ("backup-damaged", Vec::new()));
        // Somebody else took the name meanwhile: neither file is harmed.
        let meanwhile = |_: &Path, (): &()| {
            fs::write(&path, "theirs").unwrap();
            Ok(())
        };
        let error = write_file(&path, text, meanwhile).unwrap_err();
        assert_eq!((error.message, names(dir.path())), ("backup-exists", vec!["a".to_owned()]));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }

    #[test]
    fn one_writes_at_a_time_and_leavings_are_no_hindrance() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(dir.path().join("a.partial"), "a longer text of a killed process").unwrap();
        let inner = path.clone();
        let second = |file: File| {
            let error = write_file(&inner, text, |_, ()| Ok(())).unwrap_err();
            assert_eq!(error.message, "backup-busy");
            text(file)
        };
        write_file(&path, second, |_, ()| Ok(())).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"content");
    }
}
