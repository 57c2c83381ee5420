"""Makes cases.json: requests and what scipy, statsmodels and exact fractions say the answers are.

Versions: Python 3.11, numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0, mpmath 1.4.1.
    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 mpmath==1.4.1
    python make.py > cases.json

Written from the formulas and the libraries, not from the Rust code. What floating point would round away (nearly
all answers alike, 5e12 of them) is calculated in fractions or in numbers of 60 digits (`exact` makes one of either) and
rounded when it is written. Answers are compared key by key, so a case may leave out what the libraries cannot do.
"""

import itertools
import json
import math
from decimal import Decimal, getcontext
from fractions import Fraction as F

import mpmath
import numpy as np
from mpmath import mpf
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep, multinomial_proportions_confint, proportion_confint, proportions_ztest,
)

getcontext().prec = 60
mpmath.mp.dps = 60
LEVELS = {"0.90": 0.10, "0.95": 0.05, "0.99": 0.01}
cases = []


def z_of(alpha):
    return float(stats.norm.isf(alpha / 2))


def case(request, answer):
    cases.append({"request": request, "answer": answer})


def ratio(x):
    return f"{x.numerator}/{x.denominator}"


def fitting(x):
    """A fraction in lowest terms, if it is of a size that is written."""
    return ratio(x) if max(abs(x.numerator), x.denominator) <= 10**37 else None


def exact(x):
    """A number of 60 digits."""
    return mpf(x.numerator) / x.denominator if isinstance(x, F) else mpf(x)


def root(x):
    """The square root of a fraction."""
    return mpmath.sqrt(exact(x))


# A big power of two and one more, which floating point cannot tell apart.
BIG = 2**53 + 1


def name_of(alpha):
    return next(name for name, given in LEVELS.items() if given == alpha)


def by_level(interval):
    return {name: interval(alpha) for name, alpha in LEVELS.items()}


def around(centre, se, quantile):
    return by_level(lambda a: [exact(centre) + sign * quantile(a) * se for sign in (-1, 1)])


# ---- NPS ------------------------------------------------------------------------------------------------------------


def bands(counts):
    return sum(counts[:7]), sum(counts[7:9]), sum(counts[9:])


def nps_variance(d, pa, pr):
    n = d + pa + pr
    p, q = F(pr) / n, F(d) / n
    return p + q - (p - q) ** 2


def tango(pr, d, n, alpha):
    """Tango (1998), by bisection in decimals on his statistic."""
    z = Decimal(repr(z_of(alpha)))
    b, c, n = Decimal(pr), Decimal(d), Decimal(n)

    def statistic(x):
        A, B, C = 2 * n, -b - c + (2 * n - b + c) * x, -c * x * (1 - x)
        q = ((B * B - 4 * A * C).sqrt() - B) / (2 * A)
        v = n * (2 * q + x * (1 - x))
        top = b - c - n * x
        return top / v.sqrt() if v > 0 else (Decimal("inf") if top > 0 else Decimal("-inf") if top < 0 else Decimal(0))

    s = (b - c) / n

    def solve(low, high, target):
        for _ in range(180):
            mid = (low + high) / 2
            if statistic(mid) > target:
                low = mid
            else:
                high = mid
        return float(100 * low)

    tiny = Decimal(10) ** -50
    low = solve(Decimal(-1) + tiny, s, z) if s > -1 else -100.0
    high = solve(s, Decimal(1) - tiny, -z) if s < 1 else 100.0
    return [low, high]


def nps_answer(counts):
    d, pa, pr = bands(counts)
    n = d + pa + pr
    nothing = by_level(lambda alpha: None)
    if n == 0:
        return {"n": 0, "promoters": 0, "passives": 0, "detractors": 0, "score": None, "score_exact": None, "variance": None,
                "se_points": None, "reason": "no_data",
                "ci": {k: nothing for k in ("wald", "trinomial_t", "adjusted_wald", "tango_score", "bonett_price")}}
    v = nps_variance(d, pa, pr)
    score, se = F(100 * (pr - d), n), 100 * root(v / n)
    adjusted = nps_variance(F(d) + F(3, 4), F(pa) + F(3, 2), F(pr) + F(3, 4))
    centre, adjusted_se = F(100 * (pr - d), n + 3), 100 * root(adjusted / (n + 3))
    plus_one, plus_one_se = F(100 * (pr - d), n + 2), 100 * root(nps_variance(d + 1, pa, pr + 1) / (n + 2))
    t_se = 100 * root(v / (n - 1)) if n > 1 else None
    ci = {
        "wald": around(score, se, z_of),
        "trinomial_t": around(score, t_se, lambda a: stats.t.isf(a / 2, n - 1)) if n > 1 else nothing,
        "adjusted_wald": around(centre, adjusted_se, z_of),
        "tango_score": by_level(lambda a: tango(pr, d, n, a)),
        "bonett_price": around(plus_one, plus_one_se, z_of),
    }
    return {"n": n, "promoters": pr, "passives": pa, "detractors": d, "score": score, "score_exact": ratio(score),
            "variance": v, "se_points": se, "ci": ci, "default_ci": ci["bonett_price"] | {"method": "bonett_price"}}


