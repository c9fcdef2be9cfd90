//! The messages of RFC 4475 section 3, written anew from its descriptions, for a peer that stands at HERE and speaks OVER.
//! A line end stands for CRLF; `\0`-like bytes are written as they are.

use crate::wire::SDP;

/// A request with everything that it must have, for the messages whose point is elsewhere.
pub fn request(line: &str, call: &str, cseq: &str, more: &str) -> String {
    format!(
        "{line}\nVia: SIP/2.0/OVER HERE;rport;branch=z9hG4bK-{call}\nMax-Forwards: 70\n\
         From: <sip:caller@example.net>;tag=from-{call}\nTo: <sip:user@example.com>\nCall-ID: {call}\nCSeq: {cseq}\n\
         Contact: <sip:caller@HERE>\n{more}"
    )
}

/// The same as an INVITE with a usable offer.
pub fn invite(line: &str, call: &str, more: &str) -> String {
    format!("{}{}", request(line, call, "1 INVITE", more), offer("application/sdp"))
}

pub fn offer(kind: &str) -> String {
    format!("Content-Type: {kind}\nContent-Length: {}\n\n{SDP}", SDP.len())
}

pub fn without_body(head: String) -> String {
    head + "Content-Length: 0\n\n"
}

/// §3.1.1.1: white space and folds wherever the grammar has them, compact and upper-case names, unknown headers.
pub fn wsinv() -> String {
    format!(
        "INVITE sip:vivekg@example.com;unknownparam SIP/2.0\nTO :\n sip:vivekg@example.com ;   odd    = yes\n\
         from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\n  ;\n  tag = 98asjd8\nMaX-fOrWaRdS: 0068\n\
         Call-ID: wsinv\nContent-Length   : {}\ncseq: 0009\n  INVITE\n\
         v:  SIP  / 2.0  / OVER     HERE   ;\n  rport ; branch  =   z9hG4bK9ikj8  ,\n SIP  /    2.0   / UDP  192.0.2.111   ;\n branch= z9hG4bK30239\n\
         s :\nNewFangledHeader:   newfangled value\n continued newfangled value\nUnknownHeaderWithUnusualValue: ;;,,;;,;\n\
         Content-Type: application/sdp\nRoute:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n\
         m:\"Quoted string \\\"\\\"\" <sip:jdrosen@HERE> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n\n{SDP}",
        SDP.len()
    )
}

/// §3.1.1.2: every character that the grammar allows, in method, URI, headers and parameters.
pub fn intmeth() -> String {
    "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n\
     Via: SIP/2.0/OVER HERE;rport;branch=z9hG4bK-.!%66*_+`'~\n\
     To: \"BEL:\u{7} NUL:\u{0} DEL:\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n\
     From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\";tag=_token~1'+`*%!-.\n\
     Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\nCSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n\
     Max-Forwards: 255\nextensionHeader-!.%*+_`'~:\u{feff}\u{5927}\u{505c}\u{96fb}\nContent-Length: 0\n\n"
        .to_owned()
}

/// §3.1.1.7: long values in all places.
pub fn longreq() -> String {
    let long = "verylong".repeat(30);
    let vias: String = (0..20).map(|n| format!("Via: SIP/2.0/TCP sip{n}.example.com\n")).collect();
    invite(
        &format!("INVITE sip:user@example.com;{long} SIP/2.0"),
        &format!("longreq.{long}"),
        &format!("{vias}Unknown-{long}: unknown-{long};unknown-{long}={long}\nSubject: {long}\n"),
    )
}

/// §3.1.1.10: transports that nobody here speaks, below our own.
pub fn transports() -> String {
    let vias = ["SCTP t2.example.com", "TLS t3.example.com", "UNKNOWN t4.example.com", "TCP t5.example.com"];
    let vias: String = vias.iter().map(|via| format!("Via: SIP/2.0/{via};branch=z9hG4bK-{}\n", via.len())).collect();
    without_body(request("OPTIONS sip:user@example.com SIP/2.0", "transports", "1 OPTIONS", &vias))
}

/// §3.1.1.11: a signed body of several parts, with bytes that are no text.
pub fn mpart01() -> String {
    let body = "--7a9cbec02ceef655\nContent-Type: text/plain\nContent-Transfer-Encoding: binary\n\nHello\n\
        --7a9cbec02ceef655\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n\u{1}\u{80}\u{0}\u{ff}\n\
        --7a9cbec02ceef655--\n";
    let length = body.replace('\n', "\r\n").len();
    let head = request("MESSAGE sip:kumiko@example.com SIP/2.0", "mpart01", "1 MESSAGE", "");
    format!("{head}Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\nContent-Length: {length}\n\n{body}")
}

/// An answer to nothing that was asked.
pub fn response(status: &str, call: &str, more: &str) -> String {
    without_body(format!(
        "SIP/2.0 {status}\nVia: SIP/2.0/OVER HERE;branch=z9hG4bK-{call}\nFrom: <sip:user@example.com>;tag=1\n\
         To: <sip:user@example.com>;tag=2\nCall-ID: {call}\n{more}"
    ))
}

/// §3.3.1: without Call-ID, From and To.
pub fn insuf() -> String {
    "INVITE sip:user@example.com SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/OVER HERE;rport;branch=z9hG4bK-insuf\n\
     Content-Type: application/sdp\nl: 0\n\n"
        .to_owned()
}

/// §3.3.8: what belongs into one header, twice and different.
pub fn multi01() -> String {
    let more = "CSeq: 59 INVITE\nCall-ID: multi01.other\nFrom: <sip:other@example.net>;tag=other\nTo: <sip:third@example.com>\n\
        Max-Forwards: 5\n";
    invite("INVITE sip:user@example.com SIP/2.0", "multi01", more)
}

/// §3.4.1: as a gateway of RFC 2543 writes it, without branch, tag and Contact.
pub fn inv2543() -> String {
    format!(
        "INVITE sip:UserB@example.com SIP/2.0\nVia: SIP/2.0/OVER HERE\nFrom: <sip:+13035550100@ift.example.net;user=phone>\n\
         Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\nTo: sip:+16505550101@ss1.example.net;user=phone\n\
         Call-ID: inv2543.1717@ift.example.com\nCSeq: 56 INVITE\n{}",
        offer("application/sdp")
    )
}
