//! The same bits in the browser as natively: what the browser build holds is calculated for one set of
//! vectors and compared with tests/bits.txt, bit for bit. Run natively by `cargo test`, in browsers by
//! `wasm-pack test --headless --chrome --firefox`. The file is written anew with `UPDATE_DOCS=1 cargo test -p
//! candor-scoring --test bits`.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use candor_scoring::{
    Interval, Level, Metric, Moments, Nps, Ratio, Scale, Score, Share, Stratum, Tally, anytime, anytime_rho,
    compare, decompose, drivers, goodman, keyword, monitor, multiplicity, nonresponse_bounds,
    normal_quantile, normal_upper, operational, post_stratify, sample_size_for_difference,
    sample_size_for_margin, tag_impact, two_sided_p,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// Numbers with the name of what made them.
#[derive(Default)]
struct Bits(Vec<String>);

impl Bits {
    fn add(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        self.0.extend(values.into_iter().map(|value| format!("{name} {:016x}", value.to_bits())));
    }

    fn interval(&mut self, name: &str, interval: Option<Interval>) {
        self.add(name, interval.into_iter().flat_map(|interval| [interval.low, interval.high]));
    }

    fn test(&mut self, name: &str, test: Option<compare::Test>) {
        self.add(name, test.into_iter().flat_map(|test| [test.difference, test.se, test.statistic, test.p]));
    }
}

