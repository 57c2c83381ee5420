"""Makes cases.json: requests and what scipy, statsmodels and exact fractions say the answers are.

Versions: Python 3.11, numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0.
    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python make.py > cases.json

Written from the formulas and the libraries, not from the Rust code. What floating point would round away (nearly
all answers alike, 5e12 of them) is calculated in fractions or in decimals of 60 digits. Answers are compared key by key, so a
case may leave out what the libraries cannot do.
"""

import itertools
import json
import math
from decimal import Decimal, getcontext
from fractions import Fraction as F

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep, multinomial_proportions_confint, proportion_confint, proportions_ztest,
)

getcontext().prec = 60
LEVELS = {"0.90": 0.10, "0.95": 0.05, "0.99": 0.01}
cases = []


def z_of(alpha):
    return float(stats.norm.isf(alpha / 2))


def case(request, answer):
    cases.append({"request": request, "answer": answer})


def ratio(x):
    return f"{x.numerator}/{x.denominator}"


def root(x):
    """The square root of a fraction, right to the last digit."""
    return float((Decimal(x.numerator) / Decimal(x.denominator)).sqrt())


def by_level(interval):
    return {name: interval(alpha) for name, alpha in LEVELS.items()}


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
    exact = F(100 * (pr - d), n)
    score, se = float(exact), 100 * root(v / n)
    adjusted = nps_variance(F(d) + F(3, 4), F(pa) + F(3, 2), F(pr) + F(3, 4))
    centre, adjusted_se = float(F(100 * (pr - d), n + 3)), 100 * root(adjusted / (n + 3))
    plus_one, plus_one_se = float(F(100 * (pr - d), n + 2)), 100 * root(nps_variance(d + 1, pa, pr + 1) / (n + 2))
    t_se = 100 * root(v / (n - 1)) if n > 1 else None
    ci = {
        "wald": by_level(lambda a: [score - z_of(a) * se, score + z_of(a) * se]),
        "trinomial_t": by_level(lambda a: [score - stats.t.isf(a / 2, n - 1) * t_se,
                                           score + stats.t.isf(a / 2, n - 1) * t_se] if n > 1 else None),
        "adjusted_wald": by_level(lambda a: [centre - z_of(a) * adjusted_se, centre + z_of(a) * adjusted_se]),
        "tango_score": by_level(lambda a: tango(pr, d, n, a)),
        "bonett_price": by_level(lambda a: [plus_one - z_of(a) * plus_one_se, plus_one + z_of(a) * plus_one_se]),
    }
    return {"n": n, "promoters": pr, "passives": pa, "detractors": d, "score": score, "score_exact": ratio(exact),
            "variance": float(v), "se_points": se, "ci": ci, "default_ci": ci["bonett_price"] | {"method": "bonett_price"}}


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


