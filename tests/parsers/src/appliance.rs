//! Files that the appliance itself reads: reference tables as CSV and as workbooks, region profiles,
//! templates, backups and archives.

use crate::text_of;
use plumbline::backup::read_archive;
use plumbline::backup::{Archiving, Backup, archive as take_archive, backup as take_backup, read};
use plumbline::bulletin::{SHIPPED, Template};
use plumbline::home::{Config, Home};
use plumbline::watch::HealthConfig;
use plumbline::{App, profile as region_profile, table as tables_of};
use plumbline_contract::time::{Millis, Zone};
use std::io::{Cursor, Seek, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// First line of a backup that is not sealed.
const PLAIN: &[u8] = b"plumbline-archive/1 plain\n";
/// 2026-11-22; the archive goes up to a later day.
const NOW: Millis = Millis(1_795_305_600_000);
/// Bytes of a seed: a good input that is cut off is no good one.
const SEED_BYTES: usize = 4096;

const CAMERAS: &[u8] = include_bytes!("../../../examples/tables/camera.csv");
const ITEMS: &[u8] = include_bytes!("../../../examples/events/tables/item.csv");
const PROFILES: [&str; 2] = [
    include_str!("../../../examples/regions/county.toml"),
    include_str!("../../../examples/fines/region.toml"),
];

/// The parts of a workbook with one sheet, but for the sheet.
const PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="camera" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
];

pub(crate) fn table(bytes: &[u8]) -> bool {
    let names = ["calendar", "item", "officer", "worktime", "camera", "zone", "region"];
    names.iter().filter(|name| tables_of::parse_csv(name, bytes).is_ok()).count() > 0
}

/// The bytes are the sheet of a workbook that is otherwise good.
pub(crate) fn sheet(bytes: &[u8]) -> bool {
    table(&workbook(bytes))
}

pub(crate) fn profile(bytes: &[u8]) -> bool {
    region_profile::read(bytes).is_ok()
}

pub(crate) fn template(bytes: &[u8]) -> bool {
    let text = text_of(bytes);
    SHIPPED.iter().filter(|(kind, _)| Template::parse(*kind, &text).is_ok()).count() > 0
}

pub(crate) fn backup(bytes: &[u8]) -> bool {
    with_file(bytes, |path| read(path, None, &mut |_, _| Ok(())).is_ok())
}

pub(crate) fn archive(bytes: &[u8]) -> bool {
    with_file(bytes, |path| read_archive(path, None).is_ok())
}

/// The bytes are what the compression of a backup or an archive holds.
pub(crate) fn frames(bytes: &[u8]) -> bool {
    let file = [PLAIN, &zstd::encode_all(bytes, 1).unwrap()].concat();
    backup(&file) | archive(&file)
}

/// Such files are read from files: here from one without a name, which is gone when the process is.
fn with_file(bytes: &[u8], look: impl Fn(&Path) -> bool) -> bool {
    thread_local! {
        static FILE: std::fs::File = tempfile::tempfile().unwrap();
    }
    FILE.with(|mut file| {
        file.set_len(0).unwrap();
        file.rewind().unwrap();
        file.write_all(bytes).unwrap();
        look(&PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())))
    })
}

fn workbook(sheet: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let parts = PARTS.iter().map(|(name, text)| (*name, text.as_bytes()));
    for (name, content) in parts.chain([("xl/worksheets/sheet1.xml", sheet)]) {
        zip.start_file(name, stored).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn tables() -> Vec<Vec<u8>> {
    let calendar = plumbline_contract::CALENDAR_CSV.lines().take(40).collect::<Vec<_>>().join("\n");
    let items = ITEMS[..ITEMS.len().min(SEED_BYTES)].to_vec();
    vec![calendar.into_bytes(), items, CAMERAS.to_vec()]
}

/// The cameras' table as cells.
pub(crate) fn sheets() -> Vec<Vec<u8>> {
    let mut rows = String::new();
    let text = text_of(CAMERAS);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        rows.push_str("<row>");
        for cell in line.split(',') {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;");
            rows.push_str(&format!(r#"<c t="inlineStr"><is><t>{cell}</t></is></c>"#));
        }
        rows.push_str("</row>");
    }
    let head = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
    vec![format!("{head}{rows}</sheetData></worksheet>").into_bytes()]
}

pub(crate) fn workbooks() -> Vec<Vec<u8>> {
    sheets().iter().map(|sheet| workbook(sheet)).collect()
}

pub(crate) fn profiles() -> Vec<Vec<u8>> {
    PROFILES.map(|profile| profile.as_bytes().to_vec()).into()
}

pub(crate) fn templates() -> Vec<Vec<u8>> {
    SHIPPED.iter().map(|(_, text)| text.as_bytes().to_vec()).collect()
}

/// A small home, with a table so that its log is not empty.
fn home(dir: &Path) -> App {
    let config = Config {
        origin: "test.invalid/fuzz".to_owned(),
        region: String::new(),
        zone: "Asia/Shanghai".to_owned(),
        listen: "127.0.0.1:0".to_owned(),
        disk_reserve_mib: plumbline::disk::RESERVE_MIB,
        health: HealthConfig::default(),
    };
    let app = App::create(Home::new(dir.join("home")), &config).unwrap();
    app.load_table("camera", tables_of::parse_csv("camera", CAMERAS).unwrap()).unwrap();
    app
}

pub(crate) fn backups() -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let request = Backup { file: &file, passphrase: None, with_keys: true, now: NOW };
    take_backup(&home(dir.path()), &request).unwrap();
    vec![std::fs::read(&file).unwrap()]
}

pub(crate) fn archives() -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("archive");
    let before = Zone::shanghai().local(Millis(i64::MAX / 4)).day();
    let request = Archiving { file: &file, passphrase: None, before, now: NOW };
    take_archive(&home(dir.path()), &request).unwrap();
    vec![std::fs::read(&file).unwrap()]
}

pub(crate) fn all_frames() -> Vec<Vec<u8>> {
    let files = [backups(), archives()].concat();
    files.iter().map(|file| zstd::decode_all(&file[PLAIN.len()..]).unwrap()).collect()
}
