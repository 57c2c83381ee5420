//! Minifies the widget's styles, which it carries as texts.

use std::{env, error::Error, fs, path::Path};

/// What is minified into one text, in this order.
const STYLES: &[(&str, &[&str])] = &[
    ("everywhere", &["frame", "scale", "follow_up", "thanks"]),
    ("popover", &["popover"]),
    ("inline", &["inline"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var("OUT_DIR")?;
    for (name, parts) in STYLES {
        let mut styles = String::new();
        for part in *parts {
            let path = format!("src/view/{part}.css");
            println!("cargo::rerun-if-changed={path}");
            styles.push_str(&fs::read_to_string(&path)?);
        }
        // No text within the styles has this.
        let minified = minifier::css::minify(&styles)?.to_string().replace(";}", "}");
        fs::write(Path::new(&folder).join(name).with_extension("css"), minified)?;
    }
    Ok(())
}
