//! The sections about signalling: `sip` and `tls`. Passwords come from files or the environment, never from `--set`, which
//! every user of the machine can read.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigError;
use super::sections::{read, value};
use crate::base::{Pii, TlsFiles};
use crate::sip;

#[derive(Deserialize)]
pub(super) struct Sip {
    listen: Vec<String>,
    country_code: String,
    agents: Vec<String>,
    calls_per_second: u32,
    trust: Vec<String>,
    digest_users: String,
    realm: String,
    register: Vec<Register>,
}

#[derive(Deserialize)]
pub(super) struct Tls {
    certificate: String,
    key: String,
    client_ca: String,
}

/// One `[[sip.register]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    registrars: Vec<String>,
    user: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    password_env: String,
    #[serde(default)]
    password_file: String,
    #[serde(default = "five_minutes")]
    expires_s: u32,
    #[serde(default)]
    ca: String,
}

/// Short enough for the NATs that forget a UDP peer slowly; a registrar may grant what it likes.
fn five_minutes() -> u32 {
    300
}

impl Sip {
    pub(super) fn country_code(&self) -> Option<String> {
        (!self.country_code.is_empty()).then(|| self.country_code.clone())
    }
}

pub(super) fn sip_options(sip: &Sip, tls: &Tls) -> Result<sip::Options, ConfigError> {
    if sip.listen.is_empty() {
        return Err(value("sip.listen", "needs at least one address, such as udp:127.0.0.1:5060"));
    }
    let listen = sip.listen.iter().map(|text| read("sip.listen", text)).collect::<Result<_, _>>()?;
    if !sip.country_code.chars().all(|c| c.is_ascii_digit()) || sip.country_code.len() > 3 {
        return Err(value("sip.country_code", "is one to three digits without `+`, such as 49"));
    }
    if sip.realm.is_empty() || sip.realm.contains(['"', '\\']) {
        return Err(value("sip.realm", "is a name without quotes, such as regulars"));
    }
    Ok(sip::Options {
        listen,
        country_code: sip.country_code(),
        agents: sip::Agents::new(sip.agents.iter().cloned()),
        limits: sip::Limits { invites_per_source_per_s: sip.calls_per_second, ..sip::Limits::default() },
        trust: sip::TrustOptions {
            networks: sip.trust.iter().map(|text| read("sip.trust", text)).collect::<Result<_, _>>()?,
            users: if sip.digest_users.is_empty() { Vec::new() } else { users(Path::new(&sip.digest_users))? },
            realm: sip.realm.clone(),
        },
        registrations: sip.register.iter().map(registration).collect::<Result<_, _>>()?,
        tls: tls_files(tls)?,
    })
}

fn tls_files(tls: &Tls) -> Result<Option<TlsFiles>, ConfigError> {
    match (tls.certificate.as_str(), tls.key.as_str()) {
        ("", "") => Ok(None),
        (_, "") => Err(value("tls.key", "is missing: a certificate needs its private key")),
        ("", _) => Err(value("tls.certificate", "is missing: a private key needs its certificate")),
        (certificate, key) => Ok(Some(TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
            client_ca: optional_path(&tls.client_ca),
        })),
    }
}

/// A line each: the name, white space, the password. `#` begins a comment.
fn users(path: &Path) -> Result<Vec<sip::Login>, ConfigError> {
    let text = text("sip.digest_users", path)?;
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let users: Vec<_> = lines
        .map(|(at, line)| {
            let (name, password) = line.split_once(char::is_whitespace).ok_or_else(|| {
                let reason = format!("{} line {at}: a line is a name, a space and a password", path.display());
                value("sip.digest_users", &reason)
            })?;
            Ok(sip::Login { user: Pii::new(name.to_owned()), password: Pii::new(password.trim().to_owned()) })
        })
        .collect::<Result<_, ConfigError>>()?;
    // An empty list would let everyone in, which is not what somebody who names a file wants.
    if users.is_empty() {
        return Err(value("sip.digest_users", &format!("{} names nobody", path.display())));
    }
    Ok(users)
}

