//! Kamailio with rtpengine in user space, as a PBX or SBC that stays in the way of signalling and media.

use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::peer::{fixture, is_installed};
use crate::service::{HOST, PATIENCE};

pub struct Kamailio {
    pub udp: SocketAddr,
    programs: Vec<Child>,
    _folder: TempDir,
}

impl Kamailio {
    /// Sends all calls to `service`. `None`: it is not installed here.
    pub async fn start(service: SocketAddr) -> Option<Kamailio> {
        if !is_installed("kamailio").await || !is_installed("rtpengine").await {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let [udp, control] = [free_port(), free_port()];
        let config = std::fs::read_to_string(fixture("kamailio.cfg")).unwrap();
        let config = config
            .replace("LISTEN", &udp.to_string())
            .replace("SERVICE", &service.to_string())
            .replace("RTPENGINE", &control.to_string());
        let file = folder.path().join("kamailio.cfg");
        std::fs::write(&file, config).unwrap();
        let mut rtpengine = Command::new("rtpengine");
        rtpengine.args(["--foreground", "--table=-1", "--log-stderr", "--log-level=3", "--config-file=none"]);
        rtpengine.args(["--port-min=50000", "--port-max=50999", "--num-threads=1"]);
        rtpengine.arg(format!("--interface={HOST}")).arg(format!("--listen-ng={control}"));
        let mut kamailio = Command::new("kamailio");
        kamailio.args(["-DD", "-E", "-m", "64", "-f"]).arg(file).arg("-w").arg(folder.path());
        kamailio.arg("-Y").arg(folder.path()).arg("-P").arg(folder.path().join("pid"));
        let mut peer = Kamailio { udp, programs: Vec::new(), _folder: folder };
        peer.programs.push(quiet(rtpengine));
        until_answered(control, b"1 d7:command4:pinge", b"pong");
        peer.programs.push(quiet(kamailio));
        let options = format!(
            "OPTIONS sip:{udp} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST};rport;branch=z9hG4bK-are-you-there\r\nMax-Forwards: 70\r\n\
             From: <sip:test@{HOST}>;tag=1\r\nTo: <sip:{udp}>\r\nCall-ID: are-you-there\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
        until_answered(udp, options.as_bytes(), b"SIP/2.0 200 ");
        Some(peer)
    }
}

impl Drop for Kamailio {
    /// Killed outright, Kamailio would leave its children behind.
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = Command::new("kill").arg(program.id().to_string()).status();
            let _ = program.wait();
        }
    }
}

fn quiet(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

/// Asks again and again, as the program may still be starting.
fn until_answered(to: SocketAddr, question: &[u8], answer: &[u8]) {
    let socket = UdpSocket::bind((HOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let began = Instant::now();
    let mut buffer = [0; 2048];
    while began.elapsed() < PATIENCE {
        socket.send_to(question, to).unwrap();
        if let Ok(length) = socket.recv(&mut buffer)
            && buffer[..length].windows(answer.len()).any(|part| part == answer)
        {
            return;
        }
    }
    panic!("nobody answers at {to}");
}

fn free_port() -> SocketAddr {
    UdpSocket::bind((HOST, 0)).unwrap().local_addr().unwrap()
}