def share_ci(x, n):
    none = by_level(lambda a: None)
    if n == 0:
        return {k: none for k in ("wald", "wilson", "agresti_coull", "clopper_pearson", "jeffreys")}

    def around(centre, margin):
        return [100 * (centre - margin), 100 * (centre + margin)]

    def wald(a):
        p = F(x, n)
        return around(float(p), z_of(a) * root(p * (1 - p) / n))

    def agresti_coull(a):
        z2 = F(z_of(a)) ** 2
        p = (x + z2 / 2) / (n + z2)
        return around(float(p), z_of(a) * root(p * (1 - p) / (n + z2)))

    def wilson(a):
        z, x_, n_ = Decimal(repr(z_of(a))), Decimal(x), Decimal(n)
        margin = z * (x_ * (n_ - x_) / n_ + z * z / 4).sqrt()
        ends = [float(100 * (x_ + z * z / 2 + s * margin) / (n_ + z * z)) for s in (-1, 1)]
        if n < 10**9:
            other = proportion_confint(x, n, alpha=a, method="wilson")
            assert np.allclose(ends, [100 * e for e in other], rtol=1e-9, atol=1e-9)
        return ends

    def beta(a, shift_low, shift_high, ends):
        low, high = stats.beta.ppf(a / 2, *shift_low) if ends or x > 0 else 0.0, \
            stats.beta.isf(a / 2, *shift_high) if ends or x < n else 1.0
        return [100 * float(low), 100 * float(high)]

    return {
        "wald": by_level(wald),
        "wilson": by_level(wilson),
        "agresti_coull": by_level(agresti_coull),
        "clopper_pearson": by_level(lambda a: beta(a, (x, n - x + 1), (x + 1, n - x), False)),
        "jeffreys": by_level(lambda a: beta(a, (x + 0.5, n - x + 0.5), (x + 0.5, n - x + 0.5), True)),
    }


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
    t = by_level(lambda a: [float(mean) - stats.t.isf(a / 2, n - 1) * se, float(mean) + stats.t.isf(a / 2, n - 1) * se]
                 if n > 1 else None)
    return answer | {
        "mean": float(mean), "mean_exact": ratio(mean), "sd": root(variance) if n > 1 else None, "se": se, "ci": {"t": t},
        "favourable_pct": float(F(100 * favourable, n)), "net_pct": float(F(100 * (favourable - unfavourable), n)),
        "mean_oriented": float(oriented), "pomp": float(100 * (oriented - low) / (high - low)),
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
    ("thumbs", 0, HIGH, 1, [10**9 - 1, 1]), ("thumbs", 0, LOW, 1, [3, 7]), ("thumbs", 0, HIGH, 1, [2**53 + 1, 2**53 + 1]),
]
for metric, low, direction, top, counts in CSAT:
    scale = {"min": low, "max": low + len(counts) - 1}
    case({"kind": "score", "metric": metric, "scale": scale, "direction": direction, "favourable_points": top,
          "counts": counts}, csat_answer(low, counts, direction, top))

# ---- Comparisons ----------------------------------------------------------------------------------------------------


def two_sided(z):
    return float(2 * stats.norm.sf(abs(z)))


def around(difference, se, quantile):
    return by_level(lambda a: [difference - quantile(a) * se, difference + quantile(a) * se])


def welch(difference, va, na, vb, nb):
    """From squared standard errors as fractions."""
    se = root(va + vb)
    if se == 0:
        return None
    df = float((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1)))
    t = difference / se
    return {"se": se, "t": t, "df": df, "p": float(2 * stats.t.sf(abs(t), df)),
            "ci": around(difference, se, lambda a: stats.t.isf(a / 2, df))}


def compare_nps(a, b):
    n = [sum(a), sum(b)]
    exact = [F(100 * (x[2] - x[0]), m) if m else None for x, m in zip((a, b), n)]
    answer = {"n": n, "scores": [None if s is None else float(s) for s in exact]}
    if 0 in n:
        return answer | {"difference": None, "reason": "no_data", "tests": dict.fromkeys(
            ("wald_z", "welch_t", "adjusted_wald_z", "chi2_groups"))}
    difference = float(exact[1] - exact[0])
    v = [nps_variance(*x) for x in (a, b)]

    def z_test(difference, se):
        return {"se": se, "z": difference / se, "p": two_sided(difference / se), "ci": around(difference, se, z_of)} \
            if se > 0 else None

    wald = z_test(difference, 100 * root(v[0] / n[0] + v[1] / n[1]))
    adjusted = [[F(x[0]) + F(3, 4), F(x[1]) + F(3, 2), F(x[2]) + F(3, 4)] for x in (a, b)]
    scores = [100 * (x[2] - x[0]) / sum(x) for x in adjusted]
    se = 100 * root(sum(nps_variance(*x) / sum(x) for x in adjusted))
    difference_adjusted = float(scores[1] - scores[0])
    adjusted_wald = z_test(difference_adjusted, se) | {"difference": difference_adjusted}
    w = welch(difference, *itertools.chain(*[(10**4 * x / (m - 1), m) for x, m in zip(v, n)])) if min(n) > 1 else None
    used = [i for i in range(3) if a[i] + b[i]]
    chi2 = None
    if len(used) > 1:
        expected = {(k, i): F(n[k] * (a[i] + b[i]), sum(n)) for k in (0, 1) for i in used}
        statistic = float(sum((x[i] - expected[k, i]) ** 2 / expected[k, i] for k, x in enumerate((a, b)) for i in used))
        chi2 = {"chi2": statistic, "df": len(used) - 1, "p": float(stats.chi2.sf(statistic, len(used) - 1))}
        if max(n) < 10**6:
            r = stats.chi2_contingency([[a[i] for i in used], [b[i] for i in used]], correction=False)
            assert np.isclose(r.statistic, statistic) and np.isclose(r.pvalue, chi2["p"])
    return answer | {"difference": difference, "tests": {
        "wald_z": wald, "welch_t": w, "adjusted_wald_z": adjusted_wald, "chi2_groups": chi2}}