def spread(d, pa, pr):
    """Counts per point with these bands, the edges 6/7 and 8/9 included."""
    return [d // 3, 0, 0, 0, 0, 0, d - d // 3, pa // 2, pa - pa // 2, pr // 2, pr - pr // 2]


NPS_BANDS = [
    (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 5, 0), (0, 0, 6), (0, 0, 100), (40, 0, 0), (0, 200, 0),
    (1, 2, 3), (2, 1, 2), (0, 1, 5), (1, 0, 5), (5, 1, 0), (3, 0, 3), (0, 6, 1), (2, 3, 4), (1, 1, 8), (2, 3, 5),
    (10, 20, 70), (30, 40, 30), (7, 0, 3), (123, 456, 789), (1, 0, 999), (10**9, 0, 1), (0, 1, 10**9 - 1),
    (3 * 10**8, 3 * 10**8, 4 * 10**8), (10**12, 2 * 10**12, 2 * 10**12), (1, 0, 5 * 10**12 - 1), (2**53 + 1, 0, 1),
    (0, 2**53 + 1, 2**53 + 1),
]
for d, pa, pr in NPS_BANDS:
    counts = spread(d, pa, pr)
    case({"kind": "score", "metric": "nps", "scale": {"min": 0, "max": 10}, "counts": counts}, nps_answer(counts))
for ratings in ([6, 7], [8, 9], [6, 9], [7, 8], [0, 10, 10], [9]):
    counts = [ratings.count(point) for point in range(11)]
    case({"kind": "score", "metric": "nps", "ratings": ratings}, nps_answer(counts))

# ---- Shares and means -----------------------------------------------------------------------------------------------


def wilson_ends(x, n, alpha):
    z = exact(z_of(alpha))
    # Where all agree one end is the share itself, which 60 digits would miss by the last.
    margin = z * mpmath.sqrt(exact(F(x * (n - x), n)) + z * z / 4)
    return [100 * (x + z * z / 2 + sign * margin) / (n + z * z) if x != agreed else mpf(100 if x else 0)
            for sign, agreed in ((-1, 0), (1, n))]


def share_ci(x, n):
    none = by_level(lambda a: None)
    if n == 0:
        return {k: none for k in ("wald", "wilson", "agresti_coull", "clopper_pearson", "jeffreys")}

    def wald(p, n):
        return around(100 * p, 100 * root(p * (1 - p) / n), z_of)

    def agresti_coull(a):
        z2 = F(z_of(a)) ** 2
        return wald((x + z2 / 2) / (n + z2), n + z2)[name_of(a)]

    def wilson(a):
        ends = wilson_ends(x, n, a)
        if n < 10**9:
            other = proportion_confint(x, n, alpha=a, method="wilson")
            assert np.allclose([float(e) for e in ends], [100 * e for e in other], rtol=1e-9, atol=1e-9)
        return ends

    def beta(a, shift_low, shift_high, ends):
        low, high = beta_quantile(a / 2, *shift_low, False) if ends or x > 0 else 0.0, \
            beta_quantile(a / 2, *shift_high, True) if ends or x < n else 1.0
        return [100 * low, 100 * high]

    return {
        "wald": wald(F(x, n), n),
        "wilson": by_level(wilson),
        "agresti_coull": by_level(agresti_coull),
        "clopper_pearson": by_level(lambda a: beta(a, (x, n - x + 1), (x + 1, n - x), False)),
        "jeffreys": by_level(lambda a: beta(a, (x + 0.5, n - x + 0.5), (x + 0.5, n - x + 0.5), True)),
    }


def beta_quantile(tail, a, b, upper):
    """By scipy, unless the parameters are so unlike, or so large, that it is off: then the root by mpmath."""
    if min(a, b) > 10**13:
        return beta_quantile_of_many(tail, mpf(a), mpf(b), upper)
    given = float(stats.beta.isf(tail, a, b) if upper else stats.beta.ppf(tail, a, b))
    if max(a, b) < 10**6 or min(a, b) > 10**3:
        return given
    if a > b:
        return 1 - beta_quantile(tail, b, a, not upper)
    chance = 1 - mpf(tail) if upper else mpf(tail)
    found = mpmath.findroot(lambda t: mpmath.betainc(a, b, 0, t / b, regularized=True) - chance, mpf(given) * b)
    return found / b


def beta_quantile_of_many(tail, a, b, upper):
    """Newton's method on the integral of the density, in standard deviations from the mean."""
    mean, sd = a / (a + b), mpmath.sqrt(a * b / (a + b + 1)) / (a + b)

    def density(t):
        return mpmath.exp((a - 1) * mpmath.log1p(t * sd / mean) + (b - 1) * mpmath.log1p(-t * sd / (1 - mean)))

    below = mpmath.quad(density, range(-14, 1))
    total = below + mpmath.quad(density, range(15))
    target = (1 - mpf(tail) if upper else mpf(tail)) * total
    t = mpf(stats.norm.isf(tail) if upper else stats.norm.ppf(tail))
    for _ in range(4):
        t -= (below + mpmath.quad(density, [0, t]) - target) / density(t)
    return mean + t * sd


def moments(low, counts):
    n = sum(counts)
    points = range(low, low + len(counts))
    total = sum(x * c for x, c in zip(points, counts))
    squares = sum(x * x * c for x, c in zip(points, counts))
    mean = F(total, n) if n else None
    variance = (F(squares) - F(total) ** 2 / n) / (n - 1) if n > 1 else None
    return n, mean, variance


def csat_answer(low, counts, direction, top):
    points = len(counts)
    high = low + points - 1
    n, mean, variance = moments(low, counts)
    best, worst = counts[points - top:], counts[:top]
    if direction == "lower_is_better":
        best, worst = worst, best
    favourable, unfavourable = sum(best), sum(worst)
    answer = {"n": n, "favourable": favourable, "unfavourable": unfavourable, "neutral": n - favourable - unfavourable,
              "favourable_ci": share_ci(favourable, n)}
    if n == 0:
        return answer | {"reason": "no_data", "mean": None, "mean_exact": None, "sd": None, "se": None, "pomp": None,
                         "favourable_pct": None, "net_pct": None, "mean_oriented": None,
                         "ci": {"t": by_level(lambda a: None)}}
    oriented = low + high - mean if direction == "lower_is_better" else mean
    se = root(variance / n) if n > 1 else None
    t = around(mean, se, lambda a: stats.t.isf(a / 2, n - 1)) if n > 1 else by_level(lambda a: None)
    return answer | {
        "mean": mean, "mean_exact": ratio(mean), "sd": root(variance) if n > 1 else None, "se": se, "ci": {"t": t},
        "favourable_pct": F(100 * favourable, n), "net_pct": F(100 * (favourable - unfavourable), n),
        "mean_oriented": oriented, "pomp": 100 * (oriented - low) / (high - low),
    }


HIGH, LOW = "higher_is_better", "lower_is_better"
CSAT = [
    ("csat", 1, HIGH, 2, [3, 4, 10, 40, 43]), ("csat", 1, HIGH, 2, [0, 0, 0, 0, 0]), ("csat", 1, HIGH, 2, [0, 0, 0, 0, 1]),
    ("csat", 1, HIGH, 2, [1, 0, 0, 0, 0]), ("csat", 1, HIGH, 2, [0, 0, 0, 0, 25]), ("csat", 1, HIGH, 2, [25, 0, 0, 0, 0]),
    ("csat", 1, HIGH, 1, [3, 4, 10, 40, 43]), ("csat", 1, HIGH, 2, [182, 0, 0, 0, 81]), ("csat", 1, LOW, 2, [3, 4, 10, 40, 43]),
    ("csat", 1, HIGH, 3, [1, 2, 3, 4, 5, 6, 7]), ("csat", 1, HIGH, 2, [1, 2, 3, 4, 5, 6, 7]),
    ("csat", 1, HIGH, 2, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34]), ("csat", 1, HIGH, 5, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34]),
    ("csat", 0, HIGH, 2, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34, 2]), ("csat", 1, HIGH, 1, [5, 7, 11]), ("csat", 1, LOW, 1, [5, 7, 11]),
    ("csat", 1, HIGH, 2, [5, 7, 11, 13]), ("csat", 1, LOW, 2, [5, 7, 11, 13]), ("csat", 1, HIGH, 1, [5, 7, 11, 13]),
    ("csat", 1, LOW, 3, [9, 2, 4, 1, 0, 3, 5]), ("csat", 1, LOW, 2, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34]),
    ("csat", 0, LOW, 2, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34, 2]),
    ("ces1", 1, LOW, 2, [10, 20, 5, 3, 2]), ("ces1", 1, LOW, 1, [10, 20, 5, 3, 2]), ("ces1", 1, LOW, 2, [0, 0, 0, 0, 7]),
    ("ces1", 1, LOW, 2, [1, 0, 0, 0, 0]), ("ces1", 1, LOW, 2, [0, 0, 0, 0, 0]),
    ("ces2", 1, HIGH, 3, [2, 1, 3, 5, 8, 13, 21]), ("ces2", 1, HIGH, 2, [2, 1, 3, 5, 8, 13, 21]),
    ("ces2", 1, HIGH, 3, [0, 0, 0, 0, 0, 0, 9]), ("ces2", 1, HIGH, 3, [0, 0, 0, 1, 0, 0, 0]),
    ("ces2", 1, HIGH, 3, [0, 0, 0, 0, 0, 0, 0]),
    ("star", 1, HIGH, 2, [1, 2, 3, 4, 5]), ("star", 1, HIGH, 1, [0, 0, 0, 1, 999999]), ("star", 1, HIGH, 2, [0, 1, 0, 1, 0]),
    ("star", 1, HIGH, 2, [10**9, 0, 0, 0, 10**9]), ("star", 1, HIGH, 2, [2, 0, 0, 0, 0]),
    ("thumbs", 0, HIGH, 1, [3, 7]), ("thumbs", 0, HIGH, 1, [0, 7]), ("thumbs", 0, HIGH, 1, [7, 0]), ("thumbs", 0, HIGH, 1, [0, 0]),
    ("thumbs", 0, HIGH, 1, [5 * 10**12 - 3, 3]), ("thumbs", 0, HIGH, 1, [25 * 10**11, 25 * 10**11]),
    ("thumbs", 0, HIGH, 1, [10**9 - 1, 1]), ("thumbs", 0, LOW, 1, [3, 7]), ("thumbs", 0, HIGH, 1, [BIG, BIG]),
    ("thumbs", 0, HIGH, 1, [0, 1]), ("thumbs", 0, HIGH, 1, [1, 0]), ("thumbs", 0, LOW, 1, [0, 1]),
    ("star", 1, HIGH, 2, [0, 0, 0, 0, 0]), ("star", 1, HIGH, 2, [0, 0, 1, 0, 0]), ("star", 1, HIGH, 1, [1, 0, 0]),
    ("ces2", 1, HIGH, 3, [0, 0, 0, 0, 1, 0, 0]),
] + [
    (metric, 1, direction, top, [m - m // 2, 0, m // 2, *[0] * (points - 4), 3 * m])
    for metric, direction, top, points in (("csat", HIGH, 2, 5), ("ces1", LOW, 2, 5), ("ces2", HIGH, 3, 7), ("star", HIGH, 2, 5))
    for m in (25 * 10**7, 125 * 10**10, BIG)
]
for metric, low, direction, top, counts in CSAT:
    scale = {"min": low, "max": low + len(counts) - 1}
    case({"kind": "score", "metric": metric, "scale": scale, "direction": direction, "favourable_points": top,
          "counts": counts}, csat_answer(low, counts, direction, top))

# ---- Comparisons ----------------------------------------------------------------------------------------------------


def two_sided(z):
    return mpmath.erfc(abs(exact(z)) / mpmath.sqrt(2))


def welch(difference, va, na, vb, nb):
    """From squared standard errors as fractions."""
    se = root(va + vb)
    if se == 0:
        return None
    df = float((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1)))
    t = exact(difference) / se
    return {"se": se, "t": t, "df": df, "p": float(2 * stats.t.sf(float(abs(t)), df)),
            "ci": around(difference, se, lambda a: stats.t.isf(a / 2, df))}


def compare_nps(a, b):
    n = [sum(a), sum(b)]
    scores = [F(100 * (x[2] - x[0]), m) if m else None for x, m in zip((a, b), n)]
    answer = {"n": n, "scores": scores}
    if 0 in n:
        return answer | {"difference": None, "reason": "no_data", "tests": dict.fromkeys(
            ("wald_z", "welch_t", "adjusted_wald_z", "chi2_groups"))}
    difference = scores[1] - scores[0]
    v = [nps_variance(*x) for x in (a, b)]

    def z_test(difference, se):
        return {"se": se, "z": exact(difference) / se, "p": two_sided(exact(difference) / se),
                "ci": around(difference, se, z_of)} if se > 0 else None

    wald = z_test(difference, 100 * root(v[0] / n[0] + v[1] / n[1]))
    adjusted = [[F(x[0]) + F(3, 4), F(x[1]) + F(3, 2), F(x[2]) + F(3, 4)] for x in (a, b)]
    moved = [100 * (x[2] - x[0]) / sum(x) for x in adjusted]
    se = 100 * root(sum(nps_variance(*x) / sum(x) for x in adjusted))
    difference_adjusted = moved[1] - moved[0]
    adjusted_wald = z_test(difference_adjusted, se) | {"difference": difference_adjusted}
    w = welch(difference, *itertools.chain(*[(10**4 * x / (m - 1), m) for x, m in zip(v, n)])) if min(n) > 1 else None
    used = [i for i in range(3) if a[i] + b[i]]
    chi2 = None
    if len(used) > 1:
        expected = {(k, i): F(n[k] * (a[i] + b[i]), sum(n)) for k in (0, 1) for i in used}
        statistic = sum((x[i] - expected[k, i]) ** 2 / expected[k, i] for k, x in enumerate((a, b)) for i in used)
        chi2 = {"chi2": statistic, "df": len(used) - 1, "p": float(stats.chi2.sf(float(statistic), len(used) - 1))}
        if max(n) < 10**6:
            r = stats.chi2_contingency([[a[i] for i in used], [b[i] for i in used]], correction=False)
            assert np.isclose(r.statistic, float(statistic)) and np.isclose(r.pvalue, chi2["p"])
    return answer | {"difference": difference, "tests": {
        "wald_z": wald, "welch_t": w, "adjusted_wald_z": adjusted_wald, "chi2_groups": chi2}}


for a, b in [
    ((10, 20, 70), (20, 20, 60)), ((0, 0, 0), (1, 2, 3)), ((0, 0, 1), (1, 0, 0)), ((0, 0, 5), (0, 0, 9)), ((5, 0, 5), (0, 10, 0)),
    ((1, 2, 3), (3, 2, 1)), ((0, 0, 20), (1, 0, 19)), ((50, 0, 50), (0, 100, 0)), ((300, 300, 400), (250, 300, 450)),
    ((3 * 10**8, 3 * 10**8, 4 * 10**8), (3 * 10**8 - 10**5, 3 * 10**8, 4 * 10**8 + 10**5)),
    ((10**12, 2 * 10**12, 2 * 10**12), (10**12 - 10**7, 2 * 10**12, 2 * 10**12 + 10**7)), ((0, 7, 0), (0, 0, 7)),
    ((BIG, 0, BIG), (BIG, 0, BIG + 2)), ((BIG, 0, BIG), (BIG, 0, BIG + 1)), ((0, 0, BIG), (0, 1, BIG)), ((0, 0, 1), (BIG, BIG, BIG)),
]:
    case({"kind": "compare", "metric": "nps", "scale": {"min": 0, "max": 10}, "direction": HIGH,
          "counts_a": spread(*a), "counts_b": spread(*b)}, compare_nps(a, b))


def compare_shares(xa, na, xb, nb):
    if 0 in (na, nb):
        return {"difference": None, "reason": "no_data", "tests": dict.fromkeys(("z_pooled", "n_minus_1", "fisher_exact")),
                "ci": {k: by_level(lambda a: None) for k in ("newcombe", "agresti_caffo")}}
    pa, pb = F(xa, na), F(xb, nb)
    pooled = F(xa + xb, na + nb)
    variance = pooled * (1 - pooled) * (F(1, na) + F(1, nb))
    answer = {"counts": [[xa, na], [xb, nb]], "pct": [100 * pa, 100 * pb], "difference": 100 * (pb - pa)}
    tests = {"z_pooled": None, "n_minus_1": None, "fisher_exact": fisher(xa, na, xb, nb)}
    if variance:
        z = exact(pb - pa) / root(variance)
        if max(na, nb) < 10**6:
            assert np.isclose(float(z), proportions_ztest([xb, xa], [nb, na])[0], rtol=1e-9, atol=1e-12)
        z1 = z * root(F(na + nb - 1, na + nb))
        tests |= {"z_pooled": {"z": z, "p": two_sided(z)}, "n_minus_1": {"z": z1, "p": two_sided(z1)}}

    def newcombe(a):
        (la, ua), (lb, ub) = (wilson_ends(x, n, a) for x, n in ((xa, na), (xb, nb)))
        p, q = 100 * exact(pa), 100 * exact(pb)
        ends = [q - p - mpmath.hypot(q - lb, ua - p), q - p + mpmath.hypot(ub - q, p - la)]
        if max(na, nb) < 10**6:
            other = confint_proportions_2indep(xb, nb, xa, na, method="newcomb", compare="diff", alpha=a)
            assert np.allclose([float(e) for e in ends], [100 * e for e in other], rtol=1e-9, atol=1e-9)
        return ends

    p, q = F(xa + 1, na + 2), F(xb + 1, nb + 2)
    caffo = around(100 * (q - p), 100 * root(p * (1 - p) / (na + 2) + q * (1 - q) / (nb + 2)), z_of)
    return answer | {"tests": tests, "ci": {"newcombe": by_level(newcombe), "agresti_caffo": caffo}}


def fisher(xa, na, xb, nb):
    """The chance of all tables no likelier than this one: by scipy, or for more answers table by table."""
    if max(na, nb) < 10**5:
        return {"p": float(stats.fisher_exact([[xa, na - xa], [xb, nb - xb]])[1])}
    yes, n = xa + xb, na + nb
    first, last = max(0, yes - nb), min(yes, na)
    if 39 * root(F(na * nb * yes * (n - yes), n**3)) > 10**6:
        return {"p": None, "reason": "counts_too_large"}

    def up(k):
        return mpf((na - k) * (yes - k)) / ((k + 1) * (nb - yes + k + 1))

    # Chances relative to this table's, on the way to both ends. Tables that are alike differ by the last of 60 digits.
    alike, rare, total = 1 + mpf(10) ** -40, mpf(1), mpf(1)
    for step in (1, -1):
        k, weight, peak = xa, mpf(1), mpf(1)
        while first <= k + step <= last:
            weight = weight * up(k) if step > 0 else weight / up(k - 1)
            k += step
            peak = max(peak, weight)
            total += weight
            rare += weight if weight <= alike else 0
            if weight < mpf(10) ** -30 * min(peak, 1):
                break
    return {"p": rare / total}


for xa, na, xb, nb in [
    (56, 70, 48, 80), (9, 10, 3, 10), (0, 10, 0, 20), (10, 10, 20, 20), (0, 0, 3, 5), (0, 1, 1, 1), (6, 7, 2, 7), (5, 56, 0, 29),
    (81, 263, 15, 148), (0, 10, 10, 10), (500, 1000, 520, 1000), (1, 1000, 9, 1000), (5 * 10**8, 10**9, 5 * 10**8 + 31000, 10**9),
    (25 * 10**11, 5 * 10**12, 25 * 10**11 + 3 * 10**6, 5 * 10**12), (3, 4, 1, 4), (BIG, 2**54, BIG + 10**8, 2**54),
    (2**53, BIG, BIG, BIG), (BIG - 2, BIG, BIG, BIG), (3, 4, 2**52 + 1, BIG), (1, 1, BIG - 1, BIG), (25 * 10**11, 5 * 10**12, 25 * 10**11 + 3 * 10**4, 5 * 10**12),
    (30, 10**9, 55, 10**9), (9, 5 * 10**12, 0, 5 * 10**12), (5 * 10**5, 10**6, 501234, 10**6), (2 * 10**9, 4 * 10**9, 2 * 10**9 + 10**5, 4 * 10**9),
    (10**5, 10**9, 99000, 10**9), (70, 10**5, 90, 3 * 10**5), (1, 1, 0, 1),
]:
    case({"kind": "compare", "metric": "csat", "a": [xa, na], "b": [xb, nb]}, compare_shares(xa, na, xb, nb))


def compare_means(low, a, b):
    (na, ma, va), (nb, mb, vb) = moments(low, a), moments(low, b)
    if 0 in (na, nb):
        return {"difference": None, "reason": "no_data", "welch_t": None, "cliffs_delta": None, "prob_superiority": None,
                "mann_whitney": None, "mann_whitney_cc": None}
    answer = {"means": [ma, mb], "difference": mb - ma}
    higher = sum(b[j] * a[i] for j in range(len(b)) for i in range(j))
    lower = sum(b[j] * a[i] for j in range(len(b)) for i in range(j + 1, len(a)))
    tied = sum(x * y for x, y in zip(a, b))
    u = higher + F(tied, 2)
    answer |= {"cliffs_delta": F(higher - lower, na * nb), "prob_superiority": u / (na * nb),
               "welch_t": welch(mb - ma, va / na, na, vb / nb, nb) if min(na, nb) > 1 else None}
    n = na + nb
    ties = sum((x + y) ** 3 - (x + y) for x, y in zip(a, b))
    variance = F(na * nb, 12) * (n + 1 - F(ties, n * (n - 1)))
    apart = abs(u - F(na * nb, 2))
    for name, distance in (("mann_whitney", apart), ("mann_whitney_cc", max(apart - F(1, 2), F(0)))):
        p = two_sided(exact(distance) / root(variance)) if variance else None
        answer[name] = {"U": u, "p": p}
        if n < 10**5 and variance:
            x, y = ([p for p, c in enumerate(k) for _ in range(c)] for k in (a, b))
            other = stats.mannwhitneyu(y, x, use_continuity=name.endswith("cc"), method="asymptotic")
            assert np.isclose(other.statistic, float(u)) and np.isclose(other.pvalue, float(p), rtol=1e-9), (other, u, p)
    return answer


for low, a, b in [
    (1, [3, 4, 10, 40, 43], [5, 8, 12, 40, 35]), (1, [0, 0, 0, 0, 0], [1, 2, 3, 4, 5]), (1, [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]),
    (1, [0, 0, 0, 0, 9], [0, 0, 0, 0, 9]), (1, [0, 0, 9, 0, 0], [0, 0, 0, 0, 9]), (1, [1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1]),
    (0, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34, 2], [0, 0, 1, 1, 2, 3, 5, 8, 13, 21, 34]), (0, [3, 7], [6, 4]), (1, [5, 7, 11], [11, 7, 5]),
    (1, [10**8, 2 * 10**8, 3 * 10**8], [10**8 + 5000, 2 * 10**8, 3 * 10**8 + 9000]), (1, [1, 1, 1, 1], [2, 2, 2, 2]),
    (1, [10**12, 2 * 10**12, 2 * 10**12], [10**12 - 10**6, 2 * 10**12, 2 * 10**12 + 10**6]),
    (1, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34], [34, 21, 13, 8, 5, 3, 0, 2, 0, 1]), (1, [0, 1, 0, 0, 0], [2, 1, 1, 0, 0]),
    (1, [BIG, 0, BIG], [BIG, 1, BIG]), (0, [BIG, BIG], [BIG, BIG + 1]), (1, [0, 0, 0, 0, 1], [10**9, 0, 0, 0, 5 * 10**12]),
    (1, [5 * 10**12 - 1, 1], [5 * 10**12, 2]),
]:
    for direction in (None, HIGH, LOW):
        request = {"kind": "compare", "metric": "mean", "scale_min": low, "counts_a": a, "counts_b": b}
        request |= {"direction": direction} if direction else {}
        case(request, compare_means(low, a, b) | {"receipt": {"direction": direction or HIGH}})

