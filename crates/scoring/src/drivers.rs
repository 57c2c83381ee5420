use alloc::{vec, vec::Vec};
use core::fmt;
use libm::sqrt;

/// How much of what moves the overall rating comes from each driver.
///
/// # Range
/// Fractions of the overall rating's variance. Every driver's part is 0…R², in the order given; the parts of
/// either method add up to R².
#[derive(Clone, Debug, PartialEq)]
pub struct Drivers {
    /// The share of the overall rating's variance that all drivers together explain: 0…1.
    pub r2: f64,
    /// Each driver's gain in R² averaged over all orders in which the drivers may enter: LMG, the Shapley
    /// value of R².
    pub lmg: Vec<f64>,
    /// Johnson's relative weights, which come near the same by way of uncorrelated stand-ins.
    pub relative_weights: Vec<f64>,
}

/// Correlations that cannot be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCorrelations {
    /// No drivers, more than [`MAX_DRIVERS`], or lengths that do not fit each other.
    Size,
    /// Not symmetric, not 1 on the diagonal, or beyond ±1.
    NotCorrelations,
    /// One driver follows from the others, or the correlations contradict each other.
    Dependent,
}

impl fmt::Display for BadCorrelations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "between 1 and 16 drivers, with a square matrix and one correlation each",
            Self::NotCorrelations => "correlations are symmetric, 1 with themselves and from -1 to 1",
            Self::Dependent => "a driver follows from the others, or the correlations contradict each other",
        })
    }
}

impl core::error::Error for BadCorrelations {}

/// The most drivers that [`drivers`] takes: all their sets are gone through, and more would mean millions.
pub const MAX_DRIVERS: usize = 16;

/// An eigenvalue below this is none.
const SINGULAR: f64 = 1e-12;

/// Key drivers from the correlations among the drivers (`between`, row by row) and with the overall rating
/// (`with`).
///
/// # Range
/// 1 to [`MAX_DRIVERS`] drivers; correlations are −1…1.
///
/// # Errors
/// [`BadCorrelations`], whose variants say which.
///
/// # References
/// LMG: Lindeman, R. H., Merenda, P. F. and Gold, R. Z. (1980), Introduction to Bivariate and Multivariate
/// Analysis, Scott Foresman, p. 119 ff.; Grömping, U. (2006), "Relative Importance for Linear Regression in
/// R: The Package relaimpo", Journal of Statistical Software 17(1), 1–27. Relative weights: Johnson, J. W.
/// (2000), "A Heuristic Method for Estimating the Relative Weight of Predictor Variables in Multiple
/// Regression", Multivariate Behavioral Research 35(1), 1–19.
pub fn drivers(between: &[Vec<f64>], with: &[f64]) -> Result<Drivers, BadCorrelations> {
    let size = with.len();
    if size == 0 || size > MAX_DRIVERS || between.len() != size || between.iter().any(|row| row.len() != size)
    {
        return Err(BadCorrelations::Size);
    }
    let at = |i: usize, j: usize| cell(between, i, j);
    let proper = |i: usize, j: usize| {
        let (x, y) = (at(i, j), at(j, i));
        (x - y).abs() <= 1e-9 && x.abs() <= 1.0 && (i != j || (x - 1.0).abs() <= 1e-9)
    };
    if !with.iter().all(|r| r.abs() <= 1.0) || !(0..size).all(|i| (0..size).all(|j| proper(i, j))) {
        return Err(BadCorrelations::NotCorrelations);
    }
    // R² of every set of drivers; bit i says that driver i is in it.
    let sets = 1_usize << size;
    let mut r2 = vec![0.0; sets];
    for (set, slot) in r2.iter_mut().enumerate().skip(1) {
        *slot = explained(between, with, set).ok_or(BadCorrelations::Dependent)?;
    }
    let r2_of = |set: usize| r2.get(set).copied().unwrap_or_default();
    // |S|! (size − |S| − 1)! / size!, by the number of drivers already in.
    let weights: Vec<f64> = (0..size)
        .map(|inside| {
            let choose = (0..inside).fold(1.0, |c, i| c * (size - 1 - i) as f64 / (i + 1) as f64);
            1.0 / (choose * size as f64)
        })
        .collect();
    let lmg = (0..size)
        .map(|i| {
            let gain = |set: usize| {
                let weight = weights.get(set.count_ones() as usize).copied().unwrap_or_default();
                weight * (r2_of(set | 1 << i) - r2_of(set))
            };
            // A set that has the driver gains nothing.
            (0..sets).map(gain).sum()
        })
        .collect();
    let relative_weights = johnson(between, with).ok_or(BadCorrelations::Dependent)?;
    Ok(Drivers { r2: r2_of(sets - 1), lmg, relative_weights })
}