for a, b in [
    ((10, 20, 70), (20, 20, 60)), ((0, 0, 0), (1, 2, 3)), ((0, 0, 1), (1, 0, 0)), ((0, 0, 5), (0, 0, 9)), ((5, 0, 5), (0, 10, 0)),
    ((1, 2, 3), (3, 2, 1)), ((0, 0, 20), (1, 0, 19)), ((50, 0, 50), (0, 100, 0)), ((300, 300, 400), (250, 300, 450)),
    ((3 * 10**8, 3 * 10**8, 4 * 10**8), (3 * 10**8 - 10**5, 3 * 10**8, 4 * 10**8 + 10**5)),
    ((10**12, 2 * 10**12, 2 * 10**12), (10**12 - 10**7, 2 * 10**12, 2 * 10**12 + 10**7)), ((0, 7, 0), (0, 0, 7)),
    ((2**53 + 1, 0, 2**53 + 1), (2**53 + 1, 0, 2**53 + 3)),
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
    answer = {"counts": [[xa, na], [xb, nb]], "pct": [100 * float(pa), 100 * float(pb)], "difference": 100 * float(pb - pa)}
    tests = {"z_pooled": None, "n_minus_1": None}
    if variance:
        z = float(pb - pa) / root(variance)
        if max(na, nb) < 10**6:
            assert np.isclose(z, proportions_ztest([xb, xa], [nb, na])[0], rtol=1e-9, atol=1e-12)
        z1 = z * root(F(na + nb - 1, na + nb))
        tests = {"z_pooled": {"z": z, "p": two_sided(z)}, "n_minus_1": {"z": z1, "p": two_sided(z1)}}
    if max(na, nb) < 10**6:
        tests["fisher_exact"] = {"p": float(stats.fisher_exact([[xa, na - xa], [xb, nb - xb]])[1])}

    def newcombe(a):
        wilson = [share_ci(x, n)["wilson"] for x, n in ((xa, na), (xb, nb))]
        name = next(k for k, v in LEVELS.items() if v == a)
        (la, ua), (lb, ub) = wilson[0][name], wilson[1][name]
        p, q = 100 * float(pa), 100 * float(pb)
        ends = [100 * float(pb - pa) - math.hypot(q - lb, ua - p), 100 * float(pb - pa) + math.hypot(ub - q, p - la)]
        if max(na, nb) < 10**6:
            other = confint_proportions_2indep(xb, nb, xa, na, method="newcomb", compare="diff", alpha=a)
            assert np.allclose(ends, [100 * e for e in other], rtol=1e-9, atol=1e-9)
        return ends

    def caffo(a):
        p, q = F(xa + 1, na + 2), F(xb + 1, nb + 2)
        margin = z_of(a) * root(p * (1 - p) / (na + 2) + q * (1 - q) / (nb + 2))
        return [100 * (float(q - p) - margin), 100 * (float(q - p) + margin)]

    return answer | {"tests": tests, "ci": {"newcombe": by_level(newcombe), "agresti_caffo": by_level(caffo)}}


for xa, na, xb, nb in [
    (56, 70, 48, 80), (9, 10, 3, 10), (0, 10, 0, 20), (10, 10, 20, 20), (0, 0, 3, 5), (0, 1, 1, 1), (6, 7, 2, 7), (5, 56, 0, 29),
    (81, 263, 15, 148), (0, 10, 10, 10), (500, 1000, 520, 1000), (1, 1000, 9, 1000), (5 * 10**8, 10**9, 5 * 10**8 + 31000, 10**9),
    (25 * 10**11, 5 * 10**12, 25 * 10**11 + 3 * 10**6, 5 * 10**12), (3, 4, 1, 4), (2**53 + 1, 2**54, 2**53 + 10**8, 2**54),
]:
    case({"kind": "compare", "metric": "csat", "a": [xa, na], "b": [xb, nb]}, compare_shares(xa, na, xb, nb))


def compare_means(low, a, b):
    (na, ma, va), (nb, mb, vb) = moments(low, a), moments(low, b)
    if 0 in (na, nb):
        return {"difference": None, "reason": "no_data", "welch_t": None, "cliffs_delta": None, "prob_superiority": None,
                "mann_whitney": None, "mann_whitney_cc": None}
    answer = {"means": [float(ma), float(mb)], "difference": float(mb - ma)}
    higher = sum(b[j] * a[i] for j in range(len(b)) for i in range(j))
    lower = sum(b[j] * a[i] for j in range(len(b)) for i in range(j + 1, len(a)))
    tied = sum(x * y for x, y in zip(a, b))
    u = higher + F(tied, 2)
    answer |= {"cliffs_delta": float(F(higher - lower, na * nb)), "prob_superiority": float(u / (na * nb)),
               "welch_t": welch(float(mb - ma), va / na, na, vb / nb, nb) if min(na, nb) > 1 else None}
    n = na + nb
    ties = sum((x + y) ** 3 - (x + y) for x, y in zip(a, b))
    variance = F(na * nb, 12) * (n + 1 - F(ties, n * (n - 1)))
    apart = abs(u - F(na * nb, 2))
    for name, distance in (("mann_whitney", apart), ("mann_whitney_cc", max(apart - F(1, 2), F(0)))):
        p = float(2 * stats.norm.sf(float(distance) / root(variance))) if variance else None
        answer[name] = {"U": float(u), "p": p}
        if n < 10**5 and variance:
            x, y = ([p for p, c in enumerate(k) for _ in range(c)] for k in (a, b))
            other = stats.mannwhitneyu(y, x, use_continuity=name.endswith("cc"), method="asymptotic")
            assert np.isclose(other.statistic, float(u)) and np.isclose(other.pvalue, p, rtol=1e-9), (other, u, p)
    return answer


for low, a, b in [
    (1, [3, 4, 10, 40, 43], [5, 8, 12, 40, 35]), (1, [0, 0, 0, 0, 0], [1, 2, 3, 4, 5]), (1, [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]),
    (1, [0, 0, 0, 0, 9], [0, 0, 0, 0, 9]), (1, [0, 0, 9, 0, 0], [0, 0, 0, 0, 9]), (1, [1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1]),
    (0, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34, 2], [0, 0, 1, 1, 2, 3, 5, 8, 13, 21, 34]), (0, [3, 7], [6, 4]), (1, [5, 7, 11], [11, 7, 5]),
    (1, [10**8, 2 * 10**8, 3 * 10**8], [10**8 + 5000, 2 * 10**8, 3 * 10**8 + 9000]), (1, [1, 1, 1, 1], [2, 2, 2, 2]),
    (1, [10**12, 2 * 10**12, 2 * 10**12], [10**12 - 10**6, 2 * 10**12, 2 * 10**12 + 10**6]),
    (1, [1, 0, 2, 0, 3, 5, 8, 13, 21, 34], [34, 21, 13, 8, 5, 3, 0, 2, 0, 1]), (1, [0, 1, 0, 0, 0], [2, 1, 1, 0, 0]),
]:
    case({"kind": "compare", "metric": "mean", "scale_min": low, "counts_a": a, "counts_b": b}, compare_means(low, a, b))

