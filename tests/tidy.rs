//! The house is kept in order by machine: who imports whom, how long a file may be, which files are cores.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The table of docs/architecture.md: a module, and what it may import of ours.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("rtp", &["base"]),
    ("sip", &["base", "rtp"]),
    ("stream", &["base", "rtp"]),
    ("speech", &["base", "rtp"]),
    ("voice", &["base", "speech"]),
    ("customer", &["base"]),
    ("identity", &["base", "voice", "customer"]),
    ("store", &["base", "speech", "customer", "voice", "identity"]),
    ("call", &["base", "sip", "stream", "rtp", "speech", "voice", "identity", "customer", "store"]),
    ("desk", &["base", "call", "identity", "customer"]),
    ("records", &["base", "call", "customer", "desk", "store"]),
    ("config", &["base", "sip", "stream", "rtp", "voice", "customer", "identity", "store", "call", "desk", "records"]),
];

/// Of call/, the shells that may touch the store and the inference pool.
const CALL_SHELLS: &[&str] = &["books.rs", "intake.rs", "registry.rs", "task.rs"];

/// Files of core modules that are shells, and the modules that are shells altogether. `voice/model.rs` reads its files.
const SHELLS: &[&str] = &[
    "src/base/clock.rs",
    "src/base/lifecycle.rs",
    "src/base/tls.rs",
    "src/call/books.rs",
    "src/call/intake.rs",
    "src/call/registry.rs",
    "src/call/sockets.rs",
    "src/call/task.rs",
    "src/cli/",
    "src/config/",
    "src/desk/",
    "src/main.rs",
    "src/records/",
    "src/rtp/port_pool.rs",
    "src/rtp/socket.rs",
    "src/service.rs",
    "src/sip/",
    "src/store/",
    "src/stream/arrival.rs",
    "src/stream/audiosocket_session.rs",
    "src/stream/door.rs",
    "src/stream/leg.rs",
    "src/stream/listener.rs",
    "src/stream/session.rs",
    "src/telemetry/",
    "src/voice/model.rs",
    "src/voice/pool.rs",
];

/// Within shell modules, the files that are cores.
const CORES_IN_SHELLS: &[&str] = &[
    "src/desk/card.rs",
    "src/desk/consent_script.rs",
    "src/desk/request.rs",
    "src/desk/screen.rs",
    "src/records/backoff.rs",
    "src/records/event.rs",
    "src/records/json.rs",
    "src/records/record.rs",
    "src/records/signature.rs",
    "src/sip/admission.rs",
    "src/sip/caller_id.rs",
    "src/sip/digest/",
    "src/sip/extensions.rs",
    "src/sip/framing.rs",
    "src/sip/headers.rs",
    "src/sip/merged.rs",
    "src/sip/message.rs",
    "src/sip/multipart.rs",
    "src/sip/register/plan.rs",
    "src/sip/register/request.rs",
    "src/sip/remote_target.rs",
    "src/sip/sdp/",
    "src/sip/siprec/",
    "src/sip/status.rs",
    "src/sip/timer.rs",
    "src/sip/trust.rs",
    "src/store/seal.rs",
];

/// What a core does not know of: I/O, tasks, clocks, chance.
const NOT_IN_A_CORE: &[&str] =
    &["tokio", "sqlx", "tonic", "axum", "rand", "std::fs", "std::thread", "std::env", "UdpSocket", "::now()"];

const KB: usize = 1000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with one of `endings`: (path from the root with forward slashes, text).
fn files(folder: &str, endings: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["node_modules", "target", ".venv", "dist", "__pycache__"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let from_root = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(from_root, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The text up to the first test module, comment lines left out.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Our modules that a piece of code names as `crate::module`.
fn imports(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.split("crate::").skip(1).map(word).filter(|word| !word.is_empty()).collect()
}

#[test]
fn no_module_imports_what_stands_above_it() {
    let mut faults = Vec::new();
    for (path, text) in files("src", &[".rs"]) {
        let Some((module, _)) = path["src/".len()..].split_once('/') else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else { continue };
        for import in imports(&code(&text)) {
            if import != module && !allowed.contains(&import.as_str()) {
                faults.push(format!("{path} imports crate::{import}"));
            }
        }
    }
    assert!(faults.is_empty(), "see docs/architecture.md, \"Who may import whom\":\n{}", faults.join("\n"));
}

#[test]
fn in_a_call_only_the_shells_touch_the_store_and_the_inference_pool() {
    for (path, text) in files("src/call", &[".rs"]) {
        let file = path.rsplit('/').next().unwrap();
        let code = code(&text);
        if !CALL_SHELLS.contains(&file) {
            assert!(!code.contains("crate::store"), "{path} touches the store");
            assert!(!code.contains("voice::Pool") && !code.contains("PoolClient"), "{path} touches the inference pool");
        }
    }
}

#[test]
fn a_core_knows_no_sockets_tasks_clocks_or_chance() {
    let mut faults = Vec::new();
    for (path, text) in files("src", &[".rs"]) {
        let shell = SHELLS.iter().any(|shell| path.starts_with(shell))
            && !CORES_IN_SHELLS.iter().any(|core| path.starts_with(core));
        if shell || path.ends_with("/tests.rs") {
            continue;
        }
        let code = code(&text);
        for word in NOT_IN_A_CORE {
            if code.contains(word) {
                faults.push(format!("{path} mentions {word}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_stay_short_enough_to_be_read() {
    let mut sizes: Vec<(usize, String)> = ["src", "tests", "benches", "models", "fixtures", "web"]
        .iter()
        .flat_map(|folder| files(folder, &[".rs", ".ts", ".tsx", ".py", ".css", ".mjs"]))
        .map(|(path, text)| (text.len(), path))
        .collect();
    sizes.sort();
    let (largest, path) = sizes.last().unwrap();
    assert!(*largest <= 25 * KB, "{path} has {largest} bytes; 25 kB is the most");
    let short = sizes.iter().filter(|(size, _)| *size <= 15 * KB).count();
    assert!(short * 10 >= sizes.len() * 9, "fewer than 90 % of the files are under 15 kB: {:?}", &sizes[short..]);
}

#[test]
fn a_mod_rs_is_a_title_page() {
    for (path, text) in files("src", &["mod.rs"]) {
        assert!(text.starts_with("//! "), "{path} has no title");
        for word in ["fn ", " loop ", " match ", " for "] {
            assert!(!code(&text).contains(word), "{path} holds logic: {word}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in files("src", &[".rs"]) {
        assert!(text.starts_with("//! ") || path.ends_with("/tests.rs"), "{path} has no module doc");
    }
}

#[test]
fn nothing_names_a_machine() {
    let machine = ["work", "root", "home", "tmp"].map(|folder| format!("/{folder}/"));
    for folder in ["src", "tests", "docs", "models", "fixtures", "web", "proto", "benches"] {
        for (path, text) in files(folder, &[".rs", ".md", ".py", ".ts", ".tsx", ".toml", ".proto", ".mjs", ".json"]) {
            for word in &machine {
                assert!(!text.contains(word.as_str()), "{path} names the machine path {word}");
            }
        }
    }
}

#[test]
fn every_setting_is_in_the_reference() {
    let reference = fs::read_to_string(root().join("docs/reference/config.md")).unwrap();
    let defaults: toml::Table = fs::read_to_string(root().join("src/config/defaults.toml")).unwrap().parse().unwrap();
    for (section, keys) in &defaults {
        for key in keys.as_table().unwrap().keys() {
            assert!(
                reference.contains(&format!("`{section}.{key}`")),
                "docs/reference/config.md lacks {section}.{key}"
            );
        }
    }
}
