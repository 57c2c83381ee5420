//! `cargo xtask build`: what browsers download, complete, hashed and compressed, in `target/candor/dist`.

use crate::arrange::arrange;
use crate::collect::collect;
use crate::node::Node;
use crate::tools;
use crate::trim;
use crate::workspace::{WASM, Workspace, program, run, say};
use anyhow::{Context, Result, bail};
use candor_survey::{Survey, defined_presets};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The browser files, built with Node's help where there is any, and with `--server` the server's release binary.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let server = match arguments {
        [] => false,
        [flag] if flag == "--server" => true,
        _ => bail!("`build` knows one flag: --server, which builds the server's release binary too."),
    };
    let workspace = Workspace::find()?;
    let node = Node::if_present(&workspace);
    assets(&workspace, node.as_ref())?;
    if server {
        say(format_args!("The server is {}", release_server(&workspace)?.display()));
    }
    Ok(())
}

/// Builds the server in release with the browser files in it, and gives its path.
pub(crate) fn release_server(workspace: &Workspace) -> Result<PathBuf> {
    say("Building the server in release");
    release(workspace, &["--package", "candor-server"])?;
    Ok(released(workspace, "candor"))
}

/// Builds the server and what fills the demo's database, and gives the paths of both. One call of Cargo, so that neither waits
/// for the other.
pub(crate) fn release_demo(workspace: &Workspace) -> Result<(PathBuf, PathBuf)> {
    say("Building the server in release");
    release(workspace, &["--package", "candor-server", "--package", "candor-demo"])?;
    Ok((released(workspace, "candor"), released(workspace, "candor-demo")))
}

fn release(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    run(workspace.cargo().args(["build", "--release"]).args(packages), "Mend what the compiler names above.")
}

fn released(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Builds the server as the journeys use it, and gives its path.
pub(crate) fn debug_server(workspace: &Workspace) -> Result<PathBuf> {
    say("Building the server for the journeys");
    run(
        workspace.cargo().args(["build", "--package", "candor-server"]),
        "Mend what the compiler names above.",
    )?;
    Ok(workspace.target.join("debug").join(format!("candor{}", std::env::consts::EXE_SUFFIX)))
}

/// Builds the browser files and gives the folder of the immutable ones, `dist/w/<hash>`.
pub(crate) fn assets(workspace: &Workspace, node: Option<&Node>) -> Result<PathBuf> {
    tools::wasm_target(workspace)?;
    let bindgen = tools::wasm_bindgen(workspace)?;
    say("Building the widget's Wasm");
    let compiled = compile(workspace)?;

    let dist = workspace.dist();
    let stamp = workspace.made().join("dist.stamp");
    let inputs = fingerprint(workspace, &compiled, node.is_some())?;
    if let Some(folder) = fs::read_to_string(&stamp).ok().and_then(|text| unchanged(&text, &inputs, &dist)) {
        say(format_args!("{} is up to date", dist.display()));
        return Ok(folder);
    }

    let work = workspace.made().join("work");
    empty(&work)?;
    let linked = work.join("linked.wasm");
    fs::write(&linked, collect(&read(&compiled)?)?)?;
    say("Making the JavaScript glue with wasm-bindgen");
    run(
        program(bindgen.join("wasm-bindgen"))
            .args(["--target", "web", "--out-name", "glue", "--no-typescript", "--omit-default-module-path"])
            .arg("--no-demangle")
            .arg("--out-dir")
            .arg(&work)
            .arg(&linked),
        "Run `cargo update --package wasm-bindgen` if the versions differ.",
    )?;
    trim::trim(&work.join("glue_bg.wasm"), &work.join("glue.js"))?;
    let www = workspace.root.join("www");
    for file in ["element.js", "candor.js"] {
        fs::copy(www.join(file), work.join(file)).with_context(|| format!("www/{file} can't be copied."))?;
    }

    let mut files = packs(workspace)?;
    files.insert("more.json".into(), more_styles(workspace)?);
    let loader = if let Some(node) = node {
        say("Shrinking the Wasm with wasm-opt and the scripts with esbuild");
        node.wasm_opt(&work.join("glue_bg.wasm"), &work.join("candor.wasm"))?;
        node.bundle_module(&work.join("element.js"), &work.join("module.js"))?;
        node.minify_loader(&work.join("candor.js"), &work.join("loader.js"))?;
        files.insert("candor.wasm".into(), arrange(&read(&work.join("candor.wasm"))?)?);
        files.insert("element.js".into(), read(&work.join("module.js"))?);
        work.join("loader.js")
    } else {
        files.insert("candor.wasm".into(), read(&work.join("glue_bg.wasm"))?);
        files.insert("element.js".into(), read(&work.join("element.js"))?);
        files.insert("glue.js".into(), read(&work.join("glue.js"))?);
        // And what the glue imports, which `trim` has put beside it.
        for entry in fs::read_dir(&work)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".js") && name != "candor.js" && !files.contains_key(&name) {
                files.insert(name.clone(), read(&work.join(name))?);
            }
        }
        work.join("candor.js")
    };
    let hash = content_hash(&files);
    let loader = fill_in(&fs::read_to_string(loader)?, &hash, &files)?;

    say("Compressing with brotli");
    let fresh = workspace.made().join("dist.new");
    empty(&fresh)?;
    let immutable = PathBuf::from("w").join(&hash);
    fs::create_dir_all(fresh.join(&immutable))?;
    for (name, bytes) in &files {
        write_with_brotli(&fresh.join(&immutable).join(name), bytes)?;
    }
    write_with_brotli(&fresh.join("candor.js"), loader.as_bytes())?;
    write_with_brotli(&fresh.join(concat!("candor-", env!("CARGO_PKG_VERSION"), ".js")), loader.as_bytes())?;

    // Swapped in whole, so that nothing half-built is ever embedded.
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::rename(&fresh, &dist)?;
    fs::write(&stamp, format!("{inputs}\n{hash}\n"))?;
    say(format_args!("{} is ready", dist.display()));
    Ok(dist.join(immutable))
}