for p in ([0.01, 0.02, 0.03, 0.04, 0.05], [0.001], [0.04, 0.01, 0.5, 0.01, 0.9, 0.03], [0.0, 1.0, 0.5], [1.0, 1.0], [0.2, 0.2, 0.2],
          [1e-300, 1e-12, 0.049], [0.05 / k for k in range(1, 31)]):
    case({"kind": "multiplicity", "p": p}, {
        ours: [float(x) for x in multipletests(p, method=theirs)[1]]
        for ours, theirs in (("bonferroni", "bonferroni"), ("sidak", "sidak"), ("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by"))
        if not (ours == "sidak" and min(p) < 1e-9)})
case({"kind": "multiplicity", "p": []}, {"holm": [], "reason": "no_data"})

for counts in ([56, 72, 73, 59, 62, 87, 58], [10, 20, 70], [0, 5, 10], [1, 0, 0], [3, 7], [0, 0, 0], [10**9, 1, 2 * 10**9],
               [10**12, 2 * 10**12, 2 * 10**12]):
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

    case({"kind": "shares", "counts": counts}, {"pct": [100 * c / n for c in counts], "goodman": by_level(goodman)})

# ---- Sample sizes ---------------------------------------------------------------------------------------------------

for variance, margin, level, population in [
    (0.25, 0.05, 0.95, 1000), (0.25, 0.05, 0.95, None), (0.7, 0.05, 0.95, None), (0.7, 0.1, 0.99, 250), (1.0, 0.01, 0.90, None),
    (0.25, 0.05, 0.95, 1), (0.0, 0.05, 0.95, None), (0.6, 0.03, 0.999, 10**9), (0.25, 0.03, 0.8, 5 * 10**12),
]:
    n = stats.norm.isf((1 - level) / 2) ** 2 * variance / margin**2
    n = n / (1 + (n - 1) / population) if population else n
    n = max(n, 0.0)
    case({"kind": "sample_size", "variance": variance, "margin": margin, "level": level, "population": population},
         {"n_exact": float(n), "n": math.ceil(n)})
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
    [(0, 0, 1, 10), (2, 3, 4, 90)], [(0, 0, 0, 10), (2, 3, 4, 90)],
]:
    d, pa, pr, N = (np.array(x) for x in zip(*strata))
    n = d + pa + pr
    W = N / N.sum()
    request = {"kind": "weighting", "metric": "nps", "strata": [
        dict(zip(("detractors", "passives", "promoters", "population"), row)) for row in strata]}
    unweighted = 100 * (pr.sum() - d.sum()) / n.sum()
    if (n == 0).any():
        case(request, {"unweighted": float(unweighted), "weighted": None, "se_points": None, "reason": "no_data"})
        continue
    s = 100 * (pr - d) / n
    answer = {"unweighted": float(unweighted), "weighted": float((W * s).sum()), "stratum_scores": s.tolist()}
    weights = N / n
    n_eff = (n * weights).sum() ** 2 / (n * weights**2).sum()
    answer |= {"kish_n_eff": float(n_eff), "kish_deff": float(n.sum() / n_eff)}
    if (n > 1).all():
        s2 = np.array([float(nps_variance(*map(int, x[:3])) * sum(x[:3]) / (sum(x[:3]) - 1)) for x in strata])
        se = 100 * math.sqrt((W**2 * s2 / n).sum())
        fpc = 100 * math.sqrt((W**2 * s2 / n * (1 - n / N)).sum())
        answer |= {"se_points": se, "se_points_fpc": fpc,
                   "ci95_fpc": [answer["weighted"] - z_of(0.05) * fpc, answer["weighted"] + z_of(0.05) * fpc]}
    else:
        answer |= {"se_points": None, "se_points_fpc": None, "ci95_fpc": None}
    case(request, answer)

