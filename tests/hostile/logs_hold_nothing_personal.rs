use regulars::sip::QUIET_LOG_TARGETS;
use tracing_subscriber::EnvFilter;

use crate::log::Log;
use crate::service::{Behaviour, Service};
use crate::wire::{Udp, invite, status};

/// One call logged at the finest level, with the filter of the service and without.
fn log_of_a_call(filter: &str) -> String {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(log.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // For this thread only, which is the whole runtime: the other tests log elsewhere.
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let service = Service::start(Behaviour::Answer).await;
            let peer = Udp::new(service.udp).await;
            let answer = peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "logged")).await;
            assert_eq!(status(&answer), 200);
            peer.ack(&answer, "logged").await;
            assert_eq!(status(&peer.bye(&answer, "logged").await), 200);
            service.stop().await;
        });
    });
    log.text()
}

#[test]
fn a_number_is_in_the_log_of_the_stack_and_in_no_other() {
    let quiet: String = QUIET_LOG_TARGETS.iter().map(|target| format!(",{target}=off")).collect();
    assert!(log_of_a_call("trace").contains("4930901820"), "the stack logs it, or this test proves nothing");
    assert!(!log_of_a_call(&format!("trace{quiet}")).contains("4930901820"));
}
