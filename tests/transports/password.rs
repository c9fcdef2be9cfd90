//! RFC 7616 §3.4.1 once more, so that the service's own sums are held to another's.

use sha2::{Digest, Sha256};

/// What a request says in Authorization.
pub struct Proof<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub method: &'a str,
    pub uri: &'a str,
    pub count: &'a str,
}

impl Proof<'_> {
    /// Answers a challenge with SHA-256.
    pub fn header(&self, challenge: &str) -> String {
        let (realm, nonce) = (param(challenge, "realm"), param(challenge, "nonce"));
        let Proof { user, uri, count, .. } = self;
        let response = self.response(&realm, &nonce, "client");
        format!(
            "Digest username=\"{user}\",realm=\"{realm}\",nonce=\"{nonce}\",uri=\"{uri}\",algorithm=SHA-256,qop=auth,\
             nc={count},cnonce=\"client\",response=\"{response}\""
        )
    }

    pub fn response(&self, realm: &str, nonce: &str, client_nonce: &str) -> String {
        let secret = sha256(&format!("{}:{realm}:{}", self.user, self.password));
        let request = sha256(&format!("{}:{}", self.method, self.uri));
        sha256(&format!("{secret}:{nonce}:{}:{client_nonce}:auth:{request}", self.count))
    }
}

/// `name="value"` or `name=value`.
pub fn param(header: &str, name: &str) -> String {
    let (_, behind) = header.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {header}"));
    match behind.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap().to_owned(),
        None => behind.split(',').next().unwrap().trim().to_owned(),
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