for pr, pa, d, invited in [(70, 20, 10, 200), (0, 0, 0, 50), (1, 0, 0, 1), (5, 3, 2, 1000), (4 * 10**8, 3 * 10**8, 3 * 10**8, 5 * 10**12),
                           (0, 0, 0, 0), (2**53 + 1, 0, 0, 2**54)]:
    n = pr + pa + d
    silent = invited - n
    case({"kind": "nonresponse_bounds", "promoters": pr, "passives": pa, "detractors": d, "invited": invited}, {
        "respondent_score": float(F(100 * (pr - d), n)) if n else None, "response_rate": n / invited if invited else None,
        "bounds": [float(F(100 * (pr - d - silent), invited)), float(F(100 * (pr - d + silent), invited))] if invited else None})

# ---- Why it moved ---------------------------------------------------------------------------------------------------

for a, b in [
    ([[10, 20, 70], [30, 40, 30]], [[20, 20, 60], [10, 20, 30]]), ([[1, 1, 1]], [[0, 1, 2]]), ([[1, 2, 3], [0, 0, 0]], [[3, 2, 1], [4, 4, 4]]),
    ([[5, 5, 5], [1, 0, 9]], [[10, 10, 10], [2, 0, 18]]), ([[0, 0, 6], [6, 0, 0]], [[0, 0, 600], [1, 0, 0]]), ([[0, 0, 0]], [[1, 1, 1]]),
    ([[10**9, 0, 2 * 10**9], [10**12, 10**12, 3 * 10**12]], [[10**9, 1, 10**9], [10**12, 0, 2 * 10**12]]),
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
    case(request, {"score_a": float(total[0]), "score_b": float(total[1]), "change": float(total[1] - total[0]), "mix": float(mix),
                   "within": float(within), "per_segment_mix_within": [[float(m), float(w)] for m, w in parts]})

for t, u in [([20, 5, 5], [10, 20, 70]), ([1, 0, 0], [0, 0, 1]), ([0, 0, 0], [1, 2, 3]), ([0, 0, 5], [0, 0, 50]), ([3, 4, 5], [5, 4, 3]),
             ([10**9, 0, 0], [10**12, 2 * 10**12, 2 * 10**12]), ([50, 20, 30], [500, 300, 900])]:
    request = {"kind": "tag_impact", "metric": "nps", "with_tag": t, "without_tag": u}
    nt, nu = sum(t), sum(u)
    if 0 in (nt, nu):
        case(request, {"impact": None, "se": None, "reason": "no_data"})
        continue
    st, su = F(t[2] - t[0], nt), F(u[2] - u[0], nu)
    pi, n = F(nt, nt + nu), nt + nu
    se = 100 * root(pi**2 * (nps_variance(*t) / nt + nps_variance(*u) / nu) + (st - su) ** 2 * pi * (1 - pi) / n)
    impact = 100 * float(pi * (st - su))
    case(request, {"score_all": 100 * float(F(t[2] + u[2] - t[0] - u[0], n)), "score_with": 100 * float(st), "score_without": 100 * float(su),
                   "share": float(pi), "impact": impact, "se": se, "ci": around(impact, se, z_of)})


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
                             ([0, 0, 50, 60, -10], 0, 20, 0.3, 2.5), ([1e9, 1e9 + 4, 1e9 + 9], 1e9, 2, 0.4, 3)]:
    z, zs, limits, alarm = mu, [], [], None
    for t, v in enumerate(x, 1):
        z = lam * v + (1 - lam) * z
        m = L * sigma * math.sqrt(lam / (2 - lam) * (1 - (1 - lam) ** (2 * t)))
        zs.append(z)
        limits.append([mu - m, mu + m])
        if alarm is None and not mu - m <= z <= mu + m:
            alarm = t
    case({"kind": "monitor", "x": x, "mu": mu, "sigma": sigma, "lam": lam, "L": L}, {"z": zs, "limits": limits, "first_alarm": alarm})
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
                         ([0, 0], [0, 0], None), ([1, 5 * 10**8], [1, 10**9], 0.5), ([3, 3], [3, 3], None)]:
    center = p0 if p0 is not None else (sum(satisfied) / sum(n) if sum(n) else None)
    points = []
    for s, m in zip(satisfied, n):
        if m == 0:
            points.append({"p": None, "lcl": None, "ucl": None, "out": False})
            continue
        w = 3 * math.sqrt(center * (1 - center) / m)
        points.append({"p": s / m, "lcl": center - w, "ucl": center + w, "out": not center - w <= s / m <= center + w})
    request = {"kind": "monitor", "satisfied": satisfied, "n": n} | ({"p0": p0} if p0 is not None else {})
    case(request, {"center": center, "points": points, "first_alarm": next((i for i, p in enumerate(points, 1) if p["out"]), None)})
