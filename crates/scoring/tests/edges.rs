//! What is asked wrongly, and where formulas end.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use candor_scoring::{
    BadCorrelations, BadTopBox, Band, Direction, Formula, Interval, Level, MAX_DRIVERS, Method, Metric,
    Moments, MoreThanAll, Nps, OtherScale, Overflow, Rating, Ratio, Scale, Share, Stratum, Tally, TopBox,
    anytime_half_width, anytime_rho, compare, decompose, drivers, goodman, keyword, monitor, normal_quantile,
    normal_upper, operational, post_stratify, sample_size_for_difference, sample_size_for_margin, tag_impact,
};
use std::collections::BTreeSet;

fn nps(d: u64, pa: u64, pr: u64) -> Nps {
    Nps::new(d, pa, pr).unwrap()
}

fn tally(scale: Scale, counts: &[u64]) -> Tally {
    Tally::from_counts(scale, counts).unwrap()
}

#[test]
fn bands_beyond_the_range_overflow() {
    assert_eq!(Nps::new(u64::MAX, 1, 0), Err(Overflow));
    assert_eq!(Nps::new(u64::MAX - 1, 1, 1), Err(Overflow));
    assert_eq!(Nps::new(u64::MAX - 1, 0, 1).unwrap().n(), u64::MAX);
    let most = nps(1 << 61, 1 << 61, 1 << 62);
    assert_eq!((most.n(), most.score().unwrap().to_string()), (1 << 63, "25/1".into()));
}

#[test]
fn nps_knows_no_other_scale() {
    let ten = Tally::new(Scale::TEN);
    assert_eq!(Nps::of(&ten), Err(OtherScale { expected: Scale::NPS, given: Scale::TEN }));
    let of = Nps::of(&tally(Scale::NPS, &[1, 0, 0, 0, 0, 0, 2, 4, 8, 16, 32])).unwrap();
    assert_eq!((of.detractors(), of.passives(), of.promoters()), (3, 12, 48));
}

#[test]
fn one_answer_has_no_spread() {
    let one = nps(0, 0, 1);
    assert!(one.wald(Level::P95).is_some_and(|interval| interval.width() == 0.0));
    assert_eq!(Moments::of(&tally(Scale::THREE, &[0, 1, 0])).sd(), None);
    assert_eq!(Moments::of(&tally(Scale::THREE, &[0, 2, 0])).sd(), Some(0.0));
    assert_eq!(Moments::of(&tally(Scale::THREE, &[0, 2, 0])).n(), 2);
}

#[test]
fn clipping_cuts_both_ends() {
    let interval = Interval { low: -120.0, high: 130.0, method: Method::Wald };
    let clipped = interval.clip(-100.0, 100.0);
    assert_eq!((clipped.low, clipped.high, clipped.width(), interval.width()), (-100.0, 100.0, 200.0, 250.0));
    let beyond = Interval { low: 101.0, high: 102.0, method: Method::Wald }.clip(-100.0, 100.0);
    assert_eq!((beyond.low, beyond.high), (100.0, 100.0));
}

#[test]
fn names_are_unlike() {
    let methods = [
        Method::Wald,
        Method::T,
        Method::AdjustedWald,
        Method::BonettPrice,
        Method::TangoScore,
        Method::Wilson,
        Method::AgrestiCoull,
        Method::ClopperPearson,
        Method::Jeffreys,
        Method::Goodman,
        Method::Newcombe,
        Method::AgrestiCaffo,
        Method::Anytime,
    ];
    assert_eq!(methods.map(Method::name).into_iter().collect::<BTreeSet<_>>().len(), methods.len());
    assert!(methods.iter().all(|method| !method.name().is_empty() && !method.name().contains(' ')));
    let ids: BTreeSet<_> = Formula::ALL.iter().map(|formula| formula.id).collect();
    assert_eq!(ids.len(), Formula::ALL.len());
    assert_eq!(Level::ALL.map(Level::name), ["0.90", "0.95", "0.99"]);
    assert_eq!(Level::ALL.map(Level::alpha), [0.1, 0.05, 0.01]);
}

// A new one does not compile until it is named here.

