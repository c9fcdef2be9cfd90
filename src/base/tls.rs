//! TLS from PEM files: the certificate that we show, and whom we believe. A renewed file is used from the next connection on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Which files say who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: our certificate first, then those that lead to its root.
    pub certificate: PathBuf,
    /// PEM: the private key of the first certificate, in PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
    /// PEM: authorities whose certificates a client must show one of (mTLS). `None`: clients need none.
    pub client_ca: Option<PathBuf>,
}

/// Every text names the file: what is in it stays there.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is not PEM: {reason}", path.display())]
    Pem { path: PathBuf, reason: &'static str },
    #[error("{} holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} holds no private key", path.display())]
    NoKey { path: PathBuf },
    #[error("{} and {} do not make a TLS server: {reason}", certificate.display(), key.display())]
    Unusable { certificate: PathBuf, key: PathBuf, reason: String },
    #[error("{} holds no authority that can be used: {reason}", path.display())]
    Authorities { path: PathBuf, reason: String },
    #[error("no file with the system's certificate authorities: set one")]
    NoSystemAuthorities,
}

/// A server's identity, read again when its files have changed.
pub struct Identity {
    files: TlsFiles,
    /// Held for three looks at the file system at most, never across an await.
    loaded: Mutex<Loaded>,
}

struct Loaded {
    stamps: Stamps,
    config: Arc<ServerConfig>,
}

/// When each file was last written, and how long it is: what changes when a certificate is renewed.
type Stamps = Vec<Option<(SystemTime, u64)>>;

impl Identity {
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let stamps = files.stamps();
        let config = files.server_config()?;
        Ok(Self { files, loaded: Mutex::new(Loaded { stamps, config }) })
    }

    /// For the next connection. Files that changed and cannot be used are reported once, and the last good ones stay.
    pub fn current(&self) -> Arc<ServerConfig> {
        let stamps = self.files.stamps();
        // A panic while reading leaves the last good identity in place.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.stamps != stamps {
            match self.files.server_config() {
                Ok(config) => {
                    loaded.config = config;
                    tracing::info!("TLS certificate read again: its files have changed");
                }
                Err(error) => tracing::warn!(%error, "the changed TLS files cannot be used; the last good ones stay"),
            }
            loaded.stamps = stamps;
        }
        loaded.config.clone()
    }
}

impl TlsFiles {
    fn stamps(&self) -> Stamps {
        let paths = [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()];
        paths.into_iter().flatten().map(|path| stamp(path)).collect()
    }

    fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let unusable = |error: &dyn std::fmt::Display| TlsError::Unusable {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            reason: error.to_string(),
        };
        let provider = provider();
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider);
                let verifier = verifier
                    .build()
                    .map_err(|error| TlsError::Authorities { path: path.clone(), reason: error.to_string() })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let config = builder.with_single_cert(certificates(&self.certificate)?, private_key(&self.key)?);
        Ok(Arc::new(config.map_err(|error| unusable(&error))?))
    }
}

/// How we reach others over TLS: their certificates must lead to one of these authorities. `None`: those of the system.
pub fn client_config(authorities_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let path = match authorities_file {
        Some(path) => path,
        None => {
            let known = SYSTEM_AUTHORITIES.iter().map(Path::new).find(|path| path.exists());
            known.ok_or(TlsError::NoSystemAuthorities)?
        }
    };
    let roots = authorities(path)?;
    let unusable = |error: rustls::Error| TlsError::Authorities { path: path.to_owned(), reason: error.to_string() };
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Debian and Alpine, Fedora and RHEL, openSUSE.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];

/// Named, since rustls finds none by itself when two crates bring one each.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| not_pem(path, &error))?;
    if found.is_empty() { Err(TlsError::NoCertificate { path: path.to_owned() }) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey { path: path.to_owned() },
        error => not_pem(path, &error),
    })
}

fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(certificates(path)?);
    if usable == 0 {
        let reason = "no certificate in it is one of an authority".to_owned();
        return Err(TlsError::Authorities { path: path.to_owned(), reason });
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

fn not_pem(path: &Path, error: &pem::Error) -> TlsError {
    // Their own texts quote the file, which may be a private key.
    let reason = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be cut into sections",
    };
    TlsError::Pem { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn write(folder: &TempDir) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(["pbx.example".to_owned()]).unwrap();
        let files = TlsFiles {
            certificate: folder.path().join("certificate.pem"),
            key: folder.path().join("key.pem"),
            client_ca: None,
        };
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn a_changed_file_is_read_again_and_an_unusable_one_is_not_used() {
        let folder = TempDir::new().unwrap();
        let files = write(&folder);
        let identity = Identity::load(files.clone()).unwrap();
        let first = identity.current();
        assert!(Arc::ptr_eq(&first, &identity.current()), "nothing has changed");
        std::fs::write(&files.key, "half a file").unwrap();
        assert!(Arc::ptr_eq(&first, &identity.current()), "the last good one stays");
        write(&folder);
        let second = identity.current();
        assert!(!Arc::ptr_eq(&first, &second));
        std::fs::remove_file(&files.certificate).unwrap();
        assert!(Arc::ptr_eq(&second, &identity.current()));
    }

    #[test]
    fn each_unusable_file_is_named() {
        let folder = TempDir::new().unwrap();
        let good = write(&folder);
        let other = folder.path().join("other.pem");
        let foreign = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for (text, files, expected) in [
            (None, TlsFiles { certificate: other.clone(), ..good.clone() }, "cannot read"),
            (Some(""), TlsFiles { certificate: other.clone(), ..good.clone() }, "holds no certificate"),
            (Some(""), TlsFiles { key: other.clone(), ..good.clone() }, "holds no private key"),
            (Some(&foreign), TlsFiles { key: other.clone(), ..good.clone() }, "do not make a TLS server"),
            (Some(""), TlsFiles { client_ca: Some(other.clone()), ..good.clone() }, "holds no certificate"),
        ] {
            if let Some(text) = text {
                std::fs::write(&other, text).unwrap();
            }
            let Err(error) = Identity::load(files) else { panic!("{expected}") };
            let error = error.to_string();
            assert!(error.contains("other.pem") && error.contains(expected), "{error}");
        }
    }
}