for weeks, mu, variance, lam, L in [
    ([[10, 20, 70], [20, 20, 60], [30, 30, 40], [40, 30, 30]], 55, 0.6, 0.2, 3), ([[1, 1, 1], [0, 0, 0], [5, 0, 0]], 30, 0.7, 0.3, 2.7),
    ([], 0, 0.6, 0.2, 3), ([[0, 0, 0]], 10, 0.6, 0.2, 3), ([[0, 0, 10**9], [10**12, 2 * 10**12, 2 * 10**12]], 20, 0.5, 0.4, 3),
    ([[0, 0, 1]], 0, 1, 1, 3),
]:
    z, v, points = mu, 0.0, []
    for d, pa, pr in weeks:
        n = d + pa + pr
        if n:
            z = lam * 100 * (pr - d) / n + (1 - lam) * z
            v = lam**2 * 1e4 * variance / n + (1 - lam) ** 2 * v
        points.append({"n": n, "z": z, "lcl": mu - L * math.sqrt(v), "ucl": mu + L * math.sqrt(v)})
    alarm = next((i for i, p in enumerate(points, 1) if not p["lcl"] <= p["z"] <= p["ucl"]), None)
    case({"kind": "monitor", "weeks": weeks, "mu": mu, "variance": variance, "lam": lam, "L": L}, {"points": points, "first_alarm": alarm})