#[test]
fn all_metrics_are_all() {
    let next = |metric: &Metric| match metric {
        Metric::Nps => Some(Metric::Csat),
        Metric::Csat => Some(Metric::Ces),
        Metric::Ces => None,
    };
    assert_eq!(std::iter::successors(Some(Metric::Nps), next).collect::<Vec<_>>(), Metric::ALL);
}

#[test]
fn all_bands_are_all() {
    let next = |band: &Band| match band {
        Band::Unfavourable => Some(Band::Neutral),
        Band::Neutral => Some(Band::Favourable),
        Band::Favourable => None,
    };
    assert_eq!(std::iter::successors(Some(Band::Unfavourable), next).collect::<Vec<_>>(), Band::ALL);
}

#[test]
fn levels_have_the_deviates_of_the_normal_distribution() {
    for level in Level::ALL {
        assert!((level.z() - normal_upper(level.alpha() / 2.0)).abs() < 1e-15);
        assert!((normal_quantile(1.0 - level.alpha() / 2.0) - level.z()).abs() < 1e-13);
    }
    assert_eq!(normal_quantile(0.5), 0.0);
    assert!((normal_upper(1e-300) - 37.0470962993612).abs() < 1e-10);
    assert_eq!(normal_upper(0.9), -normal_upper(0.1));
    for beyond in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
        assert!(normal_quantile(beyond).is_nan() && normal_upper(beyond).is_nan());
    }
}

#[test]
fn favourable_points_are_within_half_of_the_scale() {
    assert_eq!(TopBox::new(Scale::CSAT, 0), Err(BadTopBox));
    assert_eq!(TopBox::new(Scale::CSAT, 3), Err(BadTopBox));
    assert_eq!(TopBox::new(Scale::FOUR, 2).unwrap().points(), 2);
    assert!(BadTopBox.to_string().contains("half"));
    let customary = |scale| TopBox::customary(scale).map(TopBox::points);
    assert_eq!(
        [Scale::YES_NO, Scale::THREE, Scale::FOUR, Scale::CSAT].map(customary),
        [1, 1, 2, 2].map(Some)
    );
    assert_eq!([Scale::EASE, Scale::TEN, Scale::NPS].map(customary), [None; 3]);
}

#[test]
fn a_rule_refuses_other_scales() {
    let rule = TopBox::new(Scale::EFFORT, 2).unwrap();
    assert_eq!(rule.scale(), Scale::EFFORT);
    let error = OtherScale { expected: Scale::EFFORT, given: Scale::CSAT };
    assert_eq!(rule.band(Rating::new(1, Scale::CSAT).unwrap()), Err(error));
    assert_eq!(rule.count(&Tally::new(Scale::CSAT), Band::Favourable), Err(error));
    assert_eq!(rule.share(&Tally::new(Scale::CSAT)), Err(error));
    let bands = [1, 2, 3, 4, 5].map(|point| rule.band(Rating::new(point, Scale::EFFORT).unwrap()).unwrap());
    use Band::{Favourable, Neutral, Unfavourable};
    assert_eq!(bands, [Favourable, Favourable, Neutral, Unfavourable, Unfavourable]);
    let effort = tally(Scale::EFFORT, &[1, 2, 4, 8, 16]);
    assert_eq!(rule.share(&effort).unwrap(), Share::new(3, 31).unwrap());
    assert_eq!(compare::band_split(rule, &effort, &Tally::new(Scale::CSAT)), Err(error));
    let split =
        compare::band_split(rule, &effort, &tally(Scale::EFFORT, &[0, 3, 4, 0, 24])).unwrap().unwrap();
    assert_eq!((split.chi2, split.df, split.p), (0.0, 2, 1.0));
}

#[test]
fn tallies_of_unlike_scales_do_not_compare() {
    let (a, b) = (Tally::new(Scale::EFFORT), Tally::new(Scale::CSAT));
    let error = OtherScale { expected: Scale::EFFORT, given: Scale::CSAT };
    assert_eq!(compare::mean_difference(&a, &b), Err(error));
    assert_eq!(compare::ranks(&a, &b), Err(error));
    #[cfg(feature = "quantiles")]
    assert_eq!(compare::mean_welch(&a, &b), Err(error));
    assert_eq!(compare::mean_difference(&a, &a), Ok(None));
}

