//! The home directory of an appliance: where everything lies, and its configuration.

use crate::error::{AppError, Kind};
use crate::watch::HealthConfig;
use plumbline_contract::time::Zone;
use plumbline_ledger::{SigningKey, TrustedKeys};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// `config.toml` in the home directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of this ledger in its checkpoints, for instance `oversight.example.gov.cn/370203`.
    pub origin: String,
    /// GB/T 2260 code of the office's own region; empty for everywhere.
    #[serde(default)]
    pub region: String,
    /// IANA name of the time zone in which dates are counted.
    #[serde(default = "shanghai")]
    pub zone: String,
    /// Address of the HTTP service.
    #[serde(default = "loopback")]
    pub listen: String,
    /// Free space on the disk below which no new events are taken, in MiB.
    #[serde(default = "reserve")]
    pub disk_reserve_mib: u64,
    /// Thresholds of the supervision of the supervision.
    #[serde(default, skip_serializing_if = "HealthConfig::is_default")]
    pub health: HealthConfig,
}

fn reserve() -> u64 {
    crate::disk::RESERVE_MIB
}

fn shanghai() -> String {
    "Asia/Shanghai".to_owned()
}

fn loopback() -> String {
    "127.0.0.1:7300".to_owned()
}

/// A home directory.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    #[must_use]
    pub fn store_dir(&self) -> PathBuf {
        self.dir.join("store")
    }

    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.dir.join("ledger")
    }

    /// Installed packages, by hash.
    #[must_use]
    pub fn packages_dir(&self) -> PathBuf {
        self.dir.join("packages")
    }

    /// Compiled code, made by the host itself.
    #[must_use]
    pub fn cache_dir(&self) -> PathBuf {
        self.dir.join("cache")
    }

    /// Footage of alerts, by hash.
    #[must_use]
    pub fn evidence_dir(&self) -> PathBuf {
        self.dir.join("evidence")
    }

    /// Pictures of empty halls, one for each camera.
    #[must_use]
    pub fn references_dir(&self) -> PathBuf {
        self.dir.join("references")
    }

    /// Addresses of the cameras, with their passwords.
    #[must_use]
    pub fn cameras_file(&self) -> PathBuf {
        self.keys_dir().join("cameras.toml")
    }

    /// What imports could not read, by file.
    #[must_use]
    pub fn rejects_dir(&self) -> PathBuf {
        self.dir.join("rejects")
    }

    /// Verifier keys of trusted vendors, one text file each.
    #[must_use]
    pub fn trusted_dir(&self) -> PathBuf {
        self.dir.join("trusted")
    }

    fn keys_dir(&self) -> PathBuf {
        self.dir.join("keys")
    }

    fn config_file(&self) -> PathBuf {
        self.dir.join("config.toml")
    }

    /// Bearer token of the HTTP service.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.keys_dir().join("http.token")
    }

    /// Where a running service listens for commands.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.dir.join("control.sock")
    }

    fn ledger_key_file(&self) -> PathBuf {
        self.keys_dir().join("ledger.key")
    }

    fn personal_key_file(&self) -> PathBuf {
        self.keys_dir().join("personal.key")
    }

    #[must_use]
    pub fn exists(&self) -> bool {
        self.config_file().exists()
    }

    /// Where a report lies whose hash stands in the ledger.
    #[must_use]
    pub fn report_file(&self, sha256: &str) -> PathBuf {
        self.dir.join("reports").join(format!("{sha256}.json"))
    }

    /// Keeps a report whose hash stands in the ledger; it is there for good.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_report(&self, sha256: &str, bytes: &[u8]) -> Result<(), AppError> {
        let dir = self.dir.join("reports");
        fs::create_dir_all(&dir).map_err(|error| AppError::io(&dir, &error))?;
        let path = self.report_file(sha256);
        fs::write(&path, bytes).map_err(|error| AppError::io(&path, &error))
    }

    /// Keeps a paper whose hash stands in the ledger, under that hash; `form` is `docx`, `html` or
    /// `xlsx`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_paper(&self, sha256: &str, form: &str, bytes: &[u8]) -> Result<(), AppError> {
        let dir = self.dir.join("reports");
        fs::create_dir_all(&dir).map_err(|error| AppError::io(&dir, &error))?;
        let path = self.paper(sha256, form);
        fs::write(&path, bytes).map_err(|error| AppError::io(&path, &error))
    }

    /// Where a paper is kept.
    #[must_use]
    pub fn paper(&self, sha256: &str, form: &str) -> PathBuf {
        self.dir.join("reports").join(format!("{sha256}.{form}"))
    }

    /// Where a county's own template of a paper lies, if it has one.
    #[must_use]
    pub fn template_file(&self, name: &str) -> PathBuf {
        self.dir.join("templates").join(format!("{name}.toml"))
    }

    /// Creates the directories, the configuration and the keys of a new home.
    ///
    /// # Errors
    /// If there is a home already, or something cannot be written.
    pub fn create(&self, config: &Config) -> Result<SigningKey, AppError> {
        if self.exists() {
            return Err(AppError::new(Kind::Usage, "home-exists", self.dir.display()));
        }
        load_zone(&config.zone)?;
        self.make_folders()?;
        let key = SigningKey::generate(&config.origin)
            .map_err(|error| AppError::new(Kind::Usage, "key", error))?;
        key.save(&self.ledger_key_file())
            .map_err(|error| AppError::new(Kind::Failed, "key", error))?;
        self.write_secret(&self.personal_key_file())?;
        self.write_secret(&self.token_file())?;
        let text = toml::to_string(config)
            .map_err(|error| AppError::new(Kind::Failed, "config", error))?;
        self.write(&self.config_file(), text.as_bytes())?;
        Ok(key)
    }

    /// Makes the folders that a home has before anything is in them.
    ///
    /// # Errors
    /// If they cannot be made.
    pub(crate) fn make_folders(&self) -> Result<(), AppError> {
        for dir in [
            self.dir.clone(),
            self.packages_dir(),
            self.cache_dir(),
            self.rejects_dir(),
            self.trusted_dir(),
            self.keys_dir(),
        ] {
            fs::create_dir_all(&dir).map_err(|error| AppError::io(&dir, &error))?;
            private(&dir, 0o700)?;
        }
        Ok(())
    }

    /// The secret files, by their names in the folder of keys.
    pub(crate) fn key_files(&self) -> [(&'static str, PathBuf); 3] {
        ["ledger.key", "personal.key", "http.token"].map(|name| (name, self.keys_dir().join(name)))
    }

    /// 256 random bits as text, readable by the owner only.
    fn write_secret(&self, path: &Path) -> Result<(), AppError> {
        let secret = plumbline_ledger::random_hex()
            .map_err(|error| AppError::new(Kind::Failed, "key", error))?;
        self.write(path, secret.as_bytes())?;
        private(path, 0o600)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), AppError> {
        fs::write(path, bytes).map_err(|error| AppError::io(path, &error))
    }

    /// # Errors
    /// If there is no home here, or its configuration is malformed.
    pub fn config(&self) -> Result<Config, AppError> {
        if !self.exists() {
            return Err(AppError::new(Kind::Usage, "no-home", self.dir.display()));
        }
        let path = self.config_file();
        let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
        let config: Config = toml::from_str(&text)
            .map_err(|error| AppError::new(Kind::Usage, "config", error.message()))?;
        config.health.check()?;
        Ok(config)
    }

    /// # Errors
    /// If the key cannot be read.
    pub fn ledger_key(&self) -> Result<SigningKey, AppError> {
        SigningKey::load(&self.ledger_key_file())
            .map_err(|error| AppError::new(Kind::Failed, "key", error))
    }

    /// The key under which identity numbers and the like are hashed before they are stored.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn personal_key(&self) -> Result<String, AppError> {
        let path = self.personal_key_file();
        fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))
    }

    /// # Errors
    /// If it cannot be read.
    pub fn token(&self) -> Result<String, AppError> {
        let path = self.token_file();
        fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))
    }

    /// The trusted vendors' keys.
    ///
    /// # Errors
    /// If the folder or a key in it cannot be read: a damaged key is not silently left out.
    pub fn trusted_keys(&self) -> Result<TrustedKeys, AppError> {
        let dir = self.trusted_dir();
        let mut paths = Vec::new();
        for entry in fs::read_dir(&dir).map_err(|error| AppError::io(&dir, &error))? {
            paths.push(entry.map_err(|error| AppError::io(&dir, &error))?.path());
        }
        paths.sort();
        let mut keys = TrustedKeys::default();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
            let key = plumbline_ledger::VerifyingKey::from_text(text.trim());
            keys.add(key.map_err(|error| AppError::new(Kind::Failed, "key", error))?);
        }
        Ok(keys)
    }
}

/// Restricts a path to its owner.
pub(crate) fn private(path: &Path, mode: u32) -> Result<(), AppError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|error| AppError::io(path, &error))
}

/// # Errors
/// If there is no such zone.
pub fn load_zone(name: &str) -> Result<Zone, AppError> {
    plumbline_ingest::zone::load(name).map_err(|error| AppError::new(Kind::Usage, "zone", error))
}
