//! The catalogue of rules in `docs/rules.md` against the plugins: every rule stands in exactly one
//! plugin, with an example that fires, one that does not, and the articles of law that it cites.

use plumbline_contract::manifest::Manifest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where the generated part of the page begins.
const BEGIN: &str =
    "<!-- made from the manifests: UPDATE_EXPECT=1 cargo test -p plumbline-tests catalogue -->\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Our plugins: folder and manifest, in the order of their names.
fn plugins() -> Vec<(PathBuf, Manifest)> {
    let mut folders: Vec<_> = std::fs::read_dir(root().join("plugins"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("manifest.toml").exists())
        .collect();
    folders.sort();
    let manifest = |folder: PathBuf| {
        let text = std::fs::read_to_string(folder.join("manifest.toml")).unwrap();
        let manifest = Manifest::from_toml(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        (folder, manifest)
    };
    folders.into_iter().map(manifest).collect()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/rules.md")).unwrap()
}

/// Rule ids in the first column of the page's tables.
fn listed(page: &str) -> Vec<String> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|line| Some(line.split_once('`')?.0.to_owned())).collect()
}

/// The page as the manifests have it.
fn made() -> String {
    let mut page = String::new();
    for (_, manifest) in plugins() {
        let plugin = &manifest.plugin;
        let (id, zh, en) = (&plugin.id, &plugin.name_zh, &plugin.name_en);
        let count = manifest.rules.len();
        let _ = write!(page, "\n## {id} {zh} · {en}\n\n");
        let _ = write!(page, "{count} 条规则 · rules；[判断细节 details](rules-{id}.md)\n\n");
        page += "| 规则 rule | 名称 name | 级别 levels | 法条 law |\n|---|---|---|---|\n";
        let mut rules: Vec<_> = manifest.rules.iter().collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        for rule in rules {
            let levels: Vec<_> = rule.levels.iter().map(|level| level.as_str()).collect();
            let _ = writeln!(
                page,
                "| `{}` | {} · {} | {} | {} |",
                rule.id,
                rule.name_zh,
                rule.name_en,
                levels.join(", "),
                rule.law.join(", ")
            );
        }
    }
    page
}

#[test]
fn every_rule_of_the_catalogue_is_in_exactly_one_plugin_and_the_other_way_round() {
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, manifest) in plugins() {
        for rule in manifest.rules {
            homes.entry(rule.id).or_default().push(manifest.plugin.id.clone());
        }
    }
    for (rule, plugins) in &homes {
        assert_eq!(plugins.len(), 1, "{rule} is in {plugins:?}");
    }
    let page = page();
    let (head, _) = page.split_once(BEGIN).expect("the page says where it is made");
    let wanted = format!("{head}{BEGIN}{}", made());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(root().join("docs/rules.md"), wanted).unwrap();
        return;
    }
    let listed = listed(&page);
    let all: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), all.len(), "a rule stands twice in the catalogue");
    assert_eq!(all, homes.into_keys().collect());
    assert!(page == wanted, "docs/rules.md is not in step: run this test with UPDATE_EXPECT=1");
}

#[test]
fn every_rule_has_an_example_that_fires_and_one_that_does_not() {
    let mut lacking = Vec::new();
    for (folder, manifest) in plugins() {
        for rule in &manifest.rules {
            let path = folder.join(format!("examples/{}.toml", rule.id));
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let file: Value = toml::from_str(&text).unwrap_or_default();
            let examples = file["example"].as_array().cloned().unwrap_or_default();
            let fires =
                |example: &&Value| example["fires"].as_array().is_some_and(|f| !f.is_empty());
            let count = examples.iter().filter(fires).count();
            if file["rule"] != rule.id.as_str() || (count == 0 && !rule.levels.is_empty()) {
                lacking.push(format!("{} must fire", rule.id));
            }
            if count == examples.len() {
                lacking.push(format!("{} must not fire", rule.id));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

/// Natively each plugin's own tests run them.
#[test]
fn packages_pass_their_examples_in_the_engine() {
    let Some(packages) = plumbline_tests::plugins() else { return };
    for (folder, manifest) in plugins() {
        let package = packages.join(format!("{}.wasm", manifest.plugin.id));
        let examples = folder.join("examples");
        let words =
            ["plumbline", "plugin", "test", &shown(&package), "--examples", &shown(&examples)]
                .map(str::to_owned);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let terminal = plumbline::cli::Terminal::default();
        let code = plumbline::cli::run(words, &mut out, &mut err, terminal);
        let said = String::from_utf8_lossy(&out) + String::from_utf8_lossy(&err);
        assert_eq!(code, 0, "{}: {said}", manifest.plugin.id);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn every_plugin_has_its_page_and_its_articles_of_law() {
    for (folder, manifest) in plugins() {
        let id = &manifest.plugin.id;
        let page = std::fs::read_to_string(root().join(format!("docs/rules-{id}.md"))).unwrap();
        let laws = std::fs::read_to_string(folder.join("tables/law_ref.csv")).unwrap();
        let known: BTreeSet<_> = laws.lines().filter_map(|line| line.split(',').next()).collect();
        for rule in &manifest.rules {
            assert!(page.contains(&rule.id), "docs/rules-{id}.md does not speak of {}", rule.id);
            for law in &rule.law {
                assert!(known.contains(law.as_str()), "{} cites `{law}`", rule.id);
            }
        }
    }
}
