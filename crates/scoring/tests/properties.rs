//! What holds for all tallies.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use candor_scoring::{
    CombineError, Direction, Interval, Level, Moments, Nps, Ratio, Scale, Share, Tally, TopBox, compare,
    decompose, multiplicity,
};
use proptest::{collection::vec, prelude::*};

fn scale() -> impl Strategy<Value = Scale> {
    let directions = prop_oneof![Just(Direction::HigherIsBetter), Just(Direction::LowerIsBetter)];
    (0..=1_u8, 2..=10_u8, directions)
        .prop_map(|(min, max, direction)| Scale::new(min, max, direction).unwrap())
}

/// Counts from none to far beyond 2^53.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..20_u64, 2 => 0..1000_u64, 1 => 0..5_000_000_000_000_u64, 1 => 0..(1_u64 << 56)]
}

fn tally(scale: Scale) -> impl Strategy<Value = Tally> {
    vec(count(), scale.len()).prop_map(move |counts| Tally::from_counts(scale, &counts).unwrap())
}

fn three_tallies() -> impl Strategy<Value = (Tally, Tally, Tally)> {
    scale().prop_flat_map(|scale| (tally(scale), tally(scale), tally(scale)))
}

fn nps() -> impl Strategy<Value = Nps> {
    (count(), count(), count()).prop_map(|(d, pa, pr)| Nps::new(d, pa, pr).unwrap())
}

fn share() -> impl Strategy<Value = Share> {
    (count(), count()).prop_map(|(yes, no)| Share::new(yes, yes + no).unwrap())
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::P90), Just(Level::P95), Just(Level::P99)]
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

/// An interval the other way round.
fn mirrored(interval: Interval) -> (f64, f64) {
    (-interval.high, -interval.low)
}