for p in ([0.01, 0.02, 0.03, 0.04, 0.05], [0.001], [0.04, 0.01, 0.5, 0.01, 0.9, 0.03], [0.0, 1.0, 0.5], [1.0, 1.0], [0.2, 0.2, 0.2],
          [1e-300, 1e-12, 0.049], [0.05 / k for k in range(1, 31)]):
    case({"kind": "multiplicity", "p": p}, {
        ours: [float(x) for x in multipletests(p, method=theirs)[1]]
        for ours, theirs in (("bonferroni", "bonferroni"), ("sidak", "sidak"), ("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by"))
        if not (ours == "sidak" and min(p) < 1e-9)})
case({"kind": "multiplicity", "p": []}, {"holm": [], "reason": "no_data"})

for counts in ([56, 72, 73, 59, 62, 87, 58], [10, 20, 70], [0, 5, 10], [1, 0, 0], [3, 7], [0, 0, 0], [10**9, 1, 2 * 10**9],
               [10**12, 2 * 10**12, 2 * 10**12], [BIG, 1, BIG], [5 * 10**12 - 1, 1], [0, 1]):
    n = sum(counts)
    if n == 0:
        case({"kind": "shares", "counts": counts}, {"pct": [None] * 3, "goodman": by_level(lambda a: None), "reason": "no_data"})
        continue

    def goodman(a):
        z2 = Decimal(repr(float(stats.norm.isf(a / len(counts) / 2)))) ** 2
        ends = []
        for c in map(Decimal, counts):
            r = (z2 * (z2 + 4 * c * (n - c) / n)).sqrt()
            ends.append([float(100 * (z2 + 2 * c + s * r) / (2 * (n + z2))) for s in (-1, 1)])
        if n < 10**6:
            other = 100 * multinomial_proportions_confint(counts, a, method="goodman")
            assert np.allclose(ends, other, rtol=1e-8, atol=1e-9), (ends, other)
        return ends

    case({"kind": "shares", "counts": counts}, {"pct": [F(100 * c, n) for c in counts], "goodman": by_level(goodman)})

