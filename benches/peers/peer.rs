//! The other programs, in a child process that does as it is asked and says how long it took.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

pub struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// `None`, said aloud, where the packages cannot be had. They come from PyPI, once, into target/.
    pub fn start() -> Option<Self> {
        let python = environment().inspect_err(|why| println!("SKIPPED: no peers to compare with: {why}")).ok()?;
        let mut child = Command::new(python)
            .arg(here().join("peer.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let requests = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut peer = Self { child, requests, answers };
        match peer.ask(json!({"do": "versions"})) {
            Ok(versions) => println!("peers: {versions}"),
            Err(why) => println!("peers: {why}"),
        }
        Some(peer)
    }

    /// Milliseconds of CPU that one run took.
    pub fn run(&mut self, request: Value) -> Result<f64, String> {
        self.ask(request)?.as_f64().ok_or_else(|| "no number".into())
    }

    fn ask(&mut self, request: Value) -> Result<Value, String> {
        writeln!(self.requests, "{request}").map_err(|error| error.to_string())?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["is"].take()),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It was only ever asked to compute.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

/// The Python of the environment, which is made when it is missing or its requirements have changed.
fn environment() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-peers");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed"));
    let requirements = here().join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).map_err(|error| error.to_string())?;
    if std::fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    println!("fetching {} from PyPI into target/bench-peers", requirements.display());
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("it failed").to_owned()),
        Err(error) => Err(error.to_string()),
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(&requirements))?;
    std::fs::write(installed, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}
