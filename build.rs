//! Makes what is generated and never committed: the gRPC code from `proto/`, and the agent's page from `web/`.
//!
//! The page needs Node and npm. Without them, or without a way to fetch its packages, the service is built all the
//! same and serves a page that says what is missing. A page that does not type-check fails the build.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use prost::Message;
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Files of the contract; the page reads all but the last.
const PROTOS: [&str; 3] = ["regulars/v1/desk.proto", "regulars/v1/supervisor.proto", "regulars/v1/records.proto"];

/// What the page is made of. Cargo walks folders; `web/node_modules` and `web/dist` are left out on purpose.
const WEB_SOURCES: [&str; 6] =
    ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src"];

/// Vite 8 runs on this Node and newer.
const NODE_AT_LEAST: (u32, u32) = (20, 19);

fn main() -> Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=migrations");
    let request = compile_proto(&out)?;

    let web = Path::new("web");
    for source in WEB_SOURCES {
        println!("cargo::rerun-if-changed=web/{source}");
    }
    let page = out.join("web");
    match tools_are_missing(web) {
        None => build_page(web, &request, &page),
        Some(why) => {
            // Node may be installed by the next time. With a page there is no reason to look again.
            println!("cargo::rerun-if-env-changed=PATH");
            println!("cargo::warning=the agent's page is left out: {why}");
            write_placeholder(&page, &why)
        }
    }
}

/// Writes the Rust code and the descriptor set for reflection (`compile_fds` does not write it). Returns the request
/// for the TypeScript generator.
fn compile_proto(out: &Path) -> Result<CodeGeneratorRequest> {
    let set = protox::compile(PROTOS, ["proto"])?;
    fs::write(out.join("descriptor.bin"), set.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(set.clone())?;
    Ok(CodeGeneratorRequest {
        file_to_generate: PROTOS[..2].iter().map(|file| (*file).to_owned()).collect(),
        parameter: Some("target=ts".to_owned()),
        proto_file: set.file,
        compiler_version: None,
    })
}

/// Why the page cannot be built on this machine, if so. Fetches the packages when they are missing or outdated.
fn tools_are_missing(web: &Path) -> Option<String> {
    let version = match Command::new("node").arg("--version").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => return Some("node is not installed".to_owned()),
    };
    let mut parts = version.trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < NODE_AT_LEAST {
        return Some(format!("node {version} is too old, {}.{} is needed", NODE_AT_LEAST.0, NODE_AT_LEAST.1));
    }
    fetch_packages(web).err().map(|error| error.to_string())
}

/// `npm ci`, unless the packages are those of the lock file. Two builds at once take turns.
fn fetch_packages(web: &Path) -> Result<()> {
    let lock = fs::File::create(Path::new(&env::var("OUT_DIR")?).join("../../npm.lock"))?;
    lock.lock()?;
    // npm writes this file at the end of a complete installation.
    let installed = web.join("node_modules/.package-lock.json");
    let up_to_date = fs::metadata(&installed)
        .and_then(|have| have.modified())
        .and_then(|have| Ok(have >= fs::metadata(web.join("package-lock.json"))?.modified()?))
        .unwrap_or(false);
    if up_to_date {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(web)
        .stdin(Stdio::null())
        .output()
        .map_err(|_| "npm is not installed")?;
    if !npm.status.success() {
        let said = String::from_utf8_lossy(&npm.stderr);
        return Err(format!("npm could not fetch the packages: {}", said.lines().next().unwrap_or("")).into());
    }
    Ok(())
}

fn build_page(web: &Path, request: &CodeGeneratorRequest, page: &Path) -> Result<()> {
    generate_typescript(web, request)?;
    let bin = fs::canonicalize(web)?.join("node_modules/.bin");
    run(web, bin.join("tsc"), ["--noEmit"])?;
    run(web, bin.join("vite"), ["build", "--logLevel", "warn", "--emptyOutDir", "--outDir", &page.to_string_lossy()])
}

/// Speaks the plugin protocol of protoc with protoc-gen-es: a request on its stdin, the files on its stdout.
fn generate_typescript(web: &Path, request: &CodeGeneratorRequest) -> Result<()> {
    let mut plugin = Command::new(fs::canonicalize(web)?.join("node_modules/.bin/protoc-gen-es"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    plugin.stdin.take().ok_or("protoc-gen-es has no stdin")?.write_all(&request.encode_to_vec())?;
    let output = plugin.wait_with_output()?;
    let response = CodeGeneratorResponse::decode(output.stdout.as_slice())?;
    if let Some(error) = response.error {
        return Err(format!("protoc-gen-es: {error}").into());
    }
    for file in response.file {
        let path = web.join("dist/gen").join(file.name());
        fs::create_dir_all(path.parent().unwrap_or(web))?;
        // An unchanged file keeps its time, so that an editor and a running vite stay quiet.
        if fs::read_to_string(&path).is_ok_and(|old| old == file.content()) {
            continue;
        }
        fs::write(path, file.content())?;
    }
    Ok(())
}

fn run(web: &Path, program: PathBuf, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<()> {
    let output = Command::new(&program).args(arguments).current_dir(web).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{} failed:\n{}{}",
        program.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}

/// `index.html` with the reason in place of the page.
fn write_placeholder(page: &Path, why: &str) -> Result<()> {
    fs::create_dir_all(page)?;
    let escaped = why.replace('&', "&amp;").replace('<', "&lt;");
    fs::write(
        page.join("index.html"),
        format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>Regulars</title><h1>Regulars runs, without its \
             page</h1><p>This program was built without the agent's page: {escaped}.</p><p>Install Node {}.{} or \
             newer with npm and build again. Calls, gRPC and gRPC-Web work as ever.</p>",
            NODE_AT_LEAST.0, NODE_AT_LEAST.1
        ),
    )?;
    Ok(())
}
