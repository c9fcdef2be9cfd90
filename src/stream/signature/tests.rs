use super::*;

/// Key and signature of the example in the AudioHook protocol reference, "Authentication".
const KEY_ID: &str = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh";
const SECRET: &str = "TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=";
const SIGNATURE: &str = "NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=";
const CREATED: i64 = 1_641_013_200;

fn input() -> String {
    format!(
        "sig1=(\"@request-target\" \"@authority\" \"audiohook-organization-id\" \"audiohook-session-id\" \
         \"audiohook-correlation-id\" \"x-api-key\");keyid=\"{KEY_ID}\";nonce=\"VGhpc0lzQVVuaXF1ZU5vbmNl\";\
         alg=\"hmac-sha256\";created={CREATED};expires=3282026430"
    )
}

fn key() -> Key {
    Key::new(KEY_ID, SECRET).unwrap()
}

/// The request of the example, with some headers put in place of its own.
fn check(changes: &[(&str, &str)], now_s: i64) -> Result<Fresh, SignatureError> {
    let (input, signature) = (input(), format!("sig1=:{SIGNATURE}:"));
    let mut headers = vec![
        ("host", "audiohook.example.com"),
        ("audiohook-organization-id", "d7934305-0972-4844-938e-9060eef73d05"),
        ("audiohook-correlation-id", "e160e428-53e2-487c-977d-96989bf5c99d"),
        ("audiohook-session-id", "30b0e395-84d3-4570-ac13-9a62d8f514c0"),
        ("x-api-key", KEY_ID),
        ("signature", &signature),
        ("signature-input", &input),
    ];
    for (name, value) in changes {
        headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            headers.push((name, value));
        }
    }
    verify(&Request { target: "/api/v1/voicebiometrics/ws", headers }, &key(), UnixMillis(now_s * 1000))
}

#[test]
fn the_example_of_the_protocol_reference_is_good() {
    let fresh = check(&[], CREATED + 1).unwrap();
    assert_eq!(fresh.nonce, "VGhpc0lzQVVuaXF1ZU5vbmNl");
    assert_eq!(fresh.until, UnixMillis((CREATED + 13) * 1000));
    assert!(check(&[("host", "AudioHook.Example.com")], CREATED).is_ok(), "RFC 9421 §2.2.3");
    let spaced = input().replace(";keyid", "; keyid");
    assert!(check(&[("signature-input", &spaced)], CREATED).is_ok(), "white space is not signed");
}

#[test]
fn whatever_is_changed_breaks_it() {
    let signature = format!("sig1=:{}:", SIGNATURE.replace("NZ", "NA"));
    let later = input().replace("created=1641013200", "created=1641013201");
    for changed in [
        ("signature", signature.as_str()),
        ("signature-input", &later),
        ("host", "audiohook.example.org"),
        ("audiohook-session-id", "30b0e395-84d3-4570-ac13-9a62d8f514c1"),
        ("x-api-key", "another"),
    ] {
        assert_eq!(check(&[changed], CREATED), Err(SignatureError::Bad), "{changed:?}");
    }
    let other = Key::new(KEY_ID, "AAAA").unwrap();
    let request = Request { target: "/", headers: vec![] };
    assert_eq!(verify(&request, &other, UnixMillis(0)), Err(SignatureError::Unsigned));
}

#[test]
fn an_old_one_and_one_from_the_future_are_refused() {
    assert!(check(&[], CREATED + 13).is_ok());
    assert_eq!(check(&[], CREATED + 14), Err(SignatureError::Stale));
    assert!(check(&[], CREATED - 3).is_ok());
    assert_eq!(check(&[], CREATED - 4), Err(SignatureError::Stale));
    let expired = input().replace("expires=3282026430", "expires=1641013201");
    assert_eq!(check(&[("signature-input", &expired)], CREATED + 5), Err(SignatureError::Stale));
}

#[test]
fn what_says_too_little_is_refused() {
    assert_eq!(check(&[("signature", "")], CREATED), Err(SignatureError::Unsigned));
    assert_eq!(check(&[("signature", "sig2=:AAAA:")], CREATED), Err(SignatureError::Malformed));
    assert_eq!(check(&[("signature-input", "sig1")], CREATED), Err(SignatureError::Malformed));
    let without = |part: &str| input().replace(part, "");
    let uncovered = without(" \"audiohook-session-id\"");
    let expected = Err(SignatureError::NotCovered("audiohook-session-id"));
    assert_eq!(check(&[("signature-input", &uncovered)], CREATED), expected);
    assert_eq!(check(&[("audiohook-session-id", "")], CREATED), Err(SignatureError::Absent));
    for part in [";nonce=\"VGhpc0lzQVVuaXF1ZU5vbmNl\"", ";created=1641013200"] {
        assert_eq!(check(&[("signature-input", &without(part))], CREATED), Err(SignatureError::NoFreshness), "{part}");
    }
    let guessable = input().replace("VGhpc0lzQVVuaXF1ZU5vbmNl", "1");
    assert_eq!(check(&[("signature-input", &guessable)], CREATED), Err(SignatureError::NoFreshness));
    let another = input().replace("hmac-sha256", "ed25519");
    assert_eq!(check(&[("signature-input", &another)], CREATED), Err(SignatureError::Algorithm));
}

#[test]
fn a_secret_is_base64_and_not_empty() {
    assert!(Key::new("id", "").is_none() && Key::new("id", "***").is_none() && Key::new("", SECRET).is_none());
}