for weeks, mu, variance, k, h in [
    ([[10, 20, 70], [20, 20, 60], [30, 30, 40], [40, 30, 30]], 55, 0.6, 0.5, 5), ([[1, 1, 1], [0, 0, 0], [5, 0, 0]], 30, 0.7, 0.5, 4),
    ([], 0, 0.6, 0.5, 4), ([[0, 0, 0]], 10, 0.6, 0.25, 4), ([[0, 0, 10**9], [10**12, 2 * 10**12, 2 * 10**12]], 20, 0.5, 0, 4),
]:
    up = down = 0.0
    c = []
    for d, pa, pr in weeks:
        n = d + pa + pr
        if n:
            x = (100 * (pr - d) / n - mu) / (100 * math.sqrt(variance / n))
            up, down = max(0.0, x - k + up), max(0.0, -x - k + down)
        c.append([up, down])
    alarm = next((i for i, p in enumerate(c, 1) if max(p) > h), None)
    case({"kind": "monitor", "weeks": weeks, "mu": mu, "variance": variance, "k": k, "h": h}, {"c": c, "first_alarm": alarm})

for pr, pa, d, alpha, rho in [(70, 20, 10, 0.05, 0.1), (7, 2, 1, 0.05, 0.3), (0, 0, 0, 0.05, 0.1), (1, 0, 0, 0.05, 0.1), (400, 300, 300, 0.01, 0.05),
                              (2 * 10**12, 2 * 10**12, 10**12, 0.05, 0.001), (0, 9, 0, 0.1, 1)]:
    n = pr + pa + d
    request = {"kind": "anytime", "promoters": pr, "passives": pa, "detractors": d, "alpha": alpha, "rho": rho}
    if n == 0:
        case(request, {"score": None, "half_width": None, "ci": None, "reason": "no_data"})
        continue
    g = n * rho**2 + 1
    half = 100 * root(nps_variance(d, pa, pr)) * math.sqrt(2 * g / (n**2 * rho**2) * math.log(math.sqrt(g) / alpha))
    score = float(F(100 * (pr - d), n))
    case(request, {"score": score, "half_width": half, "ci": [score - half, score + half]})

