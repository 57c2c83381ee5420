//! The same bits in the browser as natively: all that the browser build holds is calculated for one set of
//! vectors and compared with tests/bits.txt, bit for bit. Run natively by `cargo test`, in browsers by
//! `wasm-pack test --headless --chrome --firefox`. The file is written again with `UPDATE_DOCS=1 cargo test -p
//! candor-scoring --test bits`.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use candor_scoring::{
    Band, Interval, Level, Metric, Moments, Nps, Rating, Ratio, Scale, Score, Share, Stratum, Tally, TopBox,
    anytime, anytime_half_width, anytime_rho, compare, decompose, drivers, goodman, keyword, monitor,
    multiplicity, nonresponse_bounds, normal_quantile, normal_upper, operational, post_stratify,
    sample_size_for_difference, sample_size_for_margin, tag_impact, two_sided_p,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// Lines of numbers, each with the name of what made them.
#[derive(Default)]
struct Bits(Vec<String>);

impl Bits {
    fn add<T: Into<Option<f64>>>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        let mut line = name.to_owned();
        for value in values {
            match value.into() {
                Some(value) => line += &format!(" {:016x}", value.to_bits()),
                None => line += " none",
            }
        }
        self.0.push(line);
    }

    fn counts(&mut self, name: &str, counts: impl IntoIterator<Item = u64>) {
        let counts = counts.into_iter().map(|count| format!(" {count}"));
        self.0.push(format!("{name}{}", counts.collect::<String>()));
    }

    fn first(&mut self, name: &str, place: Option<usize>) {
        self.counts(name, place.map(|place| place as u64));
    }

    fn ratios<const N: usize>(&mut self, name: &str, ratios: [Option<Ratio>; N]) {
        self.add(name, ratios.map(|ratio| ratio.map(Ratio::value)));
        let texts = ratios.into_iter().flatten().map(|ratio| format!(" {ratio} {}", ratio.rounded(3)));
        self.0.push(format!("{name}{}", texts.collect::<String>()));
    }

    fn interval(&mut self, name: &str, interval: Option<Interval>) {
        let clipped = interval.map(|interval| interval.clip(-50.0, 75.0));
        let numbers = |i: Interval| [i.low, i.high, i.width()];
        self.add(name, interval.into_iter().chain(clipped).flat_map(numbers));
    }

    fn test(&mut self, name: &str, test: Option<compare::Test>) {
        self.add(name, test.iter().flat_map(|t| [t.difference, t.se, t.statistic, t.df, t.p]));
        for level in Level::ALL {
            self.interval(name, test.map(|test| test.interval(level)));
        }
    }

    fn ewma(&mut self, name: &str, points: &[monitor::EwmaPoint]) {
        self.add(name, points.iter().flat_map(|point| [point.z, point.low, point.high]));
        self.first(name, monitor::first_ewma_alarm(points));
    }

    fn cusum(&mut self, name: &str, points: &[monitor::CusumPoint], sd: f64) {
        self.add(name, points.iter().flat_map(|point| [point.upper, point.lower]));
        self.first(name, monitor::first_cusum_alarm(points, sd, 4.0));
    }
}

const COUNTS: [u64; 9] = [0, 1, 2, 7, 40, 333, 1_000_000_007, 5_000_000_000_000, (1 << 53) + 1];

fn triples() -> Vec<Nps> {
    let pick = |place: usize| COUNTS.into_iter().cycle().nth(place).unwrap();
    (0..60).map(|i| Nps::new(pick(i + i / 9), pick(2 * i + i / 9), pick(4 * i + i / 9)).unwrap()).collect()
}

fn bands(nps: Nps) -> [u64; 3] {
    [nps.detractors(), nps.passives(), nps.promoters()]
}

fn one_group(bits: &mut Bits, a: Nps) {
    bits.ratios("score", [a.score()]);
    bits.add("variance", [a.variance(), a.se_points()]);
    let share = Share::new(a.promoters(), a.n()).unwrap();
    bits.ratios("percent", [share.percent()]);
    for level in Level::ALL {
        bits.interval("default", a.default_interval(level));
        bits.interval("bonett_price", a.bonett_price(level));
        bits.interval("wald", a.wald(level));
        bits.interval("adjusted_wald", a.adjusted_wald(level));
        bits.interval("tango", a.tango_score(level));
        bits.interval("share_wald", share.wald(level));
        bits.interval("wilson", share.wilson(level));
        bits.interval("agresti_coull", share.agresti_coull(level));
        for interval in goodman(&bands(a), level).into_iter().flatten() {
            bits.interval("goodman", Some(interval));
        }
    }
    bits.interval("anytime", anytime(a, 0.05, 0.1));
    bits.add("anytime", [anytime_half_width(a, 0.01, 0.5)]);
    let asked = nonresponse_bounds(a, 1 << 60).unwrap();
    bits.ratios("nonresponse", [asked.respondents, asked.response_rate]);
    bits.ratios("nonresponse", [asked.bounds.map(|b| b.0), asked.bounds.map(|b| b.1)]);
    for scale in [Scale::THREE, Scale::new(1, 3, candor_scoring::Direction::LowerIsBetter).unwrap()] {
        let tally = Tally::from_counts(scale, &bands(a)).unwrap();
        let moments = Moments::of(&tally);
        bits.ratios("mean", [moments.mean(), moments.mean_oriented(), moments.percent_of_maximum()]);
        bits.add("spread", [moments.variance(), moments.sd(), moments.se()]);
        let rule = TopBox::customary(scale).unwrap();
        let count = |band| rule.count(&tally, band).unwrap();
        bits.counts("top_box", [Band::Unfavourable, Band::Neutral, Band::Favourable].map(count));
        bits.ratios("top_box", [rule.share(&tally).unwrap().percent()]);
    }
}