#[test]
fn a_share_is_a_part() {
    assert_eq!(Share::new(2, 1), Err(MoreThanAll));
    assert_eq!(MoreThanAll.to_string(), "more of a kind than there are altogether");
    let none = Share::new(0, 0).unwrap();
    let some = Share::new(1, 2).unwrap();
    assert_eq!((none.percent(), none.wilson(Level::P95)), (None, None));
    for (a, b) in [(none, some), (some, none)] {
        assert_eq!((compare::share_pooled(a, b), compare::percent_difference(a, b)), (None, None));
        assert_eq!((compare::fisher_exact(a, b), compare::newcombe(a, b, Level::P95)), (None, None));
    }
    assert_eq!((some.favourable(), some.n()), (1, 2));
}

#[test]
fn nothing_is_said_of_nobody() {
    let (none, some) = (nps(0, 0, 0), nps(1, 1, 1));
    for (a, b) in [(none, some), (some, none)] {
        assert_eq!((compare::nps_wald(a, b), compare::nps_difference(a, b)), (None, None));
        assert_eq!(compare::nps_adjusted_wald(a, b), None);
        assert_eq!(tag_impact(a, b), None);
        assert_eq!(decompose(&[(a, b)]), None);
    }
    assert_eq!(compare::chi_squared([0, 0, 0], [1, 1, 1]), None);
    assert_eq!(compare::chi_squared([1, 1, 1], [0, 0, 0]), None);
    assert_eq!(compare::chi_squared([0, 3, 0], [0, 4, 0]), None);
    assert_eq!(compare::nps_wald(nps(0, 0, 3), nps(0, 0, 4)), None);
    assert_eq!(goodman(&[0, 0], Level::P95), None);
    assert_eq!(anytime_half_width(none, 0.05, 0.1), None);
}

#[test]
fn fisher_gives_up_only_on_the_huge() {
    let half = |n: u64| Share::new(n / 2, n).unwrap();
    assert_eq!(compare::fisher_exact(half(1_000_000), half(1_000_000)), Some(1.0));
    assert_eq!(compare::fisher_exact(half(1 << 50), half(1 << 50)), None);
    // One side small: few tables.
    assert!(
        compare::fisher_exact(Share::new(3, 4).unwrap(), half(1 << 50))
            .is_some_and(|p| (p - 0.625).abs() < 1e-6)
    );
}

#[test]
fn one_dissenter_of_2_to_the_53_is_counted() {
    let most = 1_u64 << 53;
    let (one, none) = (Share::new(most, most + 1).unwrap(), Share::new(most + 1, most + 1).unwrap());
    let pooled = compare::share_pooled(one, none).unwrap();
    assert!((pooled.statistic - 1.0).abs() < 1e-15, "{pooled:?}");
    // The only failure is on either side with the chance ½: no table is less likely.
    assert_eq!(compare::fisher_exact(one, none), Some(1.0));
    let two = Share::new(most - 1, most + 1).unwrap();
    assert!(compare::fisher_exact(two, none).is_some_and(|p| (p - 0.5).abs() < 1e-9));
    let a = compare::agresti_caffo(one, none, Level::P95).unwrap();
    assert!((a.low + a.high - 2.0 * compare::percent_difference(one, none).unwrap()).abs() < 1e-28);
    let (centre, points) = monitor::p_chart(&[one], None);
    assert_eq!(centre, Some(1.0 - f64::EPSILON / 2.0));
    assert!(points[0].high > points[0].p && points[0].p > points[0].low);
}

#[test]
fn ranks_differ_by_one_pair_of_2_to_the_106() {
    let most = (1_u64 << 53) + 1;
    let two = Scale::YES_NO;
    let (a, b) = (tally(two, &[most, most]), tally(two, &[most, most + 1]));
    let ranks = compare::ranks(&a, &b).unwrap().unwrap();
    let expected = 1.0 / (2.0 * (2.0 * most as f64 + 1.0));
    assert!((ranks.cliffs_delta / expected - 1.0).abs() < 1e-15, "{ranks:?}");
    let largest = tally(two, &[0, u64::MAX]);
    assert_eq!(compare::ranks(&largest, &largest).unwrap().unwrap().prob_superiority, 0.5);
}

