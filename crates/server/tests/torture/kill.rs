//! The server is killed again and again while browsers post; then everything is counted.

use crate::{
    browsers::{Browsers, WORKERS},
    header, number,
    process::Start,
    seed,
};
use fastrand::Rng;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_missing_and_nothing_counts_twice_after_kills_at_random_moments() {
    let seed = seed();
    let kills = number("CANDOR_KILLS", 10);
    println!("CANDOR_SEED={seed} CANDOR_KILLS={kills}");
    let mut rng = Rng::with_seed(seed);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let with_surveys = Start::new(folder.path());
    let without = Start { surveys: false, ..with_surveys.clone() };

    let browsers = Browsers::open(&mut rng);
    let mut stops = 0;
    for kill in 0..kills {
        // Without the files, the surveys are those of the database; the first start has to make them.
        let start = if kill == 0 || rng.bool() { &with_surveys } else { &without };
        if kill > 0 && rng.u8(..6) == 0 {
            start.killed_after(Duration::from_millis(rng.u64(..40)));
            continue;
        }
        let mut process = start.listening();
        browsers.ledger().look(&start.database());
        browsers.post_to(Some(&process.address)).await;
        // Often soon, when connections are new and the log is young.
        let ms = if rng.bool() { rng.u64(1..100) } else { rng.u64(1..1_200) };
        tokio::time::sleep(Duration::from_millis(ms)).await;
        if rng.u8(..5) == 0 {
            stops += 1;
            process.signal("TERM");
            if rng.bool() {
                let ended = process.ended(Duration::from_secs(30)).await;
                assert!(ended.is_some_and(|status| status.success()), "a stop ends well");
            } else {
                tokio::time::sleep(Duration::from_millis(rng.u64(..30))).await;
            }
        }
        if process.ended(Duration::ZERO).await.is_none() {
            process.signal("KILL");
            process.ended(Duration::from_secs(10)).await.expect("a killed process ends");
        }
        browsers.post_to(None).await;
    }

    // What browsers still hold is delivered at last.
    let process = with_surveys.listening();
    browsers.ledger().look(&with_surveys.database());
    browsers.post_to(Some(&process.address)).await;
    let settled = browsers.close(process, &with_surveys.database()).await;
    println!(
        "{}, seed {seed}: {kills} kills ({stops} of them asked first), {WORKERS} workers, {} ids, {} acknowledged; missing \
         {}, twice {}, differences {}",
        header(),
        settled.ledger.sent.len(),
        settled.ledger.receipts,
        settled.ledger.missing.len(),
        settled.twice,
        settled.differences.len()
    );
    settled.check();
}