fn two_groups(bits: &mut Bits, a: Nps, b: Nps) {
    bits.test("nps_wald", compare::nps_wald(a, b));
    bits.test("nps_adjusted_wald", compare::nps_adjusted_wald(a, b));
    bits.add("nps_difference", [compare::nps_difference(a, b)]);
    let exact = a.score().zip(b.score());
    bits.ratios(
        "sum",
        [exact.and_then(|(a, b)| a.checked_add(b)), exact.and_then(|(a, b)| b.checked_sub(a))],
    );
    let chi2 = compare::chi_squared(bands(a), bands(b));
    bits.add("chi2", chi2.iter().flat_map(|c| [c.chi2, f64::from(c.df), c.p]));
    let share = |nps: Nps, n: u64| Share::new(nps.promoters() % n, n).unwrap();
    let all = |nps: Nps| Share::new(nps.promoters(), nps.n()).unwrap();
    for (a, b) in [(all(a), all(b)), (share(a, 90), share(b, 70))] {
        bits.test("pooled", compare::share_pooled(a, b));
        bits.test("n_minus_1", compare::share_n_minus_1(a, b));
        bits.add("percent_difference", [compare::percent_difference(a, b)]);
        for level in Level::ALL {
            bits.interval("newcombe", compare::newcombe(a, b, level));
            bits.interval("agresti_caffo", compare::agresti_caffo(a, b, level));
        }
    }
    bits.add("fisher", [compare::fisher_exact(share(a, 90), share(b, 70))]);
    bits.add("fisher", [compare::fisher_exact(share(a, 3), all(b))]);
    let tally = |nps| Tally::from_counts(Scale::THREE, &bands(nps)).unwrap();
    let (x, y) = (tally(a), tally(b));
    let ranks = compare::ranks(&x, &y).unwrap();
    bits.add("ranks", ranks.iter().flat_map(|r| [r.u, r.cliffs_delta, r.prob_superiority]));
    bits.add("ranks", ranks.iter().flat_map(|r| [r.p, r.p_corrected]));
    bits.add("mean_difference", [compare::mean_difference(&x, &y).unwrap()]);
    let split = compare::band_split(TopBox::customary(Scale::THREE).unwrap(), &x, &y).unwrap();
    bits.add("band_split", split.iter().flat_map(|c| [c.chi2, f64::from(c.df), c.p]));
    let tag = tag_impact(a, b);
    bits.add(
        "tag",
        tag.iter().flat_map(|t| [t.score_all, t.score_with, t.score_without, t.share, t.impact, t.se]),
    );
    bits.ratios("tag", [tag.and_then(|tag| tag.exact)]);
    let split = decompose(&[(a, b), (b, a), (a, a)]);
    bits.add("decompose", split.iter().flat_map(|s| [s.score_a, s.score_b, s.change, s.mix, s.within]));
    bits.ratios("decompose", [split.as_ref().and_then(|s| s.exact)]);
    bits.add("decompose", split.iter().flat_map(|s| &s.segments).flat_map(|e| [e.mix, e.within]));
    let strata =
        [(a, 1_u64 << 60), (b, 1 << 61)].map(|(answers, population)| Stratum { answers, population });
    let weighted = post_stratify(&strata).unwrap();
    bits.add("weighted", weighted.stratum_scores.iter().copied());
    bits.add(
        "weighted",
        [weighted.unweighted, weighted.weighted, weighted.se_points, weighted.se_points_fpc],
    );
    bits.add("weighted", [weighted.kish_n_eff, weighted.kish_deff]);
    bits.ratios("weighted", [weighted.exact]);
    bits.interval("weighted", weighted.interval(Level::P95));
    let counts = |nps: Nps| (nps.promoters(), nps.n());
    for (a, b) in [(counts(a), counts(b)), ((a.promoters() % 90, 90), (b.promoters() % 70, 70))] {
        let word = keyword(a, b, 0.1, 10.0);
        bits.add("keyword", word.iter().flat_map(|word| [word.delta, word.variance, word.z]));
    }
    let (start, end) = (a.n(), b.n());
    let new = end.saturating_sub(start);
    bits.ratios(
        "operational",
        [
            operational::retention(start, end, new).unwrap(),
            operational::churn(start, end, new).unwrap(),
            operational::retention_with_new(start, end),
            operational::first_contact_resolution(a.promoters(), a.n()).unwrap(),
            operational::referral_rate(b.passives(), b.n()).unwrap(),
        ],
    );
    bits.add("operational", [operational::time_to_resolution(a.n() as f64 / 3.0, b.n())]);
}

