//! The `candor` binary.

use anyhow::Context;
use candor_server::{CheckConfig, Config, Server, changes, check, copy, keeping, log, score, shutdown};
use clap::{Parser, Subcommand};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Answers are made in one thread, kept in another and dropped in a third: the system's allocator spends a tenth of all time
/// on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many threads make large answers and read files. Each keeps memory, and those that take answers need their part of
/// the processor.
const BLOCKING_THREADS: usize = 2;
/// After so many turns of tasks a busy thread looks for what came from clients, and from other threads, as what was kept
/// does. By itself the runtime would look after 61.
const TURNS: u32 = 7;

/// Asks visitors one question at the right moment, keeps the answers and says what they are worth.
#[derive(Debug, Parser)]
#[command(name = "candor", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the widget, take answers, give scores.
    Serve(Box<Config>),
    /// Say every mistake in a folder of surveys before a server meets it, and warn of what the field advises against. The exit code
    /// is 1 if there are mistakes.
    Check(CheckConfig),
    /// Read requests for numbers as JSON, one on a line, and write one answer each; docs/score.md has them all. The exit
    /// code is 2 if any request was refused, and 1 if reading or writing failed.
    Score,
    /// Count all responses again, day by day, and say where the counts differ from them. The exit code is 1 if they do.
    Verify(keeping::Database),
    /// Make the counts anew from the responses, day by day, while answers arrive or not, and verify them.
    Rebuild(keeping::Database),
    /// Say how the database and its machine are: schema, room on the disk, clock, the last days' counts. The exit code is 1 if
    /// anything is wrong.
    Doctor(keeping::Database),
    /// Take responses out of the tables, counts and log of the database, and keep late sendings of them away.
    Erase(keeping::Erase),
    /// Take answers out of the counts that should not be there: those of a time, also if they arrive later, or one response. They are
    /// kept.
    Exclude(changes::Count),
    /// Put answers back into the counts.
    Include(changes::Count),
    /// Put another answer in the place of one that is wrong.
    Correct(changes::Correct),
    /// Say what was changed by hand, by whom and why.
    Changes(changes::Changes),
    /// Copy the database to a new file, as it is at this moment, whether a server uses it or not.
    Backup(copy::Backup),
    /// Make a database of a backup, where there is none, and count it again.
    Restore(copy::Restore),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(config) => serve(*config).map_or_else(
            |error| {
                log::error(&error);
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        ),
        Command::Check(config) => judged(check::run(&config, io::stdout().lock())),
        Command::Verify(database) => judged(database.verify(io::stdout().lock())),
        Command::Rebuild(database) => judged(database.rebuild(io::stdout().lock())),
        Command::Doctor(database) => judged(database.doctor(io::stdout().lock())),
        Command::Erase(erase) => done(erase.run(io::stdout().lock())),
        Command::Exclude(count) => done(count.run(true, io::stdout().lock())),
        Command::Include(count) => done(count.run(false, io::stdout().lock())),
        Command::Correct(correct) => done(correct.run(io::stdout().lock())),
        Command::Changes(changes) => done(changes.run(io::stdout().lock())),
        Command::Score => score_lines().unwrap_or_else(|error| {
            // There is no log, and standard output is for answers. Without standard error the exit code has to do.
            let _ = writeln!(io::stderr(), "candor: {error}");
            ExitCode::FAILURE
        }),
        Command::Backup(backup) => said(backup.run()),
        Command::Restore(restore) => said(restore.run()),
    }
}

/// Says what came of a command, for people.
fn said(done: anyhow::Result<String>) -> ExitCode {
    let (code, line) = match done {
        Ok(line) => (ExitCode::SUCCESS, line),
        Err(error) => (ExitCode::FAILURE, format!("{error:#}")),
    };
    // Without standard error the exit code has to do.
    let _ = writeln!(io::stderr(), "candor: {line}");
    code
}

fn serve(config: Config) -> anyhow::Result<()> {
    log::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .global_queue_interval(TURNS)
        .event_interval(TURNS)
        .build()
        .context("no runtime")?;
    let ended = runtime.block_on(async {
        let server = Server::bind(config).await?;
        // Where requests are answered as well: what this thread spawns would come after all that those do.
        tokio::spawn(server.run(shutdown::signal())).await.context("the server has ended")
    });
    // A thread that a disk holds up is not waited for.
    runtime.shutdown_background();
    ended
}

/// Does what ends well unless it fails.
fn done(work: impl Future<Output = anyhow::Result<()>>) -> ExitCode {
    judged(async { work.await.map(|()| true) })
}

/// Does what ends with a judgement.
fn judged(work: impl Future<Output = anyhow::Result<bool>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime");
    match runtime.and_then(|runtime| runtime.block_on(work)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "candor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn score_lines() -> io::Result<ExitCode> {
    let refused = score::run(io::stdin().lock(), io::stdout().lock())?;
    Ok(if refused > 0 { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
