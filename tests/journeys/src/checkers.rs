//! Two engines that look whether everyone can use a page.

use crate::{Browser, target};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// axe finds what breaks WCAG 2.2 AA, and in a survey also where it can't tell; of what is in a shadow root it says the path.
const AXE: &str = "const done = arguments[0];
    axe.run(document, {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}}).then(
        ({violations, incomplete, passes}) => done({
            found: [...violations, ...incomplete].flatMap(v => v.nodes.filter(n => violations.includes(v) || Array.isArray(n.target[0]))
                .map(n => `axe, ${v.id}: ${v.help} · ${n.html} · ${n.failureSummary}`)),
            inside: [...passes, ...violations].flatMap(r => r.nodes).filter(n => Array.isArray(n.target[0])).length,
        }), error => done({found: [String(error)]}))";

/// IBM's engine by the same rules. Of what it says only violations count: what is potential, or to be looked at by people, it says of
/// every page that has a form or a colour, and recommendations are no rules.
const IBM: &str = "const done = arguments[0];
    new ace.Checker().check(document, ['WCAG_2_2']).then(({results}) => done({
        found: results.filter(r => r.value[0] === 'VIOLATION' && r.value[1] === 'FAIL').map(r => `IBM, ${r.ruleId}: ${r.message} · ${r.snippet}`),
        inside: results.filter(r => r.path.dom.includes('candor-survey') && r.path.dom.includes('#document-fragment')).length,
    }), error => done({found: [String(error)]}))";

impl Browser {
    /// What axe and IBM's engine find wrong in the page, and in the survey if there is one: then they must have looked into it.
    ///
    /// # Errors
    /// When one is not there, can't be run, or has not seen the survey.
    pub async fn violations(&self) -> Result<Vec<String>> {
        let has_survey = self.eval("!!document.querySelector('candor-survey')").await? == true;
        let engines = [
            ("axe", "candor/node/node_modules/axe-core/axe.min.js", AXE),
            ("ace", "candor/hosts/node_modules/accessibility-checker-engine/ace.js", IBM),
        ];
        let mut found = Vec::new();
        for (name, file, look) in engines {
            if self.eval(&format!("typeof {name}")).await? == "undefined" {
                let path = target()?.join(file);
                let source = std::fs::read_to_string(&path).with_context(|| {
                    format!(
                        "There is no {}: `cargo xtask test journeys` installs it with npm.",
                        path.display()
                    )
                })?;
                self.run("(0, eval)(arguments[0])", &[Value::String(source)]).await?;
            }
            let told = self.run_async(look).await?;
            let list = told.get("found").and_then(Value::as_array).into_iter().flatten();
            found.extend(list.filter_map(|one| one.as_str().map(str::to_owned)));
            let inside = told.get("inside").and_then(Value::as_u64);
            ensure!(!has_survey || inside > Some(0), "{name} did not see into the shadow root: {told}");
        }
        Ok(found)
    }
}