/// Builds the example of a Leptos app into `target/candor/leptos`, as its developer would.
pub(crate) fn leptos_example(workspace: &Workspace) -> Result<()> {
    say("Building the example of a Leptos app");
    let advice = "Mend what the compiler names above.";
    run(
        workspace.cargo().args(["build", "--target", WASM, "--package", "candor-example-leptos", "--lib"]),
        advice,
    )?;
    let bindgen = tools::wasm_bindgen(workspace)?.join("wasm-bindgen");
    let mut bindgen = program(bindgen);
    bindgen.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(workspace.made().join("leptos"));
    bindgen.arg(workspace.target.join(WASM).join("debug").join("candor_example_leptos.wasm"));
    run(&mut bindgen, "Run `cargo update --package wasm-bindgen` if the versions differ.")
}

/// Compiles the widget and gives the path of its Wasm.
fn compile(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", "widget", "--target", WASM, "--package", "candor", "--lib"]);
    // Somebody's native flags would break the Wasm. Panic messages name source files: without the remapping they would
    // give away the builder's home folder and make the Wasm differ between machines.
    cargo.env_remove("RUSTFLAGS");
    let mut flags = vec![format!("--remap-path-prefix={}/=", workspace.root.display())];
    for folder in registries() {
        flags.push(format!("--remap-path-prefix={}/=", folder.display()));
    }
    flags.push("--codegen=link-arg=--emit-relocs".to_owned());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    run(&mut cargo, "Mend what the compiler names above.")?;
    Ok(compiled(workspace))
}

/// The widget's Wasm as the compiler leaves it, with the names of its functions.
pub(crate) fn compiled(workspace: &Workspace) -> PathBuf {
    workspace.target.join(WASM).join("widget").join("candor.wasm")
}

/// The folders with the sources of dependencies.
fn registries() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let Some(entries) = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok()) else {
        return Vec::new();
    };
    let mut folders: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    folders.sort();
    folders
}

/// The message packs of all languages, under the names that browsers ask for.
fn packs(workspace: &Workspace) -> Result<BTreeMap<String, Vec<u8>>> {
    let folder = workspace.root.join("locales");
    let mut packs = BTreeMap::new();
    for entry in fs::read_dir(&folder).context("The folder `locales` can't be read: restore it from git.")? {
        let entry = entry?;
        let pack = entry.path().join("pack.json");
        if entry.path().join("messages.ftl").exists() {
            let bytes = fs::read(&pack)
                .with_context(|| format!("{} is missing: run `cargo xtask locales`.", pack.display()))?;
            let tag = entry.file_name().to_string_lossy().into_owned();
            packs.insert(format!("{tag}.presets.json"), presets(&tag)?);
            packs.insert(format!("{tag}.json"), bytes);
        }
    }
    Ok(packs)
}