fn bits() -> String {
    let mut bits = Bits::default();
    let counts = [0, 1, 2, 7, 40, 333, 1_000_000_007, 5_000_000_000_000, (1 << 53) + 1];
    let triples: Vec<Nps> = (0..60)
        .map(|i| {
            let pick = |stride: usize| counts.into_iter().cycle().nth(i * stride + i / 9).unwrap();
            Nps::new(pick(1), pick(2), pick(4)).unwrap()
        })
        .collect();
    for (place, a) in triples.iter().enumerate() {
        let b = triples.iter().cycle().nth(place + 7).unwrap();
        bits.add("score", a.score().map(Ratio::value));
        bits.add("variance", a.variance());
        bits.add("se", a.se_points());
        for level in Level::ALL {
            bits.interval("default", a.default_interval(level));
            bits.interval("wald", a.wald(level));
            bits.interval("adjusted_wald", a.adjusted_wald(level));
            bits.interval("tango", a.tango_score(level));
            let share = Share::new(a.promoters(), a.n()).unwrap();
            let other = Share::new(b.promoters(), b.n()).unwrap();
            bits.interval("share_wald", share.wald(level));
            bits.interval("wilson", share.wilson(level));
            bits.interval("agresti_coull", share.agresti_coull(level));
            bits.interval("newcombe", compare::newcombe(share, other, level));
            bits.interval("agresti_caffo", compare::agresti_caffo(share, other, level));
            let goodman = goodman(&[a.detractors(), a.passives(), a.promoters()], level);
            goodman.into_iter().flatten().for_each(|interval| bits.interval("goodman", Some(interval)));
        }
        bits.test("nps_wald", compare::nps_wald(*a, *b));
        bits.test("nps_adjusted_wald", compare::nps_adjusted_wald(*a, *b));
        let bands = |nps: &Nps| [nps.detractors(), nps.passives(), nps.promoters()];
        bits.add("chi2", compare::chi_squared(bands(a), bands(b)).into_iter().flat_map(|c| [c.chi2, c.p]));
        let (x, y) =
            (Share::new(a.promoters() % 90, 90).unwrap(), Share::new(b.promoters() % 70, 70).unwrap());
        bits.test("pooled", compare::share_pooled(x, y));
        bits.test("n_minus_1", compare::share_n_minus_1(x, y));
        bits.add("fisher", compare::fisher_exact(x, y));
        let (ta, tb) = (bands(a), bands(b));
        let tallies =
            (Tally::from_counts(Scale::THREE, &ta).unwrap(), Tally::from_counts(Scale::THREE, &tb).unwrap());
        let ranks = compare::ranks(&tallies.0, &tallies.1).unwrap();
        bits.add(
            "ranks",
            ranks.into_iter().flat_map(|r| [r.u, r.cliffs_delta, r.prob_superiority, r.p.unwrap_or(2.0)]),
        );
        let moments = Moments::of(&tallies.0);
        bits.add(
            "moments",
            moments.mean().map(Ratio::value).into_iter().chain(moments.sd()).chain(moments.se()),
        );
        bits.interval("anytime", anytime(*a, 0.05, 0.1));
        bits.add("tag", tag_impact(*a, *b).into_iter().flat_map(|tag| [tag.impact, tag.se, tag.share]));
        let split = decompose(&[(*a, *b), (*b, *a)]);
        bits.add("decompose", split.iter().flat_map(|s| [s.mix, s.within, s.score_a, s.score_b]));
        let strata = [(a, 1_u64 << 60), (b, 1 << 61)]
            .map(|(answers, population)| Stratum { answers: *answers, population });
        let weighted = post_stratify(&strata).unwrap();
        bits.add(
            "weighted",
            weighted.weighted.into_iter().chain(weighted.se_points_fpc).chain(weighted.kish_n_eff),
        );
        let bounds = nonresponse_bounds(*a, 1 << 60).unwrap().bounds;
        bits.add("bounds", bounds.into_iter().flat_map(|(low, high)| [low.value(), high.value()]));
        let word = keyword((a.promoters() % 90, 90), (b.promoters() % 70, 70), 0.1, 10.0);
        bits.add("keyword", word.into_iter().flat_map(|word| [word.delta, word.variance, word.z]));
    }
    for metric in [Metric::Nps, Metric::Csat, Metric::Ces] {
        let points = metric.scale().len() as u64;
        let tally =
            Tally::from_counts(metric.scale(), &(0..points).map(|i| i * i + 1).collect::<Vec<_>>()).unwrap();
        let score = Score::of(metric, &tally).unwrap();
        bits.add("shown", [score.value, score.interval.low, score.interval.high]);
    }
    for i in 1..400 {
        let x = f64::from(i) / 401.0;
        bits.add("normal", [normal_quantile(x), normal_upper(x * x * x * 0.1), two_sided_p(20.0 * x)]);
        bits.add("rho", [anytime_rho(i as u64, x * 0.4)]);
        bits.add("sample", sample_size_for_margin(0.25, x, 0.95, Some(1000 * i as u64)));
        bits.add("sample", sample_size_for_difference((x, 0.25), x, 0.05, 0.8));
        bits.add("value", operational::lifetime_value(100.0, x, 0.1));
    }
    let p = [0.01, 0.04, 0.03, 0.2, 1e-9, 0.5];
    bits.add("sidak", multiplicity::sidak(&p));
    bits.add("holm", multiplicity::holm(&p));
    bits.add("hochberg", multiplicity::benjamini_hochberg(&p));
    bits.add("yekutieli", multiplicity::benjamini_yekutieli(&p));
    let values: Vec<f64> = (0..50).map(|i| f64::from(i * 37 % 11) - 4.5).collect();
    bits.add(
        "ewma",
        monitor::ewma(&values, 0.0, 3.0, 0.2, 3.0).iter().flat_map(|point| [point.z, point.low]),
    );
    bits.add(
        "cusum",
        monitor::cusum(&values, 0.0, 3.0, 0.5).iter().flat_map(|point| [point.upper, point.lower]),
    );
    bits.add(
        "weeks",
        monitor::ewma_nps(&triples, 10.0, 0.6, 0.3, 3.0).iter().flat_map(|point| [point.z, point.high]),
    );
    let sums = monitor::cusum_nps(&triples, 10.0, 0.6, 0.5);
    bits.add("weeks", sums.iter().flat_map(|point| [point.upper, point.lower]));
    let between = [vec![1.0, 0.4, 0.2], vec![0.4, 1.0, 0.3], vec![0.2, 0.3, 1.0]];
    let result = drivers(&between, &[0.5, 0.6, 0.1]).unwrap();
    bits.add("drivers", [result.r2].into_iter().chain(result.lmg).chain(result.relative_weights));
    bits.0.join("\n") + "\n"
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
fn every_number_has_the_same_bits_everywhere() {
    let found = bits();
    #[cfg(not(target_arch = "wasm32"))]
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bits.txt"), &found).unwrap();
        return;
    }
    let expected = include_str!("bits.txt");
    assert_eq!(found.lines().count(), expected.lines().count());
    for (place, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}", place + 1);
    }
}
