//! Other people's programs, run to their end.

use std::path::PathBuf;
use std::process::Output;

use tokio::process::Command;

use crate::service::PATIENCE;

/// Whether the program is there.
pub async fn is_installed(program: &str) -> bool {
    let found =
        Command::new("sh").arg("-c").arg(format!("command -v {program}")).output().await.unwrap().status.success();
    if !found {
        assert!(std::env::var("REGULARS_REQUIRE_PEERS").as_deref() != Ok("1"), "{program} is not installed");
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// What it printed comes out when the test fails.
pub async fn run(mut command: Command) -> Output {
    let running = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, running).await.expect("the peer ends").unwrap();
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    output
}

pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/sip").join(name)
}
