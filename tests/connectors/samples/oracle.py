"""The rules of a sample store, told once more in the plainest way: a dictionary and loops."""

import math

import numpy as np


class Oracle:
    """Answers what a store must answer."""

    def __init__(self):
        self.rows = {}
        self.floor = 0

    def append(self, rows):
        for series, ts, value in rows:
            if ts >= self.floor:
                self.rows[series, ts] = value

    def drop_before(self, before):
        self.floor = max(self.floor, before)
        self.rows = {key: v for key, v in self.rows.items() if key[1] >= self.floor}

    def read(self, series, start_ms, end_ms):
        wanted = set(series)
        return sorted(
            (s, t, v) for (s, t), v in self.rows.items() if s in wanted and start_ms <= t < end_ms
        )

    def latest(self, series, at_ms, lookback_ms):
        newest = {}
        for s, t, v in self.read(series, at_ms - lookback_ms + 1, at_ms + 1):
            newest[s] = (s, t, v)
        return [row for row in newest.values() if not math.isnan(row[2])]

    def aggregate(self, series, start_ms, end_ms, step_ms, function, lookback_ms):
        buckets = {}
        for one in sorted(set(series)):
            before = None
            for s, t, v in self.read([one], start_ms - lookback_ms, end_ms):
                key = (s, start_ms + (t - start_ms) // step_ms * step_ms)
                if function in ("increase", "rate"):
                    if (
                        before
                        and t >= start_ms
                        and t - before[0] <= lookback_ms
                        and not math.isnan(v)
                        and not math.isnan(before[1])
                    ):
                        rise = v - before[1] if v >= before[1] else v
                        buckets.setdefault(key, []).append((rise, t - before[0]))
                    before = (t, v)
                elif t >= start_ms and not math.isnan(v):
                    buckets.setdefault(key, []).append(v)
        return [(s, t, told(function, values)) for (s, t), values in sorted(buckets.items())]

    def quantile(self, groups, q, start_ms, end_ms, step_ms=None, **asked):
        answer = {}
        for name, series in groups.items():
            if step_ms is None:
                rows = self.read(series, start_ms, end_ms)
            else:
                rows = self.aggregate(series, start_ms, end_ms, step_ms, **asked)
            values = [v for _, _, v in rows if not math.isnan(v)]
            if values:
                answer[name] = float(np.quantile(values, q))
        return answer


def told(function, values):
    with np.errstate(all="ignore"):
        if function == "increase":
            return float(np.sum([rise for rise, _ in values]))
        if function == "rate":
            return float(
                np.sum([rise for rise, _ in values]) / (sum(ms for _, ms in values) / 1000)
            )
        return {
            "count": lambda v: float(len(v)), "sum": lambda v: float(np.sum(v)),
            "avg": lambda v: float(np.sum(v) / len(v)), "min": min, "max": max,
            "last": lambda v: v[-1],
        }[function](values)  # fmt: skip
