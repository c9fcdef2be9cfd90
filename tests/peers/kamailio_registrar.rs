//! Kamailio as a registrar and a proxy that stays in the way of its calls.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::peer::is_installed;
use crate::service::PATIENCE;

pub const USER: &str = "700";
pub const PASSWORD: &str = "s3cret";

pub struct Kamailio {
    pub addr: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Kamailio {
    /// `None` when it is not there.
    pub async fn start() -> Option<Kamailio> {
        if !is_installed("kamailio").await {
            return None;
        }
        let folder = TempDir::new().unwrap();
        // A port that was free a moment ago, for UDP and TCP alike.
        let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let file = folder.path().join("kamailio.cfg");
        std::fs::write(&file, configuration(addr)).unwrap();
        let child = command(&file, folder.path()).spawn().unwrap();
        let kamailio = Kamailio { addr, child, _folder: folder };
        timeout(PATIENCE, kamailio.is_up()).await.expect("Kamailio answers");
        Some(kamailio)
    }

    async fn is_up(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(self.addr).await.unwrap();
        let here = socket.local_addr().unwrap();
        let ping = format!(
            "OPTIONS sip:{0} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKup\r\nFrom: <sip:a@{here}>;tag=1\r\n\
             To: <sip:{0}>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            self.addr
        );
        let mut every = tokio::time::interval(Duration::from_millis(100));
        loop {
            every.tick().await;
            // Until it listens, the kernel says that nobody does.
            let _ = socket.send(ping.as_bytes()).await;
            if socket.try_recv(&mut [0; 2048]).is_ok() {
                return;
            }
        }
    }
}

impl Drop for Kamailio {
    /// Killed outright, Kamailio would leave its children behind.
    fn drop(&mut self) {
        if let Some(process) = self.child.id() {
            let _ = std::process::Command::new("kill").arg(process.to_string()).status();
        }
    }
}

fn command(file: &Path, folder: &Path) -> Command {
    let mut command = Command::new("kamailio");
    command.arg("-f").arg(file).args(["-DD", "-E", "-m", "32", "-M", "8"]);
    command.arg("-w").arg(folder).arg("-Y").arg(folder).arg("-P").arg(folder.join("pid"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Asks for the password with every REGISTER, and records its route in every call.
fn configuration(addr: SocketAddr) -> String {
    format!(
        r#"#!KAMAILIO
debug=0
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:{addr}
listen=tcp:{addr}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("registrar", "min_expires", 60)
request_route {{
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("$td", "{PASSWORD}", "0")) {{
            www_challenge("$td", "1");
            exit;
        }}
        save("location");
        exit;
    }}
    if (is_method("OPTIONS")) {{
        sl_send_reply("200", "OK");
        exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{
            t_relay();
            exit;
        }}
        if (is_method("ACK")) {{
            if (t_check_trans()) {{ t_relay(); }}
            exit;
        }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    record_route();
    if (!lookup("location")) {{
        sl_send_reply("404", "Not registered");
        exit;
    }}
    t_relay();
}}
"#
    )
}