/// The styles that few surveys need, as a text that the widget asks for as it does for its packs.
fn more_styles(workspace: &Workspace) -> Result<Vec<u8>> {
    let folder = workspace.root.join("src/view/more");
    let mut paths = Vec::new();
    for entry in
        fs::read_dir(&folder).context("The folder `src/view/more` can't be read: restore it from git.")?
    {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut styles = String::new();
    for path in paths {
        styles.push_str(&fs::read_to_string(path)?);
    }
    // As `build.rs` does.
    let minified = minifier::css::minify(&styles).map_err(anyhow::Error::msg)?.to_string().replace(";}", "}");
    Ok(serde_json::to_vec(&minified)?)
}

/// The presets that have texts of their own, in a language, by their ids.
fn presets(tag: &str) -> Result<Vec<u8>> {
    let mut presets = BTreeMap::new();
    for preset in defined_presets()? {
        let survey = Survey { site: None, ..preset.localized("", [tag]) };
        presets.insert(preset.id, survey);
    }
    Ok(serde_json::to_vec(&presets)?)
}

/// Puts what the loader must know of the other files into it.
fn fill_in(loader: &str, hash: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<String> {
    let integrity = |name: &str| {
        let bytes = files.get(name).map(Vec::as_slice).unwrap_or_default();
        format!("sha256-{}", BASE64.encode(&Sha256::digest(bytes)))
    };
    let mut loader = loader.to_owned();
    for (placeholder, value) in [
        ("__ASSETS__", format!("w/{hash}/")),
        ("__MODULE_SRI__", integrity("element.js")),
        ("__WASM_SRI__", integrity("candor.wasm")),
        ("__VERSION__", env!("CARGO_PKG_VERSION").to_owned()),
        ("__CAN__", candor_survey::Ability::NAMES.to_owned()),
    ] {
        if !loader.contains(placeholder) {
            bail!("www/candor.js has no `{placeholder}`: put it where the value should be.");
        }
        loader = loader.replace(placeholder, &value);
    }
    Ok(loader)
}

/// Twelve hexadecimal digits over names and contents: the immutable folder's name.
fn content_hash(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in files {
        hasher.update(format!("{name}\0{}\0", bytes.len()));
        hasher.update(bytes);
    }
    HEXLOWER.encode(&hasher.finalize()).chars().take(12).collect()
}

/// All that decides what ends in `dist`.
fn fingerprint(workspace: &Workspace, compiled: &Path, node: bool) -> Result<String> {
    let mut inputs = packs(workspace)?;
    inputs.insert("/more".into(), more_styles(workspace)?);
    inputs.insert("/wasm".into(), read(compiled)?);
    for file in ["www/element.js", "www/candor.js", "tests/node/package-lock.json"] {
        inputs.insert(file.into(), read(&workspace.root.join(file))?);
    }
    inputs.insert("/node".into(), vec![u8::from(node)]);
    for source in [
        include_str!("build.rs"),
        include_str!("node.rs"),
        include_str!("trim.rs"),
        include_str!("collect.rs"),
        include_str!("arrange.rs"),
    ] {
        inputs.insert(format!("/{}", inputs.len()), source.into());
    }
    Ok(content_hash(&inputs))
}

/// The folder of the immutable files when the stamp tells of the same inputs and the files are still there.
fn unchanged(stamp: &str, inputs: &str, dist: &Path) -> Option<PathBuf> {
    let (stamped, hash) = stamp.trim().split_once('\n')?;
    let folder = dist.join("w").join(hash);
    (stamped == inputs && dist.join("candor.js.br").exists() && folder.join("candor.wasm.br").exists())
        .then_some(folder)
}

fn write_with_brotli(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    fs::write(PathBuf::from(name), brotli(bytes)?)?;
    Ok(())
}

/// Compressed as the server sends it: brotli 11 with a window that holds the whole file.
pub(crate) fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..brotli::enc::BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} can't be read: restore it from git.", path.display()))
}

/// An empty folder of this name.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} can't be created.", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_names_and_contents() {
        let files = |name: &str, bytes: &str| BTreeMap::from([(name.to_owned(), bytes.as_bytes().to_vec())]);
        let hash = content_hash(&files("a", "bc"));
        assert_eq!(hash.len(), 12);
        assert_eq!(hash, content_hash(&files("a", "bc")));
        assert_ne!(hash, content_hash(&files("ab", "c")));
        assert_ne!(hash, content_hash(&files("a", "bd")));
    }

    #[test]
    fn the_loader_learns_folder_integrity_and_version() {
        let file = |name: &str, bytes: &str| (name.to_owned(), bytes.as_bytes().to_vec());
        let files = BTreeMap::from([file("element.js", ""), file("candor.wasm", "abc")]);
        let loader = "__ASSETS__|__MODULE_SRI__|__WASM_SRI__|__VERSION__|__CAN__";
        // As `openssl dgst -sha256 -binary | base64` has them.
        let (module, wasm) = (
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        );
        let expected = format!(
            "w/0123/|{module}|{wasm}|{}|{}",
            env!("CARGO_PKG_VERSION"),
            candor_survey::Ability::NAMES
        );
        assert_eq!(fill_in(loader, "0123", &files).expect("all placeholders are there"), expected);
        assert!(fill_in("nothing", "0123", &files).is_err());
    }

    #[test]
    fn brotli_shrinks_and_keeps_the_content() {
        let text = "never lost, never twice; ".repeat(400);
        let compressed = brotli(text.as_bytes()).expect("memory is enough");
        assert!(compressed.len() < 100);
        let mut restored = Vec::new();
        brotli::BrotliDecompress(&mut &*compressed, &mut restored).expect("it is brotli");
        assert_eq!(restored, text.as_bytes());
    }
}
