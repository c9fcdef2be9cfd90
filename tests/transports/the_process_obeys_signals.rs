//! `regulars serve` as an init system ends it: with real signals.

use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UdpSocket;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::service::PATIENCE;
use crate::wire::{Udp, head, invite, status};

struct Process {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    sip: std::net::SocketAddr,
    _folder: TempDir,
}

impl Process {
    async fn start(drain_s: u32) -> Process {
        let folder = TempDir::new().unwrap();
        let database = folder.path().join("regulars.db");
        let mut command = Command::new(env!("CARGO_BIN_EXE_regulars"));
        command.arg("serve").args(["--set", "sip.listen=udp:127.0.0.1:0", "--set", "desk.listen=127.0.0.1:0"]);
        command.args(["--set", "rtp.ports=30000-31999", "--set", "call.media_timeout_s=600"]);
        command.arg("--set").arg(format!("store.url=sqlite:{}", database.display()));
        command.arg("--set").arg(format!("call.drain_s={drain_s}"));
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let sip = loop {
            let line = timeout(PATIENCE, output.next_line()).await.expect("a line").unwrap().expect("it runs");
            if let Some((_, addr)) = line.split_once("udp:") {
                break addr.trim().parse().unwrap();
            }
        };
        Process { child, output, sip, _folder: folder }
    }

    async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    }

    /// A caller who is in a call and stays there until the service hangs up.
    async fn call(&self) -> Udp {
        let peer = Udp::new(self.sip).await;
        let answer = peer.ask("INVITE", invite(self.sip, peer.here(), "UDP", "stays")).await;
        assert_eq!(status(&answer), 200);
        peer.ack(&answer, "stays").await;
        peer
    }

    /// Asks until the service says that it takes no calls: a signal is not obeyed in no time.
    async fn until_draining(&self) -> Udp {
        let peer = Udp::new(self.sip).await;
        let mut tries = 0;
        loop {
            tries += 1;
            let options = head("OPTIONS", self.sip, peer.here(), "UDP", &format!("ping-{tries}")) + "\r\n";
            if status(&peer.ask("OPTIONS", options).await) == 503 {
                return peer;
            }
        }
    }

    async fn ends(mut self) {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("the process ends").unwrap();
        assert!(status.success(), "{status}");
        while let Ok(Some(_)) = self.output.next_line().await {}
        UdpSocket::bind(self.sip).await.expect("the port is free again");
    }
}

async fn is_hung_up(caller: Udp) {
    let bye = caller.receive_within(PATIENCE, "BYE ").await;
    let lines = bye
        .lines()
        .filter(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)));
    let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
    caller.send(format!("SIP/2.0 200 OK\r\n{lines}Content-Length: 0\r\n\r\n")).await;
}

#[tokio::test]
async fn the_first_signal_lets_calls_end_and_the_second_is_final() {
    let process = Process::start(600).await;
    let caller = process.call().await;
    process.signal("TERM").await;
    let peer = process.until_draining().await;
    let refused = peer.ask("INVITE", invite(process.sip, peer.here(), "UDP", "late")).await;
    assert_eq!(status(&refused), 503);
    assert!(refused.contains("\r\nRetry-After: "), "{refused}");
    peer.ack(&refused, "late").await;
    assert!(!caller.has_received("BYE "), "the call goes on");
    process.signal("TERM").await;
    is_hung_up(caller).await;
    process.ends().await;
}

#[tokio::test]
async fn calls_that_outlast_the_drain_are_hung_up() {
    let process = Process::start(2).await;
    let caller = process.call().await;
    process.signal("INT").await;
    is_hung_up(caller).await;
    process.ends().await;
}

#[tokio::test]
async fn without_calls_the_first_signal_is_enough() {
    let process = Process::start(600).await;
    process.signal("TERM").await;
    process.ends().await;
}
