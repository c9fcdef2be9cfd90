//! RFC 4475, section 3, over UDP and TCP: what each message is answered, and that the service lives after it.

mod messages;

use messages::{insuf, intmeth, inv2543, invite, longreq, mpart01, multi01, offer, request, response, transports};
use messages::{without_body, wsinv};

use crate::service::{Behaviour, Service};
use crate::wire::{Tcp, Udp, head, status};

/// A name of the RFC, a message, and the final answer to it over UDP and TCP; `None` is silence.
type Case = (&'static str, String, Option<u16>, Option<u16>);

const USER: &str = "sip:user@example.com";

/// We are an end of calls and no registrar: a REGISTER gets 405 whatever is in it, as long as it can be read (§10.3, 21.4.6
/// of RFC 3261). Where the RFC leaves a choice, the comment says which one this is.
fn cases() -> Vec<Case> {
    let both = |name, message, status: u16| (name, message, Some(status), Some(status));
    let silent = |name, message| (name, message, None, None);
    let options =
        |call: &str, more: &str| without_body(request(&format!("OPTIONS {USER} SIP/2.0"), call, "1 OPTIONS", more));
    let register = |call: &str, more: &str| {
        without_body(request("REGISTER sip:registrar.example.com SIP/2.0", call, "1 REGISTER", more))
    };
    let start = |uri: &str| format!("INVITE {uri} SIP/2.0");
    let swapped = |message: String, right: &str, wrong: &str| {
        assert!(message.contains(right), "{right}");
        message.replacen(right, wrong, 1)
    };
    let from = "From: <sip:caller@example.net>";
    let length = "Content-Length: 0";
    vec![
        // 3.1.1 Valid messages.
        both("wsinv", wsinv(), 200),
        both("intmeth", intmeth(), 501),
        both("esc01", invite(&start("sip:sips%3Auser%40example.com@example.net"), "esc01", ""), 200),
        both("escnull", swapped(register("escnull", ""), "sip:caller@HERE", "sip:%00@HERE"), 405),
        both(
            "esc02",
            swapped(
                without_body(request(
                    "RE%47IST%45R sip:registrar.example.com SIP/2.0",
                    "esc02",
                    "29344 RE%47IST%45R",
                    "",
                )),
                from,
                "From: \"%Z%45\" <sip:resource@example.com>",
            ),
            501,
        ),
        both("lwsdisp", swapped(options("lwsdisp", ""), from, "From: caller<sip:caller@example.com>"), 200),
        both("longreq", longreq(), 200),
        // On TCP the trailing bytes are a message of their own.
        both("dblreq", register("dblreq", "") + &invite(&start(USER), "dblreq.second", ""), 405),
        both(
            "semiuri",
            without_body(request(
                "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0",
                "semiuri",
                "1 OPTIONS",
                "",
            )),
            200,
        ),
        both("transports", transports(), 200),
        both("mpart01", mpart01(), 405),
        silent(
            "unreason",
            response("200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}", "unreason", "CSeq: 35 INVITE\n"),
        ),
        silent("noreason", response("100 ", "noreason", "CSeq: 35 INVITE\n")),
        // 3.1.2 Invalid messages.
        // Read leniently: docs/standards.md.
        both("badinv01", swapped(invite(&start(USER), "badinv01", ""), ";rport;branch", ";;,;,,;rport;branch"), 200),
        // A stream that waits for bytes which never come is closed after ten seconds.
        ("clerr", invite(&start(USER), "clerr", "").replace("Content-Length: ", "Content-Length: 99"), Some(400), None),
        both("ncl", invite(&start(USER), "ncl", "").replace("Content-Length: ", "Content-Length: -"), 400),
        both(
            "scalar02",
            swapped(register("scalar02", "Expires: 1000000000000000000\n"), "CSeq: 1 ", "CSeq: 36893488147419103232 "),
            400,
        ),
        silent(
            "scalarlg",
            response(
                "503 Service Unavailable",
                "scalarlg",
                "CSeq: 9292394834772304023312 OPTIONS\nRetry-After: 949302838503028349304023988\n",
            ),
        ),
        both(
            "quotbal",
            swapped(
                invite(&start(USER), "quotbal", ""),
                "To: <sip:user@example.com>",
                "To: \"Mr. J. User <sip:j.user@example.com>",
            ),
            400,
        ),
        both("ltgtruri", invite(&start("<sip:user@example.com>"), "ltgtruri", ""), 400),
        both("lwsruri", invite(&start("sip:user@example.com; lr"), "lwsruri", ""), 400),
        // Leniency is allowed: the meaning is plain.
        both("lwsstart", invite("INVITE  sip:user@example.com  SIP/2.0", "lwsstart", ""), 200),
        both("trws", without_body(request("OPTIONS sip:user@example.com SIP/2.0  ", "trws", "1 OPTIONS", "")), 200),
        both("escruri", invite(&start("sip:user@example.com?Route=%3Csip:example.com%3E"), "escruri", ""), 400),
        // The Date is not for us.
        both("baddate", invite(&start(USER), "baddate", "Date: Fri, 01 Jan 2010 16:00:00 EST\n"), 200),
        both(
            "regbadct",
            swapped(
                register("regbadct", ""),
                "Contact: <sip:caller@HERE>",
                "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            ),
            405,
        ),
        // Leniency is allowed: the space is left out.
        both(
            "badaspec",
            swapped(
                options("badaspec", ""),
                "To: <sip:user@example.com>",
                "To: \"Watson, Thomas\" < sip:t.watson@example.org >",
            ),
            200,
        ),
        both("baddn", swapped(options("baddn", ""), from, "From: Bell, Alexander <sip:a.g.bell@example.com>"), 200),
        both("badvers", options("badvers", "").replace("SIP/2.0\nVia", "SIP/7.0\nVia"), 505),
        both("mismatch01", swapped(options("mismatch01", ""), "1 OPTIONS", "8 INVITE"), 400),
        both(
            "mismatch02",
            without_body(request("NEWMETHOD sip:user@example.com SIP/2.0", "mismatch02", "8 INVITE", "")),
            400,
        ),
        silent("bigcode", response("4294967301 better not break the receiver", "bigcode", "CSeq: 353494 INVITE\n")),
        // 3.2 Transaction layer. Taken for a request of RFC 2543.
        both("badbranch", swapped(options("badbranch", ""), "z9hG4bK-badbranch", "z9hG4bK"), 200),
        // 3.3 Application layer.
        both("insuf", insuf(), 400),
        both(
            "unkscm",
            without_body(request(
                "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0",
                "unkscm",
                "1 OPTIONS",
                "",
            )),
            416,
        ),
        both(
            "novelsc",
            without_body(request("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", "novelsc", "1 OPTIONS", "")),
            416,
        ),
        both(
            "unksm2",
            swapped(
                swapped(register("unksm2", ""), "To: <sip:user@example.com>", "To: isbn:2983792873"),
                from,
                "From: <http://www.example.com>",
            ),
            405,
        ),
        both(
            "bext01",
            options(
                "bext01",
                "Proxy-Require: noProxiesSupportThis\nRequire: nothingSupportsThis, nothingSupportsThisEither\n",
            ),
            420,
        ),
        both("invut", request(&start(USER), "invut", "1 INVITE", "") + &offer("application/unknownformat"), 415),
        both("regaut01", register("regaut01", "Authorization: NoOneKnowsThisScheme opaque-data=here\n"), 405),
        both("multi01", multi01(), 400),
        both("mcl01", options("mcl01", "").replace(length, "Content-Length: 13\nContent-Length: 5"), 400),
        silent("bcast", response("200 OK", "bcast", "CSeq: 35 INVITE\n").replace("HERE", "255.255.255.255")),
        // It has arrived: nobody has to forward it.
        both("zeromf", swapped(options("zeromf", ""), "Max-Forwards: 70", "Max-Forwards: 0"), 200),
        both(
            "cparam01",
            swapped(register("cparam01", ""), "<sip:caller@HERE>", "sip:+19725552222@HERE;unknownparam"),
            405,
        ),
        both(
            "cparam02",
            swapped(register("cparam02", ""), "<sip:caller@HERE>", "<sip:+19725552222@HERE;unknownparam>"),
            405,
        ),
        both(
            "regescrt",
            swapped(
                register("regescrt", ""),
                "<sip:caller@HERE>",
                "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
            ),
            405,
        ),
        // We answer with SDP all the same: docs/standards.md.
        both("sdp01", invite(&start(USER), "sdp01", "Accept: text/nobodyKnowsThis\n"), 200),
        // 3.4 Backward compatibility.
        both("inv2543", inv2543(), 200),
    ]
}

fn written(message: &str, over: &str, here: std::net::SocketAddr) -> String {
    // The bodies have their line ends already.
    let message = message.replace("\r\n", "\n").replace('\n', "\r\n");
    message.replace("OVER", over).replace("HERE", &here.to_string())
}

#[tokio::test]
async fn each_message_over_udp_is_answered_as_the_table_says_and_the_service_lives() {
    let service = Service::start(Behaviour::Answer).await;
    let mut faults = Vec::new();
    for (name, message, expected, _) in cases() {
        let peer = Udp::new(service.udp).await;
        let text = written(&message, "UDP", peer.here());
        peer.send(&text).await;
        if let Some(expected) = expected {
            let answer = loop {
                let answer = peer.receive().await;
                if status(&answer) >= 200 {
                    break answer;
                }
            };
            if status(&answer) != expected {
                faults.push(format!("{name}: {} instead of {expected}", status(&answer)));
            }
        }
        let ping = head("OPTIONS", service.udp, peer.here(), "UDP", &format!("after-{name}")) + "\r\n";
        peer.send(ping).await;
        let pong = loop {
            let answer = peer.receive().await;
            if expected.is_none() && !answer.contains("after-") {
                faults.push(format!("{name}: {} instead of silence", status(&answer)));
            }
            if answer.contains(&format!("\r\nCall-ID: after-{name}\r\n")) {
                break answer;
            }
        };
        assert_eq!(status(&pong), 200, "after {name}");
    }
    assert_eq!(faults, [""; 0]);
    service.stop().await;
}

#[tokio::test]
async fn each_message_over_tcp_is_answered_as_the_table_says_and_the_service_lives() {
    let service = Service::start(Behaviour::Answer).await;
    let mut faults = Vec::new();
    for (name, message, _, expected) in cases() {
        let mut peer = Tcp::new(service.tcp).await;
        peer.send(written(&message, "TCP", peer.here())).await;
        if let Some(expected) = expected {
            let answer = loop {
                let answer = peer.receive().await;
                // A body before it is no answer.
                let begin = answer.find("SIP/2.0 ").map(|at| answer[at..].to_owned());
                if let Some(answer) = begin.filter(|answer| status(answer) >= 200) {
                    break answer;
                }
                assert!(!answer.is_empty(), "{name}: closed");
            };
            if status(&answer) != expected {
                faults.push(format!("{name}: {} instead of {expected}", status(&answer)));
            }
        } else if name != "clerr" {
            assert!(peer.is_alive(&format!("same-{name}")).await, "the connection after {name}");
        }
        assert!(Tcp::new(service.tcp).await.is_alive(&format!("after-{name}")).await, "after {name}");
    }
    assert_eq!(faults, [""; 0]);
    service.stop().await;
}
