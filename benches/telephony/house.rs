//! A whole service on threads of its own.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use regulars::call::Registry;
use regulars::config::ConfigArgs;
use regulars::service::Service;
use regulars::sip::Transport;
use tokio_util::sync::CancellationToken;

pub struct House {
    pub sip: SocketAddr,
    pub registry: Registry,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl House {
    /// One thread for everything but SQLite and inference, which have their own. `set` as after `--set`.
    pub fn open(set: &[&str]) -> House {
        let set: Vec<String> = set.iter().map(|setting| (*setting).to_owned()).collect();
        let stop = CancellationToken::new();
        let (report, started) = mpsc::channel();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let folder = tempfile::tempdir().expect("a folder");
                let store = format!("store.url=sqlite:{}", folder.path().join("house.db").display());
                let own = [
                    "sip.listen=udp:127.0.0.1:0",
                    "desk.listen=127.0.0.1:0",
                    "call.wrap_up_s=0",
                    "rtp.ports=20000-32767",
                    &store,
                ];
                let set = own.map(str::to_owned).into_iter().chain(set).collect();
                let config = ConfigArgs { config: None, set }.load().expect("a configuration");
                let service = Service::start(config).await.expect("a service");
                let sip = service.sip.iter().find(|listen| listen.transport == Transport::Udp).expect("UDP").addr;
                report.send((sip, service.registry.clone())).expect("somebody waits");
                stopped.cancelled().await;
                service.stop(std::future::ready(())).await;
            });
        });
        let (sip, registry) = started.recv().expect("a service");
        House { sip, registry, stop, thread: Some(thread) }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