# ---- Sample sizes ---------------------------------------------------------------------------------------------------

for variance, margin, level, population in [
    (0.25, 0.05, 0.95, 1000), (0.25, 0.05, 0.95, None), (0.7, 0.05, 0.95, None), (0.7, 0.1, 0.99, 250), (1.0, 0.01, 0.90, None),
    (0.25, 0.05, 0.95, 1), (0.0, 0.05, 0.95, None), (0.6, 0.03, 0.999, 10**9), (0.25, 0.03, 0.8, 5 * 10**12),
    (0.0, 0.05, 0.95, 1), (1e-30, 0.05, 0.95, 1), (0.5, 1e-6, 0.95, BIG),
]:
    n = exact(stats.norm.isf((1 - level) / 2)) ** 2 * variance / exact(margin) ** 2
    n = n / (1 + (n - 1) / population) if population and n else n
    case({"kind": "sample_size", "variance": variance, "margin": margin, "level": level, "population": population},
         {"n_exact": n, "n": math.ceil(float(n))})
for va, vb, difference, alpha, power in [
    (0.6, 0.6, 0.1, 0.05, 0.8), (0.25, 0.21, 0.05, 0.05, 0.9), (1.0, 0.5, -0.2, 0.01, 0.8), (0.6, 0.6, 0.001, 0.1, 0.95),
    (0.0, 0.4, 0.3, 0.05, 0.5), (0.7, 0.7, 2.0, 0.05, 0.8),
]:
    n = (stats.norm.isf(alpha / 2) + stats.norm.ppf(power)) ** 2 * (va + vb) / difference**2
    case({"kind": "sample_size", "variance_a": va, "variance_b": vb, "difference": difference, "alpha": alpha, "power": power},
         {"n_per_group_exact": float(n), "n_per_group": math.ceil(n)})