#[test]
fn a_change_of_one_answer_in_2_to_the_54_is_split_without_remainder() {
    let most = (1_u64 << 53) + 1;
    let split = decompose(&[(nps(most, 0, most), nps(most, 0, most + 1))]).unwrap();
    let expected = 100.0 / (2.0 * most as f64);
    assert!((split.change / expected - 1.0).abs() < 1e-15, "{split:?}");
    assert_eq!((split.mix, split.within), (0.0, split.change));
    assert_eq!(split.exact.map(Ratio::value), Some(split.change));
    assert!(split.mix.is_sign_positive() && split.segments[0].mix.is_sign_positive());
    let tag = tag_impact(nps(most, 0, most), nps(most, 0, most + 1)).unwrap();
    assert!((tag.impact / (-expected * tag.share) - 1.0).abs() < 1e-15, "{tag:?}");
    assert!(tag.exact.is_some_and(|exact| (exact.value() / tag.impact - 1.0).abs() < 1e-15));
}

#[test]
fn words_that_are_nearly_as_frequent_differ_by_their_cross_products() {
    let most = (1_u64 << 53) + 1;
    let word = keyword((most, 2 * most), (most - 1, 2 * most - 2), 1.0, 2.0).unwrap();
    assert_eq!((word.delta, word.z), (0.0, 0.0));
    let word = keyword((most, 2 * most), (most, 2 * most + 1), 1.0, 2.0).unwrap();
    assert!((word.delta * (most as f64 + 1.0) - 1.0).abs() < 1e-15, "{word:?}");
    // Beyond twice as frequent both ways agree.
    let delta = |y| keyword((y, 1000), (100, 1000), 1.0, 2.0).unwrap().delta;
    let expected = |y: f64| ((y + 1.0) / (1001.0 - y) * 901.0 / 101.0).ln();
    for y in [0, 10, 50, 60, 100, 140, 150, 900] {
        assert!((delta(y) - expected(y as f64)).abs() < 1e-14, "{y}");
    }
}

#[test]
fn sample_sizes_need_sensible_wishes() {
    for (variance, margin, confidence, population) in [
        (-0.1, 0.1, 0.9, None),
        (0.5, 0.0, 0.9, None),
        (0.5, 0.1, 0.0, None),
        (0.5, 0.1, 1.0, None),
        (0.5, 0.1, 0.9, Some(0)),
    ] {
        assert_eq!(sample_size_for_margin(variance, margin, confidence, population), None);
    }
    for population in [None, Some(1), Some(5)] {
        assert_eq!(sample_size_for_margin(0.0, 0.1, 0.9, population), Some(0.0));
    }
    assert_eq!(sample_size_for_margin(1.0, 0.1, 0.9, Some(1)), Some(1.0));
    assert_eq!(sample_size_for_margin(1.0, 1e-200, 0.9, None), None);
    for (a, b, difference, alpha, power) in [
        (-0.1, 0.5, 0.1, 0.05, 0.8),
        (0.5, -0.1, 0.1, 0.05, 0.8),
        (0.5, 0.5, 0.0, 0.05, 0.8),
        (0.5, 0.5, 0.1, 0.0, 0.8),
        (0.5, 0.5, 0.1, 0.05, 1.0),
        (0.5, 0.5, 1e-200, 0.05, 0.8),
    ] {
        assert_eq!(sample_size_for_difference((a, b), difference, alpha, power), None);
    }
}

#[test]
fn rho_is_the_narrowest() {
    let answers = nps(100, 200, 300);
    for alpha in [0.01, 0.05, 0.2] {
        let best = anytime_rho(600, alpha);
        let width = |rho| anytime_half_width(answers, alpha, rho).unwrap();
        assert!(width(best) < width(best * 1.01) && width(best) < width(best * 0.99));
    }
}