/// Every metric for nobody, one answer at every point, all in one place, and some that are spread.
fn scores(bits: &mut Bits) {
    for metric in [Metric::Nps, Metric::Csat, Metric::Ces] {
        let scale = metric.scale();
        let alone = scale.points().flat_map(|point| [1, 25, (1 << 53) + 1].map(|n| (point, n)));
        let alone = alone.map(|(point, n)| {
            let mut tally = Tally::new(scale);
            tally.add(Rating::new(point, scale).unwrap(), n).unwrap();
            tally
        });
        let spread = (1..12_u64).map(|round| {
            let counts: Vec<u64> =
                (0..scale.len() as u64).map(|i| (i * i + 1) * round % 17 * round.pow(7)).collect();
            Tally::from_counts(scale, &counts).unwrap()
        });
        for tally in [Tally::new(scale)].into_iter().chain(alone).chain(spread) {
            let score = Score::of(metric, &tally);
            bits.counts("shown", [tally.n()]);
            bits.add("shown", [score.map(|score| score.value)]);
            bits.ratios("shown", [score.map(|score| score.exact)]);
            bits.interval("shown", score.map(|score| score.interval));
        }
    }
}

fn series(bits: &mut Bits, triples: &[Nps]) {
    let values: Vec<f64> = (0..50).map(|i| f64::from(i * 37 % 11) - 4.5).collect();
    for (weight, width) in [(0.2, 3.0), (1.0, 2.0), (1e-9, 2.7)] {
        bits.ewma("ewma", &monitor::ewma(&values, 0.1, 3.0, weight, width));
        bits.ewma("ewma_nps", &monitor::ewma_nps(triples, 10.0, 0.6, weight, width));
    }
    bits.cusum("cusum", &monitor::cusum(&values, 0.1, 3.0, 0.5), 3.0);
    bits.cusum("cusum_nps", &monitor::cusum_nps(triples, 10.0, 0.6, 0.5), 1.0);
    let periods: Vec<Share> =
        triples.iter().map(|nps| Share::new(nps.promoters(), nps.n()).unwrap()).collect();
    for centre in [None, Some(0.3)] {
        let (centre, points) = monitor::p_chart(&periods, centre);
        bits.add("p_chart", [centre]);
        bits.add("p_chart", points.iter().flat_map(|point| [point.p, point.low, point.high]));
        bits.counts("p_chart", points.iter().map(|point| u64::from(point.out)));
        bits.first("p_chart", monitor::first_p_alarm(&points));
    }
}

fn bits() -> String {
    let mut bits = Bits::default();
    bits.add("level", Level::ALL.map(Level::z));
    bits.add("level", Level::ALL.map(Level::alpha));
    let triples = triples();
    for (place, a) in triples.iter().enumerate() {
        one_group(&mut bits, *a);
        two_groups(&mut bits, *a, *triples.iter().cycle().nth(place + 7).unwrap());
    }
    scores(&mut bits);
    series(&mut bits, &triples);
    for i in 1..400 {
        let x = f64::from(i) / 401.0;
        bits.add("normal", [normal_quantile(x), normal_upper(x * x * x * 0.1), two_sided_p(20.0 * x)]);
        bits.add("rho", [anytime_rho(i as u64, x * 0.4)]);
        bits.add("sample", [sample_size_for_margin(0.25, x, 0.95, Some(1000 * i as u64))]);
        bits.add("sample", [sample_size_for_margin(x, 0.01, x, None)]);
        bits.add("sample", [sample_size_for_difference((x, 0.25), x, 0.05, 0.8)]);
        bits.add("value", [operational::lifetime_value(100.0, x, 0.1)]);
    }
    let p = [0.01, 0.04, 0.03, 0.2, 1e-9, 0.5];
    bits.add("bonferroni", multiplicity::bonferroni(&p));
    bits.add("sidak", multiplicity::sidak(&p));
    bits.add("holm", multiplicity::holm(&p));
    bits.add("hochberg", multiplicity::benjamini_hochberg(&p));
    bits.add("yekutieli", multiplicity::benjamini_yekutieli(&p));
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