# ---- Who is missing -------------------------------------------------------------------------------------------------

for strata in [
    [(10, 20, 70, 1000), (30, 40, 30, 3000)], [(1, 2, 3, 6), (3, 2, 1, 600)], [(5, 5, 5, 100)], [(0, 0, 9, 90), (9, 0, 0, 910)],
    [(10, 20, 30, 500), (4, 5, 6, 700), (1, 0, 1, 20)], [(3 * 10**5, 3 * 10**5, 4 * 10**5, 10**9), (1, 1, 1, 5 * 10**12)],
    [(0, 0, 1, 10), (2, 3, 4, 90)], [(0, 0, 0, 10), (2, 3, 4, 90)], [(0, 0, 0, 10)], [(0, 1, 0, 1)],
    [(10**9, 0, 10**9 + 1, 5 * 10**12), (10**12, 10**12, 10**12 - 1, 4 * 10**12)], [(BIG, 0, BIG + 1, 2**55), (BIG + 1, 1, BIG, 2**55 + 3)],
]:
    request = {"kind": "weighting", "metric": "nps", "strata": [
        dict(zip(("detractors", "passives", "promoters", "population"), row)) for row in strata]}
    n = [sum(row[:3]) for row in strata]
    people = sum(row[3] for row in strata)
    scores = [F(100 * (row[2] - row[0]), m) if m else None for row, m in zip(strata, n)]
    unweighted = F(100 * sum(row[2] - row[0] for row in strata), sum(n)) if any(n) else None
    answer = {"unweighted": unweighted, "stratum_scores": scores}
    if 0 in n:
        case(request, answer | {"weighted": None, "se_points": None, "reason": "no_data"})
        continue
    weighted = sum(F(row[3], people) * score for row, score in zip(strata, scores))
    n_eff = people**2 / sum(F(row[3] ** 2, m) for row, m in zip(strata, n))
    answer |= {"weighted": weighted, "kish_n_eff": n_eff, "kish_deff": sum(n) / n_eff, "receipt": {"exact": fitting(weighted)}}
    answer |= {"se_points": None, "se_points_fpc": None, "ci95_fpc": None}
    if min(n) > 1:
        parts = [(F(row[3], people) ** 2 * nps_variance(*row[:3]) / (m - 1), 1 - F(m, row[3])) for row, m in zip(strata, n)]
        fpc = 100 * root(sum(part * left for part, left in parts))
        answer |= {"se_points": 100 * root(sum(part for part, _ in parts)), "se_points_fpc": fpc,
                   "ci95_fpc": around(weighted, fpc, z_of)["0.95"]}
    case(request, answer)

for pr, pa, d, invited in [(70, 20, 10, 200), (0, 0, 0, 50), (1, 0, 0, 1), (5, 3, 2, 1000), (4 * 10**8, 3 * 10**8, 3 * 10**8, 5 * 10**12),
                           (0, 0, 0, 0), (BIG, 0, 0, 2**54)]:
    n = pr + pa + d
    silent = invited - n
    case({"kind": "nonresponse_bounds", "promoters": pr, "passives": pa, "detractors": d, "invited": invited}, {
        "respondent_score": F(100 * (pr - d), n) if n else None, "response_rate": F(n, invited) if invited else None,
        "bounds": [F(100 * (pr - d - silent), invited), F(100 * (pr - d + silent), invited)] if invited else None})

# ---- Why it moved ---------------------------------------------------------------------------------------------------

for a, b in [
    ([[10, 20, 70], [30, 40, 30]], [[20, 20, 60], [10, 20, 30]]), ([[1, 1, 1]], [[0, 1, 2]]), ([[1, 2, 3], [0, 0, 0]], [[3, 2, 1], [4, 4, 4]]),
    ([[5, 5, 5], [1, 0, 9]], [[10, 10, 10], [2, 0, 18]]), ([[0, 0, 6], [6, 0, 0]], [[0, 0, 600], [1, 0, 0]]), ([[0, 0, 0]], [[1, 1, 1]]),
    ([[10**9, 0, 2 * 10**9], [10**12, 10**12, 3 * 10**12]], [[10**9, 1, 10**9], [10**12, 0, 2 * 10**12]]),
    ([[1, 0, 0]], [[0, 0, 1]]), ([[1, 0, 0]], [[1, 0, 0]]), ([[0, 0, 0]], [[0, 0, 0]]), ([[BIG, 0, BIG]], [[BIG, 0, BIG + 1]]),
    ([[10**12, 2 * 10**12, 2 * 10**12], [25 * 10**11, 1, 25 * 10**11 - 1]], [[10**12, 2 * 10**12, 2 * 10**12 + 1], [25 * 10**11 - 1, 1, 25 * 10**11]]),
    ([[BIG, 5, BIG], [3, BIG, 4], [1, 1, 1]], [[BIG, 6, BIG], [3, BIG, 5], [0, 0, 0]]), ([[1, 0, 1], [5 * 10**12, 0, 5 * 10**12]], [[1, 0, 1], [5 * 10**12, 0, 5 * 10**12 + 1]]),
]:
    request = {"kind": "decompose", "metric": "nps", "segments_a": a, "segments_b": b}
    na, nb = (sum(map(sum, x)) for x in (a, b))
    if 0 in (na, nb):
        case(request, {"change": None, "reason": "no_data"})
        continue
    score = lambda x: F(100 * (x[2] - x[0]), sum(x)) if sum(x) else None
    parts = []
    for x, y in zip(a, b):
        sx, sy = score(x), score(y)
        sx, sy = (sy if sx is None else sx), (sx if sy is None else sy)
        wx, wy = F(sum(x), na), F(sum(y), nb)
        parts.append([(wy - wx) * (sx + sy) / 2, (sy - sx) * (wx + wy) / 2])
    total = [score([sum(k) for k in zip(*x)]) for x in (a, b)]
    mix, within = (sum(k) for k in zip(*parts))
    assert mix + within == total[1] - total[0]
    change = total[1] - total[0]
    answer = {"score_a": total[0], "score_b": total[1], "change": change, "mix": mix, "within": within, "per_segment_mix_within": parts}
    case(request, answer | {"receipt": {"exact": fitting(change)}})