fn cell(matrix: &[Vec<f64>], i: usize, j: usize) -> f64 {
    matrix.get(i).and_then(|row| row.get(j)).copied().unwrap_or_default()
}

/// R² of the drivers in a set, by Cholesky's factor: with L y = r it is y·y. `None` if the set explains more than
/// everything or is so singular that it explains no number.
fn explained(between: &[Vec<f64>], with: &[f64], set: usize) -> Option<f64> {
    let members: Vec<usize> = (0..with.len()).filter(|i| set & 1 << i != 0).collect();
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(members.len());
    let (mut solved, mut r2) = (Vec::with_capacity(members.len()), 0.0);
    for (k, i) in members.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(k + 1);
        for (above, j) in rows.iter().zip(&members) {
            let diagonal = above.last()?;
            let sum: f64 = row.iter().zip(above).map(|(a, b)| a * b).sum();
            row.push((cell(between, *i, *j) - sum) / diagonal);
        }
        let diagonal = sqrt(1.0 - row.iter().map(|x| x * x).sum::<f64>());
        let sum: f64 = row.iter().zip(&solved).map(|(a, b): (&f64, &f64)| a * b).sum();
        let y = (with.get(*i)? - sum) / diagonal;
        r2 += y * y;
        solved.push(y);
        row.push(diagonal);
        rows.push(row);
    }
    (r2 <= 1.0 + 1e-9).then_some(r2)
}

/// Relative weights: with the root Λ of the correlation matrix and β = Λ⁻¹ r, Σ Λ² β².
fn johnson(between: &[Vec<f64>], with: &[f64]) -> Option<Vec<f64>> {
    let (values, vectors) = eigen(between)?;
    let size = with.len();
    if values.iter().any(|value| *value < SINGULAR) {
        return None;
    }
    let root = |power: f64| -> Vec<Vec<f64>> {
        let entry = |i: usize, j: usize| {
            let terms = values.iter().enumerate();
            terms
                .map(|(k, value)| cell(&vectors, i, k) * cell(&vectors, j, k) * libm::pow(*value, power))
                .sum()
        };
        (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect()
    };
    let (lambda, inverse) = (root(0.5), root(-0.5));
    let beta: Vec<f64> = inverse.iter().map(|row| row.iter().zip(with).map(|(a, r)| a * r).sum()).collect();
    Some(lambda.iter().map(|row| row.iter().zip(&beta).map(|(l, b)| l * l * b * b).sum()).collect())
}

/// Eigenvalues and eigenvectors (in columns) of a symmetric matrix, by Jacobi's rotations.
///
/// # References
/// Golub, G. H. and Van Loan, C. F. (2013), Matrix Computations, 4th ed., Johns Hopkins, section 8.5.
fn eigen(matrix: &[Vec<f64>]) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let size = matrix.len();
    let mut a: Vec<Vec<f64>> = matrix.to_vec();
    let mut v: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    // Converges quadratically; what is left after some sweeps is nothing, and nothing is turned.
    for _ in 0..60 {
        for p in 0..size {
            for q in p + 1..size {
                let apq = cell(&a, p, q);
                if apq == 0.0 {
                    continue;
                }
                let theta = (cell(&a, q, q) - cell(&a, p, p)) / (2.0 * apq);
                let t = 1.0_f64.copysign(theta) / (theta.abs() + sqrt(theta * theta + 1.0));
                let c = 1.0 / sqrt(t * t + 1.0);
                let s = t * c;
                // Columns, then rows; only the columns of the vectors.
                for row in a.iter_mut().chain(v.iter_mut()) {
                    let (x, y) = (*row.get(p)?, *row.get(q)?);
                    *row.get_mut(p)? = c * x - s * y;
                    *row.get_mut(q)? = s * x + c * y;
                }
                for k in 0..size {
                    let (x, y) = (cell(&a, p, k), cell(&a, q, k));
                    *a.get_mut(p)?.get_mut(k)? = c * x - s * y;
                    *a.get_mut(q)?.get_mut(k)? = s * x + c * y;
                }
                *a.get_mut(p)?.get_mut(q)? = 0.0;
                *a.get_mut(q)?.get_mut(p)? = 0.0;
            }
        }
    }
    Some(((0..size).map(|i| cell(&a, i, i)).collect(), v))
}