#[test]
fn drivers_want_correlations() {
    let fault = |between: &[Vec<f64>], with: &[f64]| drivers(between, with).unwrap_err();
    let identity = |size: usize| {
        (0..size).map(|i| (0..size).map(|j| f64::from(u8::from(i == j))).collect()).collect::<Vec<_>>()
    };
    assert_eq!(fault(&[], &[]), BadCorrelations::Size);
    assert_eq!(fault(&identity(2), &[0.1]), BadCorrelations::Size);
    assert_eq!(fault(&[vec![1.0], vec![0.0, 1.0]], &[0.1, 0.1]), BadCorrelations::Size);
    assert_eq!(fault(&identity(MAX_DRIVERS + 1), &[0.0; MAX_DRIVERS + 1]), BadCorrelations::Size);
    assert!(drivers(&identity(MAX_DRIVERS), &[0.1; MAX_DRIVERS]).is_ok());
    assert_eq!(fault(&identity(1), &[1.1]), BadCorrelations::NotCorrelations);
    assert_eq!(fault(&[vec![0.9]], &[0.5]), BadCorrelations::NotCorrelations);
    assert_eq!(fault(&[vec![1.0, 0.2], vec![0.3, 1.0]], &[0.1, 0.1]), BadCorrelations::NotCorrelations);
    assert_eq!(fault(&[vec![1.0, 1.2], vec![1.2, 1.0]], &[0.1, 0.1]), BadCorrelations::NotCorrelations);
    assert_eq!(fault(&[vec![1.0, 1.0], vec![1.0, 1.0]], &[0.1, 0.1]), BadCorrelations::Dependent);
    assert_eq!(fault(&identity(2), &[0.9, 0.9]), BadCorrelations::Dependent);
    let texts = [BadCorrelations::Size, BadCorrelations::NotCorrelations, BadCorrelations::Dependent]
        .map(|e| e.to_string());
    assert_eq!(texts.into_iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(drivers(&identity(1), &[1.0]).unwrap().r2, 1.0);
}

#[test]
fn words_are_part_of_all_words() {
    assert_eq!(keyword((2, 1), (0, 1), 0.1, 1.0), None);
    assert_eq!(keyword((0, 1), (2, 1), 0.1, 1.0), None);
    assert_eq!(keyword((0, 1), (0, 1), 0.0, 1.0), None);
    assert_eq!(keyword((0, 1), (0, 1), 1.0, 1.0), None);
    assert!(keyword((1, 1), (1, 1), 0.5, 1.0).is_some_and(|word| word.z == 0.0));
}

#[test]
fn charts_alarm_on_either_side_and_not_on_the_limit() {
    let point = |z| monitor::EwmaPoint { z, low: -1.0, high: 1.0 };
    assert_eq!([-1.1, -1.0, 1.0, 1.1].map(|z| point(z).is_out()), [true, false, false, true]);
    assert_eq!(monitor::first_ewma_alarm(&[point(0.0), point(-2.0), point(2.0)]), Some(2));
    let sums = monitor::cusum(&[0.0, -3.5, 1.0], 0.0, 1.0, 0.5);
    assert_eq!((sums[1].upper, sums[1].lower), (0.0, 3.0));
    assert_eq!(monitor::first_cusum_alarm(&sums, 1.0, 3.0), None);
    assert_eq!(monitor::first_cusum_alarm(&sums, 1.0, 2.9), Some(2));
    let (centre, points) =
        monitor::p_chart(&[Share::new(10, 10).unwrap(), Share::new(0, 10).unwrap()], Some(0.5));
    assert_eq!((centre, points.iter().map(|p| p.out).collect::<Vec<_>>()), (Some(0.5), vec![true, true]));
}

#[test]
fn operations_refuse_the_impossible() {
    assert_eq!(operational::retention(10, 5, 6), Err(MoreThanAll));
    assert_eq!(operational::retention(10, 20, 9), Err(MoreThanAll));
    assert_eq!(operational::churn(10, 5, 6), Err(MoreThanAll));
    assert_eq!(operational::churn(10, 20, 9), Err(MoreThanAll));
    assert_eq!(operational::retention(10, 20, 10).unwrap().unwrap().to_string(), "100/1");
    assert_eq!(operational::first_contact_resolution(2, 1), Err(MoreThanAll));
    assert_eq!(operational::referral_rate(2, 1), Err(MoreThanAll));
    assert_eq!(operational::time_to_resolution(5.0, 0), None);
    assert_eq!(operational::lifetime_value(1.0, 1.0, 0.0), None);
    assert_eq!(operational::lifetime_value(1.0, -0.1, 0.1), None);
    assert_eq!(operational::lifetime_value(1.0, 1.1, 0.2), None);
    assert_eq!(operational::lifetime_value(1.0, 0.5, -0.1), None);
}

#[test]
fn strata_hold_their_answers() {
    let stratum = |answers, population| Stratum { answers, population };
    assert_eq!(post_stratify(&[stratum(nps(1, 1, 1), 2)]), Err(MoreThanAll));
    let census = post_stratify(&[stratum(nps(1, 1, 2), 4)]).unwrap();
    assert_eq!((census.se_points_fpc, census.kish_deff), (Some(0.0), Some(1.0)));
    assert!(
        census.interval(Level::P95).is_some_and(|interval| interval.width() == 0.0 && interval.low == 25.0)
    );
    // A stratum without people says nothing and spoils nothing.
    let empty = post_stratify(&[stratum(nps(0, 0, 0), 0), stratum(nps(1, 1, 2), 40)]).unwrap();
    assert_eq!((empty.weighted, empty.stratum_scores), (Some(25.0), vec![None, Some(25.0)]));
    let nothing = post_stratify(&[]).unwrap();
    assert_eq!((nothing.weighted, nothing.unweighted, nothing.kish_n_eff), (None, None, None));
}

#[test]
fn a_tag_is_weighed_by_its_share() {
    let impact = tag_impact(nps(20, 5, 5), nps(10, 20, 70)).unwrap();
    assert_eq!((impact.score_with, impact.score_without), (-50.0, 60.0));
    assert!(
        (impact.share - 3.0 / 13.0).abs() < 1e-15 && (impact.score_all - 100.0 * 45.0 / 130.0).abs() < 1e-12
    );
    assert!((impact.impact - (impact.score_all - impact.score_without)).abs() < 1e-12);
}

#[test]
fn differences_of_the_largest_counts_do_not_overflow() {
    let (all, half) = (nps(0, 0, u64::MAX), nps(0, 1 << 63, u64::MAX >> 1));
    assert!(compare::nps_difference(all, half).is_some_and(|apart| (apart + 50.0).abs() < 1e-9));
    assert!(compare::nps_difference(half, all).is_some_and(|apart| (apart - 50.0).abs() < 1e-9));
}

#[test]
fn directions_have_names() {
    assert_eq!(Direction::HigherIsBetter.name(), "higher_is_better");
    assert_eq!(Direction::LowerIsBetter.name(), "lower_is_better");
    assert_eq!(Metric::Ces.scale().direction(), Direction::HigherIsBetter);
}

#[test]
fn ranks_of_groups_that_are_alike_differ_by_nothing() {
    let all_tied = tally(Scale::THREE, &[0, 4, 0]);
    let ranks = compare::ranks(&all_tied, &all_tied).unwrap().unwrap();
    // Without any spread there is no test, and zero has no sign.
    assert_eq!((ranks.p, ranks.p_corrected, ranks.cliffs_delta.to_bits()), (None, None, 0));
    let spread = tally(Scale::THREE, &[1, 2, 1]);
    assert_eq!(compare::ranks(&spread, &spread).unwrap().unwrap().cliffs_delta.to_bits(), 0);
}

#[test]
fn drivers_that_are_all_but_the_same_depend_on_each_other() {
    // One part in 10^13 apart: their sums are still numbers, but say nothing.
    let r = 1.0 - 1e-13;
    let between = [vec![1.0, r], vec![r, 1.0]];
    assert_eq!(drivers(&between, &[0.5, 0.5]).unwrap_err(), BadCorrelations::Dependent);
}

#[test]
fn a_whole_number_between_two_floating_point_ones_is_rounded_to_the_even_one() {
    let value = |num: i128| candor_scoring::Ratio::new(num, 1).unwrap().value();
    assert_eq!([value((1 << 54) + 2), value((1 << 54) + 6)], [2.0_f64.powi(54), 2.0_f64.powi(54) + 8.0]);
}