for t, u in [([20, 5, 5], [10, 20, 70]), ([1, 0, 0], [0, 0, 1]), ([0, 0, 0], [1, 2, 3]), ([0, 0, 5], [0, 0, 50]), ([3, 4, 5], [5, 4, 3]),
             ([10**9, 0, 0], [10**12, 2 * 10**12, 2 * 10**12]), ([50, 20, 30], [500, 300, 900]),
             ([BIG, 0, BIG], [BIG, 0, BIG + 2]), ([0, 1, 0], [BIG, BIG, BIG + 1]), ([25 * 10**11, 0, 25 * 10**11], [10**12, 0, 10**12 + 1]),
             ([0, 0, 1], [0, 0, 1]), ([10**9, 1, 10**9 + 1], [10**9, 1, 10**9 + 3])]:
    request = {"kind": "tag_impact", "metric": "nps", "with_tag": t, "without_tag": u}
    nt, nu = sum(t), sum(u)
    if 0 in (nt, nu):
        case(request, {"impact": None, "se": None, "reason": "no_data"})
        continue
    st, su = F(t[2] - t[0], nt), F(u[2] - u[0], nu)
    pi, n = F(nt, nt + nu), nt + nu
    se = 100 * root(pi**2 * (nps_variance(*t) / nt + nps_variance(*u) / nu) + (st - su) ** 2 * pi * (1 - pi) / n)
    impact = 100 * pi * (st - su)
    case(request, {"score_all": F(100 * (t[2] + u[2] - t[0] - u[0]), n), "score_with": 100 * st, "score_without": 100 * su,
                   "share": pi, "impact": impact, "se": se, "ci": around(impact, se, z_of), "receipt": {"exact": fitting(impact)}})


def drivers(R, r):
    R, r = np.array(R), np.array(r)
    k = len(r)
    r2 = lambda s: float(r[list(s)] @ np.linalg.solve(R[np.ix_(s, s)], r[list(s)])) if s else 0.0
    lmg = np.zeros(k)
    for order in itertools.permutations(range(k)):
        for i, x in enumerate(order):
            lmg[x] += r2(order[: i + 1]) - r2(order[:i])
    lmg /= math.factorial(k)
    values, vectors = np.linalg.eigh(R)
    L = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    return {"r2": r2(tuple(range(k))), "lmg": lmg.tolist(), "lmg_share": (lmg / lmg.sum()).tolist() if lmg.sum() else [None] * k,
            "johnson_rw": ((L**2) @ (np.linalg.solve(L, r) ** 2)).tolist()}


IRIS = ([[1, -0.4284401043305398], [-0.4284401043305398, 1]], [-0.1175697841330022, 0.8717537758865831])
for R, r in [
    IRIS, ([[1]], [0.5]), ([[1, 0], [0, 1]], [0.3, 0.4]), ([[1, 0.5], [0.5, 1]], [0.6, 0.6]), ([[1, 0.3], [0.3, 1]], [0.0, 0.0]),
    ([[1, 0.4, 0.2], [0.4, 1, 0.3], [0.2, 0.3, 1]], [0.5, 0.6, 0.1]),
    ([[1, 0.4, 0.2, 0.1], [0.4, 1, 0.3, -0.2], [0.2, 0.3, 1, 0.25], [0.1, -0.2, 0.25, 1]], [0.5, 0.4, 0.45, 0.2]),
    ([[1 if i == j else 0.99 for j in range(5)] for i in range(5)], [0.7, 0.71, 0.69, 0.7, 0.72]),
]:
    case({"kind": "drivers", "R_xx": R, "r_xy": r}, drivers(R, r))

# ---- Watching -------------------------------------------------------------------------------------------------------

MONTGOMERY = [9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31,
              8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52]
for x, mu, sigma, lam, L in [(MONTGOMERY, 10, 1, 0.1, 2.7), (MONTGOMERY, 10, 1, 0.2, 3), ([], 0, 1, 0.2, 3), ([5], 0, 1, 1, 3),
                             ([0, 0, 50, 60, -10], 0, 20, 0.3, 2.5), ([1e9, 1e9 + 4, 1e9 + 9], 1e9, 2, 0.4, 3),
                             ([0.5, -0.2, 3.0], 0, 1, 1e-9, 3), ([5e12, 5e12 + 8], 5e12, 3, 1e-5, 3), ([9, 8, 7], 8, 1, 1, 2)]:
    lam_, lam = lam, exact(lam)
    z, zs, limits, alarm = exact(mu), [], [], None
    for t, v in enumerate(x, 1):
        z = lam * v + (1 - lam) * z
        m = L * sigma * mpmath.sqrt(lam / (2 - lam) * (1 - (1 - lam) ** (2 * t)))
        zs.append(z)
        limits.append([mu - m, mu + m])
        if alarm is None and not mu - m <= z <= mu + m:
            alarm = t
    case({"kind": "monitor", "x": x, "mu": mu, "sigma": sigma, "lam": lam_, "L": L}, {"z": zs, "limits": limits, "first_alarm": alarm})
for x, mu, sigma, k, h in [(MONTGOMERY, 10, 1, 0.5, 5), (MONTGOMERY, 10, 2, 0.25, 4), ([], 0, 1, 0.5, 5), ([-9], 0, 1, 0.5, 5),
                           ([0, 0, 50, 60, -10], 0, 20, 0.5, 4)]:
    up = down = 0.0
    c, alarm = [], None
    for t, v in enumerate(x, 1):
        up, down = max(0.0, v - (mu + k * sigma) + up), max(0.0, (mu - k * sigma) - v + down)
        c.append([up, down])
        if alarm is None and max(up, down) > h * sigma:
            alarm = t
    case({"kind": "monitor", "x": x, "mu": mu, "sigma": sigma, "k": k, "h": h}, {"c": c, "first_alarm": alarm})
for satisfied, n, p0 in [([80, 75, 90, 40], [100, 100, 110, 90], None), ([0, 5], [10, 10], 0.5), ([9, 0, 9], [10, 0, 10], None), ([], [], None),
                         ([0, 0], [0, 0], None), ([1, 5 * 10**8], [1, 10**9], 0.5), ([3, 3], [3, 3], None), ([0], [1], None),
                         ([2**53], [BIG], None), ([2**53, BIG, 0], [BIG, BIG, 3], None), ([25 * 10**11 + 7, 10**12], [5 * 10**12, 2 * 10**12], None)]:
    center = F(p0) if p0 is not None else (F(sum(satisfied), sum(n)) if sum(n) else None)
    points = []
    for s, m in zip(satisfied, n):
        if m == 0:
            points.append({"p": None, "lcl": None, "ucl": None, "out": False})
            continue
        w, p = 3 * root(center * (1 - center) / m), exact(F(s, m))
        points.append({"p": p, "lcl": exact(center) - w, "ucl": exact(center) + w, "out": abs(p - exact(center)) > w})
    request = {"kind": "monitor", "satisfied": satisfied, "n": n} | ({"p0": p0} if p0 is not None else {})
    case(request, {"center": center, "points": points, "first_alarm": next((i for i, p in enumerate(points, 1) if p["out"]), None)})
