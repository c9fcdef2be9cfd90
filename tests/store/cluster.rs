//! A Postgres of our own for one test, as an unprivileged user where the test runs as root, gone afterwards.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Cluster {
    server: Child,
    folder: tempfile::TempDir,
}

/// `nobody` and `nogroup` of Debian: Postgres refuses to run as root.
const NOBODY: u32 = 65534;

impl Cluster {
    /// `None`, said aloud, when Postgres is not installed; a failure where every peer must be there.
    pub fn start() -> Option<Cluster> {
        let Some(bin) = find() else {
            assert!(
                std::env::var_os("REGULARS_REQUIRE_PEERS").is_none_or(|value| value != "1"),
                "REGULARS_REQUIRE_PEERS=1, and there is no initdb: install postgresql"
            );
            eprintln!("SKIPPED: no Postgres on this machine (install postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let as_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
        if as_root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let made = command(as_root, &bin.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut server = command(as_root, &bin.join("postgres"))
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-D"])
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
        let ready = log.find(|line| line.as_ref().is_ok_and(|text| text.contains("ready to accept connections")));
        assert!(ready.is_some(), "Postgres ended before it was ready");
        std::thread::spawn(move || log.for_each(drop));
        Some(Cluster { server, folder })
    }

    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/{database}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT is Postgres' fast shutdown; SIGKILL would leave its children behind.
        let stopped = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        if stopped.is_ok_and(|status| status.success()) {
            let _ = self.server.wait();
        }
    }
}

/// The server ends with the test, even when the test is killed.
fn command(as_root: bool, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if as_root {
        let id = NOBODY.to_string();
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT", "--"]).arg(program).current_dir("/").env("LC_ALL", "C");
    command
}

/// Debian keeps the server's programs out of the path, a folder for each version.
fn find() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}
