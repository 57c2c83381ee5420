use anyhow::{Context, anyhow};
use candor_store::{ImportError, Store};
use candor_survey::AuthoredSite;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Reads every `*.toml` of the folder, checks it and brings it into the database. The format is documented at
/// [`AuthoredSite`]. An error names the file, the key and what was expected.
pub(crate) async fn import(store: &Store, folder: &Path) -> anyhow::Result<()> {
    let mut files = BTreeMap::new();
    let mut sites = Vec::new();
    for path in toml_files(folder)? {
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).with_context(|| format!("{name} can't be read"))?;
        let site = parse(&text).map_err(|error| anyhow!("{name}: {error}"))?;
        if let Some((other, _)) = files.insert(site.site.clone(), (name.clone(), site.clone())) {
            return Err(anyhow!(
                "{name}: site: expected another name, because {other} has the site {}",
                site.site
            ));
        }
        sites.push(site);
    }
    let surveys: usize = sites.iter().map(|site| site.surveys.len()).sum();
    tracing::info!(folder = %folder.display(), sites = sites.len(), surveys, "read");
    store.import(sites).await.map_err(|error| located(&error, &files))
}

fn toml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("the surveys folder {} can't be read", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn parse(text: &str) -> Result<AuthoredSite, String> {
    let located = |key: &str, line: Option<usize>, message: &str| match line {
        Some(line) => format!("line {line}: {key}: {message}"),
        None => format!("{key}: {message}"),
    };
    let line =
        |e: &toml::de::Error| e.span().map(|span| text.get(..span.start).unwrap_or("").split('\n').count());
    let syntax = |e: toml::de::Error| located("syntax", line(&e), e.message());
    let deserializer = toml::de::Deserializer::parse(text).map_err(syntax)?;
    let site: AuthoredSite = serde_path_to_error::deserialize(deserializer).map_err(|e| {
        let (key, e) = (e.path().to_string(), e.into_inner());
        located(&key, line(&e), e.message())
    })?;
    site.check().map_err(|invalid| located(&invalid.field, None, &format!("expected {}", invalid.expected)))
}

/// Finds the file and the key again from which the refused survey came.
fn located(error: &ImportError, files: &BTreeMap<String, (String, AuthoredSite)>) -> anyhow::Error {
    let Some((survey, key)) = error.at() else { return anyhow!("{error}") };
    for (name, site) in files.values() {
        if let Some(i) = site.surveys.iter().position(|other| other.id == survey) {
            return anyhow!("{name}: survey[{i}].{key}: {error}");
        }
    }
    anyhow!("{error}")
}
