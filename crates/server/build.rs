//! Embeds the widget's built files, `target/candor/dist` or `$CANDOR_DIST`, with their `.br` siblings.
//!
//! Without them the server builds all the same and answers 503 for their addresses.

use std::{
    env,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CANDOR_DIST");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../..");
    let dist = env::var_os("CANDOR_DIST").map_or_else(|| root.join("target/candor/dist"), PathBuf::from);
    // Cargo runs this script again and again for as long as a watched folder is missing. If it can't be made, that is
    // what happens.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());

    let mut paths = Vec::new();
    collect(&dist, "", &mut paths)?;
    paths.sort();
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folders: Vec<String> = paths.iter().filter_map(|path| folder(path)).collect();
    let loader = fs::read_to_string(dist.join("candor.js")).unwrap_or_default();
    // The folder that the loader names, should an older build have left its own behind.
    let latest = folders.iter().find(|folder| loader.contains(folder.as_str())).or(folders.last());

    let mut code = format!(
        "static LATEST: &str = {:?};\nstatic FILES: &[File] = &[\n",
        latest.map_or("", String::as_str)
    );
    for path in paths.iter().filter(|path| !path.ends_with(".br")) {
        let include = |path: &str| format!("include_bytes!({:?})", dist.join(path).display().to_string());
        let sibling = format!("{path}.br");
        let brotli =
            if paths.contains(&sibling) { format!("Some({})", include(&sibling)) } else { "None".to_owned() };
        let _ = writeln!(code, "File {{ path: {path:?}, plain: {}, brotli: {brotli} }},", include(path));
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("dist.rs"), code)
}

/// All files below the folder, by their path from `dist` with forward slashes.
fn collect(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