/// Two tests of the same groups, either way round.
fn turns_round(
    forth: Option<compare::Test>,
    back: Option<compare::Test>,
    level: Level,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(forth.is_some(), back.is_some());
    if let Some((forth, back)) = forth.zip(back) {
        prop_assert_eq!(forth.difference, 0.0 - back.difference);
        prop_assert!(
            near(forth.se, back.se) && near(forth.statistic, -back.statistic) && near(forth.p, back.p)
        );
        prop_assert!(forth.df == back.df || near(forth.df, back.df));
        let (low, high) = mirrored(forth.interval(level));
        prop_assert!(near(low, back.interval(level).low) && near(high, back.interval(level).high));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // A commutative monoid whose plus can be undone. No group: a tally has no negative, so `minus` is there for
    // parts only.
    #[test]
    fn plus_is_commutative((a, b, _) in three_tallies()) {
        prop_assert_eq!(a.plus(&b), b.plus(&a));
        prop_assert_eq!(a.plus(&b).unwrap().n(), a.n() + b.n());
    }

    #[test]
    fn plus_is_associative((a, b, c) in three_tallies()) {
        prop_assert_eq!(a.plus(&b).unwrap().plus(&c), a.plus(&b.plus(&c).unwrap()));
    }

    #[test]
    fn nothing_is_neutral((a, ..) in three_tallies()) {
        let nothing = Tally::new(a.scale());
        prop_assert_eq!(a.plus(&nothing).unwrap(), a.clone());
        prop_assert_eq!(a.minus(&nothing).unwrap(), a.clone());
        prop_assert_eq!(a.minus(&a).unwrap(), nothing);
    }

    #[test]
    fn minus_undoes_plus_and_takes_away_parts_only((a, b, _) in three_tallies()) {
        prop_assert_eq!(a.plus(&b).unwrap().minus(&b).unwrap(), a.clone());
        let part = b.counts().iter().zip(a.counts()).all(|(b, a)| b <= a);
        match a.minus(&b) {
            Ok(rest) => prop_assert_eq!((part, rest.plus(&b).unwrap()), (true, a)),
            Err(error) => prop_assert_eq!((part, error), (false, CombineError::Underflow)),
        }
    }

    #[test]
    fn unlike_scales_never_add_up(a in scale(), b in scale()) {
        let sum = Tally::new(a).plus(&Tally::new(b));
        prop_assert_eq!(sum.is_ok(), a == b);
        prop_assert!(sum.is_ok() || matches!(sum, Err(CombineError::OtherScale(_))));
    }

    #[test]
    fn the_score_is_monotone_in_promoters(nps in nps(), more in 1..1000_u64) {
        let score = |nps: Nps| nps.score().map(Ratio::value);
        let promoted = Nps::new(nps.detractors(), nps.passives(), nps.promoters() + more).unwrap();
        prop_assert!(score(nps) <= score(promoted));
        let offended = Nps::new(nps.detractors() + more, nps.passives(), nps.promoters()).unwrap();
        if nps.n() > 0 {
            prop_assert!(score(nps) >= score(offended));
        }
    }

    #[test]
    fn the_score_is_within_its_range_and_intervals_hold_it(nps in nps(), level in level()) {
        prop_assume!(nps.n() > 0);
        let score = nps.score().unwrap().value();
        prop_assert!((-100.0..=100.0).contains(&score));
        let intervals =
            [nps.default_interval(level), nps.adjusted_wald(Level::P95), nps.tango_score(level), nps.wald(level)];
        for interval in intervals {
            let interval = interval.unwrap();
            prop_assert!(interval.low <= score + 1e-12 && score <= interval.high + 1e-12, "{score} {interval:?}");
            let clipped = interval.clip(-100.0, 100.0);
            prop_assert!(-100.0 <= clipped.low && clipped.high <= 100.0 && clipped.width() <= interval.width());
        }
        let tango = nps.tango_score(level).unwrap();
        prop_assert!(tango.low >= -100.0 - 1e-9 && tango.high <= 100.0 + 1e-9);
    }

    #[test]
    fn four_times_the_answers_make_the_default_narrower(
        (d, pa, pr) in (0..10_000_u64, 0..10_000_u64, 0..10_000_u64), level in level()
    ) {
        prop_assume!(d + pa + pr > 0);
        let nps = |times| Nps::new(d * times, pa * times, pr * times).unwrap();
        let width = |times| nps(times).default_interval(level).unwrap().width();
        prop_assert!(width(4) < width(1));
        let width = |times| Share::new(d * times, (d + pa + pr) * times).unwrap().wilson(level).unwrap().width();
        prop_assert!(width(4) < width(1));
    }

    #[test]
    fn detractors_for_promoters_turns_everything_round(nps in nps(), level in level()) {
        prop_assume!(nps.n() > 0);
        let other = Nps::new(nps.promoters(), nps.passives(), nps.detractors()).unwrap();
        for (a, b) in [
            (nps.default_interval(level), other.default_interval(level)),
            (nps.tango_score(level), other.tango_score(level)),
            (nps.adjusted_wald(level), other.adjusted_wald(level)),
        ] {
            let ((low, high), b) = (mirrored(a.unwrap()), b.unwrap());
            prop_assert!(near(low, b.low) && near(high, b.high));
        }
    }

    #[test]
    fn b_minus_a_is_minus_a_minus_b_for_nps(a in nps(), b in nps(), level in level()) {
        turns_round(compare::nps_wald(a, b), compare::nps_wald(b, a), level)?;
        turns_round(compare::nps_adjusted_wald(a, b), compare::nps_adjusted_wald(b, a), level)?;
        #[cfg(feature = "quantiles")]
        turns_round(compare::nps_welch(a, b), compare::nps_welch(b, a), level)?;
        let back = compare::nps_difference(b, a);
        prop_assert_eq!(compare::nps_difference(a, b), back.map(|back| 0.0 - back));
    }

    #[test]
    fn b_minus_a_is_minus_a_minus_b_for_shares(a in share(), b in share(), level in level()) {
        turns_round(compare::share_pooled(a, b), compare::share_pooled(b, a), level)?;
        turns_round(compare::share_n_minus_1(a, b), compare::share_n_minus_1(b, a), level)?;
        for interval in [compare::newcombe, compare::agresti_caffo] {
            let (forth, back) = (interval(a, b, level), interval(b, a, level));
            prop_assert_eq!(forth.is_some(), back.is_some());
            if let Some((forth, back)) = forth.zip(back) {
                let (low, high) = mirrored(forth);
                prop_assert!(near(low, back.low) && near(high, back.high));
            }
        }
    }

    #[test]
    fn b_minus_a_is_minus_a_minus_b_for_means((a, b, _) in three_tallies()) {
        let back = compare::mean_difference(&b, &a).unwrap();
        prop_assert_eq!(compare::mean_difference(&a, &b).unwrap(), back.map(|back| 0.0 - back));
        #[cfg(feature = "quantiles")]
        turns_round(compare::mean_welch(&a, &b).unwrap(), compare::mean_welch(&b, &a).unwrap(), Level::P95)?;
    }

    #[test]
    fn ranks_turn_round_too((a, b, _) in three_tallies()) {
        let forth = compare::ranks(&a, &b).unwrap();
        let back = compare::ranks(&b, &a).unwrap();
        prop_assert_eq!(forth.is_some(), back.is_some());
        if let Some((forth, back)) = forth.zip(back) {
            prop_assert_eq!(forth.cliffs_delta, 0.0 - back.cliffs_delta);
            prop_assert!(near(forth.prob_superiority, 1.0 - back.prob_superiority));
            prop_assert!(near(forth.u / (a.n() as f64) / (b.n() as f64), forth.prob_superiority));
            let chances = |p: Option<f64>, q: Option<f64>| p.zip(q).map_or(p == q, |(p, q)| near(p, q));
            prop_assert!(chances(forth.p, back.p) && chances(forth.p_corrected, back.p_corrected));
            prop_assert!(forth.p.zip(forth.p_corrected).is_none_or(|(p, corrected)| p <= corrected));
        }
    }

    #[test]
    fn fisher_is_a_chance_and_symmetric(x in 0..40_u64, m in 0..40_u64, y in 0..40_u64, k in 0..40_u64) {
        let (a, b) = (Share::new(x, x + m).unwrap(), Share::new(y, y + k).unwrap());
        let p = compare::fisher_exact(a, b);
        prop_assert_eq!(p.is_some(), x + m > 0 && y + k > 0);
        if let Some(p) = p {
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!(near(p, compare::fisher_exact(b, a).unwrap()));
        }
    }

    #[test]
    fn a_wilson_interval_is_within_0_and_100_and_holds_the_share(share in share(), level in level()) {
        prop_assume!(share.n() > 0);
        let (percent, interval) = (share.percent().unwrap().value(), share.wilson(level).unwrap());
        prop_assert!(interval.low >= 0.0 && interval.high <= 100.0 + 1e-12);
        prop_assert!(interval.low <= percent + 1e-12 && percent <= interval.high + 1e-12);
    }

    #[test]
    fn turning_the_direction_turns_the_oriented_mean(counts in vec(count(), 5)) {
        let of = |direction| Moments::of(&Tally::from_counts(Scale::new(1, 5, direction).unwrap(), &counts).unwrap());
        let (up, down) = (of(Direction::HigherIsBetter), of(Direction::LowerIsBetter));
        prop_assert_eq!(up.mean(), down.mean());
        if let Some((a, b)) = up.percent_of_maximum().zip(down.percent_of_maximum()) {
            prop_assert!(near(a.value() + b.value(), 100.0));
            prop_assert!(near(up.mean_oriented().unwrap().value() + down.mean_oriented().unwrap().value(), 6.0));
        }
    }

    #[test]
    fn every_answer_falls_in_one_band((tally, ..) in three_tallies(), points in 1..=5_u8) {
        use candor_scoring::Band::{Favourable, Neutral, Unfavourable};
        if let Ok(rule) = TopBox::new(tally.scale(), points) {
            let sum: u64 = [Unfavourable, Neutral, Favourable].map(|band| rule.count(&tally, band).unwrap()).iter().sum();
            prop_assert_eq!(sum, tally.n());
        } else {
            prop_assert!(usize::from(points) * 2 > tally.scale().len());
        }
    }

    #[test]
    fn a_decomposition_leaves_no_remainder(
        segments in vec(((0..50_u64, 0..50_u64, 0..50_u64), (0..50_u64, 0..50_u64, 0..50_u64)), 1..6)
    ) {
        let nps = |(d, pa, pr)| Nps::new(d, pa, pr).unwrap();
        let segments: Vec<_> = segments.into_iter().map(|(a, b)| (nps(a), nps(b))).collect();
        if let Some(split) = decompose(&segments) {
            prop_assert!(near(split.mix + split.within, split.change));
            prop_assert!(near(split.change, split.score_b - split.score_a));
        }
    }

    #[test]
    fn adjusted_p_values_are_no_smaller_and_keep_the_order(p in vec(0.0..=1.0, 0..20)) {
        let adjusted = [multiplicity::bonferroni(&p), multiplicity::holm(&p), multiplicity::benjamini_hochberg(&p)];
        for list in &adjusted {
            prop_assert!(list.iter().zip(&p).all(|(q, p)| q >= p && *q <= 1.0));
            for (i, x) in p.iter().enumerate() {
                prop_assert!(p.iter().skip(i).zip(list.iter().skip(i)).all(|(y, q)| x != y || *q == list[i]));
            }
        }
        let [bonferroni, holm, hochberg] = adjusted;
        prop_assert!(holm.iter().zip(&bonferroni).all(|(h, b)| h <= b));
        prop_assert!(hochberg.iter().zip(&holm).all(|(bh, h)| *bh <= h + 1e-12));
    }

    #[test]
    fn display_is_off_by_half_a_unit_at_most(
        num in -1_000_000_i128..1_000_000, den in 1_i128..10_000, decimals in 0..6_u8
    ) {
        let ratio = Ratio::new(num, den).unwrap();
        let text = ratio.rounded(decimals);
        let shown: f64 = text.parse().unwrap();
        prop_assert!((shown - num as f64 / den as f64).abs() <= 0.5 * 10_f64.powi(-i32::from(decimals)) + 1e-9);
        prop_assert!(shown != 0.0 || !text.starts_with('-'));
        prop_assert_eq!(ratio.to_string().parse::<Ratio>().unwrap(), ratio);
    }
}
