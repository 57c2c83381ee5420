//! `candor-demo URL`: gives a new database three months of made-up answers. `cargo xtask demo` runs it.

use anyhow::{Context, bail};
use candor_demo::fill;
use std::{
    env,
    io::{self, Write},
    time::SystemTime,
};

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(url), None) = (arguments.next(), arguments.next()) else {
        bail!("expected one argument: the URL of a database, such as sqlite://demo.sqlite");
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("the clock is before 1970")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(answers) = runtime.block_on(fill(&url, i64::try_from(now.as_millis())?))? {
        writeln!(
            io::stdout(),
            "The database is new: it has {answers} made-up answers of the last three months now."
        )?;
    }
    Ok(())
}