fn registration(section: &Register) -> Result<sip::RegistrationOptions, ConfigError> {
    const KEY: &str = "sip.register";
    if section.registrars.is_empty() {
        return Err(value(KEY, "needs registrars, such as [\"sip:pbx.example\"]"));
    }
    // What may stand unescaped in the user part of a SIP URI (RFC 3261 §25.1) and occurs in extensions.
    let plain = |user: &str| user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._*~".contains(&byte));
    if section.user.is_empty() || !plain(&section.user) {
        return Err(value(KEY, "needs a user of letters, digits and + - . _ * ~"));
    }
    if section.expires_s < 30 {
        return Err(value(KEY, "expires_s is 30 or more: a shorter one would be a flood"));
    }
    let password = secret(KEY, &section.password_env, &section.password_file, "password")?;
    Ok(sip::RegistrationOptions {
        registrars: section.registrars.clone(),
        user: Pii::new(section.user.clone()),
        login: (!section.login.is_empty()).then(|| Pii::new(section.login.clone())),
        password: Pii::new(password),
        expires_s: section.expires_s,
        authorities: optional_path(&section.ca),
    })
}

/// What is in the environment variable or the file; `what`: "password", as in the names of the two settings.
pub(super) fn secret(key: &str, variable: &str, file: &str, what: &str) -> Result<String, ConfigError> {
    match (variable, file) {
        ("", "") => Err(value(key, &format!("needs {what}_env or {what}_file"))),
        (variable, "") => std::env::var(variable)
            .map_err(|_| value(key, &format!("the environment variable {variable} holds no {what}"))),
        ("", file) => Ok(text(key, Path::new(file))?.trim_end_matches(['\r', '\n']).to_owned()),
        _ => Err(value(key, &format!("has {what}_env and {what}_file: one is enough"))),
    }
}

fn text(key: &str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| value(key, &format!("{}: {error}", path.display())))
}

fn optional_path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigArgs};
    use tempfile::TempDir;

    fn load(toml: &str) -> Result<Config, String> {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("regulars.toml");
        std::fs::write(folder.path().join("users"), "# who may call\n\nsbc  a secret \npbx x\n").unwrap();
        std::fs::write(folder.path().join("nobody"), "# nobody\n").unwrap();
        std::fs::write(folder.path().join("password"), "s3cret\n").unwrap();
        let toml = toml.replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(&file, toml).unwrap();
        ConfigArgs { config: Some(file), set: Vec::new() }.load().map_err(|error| error.to_string())
    }

    #[test]
    fn a_trunk_has_its_networks_and_its_passwords() {
        let config = load("[sip]\ntrust = [\"192.0.2.0/24\", \"::1\"]\ndigest_users = \"FOLDER/users\"").unwrap();
        let trust = config.sip.trust;
        assert_eq!((trust.networks.len(), trust.realm.as_str()), (2, "regulars"));
        let users: Vec<_> = trust.users.iter().map(|login| (login.user.expose(), login.password.expose())).collect();
        assert_eq!(users, [(&"sbc".to_owned(), &"a secret".to_owned()), (&"pbx".to_owned(), &"x".to_owned())]);
    }

    #[test]
    fn an_extension_has_its_registrars_and_its_password() {
        let config = load(
            "[[sip.register]]\nregistrars = [\"sip:a.example\", \"sip:b.example;transport=tls\"]\nuser = \"700\"\n\
             password_file = \"FOLDER/password\"",
        );
        let registration = &config.unwrap().sip.registrations[0];
        assert_eq!(registration.registrars.len(), 2);
        assert_eq!((registration.password.expose().as_str(), registration.expires_s), ("s3cret", 300));
        assert!(registration.login.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let register = |more: &str| format!("[[sip.register]]\nregistrars = [\"sip:a\"]\nuser = \"700\"\n{more}");
        for (toml, expected) in [
            ("[sip]\ntrust = [\"pbx.example\"]".to_owned(), "sip.trust: "),
            ("[sip]\ndigest_users = \"FOLDER/nobody\"".to_owned(), "names nobody"),
            ("[sip]\ndigest_users = \"FOLDER/password\"".to_owned(), "line 1"),
            ("[sip]\nrealm = \"\"".to_owned(), "sip.realm: "),
            (register(""), "needs password_env or password_file"),
            (register("password_env = \"REGULARS_NO_SUCH_VARIABLE\""), "REGULARS_NO_SUCH_VARIABLE"),
            (register("password_file = \"FOLDER/missing\""), "missing"),
            (register("password = \"x\""), "unknown field `password`"),
            (register("expires_s = 5\npassword_file = \"FOLDER/password\""), "expires_s"),
            (register("").replace("700", "7 00"), "needs a user"),
            ("[tls]\ncertificate = \"a.pem\"".to_owned(), "tls.key: "),
        ] {
            let Err(error) = load(&toml) else { panic!("{toml}") };
            assert!(error.contains(expected) && !error.contains("s3cret"), "{error}");
        }
    }
}