for y1, n1, y2, n2, aw, a0 in [(30, 1000, 5, 800, 1.0, 500.0), (0, 100, 7, 100, 0.5, 50.0), (0, 0, 0, 0, 0.1, 10.0), (5, 5, 0, 9, 0.01, 1.0),
                               (10**6, 10**9, 10**6 + 5000, 10**9, 10.0, 10**4), (12, 345, 12, 345, 2.0, 80.0)]:
    odds = [(F(y) + F(aw)) / (F(n) + F(a0) - F(y) - F(aw)) for y, n in ((y1, n1), (y2, n2))]
    delta = float((Decimal(odds[0].numerator) * odds[1].denominator / (Decimal(odds[0].denominator) * odds[1].numerator)).ln())
    variance = 1 / (y1 + aw) + 1 / (y2 + aw)
    case({"kind": "keyword", "y_promoter": y1, "n_promoter": n1, "y_detractor": y2, "n_detractor": n2, "alpha_w": aw, "alpha_0": a0},
         {"delta": delta, "variance": variance, "z": delta / math.sqrt(variance)})

# ---- Operations and display -----------------------------------------------------------------------------------------

pct = lambda a, b: float(F(100 * a, b)) if b else None
for s, e, n in [(100, 110, 30), (3, 2, 1), (0, 0, 0), (10**9, 10**9, 1), (5 * 10**12, 1, 1), (7, 7, 0)]:
    case({"kind": "operational", "start": s, "end": e, "new": n}, {"retention_pct": pct(e - n, s), "churn_pct": pct(s - e + n, s)})
for s, e in [(100, 130), (3, 2), (0, 5), (10**9, 1), (2**53 + 1, 2**53 + 2)]:
    case({"kind": "operational", "start": s, "end": e}, {"retention_pct": pct(e, s), "flag": "may_pass_100"})
for r, t in [(70, 100), (0, 3), (0, 0), (3, 3), (10**9 - 1, 10**9)]:
    case({"kind": "operational", "resolved_first_contact": r, "total": t}, {"fcr_pct": pct(r, t)})
for m, r in [(1234, 10), (0, 5), (90, 0), (10.5, 4), (5 * 10**12, 7)]:
    case({"kind": "operational", "total_minutes": m, "resolved": r}, {"art_minutes": m / r if r else None})
for r, c in [(20, 80), (0, 0), (1, 3), (7, 7), (1, 5 * 10**12)]:
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
    ({"kind": "display", "value": "1/0", "decimals": 0}, "wrong_type", "value"),
    ({"kind": "display", "value": "1/2", "decimals": 0, "rule": "half_even"}, "unknown_rule", "rule"),
    ({"kind": "mood"}, "unknown_kind", "kind"), ({}, "missing_field", "kind"), ([], "wrong_type", None),
]:
    cases.append({"request": request, "error": {"code": code, "field": field}})

print("[\n" + ",\n".join(json.dumps(c, default=lambda x: x.item()) for c in cases) + "\n]")