for weeks, mu, variance, lam, L in [
    ([[10, 20, 70], [20, 20, 60], [30, 30, 40], [40, 30, 30]], 55, 0.6, 0.2, 3), ([[1, 1, 1], [0, 0, 0], [5, 0, 0]], 30, 0.7, 0.3, 2.7),
    ([], 0, 0.6, 0.2, 3), ([[0, 0, 0]], 10, 0.6, 0.2, 3), ([[0, 0, 10**9], [10**12, 2 * 10**12, 2 * 10**12]], 20, 0.5, 0.4, 3),
    ([[0, 0, 1]], 0, 1, 1, 3), ([[BIG, 1, BIG + 1], [0, 0, BIG], [0, 1, 0]], 0, 0.5, 0.25, 3),
]:
    z, v, points = F(mu), F(0), []
    for d, pa, pr in weeks:
        n = d + pa + pr
        if n:
            z = F(lam) * F(100 * (pr - d), n) + (1 - F(lam)) * z
            v = F(lam) ** 2 * 10**4 * F(variance) / n + (1 - F(lam)) ** 2 * v
        points.append({"n": n, "z": z, "lcl": mu - L * root(v), "ucl": mu + L * root(v)})
    alarm = next((i for i, p in enumerate(points, 1) if not p["lcl"] <= exact(p["z"]) <= p["ucl"]), None)
    case({"kind": "monitor", "weeks": weeks, "mu": mu, "variance": variance, "lam": lam, "L": L}, {"points": points, "first_alarm": alarm})

for weeks, mu, variance, k, h in [
    ([[10, 20, 70], [20, 20, 60], [30, 30, 40], [40, 30, 30]], 55, 0.6, 0.5, 5), ([[1, 1, 1], [0, 0, 0], [5, 0, 0]], 30, 0.7, 0.5, 4),
    ([], 0, 0.6, 0.5, 4), ([[0, 0, 0]], 10, 0.6, 0.25, 4), ([[0, 0, 10**9], [10**12, 2 * 10**12, 2 * 10**12]], 20, 0.5, 0, 4),
    ([[0, 1, 0]], 0, 0.5, 0.5, 4), ([[BIG, 0, BIG + 1], [10**12, 1, 10**12 + 1]], 0, 1, 0, 4), ([[10**9, 0, 10**9 + 1]], 1e-8, 1, 0.5, 4),
]:
    up = down = mpf(0)
    c = []
    for d, pa, pr in weeks:
        n = d + pa + pr
        if n:
            x = exact(F(100 * (pr - d), n) - F(mu)) / (100 * root(F(variance) / n))
            up, down = max(mpf(0), x - k + up), max(mpf(0), -x - k + down)
        c.append([up, down])
    alarm = next((i for i, p in enumerate(c, 1) if max(p) > h), None)
    case({"kind": "monitor", "weeks": weeks, "mu": mu, "variance": variance, "k": k, "h": h}, {"c": c, "first_alarm": alarm})

for pr, pa, d, alpha, rho in [(70, 20, 10, 0.05, 0.1), (7, 2, 1, 0.05, 0.3), (0, 0, 0, 0.05, 0.1), (1, 0, 0, 0.05, 0.1), (400, 300, 300, 0.01, 0.05),
                              (2 * 10**12, 2 * 10**12, 10**12, 0.05, 0.001), (0, 9, 0, 0.1, 1),
                              (0, 0, 1, 0.05, 0.1), (4 * 10**8, 3 * 10**8, 3 * 10**8, 0.05, 0.01), (BIG, 1, BIG - 2, 0.05, 1e-6), (BIG, 0, 0, 0.05, 1e-6)]:
    n = pr + pa + d
    request = {"kind": "anytime", "promoters": pr, "passives": pa, "detractors": d, "alpha": alpha, "rho": rho}
    if n == 0:
        case(request, {"score": None, "half_width": None, "ci": None, "reason": "no_data"})
        continue
    g = n * exact(rho) ** 2 + 1
    variance = nps_variance(d, pa, pr)
    half = 100 * root(variance) * mpmath.sqrt(2 * g / (n * exact(rho)) ** 2 * mpmath.log(mpmath.sqrt(g) / alpha))
    score = F(100 * (pr - d), n)
    answer = {"score": score, "half_width": half, "ci": [exact(score) - half, exact(score) + half]}
    case(request, answer | ({} if variance else {"reason": "no_spread"}))

for y1, n1, y2, n2, aw, a0 in [(30, 1000, 5, 800, 1.0, 500.0), (0, 100, 7, 100, 0.5, 50.0), (0, 0, 0, 0, 0.1, 10.0), (5, 5, 0, 9, 0.01, 1.0),
                               (10**6, 10**9, 10**6 + 5000, 10**9, 10.0, 10**4), (12, 345, 12, 345, 2.0, 80.0), (1, 1, 0, 1, 1.0, 3.0),
                               (10**6, 5 * 10**12, 10**6 + 1, 5 * 10**12, 1.0, 2000.0), (BIG, 2 * BIG, BIG - 1, 2 * BIG, 0.1, 10.0), (BIG, 2 * BIG, BIG, 2 * BIG + 1, 0.7, 9.3),
                               (10**9, 3 * 10**9, 10**9 + 1, 3 * 10**9 + 3, 0.3, 0.9)]:
    odds = [exact((F(y) + F(aw)) / (F(n) + F(a0) - F(y) - F(aw))) for y, n in ((y1, n1), (y2, n2))]
    delta = mpmath.log(odds[0] / odds[1])
    variance = 1 / (F(y1) + F(aw)) + 1 / (F(y2) + F(aw))
    case({"kind": "keyword", "y_promoter": y1, "n_promoter": n1, "y_detractor": y2, "n_detractor": n2, "alpha_w": aw, "alpha_0": a0},
         {"delta": delta, "variance": variance, "z": delta / root(variance)})

# ---- Operations and display -----------------------------------------------------------------------------------------

pct = lambda a, b: F(100 * a, b) if b else None
for s, e, n in [(100, 110, 30), (3, 2, 1), (0, 0, 0), (10**9, 10**9, 1), (5 * 10**12, 1, 1), (7, 7, 0), (BIG, BIG + 4, 5)]:
    case({"kind": "operational", "start": s, "end": e, "new": n}, {"retention_pct": pct(e - n, s), "churn_pct": pct(s - e + n, s)})
for s, e in [(100, 130), (3, 2), (0, 5), (10**9, 1), (2**53 + 1, 2**53 + 2)]:
    case({"kind": "operational", "start": s, "end": e}, {"retention_pct": pct(e, s), "flag": "may_pass_100"})
for r, t in [(70, 100), (0, 3), (0, 0), (3, 3), (1, 1), (10**9 - 1, 10**9), (5 * 10**12 - 1, 5 * 10**12), (2**53, BIG)]:
    case({"kind": "operational", "resolved_first_contact": r, "total": t}, {"fcr_pct": pct(r, t)})
for m, r, hours in [(1234, 10, None), (0, 5, "calendar"), (90, 0, "business"), (10.5, 4, None), (5 * 10**12, 7, None), (7, 1, None), (BIG, BIG, None)]:
    request = {"kind": "operational", "total_minutes": m, "resolved": r} | ({"hours": hours} if hours else {})
    case(request, {"art_minutes": F(m) / r if r else None, "hours": hours})
