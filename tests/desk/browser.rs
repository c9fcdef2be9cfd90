//! The page in a real Chromium, driven by the scripts in `web/e2e`: they ask for scenes and for what reached the calls.
//!
//! Without Node, Chromium or the packages of `web/` this is skipped aloud; with `REGULARS_REQUIRE_PEERS=1` it fails.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use regulars::call::{AgentCommand, EnrollWhom, What};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::judged::{calibrate, judge};
use super::scenes::{earlier, event, scene};
use super::shop::RunningDesk;

/// How long ago the calls of a scene began.
const LIVED_IN_MS: i64 = 23_000;

fn chromium() -> Option<PathBuf> {
    let candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    named.into_iter().chain(candidates.map(PathBuf::from)).find(|path| path.exists())
}

/// What stands in the way of a browser test, if anything.
fn missing() -> Option<&'static str> {
    let has_node = std::process::Command::new("node").arg("--version").output().is_ok_and(|out| out.status.success());
    if !has_node {
        return Some("node is not installed");
    }
    if !Path::new("web/node_modules/playwright-core").exists() {
        return Some("the packages of web/ are not installed");
    }
    chromium().is_none().then_some("chromium is not installed")
}

/// Runs a script in front of a fresh desk and answers it until it ends.
async fn run(script: &str) {
    if let Some(why) = missing() {
        assert!(std::env::var_os("REGULARS_REQUIRE_PEERS").is_none(), "browser tests are required here, but {why}");
        eprintln!("SKIPPED {script}: {why}");
        return;
    }
    let mut desk = Some(RunningDesk::open().await);
    let address = desk.as_ref().map(|desk| desk.address).unwrap();
    let mut browser = Command::new("node")
        .arg(format!("web/e2e/{script}"))
        .env("DESK_URL", format!("http://{address}"))
        .env("PICTURES", Path::new(env!("CARGO_TARGET_TMPDIR")).join("desk"))
        .env("CHROMIUM", chromium().unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut answers = browser.stdin.take().unwrap();
    let mut requests = BufReader::new(browser.stdout.take().unwrap()).lines();
    while let Some(line) = requests.next_line().await.unwrap() {
        let request: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{script} said {line:?}"));
        let answer = match (request["do"].as_str(), &desk) {
            (Some("drop"), _) => {
                desk.take().expect("a desk to drop").close().await;
                json!({})
            }
            (Some("reopen"), _) => {
                desk = Some(RunningDesk::open_at(address).await);
                json!({})
            }
            (_, Some(desk)) => answer_to(desk, &request).await,
            (_, None) => panic!("{script} asks a desk that it dropped: {line}"),
        };
        answers.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
    }
    assert!(browser.wait().await.unwrap().success(), "{script} failed, see above");
    if let Some(desk) = desk {
        desk.close().await;
    }
}

async fn answer_to(desk: &RunningDesk, request: &Value) -> Value {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    match text("do") {
        "play" => desk.play(earlier(scene(text("scene")), LIVED_IN_MS)).await,
        "close" => desk.play(vec![event(text("call"), "", What::Closed)]).await,
        "judge" => judge(&desk.store, request["calls"].as_u64().unwrap_or_default() as usize).await,
        "calibrate" => calibrate(&desk.store).await,
        "refuse" => desk.refuse_next(),
        "commands" => return desk.commands().iter().map(command).collect(),
        other => panic!("no such request: {other:?}"),
    }
    json!({})
}

fn command(command: &AgentCommand) -> Value {
    match command {
        AgentCommand::Confirm { customer, .. } => json!({ "command": "confirm", "customer": customer.as_str() }),
        AgentCommand::SomeoneElse { .. } => json!({ "command": "someone_else" }),
        AgentCommand::Enroll { customer: EnrollWhom::New { name }, script, language, agent } => json!({
            "command": "enroll", "new_name": name.expose(), "script": script, "language": language, "agent": agent,
        }),
        AgentCommand::Enroll { customer: EnrollWhom::Customer(customer), .. } => {
            json!({ "command": "enroll", "customer": customer.as_str() })
        }
        AgentCommand::AskForKey { .. } => json!({ "command": "ask_for_key" }),
        AgentCommand::DropQuestion => json!({ "command": "drop_question" }),
        AgentCommand::WithdrawConsent { customer, .. } => {
            json!({ "command": "withdraw", "customer": customer.as_str() })
        }
        AgentCommand::Flag { agent } => json!({ "command": "flag", "agent": agent }),
        AgentCommand::PlaceOrder { order, .. } => {
            let lines: Vec<_> = order.lines.iter().map(|line| format!("{} {}", line.quantity, line.item)).collect();
            json!({ "command": "place_order", "customer": order.customer.as_str(), "lines": lines })
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_works_with_the_page_by_keys_alone() {
    run("agent.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_sees_how_often_the_card_was_right() {
    run("supervisor.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_is_accessible_at_both_sizes_in_light_and_dark() {
    run("look.mjs").await;
}