for r, c in [(20, 80), (0, 0), (1, 3), (7, 7), (1, 1), (1, 10**9), (1, 5 * 10**12), (2**53, BIG)]:
    case({"kind": "operational", "referring_customers": r, "customers": c}, {"referral_pct": pct(r, c)})
for m, r, i in [(100, 0.8, 0.1), (50, 0.0, 0.0), (10, 0.99, 0.01), (200, 1.0, 0.12), (-5, 0.5, 0.1)]:
    # The sum itself, period by period.
    total = sum(m * (r / (1 + i)) ** t for t in range(1, 20000))
    case({"kind": "operational", "margin": m, "retention": r, "discount": i}, {"lifetime_value": total})


def half_away(x, decimals):
    scaled = abs(x) * 10**decimals
    whole = scaled.numerator // scaled.denominator
    whole += scaled - whole >= F(1, 2)
    text = str(whole).rjust(decimals + 1, "0")
    text = text[:-decimals] + "." + text[-decimals:] if decimals else text
    return ("-" if x < 0 and whole else "") + text


for x, decimals in [("1/2", 0), ("-1/2", 0), ("-1/3", 0), ("5/2", 0), ("25/1", 1), ("-25/200", 2), ("100/3", 1), ("199/2", 0), ("0/7", 2),
                    ("-1/300", 2), ("9007199254740993/2", 0), ("-1999/20", 1), ("7", 3), ("1/7", 30), ("500000000000000/5000000000001", 4)]:
    case({"kind": "display", "value": x, "decimals": decimals, "rule": "half_away_from_zero"}, {"text": half_away(F(x), decimals)})

# ---- Refusals -------------------------------------------------------------------------------------------------------

for request, code, field in [
    ({"kind": "score", "metric": "nps", "scale": {"min": 1, "max": 10}, "counts": [1] * 10}, "bad_scale", "scale"),
    ({"kind": "score", "metric": "nps", "direction": LOW, "counts": [1] * 11}, "wrong_direction", "direction"),
    ({"kind": "score", "metric": "nps", "ratings": [6.5]}, "off_scale", "ratings"),
    ({"kind": "score", "metric": "nps", "ratings": [11]}, "off_scale", "ratings"),
    ({"kind": "score", "metric": "nps", "counts": [1] * 10}, "wrong_length", "counts"),
    ({"kind": "score", "metric": "nps", "counts": [-1] + [0] * 10}, "out_of_range", "counts"),
    ({"kind": "score", "metric": "nps", "counts": [2**64 - 1, 1] + [0] * 9}, "overflow", "counts"),
    ({"kind": "score", "metric": "nps", "counts": [2**64] + [0] * 10}, "overflow", "counts"),
    ({"kind": "score", "metric": "nps", "counts": [0.5] + [0] * 10}, "wrong_type", "counts"),
    ({"kind": "score", "metric": "nps"}, "missing_field", "counts"),
    ({"kind": "score", "metric": "ces", "counts": [1] * 7}, "unknown_metric", "metric"),
    ({"kind": "score", "metric": "ces1", "direction": HIGH, "counts": [1] * 5}, "wrong_direction", "direction"),
    ({"kind": "score", "metric": "ces2", "counts": [1] * 7}, "missing_field", "favourable_points"),
    ({"kind": "score", "metric": "csat", "favourable_points": 3, "counts": [1] * 5}, "out_of_range", "favourable_points"),
    ({"kind": "score", "metric": "csat", "scale": {"min": 2, "max": 6}, "counts": [1] * 5}, "bad_scale", "scale"),
    ({"kind": "score", "metric": "csat", "counts": [1] * 5, "ratings": [1]}, "ambiguous", "ratings"),
    ({"kind": "compare", "metric": "csat", "a": [3, 2], "b": [1, 2]}, "out_of_range", "a"),
    ({"kind": "compare", "metric": "mean", "scale_min": 2, "counts_a": [1, 1], "counts_b": [1, 1]}, "bad_scale", "scale_min"),
    ({"kind": "compare", "metric": "mean", "scale_min": 1, "counts_a": [1, 1], "counts_b": [1, 1, 1]}, "wrong_length", "counts_b"),
    ({"kind": "multiplicity", "p": [1.5]}, "out_of_range", "p"),
    ({"kind": "sample_size", "variance": 0.25, "margin": 0, "level": 0.95}, "out_of_range", "margin"),
    ({"kind": "nonresponse_bounds", "promoters": 1, "passives": 1, "detractors": 1, "invited": 2}, "out_of_range", "invited"),
    ({"kind": "drivers", "R_xx": [[1, 1], [1, 1]], "r_xy": [0.5, 0.5]}, "out_of_range", "R_xx"),
    ({"kind": "drivers", "R_xx": [[1]], "r_xy": [0.5, 0.5]}, "wrong_length", "R_xx"),
    ({"kind": "anytime", "promoters": 1, "passives": 1, "detractors": 1, "alpha": 0, "rho": 0.1}, "out_of_range", "alpha"),
    ({"kind": "operational"}, "missing_field", None),
    ({"kind": "operational", "start": 10, "end": 5, "new": 6}, "out_of_range", "new"),
    ({"kind": "operational", "margin": 1, "retention": 1, "discount": 0}, "out_of_range", "retention"),
    ({"kind": "score", "metric": "csat", "scale": {"min": 1}, "counts": [1] * 5}, "missing_field", "scale"),
    ({"kind": "score", "metric": "thumbs", "scale": {"min": 1, "max": 5}, "counts": [1] * 5}, "bad_scale", "scale"),
    ({"kind": "score", "metric": "star", "direction": LOW, "counts": [1] * 5}, "wrong_direction", "direction"),
    ({"kind": "score", "metric": "star", "scale": {"min": 0, "max": 4}, "counts": [1] * 5}, "bad_scale", "scale"),
    ({"kind": "score", "metric": "star", "scale": {"min": 1, "max": 2}, "counts": [1] * 2}, "bad_scale", "scale"),
    ({"kind": "score", "metric": "ces1", "scale": {"min": 1, "max": 7}, "favourable_points": 2, "counts": [1] * 7}, "bad_scale", "scale"),
    ({"kind": "score", "metric": "csat", "counts": [2.0**53, 0, 0, 0, 0]}, "overflow", "counts"),
    ({"kind": "compare", "metric": "mean", "scale_min": 1, "direction": "up", "counts_a": [1, 1], "counts_b": [1, 1]}, "unknown_direction", "direction"),
    ({"kind": "monitor", "weeks": [[1, 1, 1]], "mu": 0, "variance": 1, "lam": 0.2, "L": 3, "k": 0.5, "h": 4}, "ambiguous", "k"),
    ({"kind": "monitor", "x": [1], "mu": 0, "sigma": 1, "lam": 0.2, "L": 3, "k": 0.5, "h": 4}, "ambiguous", "k"),
    ({"kind": "operational", "total_minutes": 9, "resolved": 1, "hours": "office"}, "out_of_range", "hours"),
    ({"kind": "operational", "margin": 1e308, "retention": 1, "discount": 1e-9}, "overflow", "margin"),
    ({"kind": "display", "value": f"1/{10**37 + 1}", "decimals": 0}, "out_of_range", "value"),
    ({"kind": "display", "value": f"-{10**50}", "decimals": 0}, "out_of_range", "value"),
    ({"kind": "display", "value": "1/0", "decimals": 0}, "wrong_type", "value"),
    ({"kind": "display", "value": "1/2", "decimals": 0, "rule": "half_even"}, "unknown_rule", "rule"),
    ({"kind": "mood"}, "unknown_kind", "kind"), ({}, "missing_field", "kind"), ([], "wrong_type", None),
]:
    cases.append({"request": request, "error": {"code": code, "field": field}})

print("[\n" + ",\n".join(json.dumps(c, default=float) for c in cases) + "\n]")
