// Holographic attention in float64 from its definition in the time domain, by circular convolution;
// and the orthonormal basis that the packed rows of the kernel are written in.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace regard::testing {

using Rows = std::vector<double>;  // (T, d), one head

struct HrrReference {
  Rows y, dq, dk, dv;
};

/// y and the gradients of <g, y>. Only the first `length` tokens exist; with `pads_in` (not with
/// causal) all of them enter S.
class TimeDomainHrr {
 public:
  struct Form {
    bool causal = false, time_scale = false, pads_in = false;
  };
  TimeDomainHrr(int64_t time, int64_t width, int64_t length, Form form)
      : T_(time),
        d_(width),
        length_(length),
        bound_(form.pads_in ? time : length),
        causal_(form.causal),
        time_scale_(form.time_scale) {}

  HrrReference run(const Rows& q, const Rows& k, const Rows& v, const Rows& g) const {
    const auto d = d_;
    HrrReference out{Rows(T_ * d), Rows(T_ * d), Rows(T_ * d), Rows(T_ * d)};
    Rows s(T_ * d), z(T_ * d), cosine(T_), vv(T_), zz(T_), e(T_), Z(T_);
    Rows sum(d);
    for (int64_t t = 0; t < bound_; ++t) {
      const Rows bound = convolve(&k[t * d], &v[t * d]);
      for (int64_t i = 0; i < d; ++i) sum[i] += bound[i];
      for (int64_t i = 0; i < d; ++i) s[t * d + i] = sum[i];
    }
    if (!causal_) {
      for (int64_t t = 0; t < length_; ++t) std::copy(sum.begin(), sum.end(), &s[t * d]);
    }
    double total = 0;
    for (int64_t t = 0; t < length_; ++t) {
      // z = involution(q) convolved with S
      for (int64_t n = 0; n < d; ++n) {
        double x = 0;
        for (int64_t m = 0; m < d; ++m) x += q[t * d + m] * s[t * d + (n + m) % d];
        z[t * d + n] = x;
      }
      double vz = 0;
      for (int64_t i = 0; i < d; ++i) {
        vv[t] += v[t * d + i] * v[t * d + i];
        zz[t] += z[t * d + i] * z[t * d + i];
        vz += v[t * d + i] * z[t * d + i];
      }
      cosine[t] = vv[t] > 0 && zz[t] > 0 ? vz / std::sqrt(vv[t]) / std::sqrt(zz[t]) : 0;
      e[t] = std::exp(cosine[t]);
      total += e[t];
      Z[t] = total;
    }
    if (!causal_) std::fill(Z.begin(), Z.end(), total);

    Rows r(T_), suffix(T_ + 1);
    for (int64_t t = length_ - 1; t >= 0; --t) {
      const double keys = !time_scale_ ? 1.0 : static_cast<double>(causal_ ? t + 1 : length_);
      for (int64_t i = 0; i < d; ++i) {
        out.y[t * d + i] = keys * e[t] / Z[t] * v[t * d + i];
        out.dv[t * d + i] = keys * e[t] / Z[t] * g[t * d + i];
        r[t] += keys * g[t * d + i] * v[t * d + i];
      }
      suffix[t] = suffix[t + 1] + r[t] * e[t] / Z[t] / Z[t];
    }
    Rows ds(d);
    Rows ds_at(T_ * d);
    for (int64_t t = length_ - 1; t >= 0; --t) {
      const double alpha = e[t] * (r[t] / Z[t] - (causal_ ? suffix[t] : suffix[0]));
      const bool silent = !(vv[t] > 0 && zz[t] > 0);
      Rows dz(d);
      for (int64_t i = 0; i < d && !silent; ++i) {
        const double rho = 1 / std::sqrt(vv[t]) / std::sqrt(zz[t]);
        dz[i] = alpha * (rho * v[t * d + i] - cosine[t] / zz[t] * z[t * d + i]);
        out.dv[t * d + i] += alpha * (rho * z[t * d + i] - cosine[t] / vv[t] * v[t * d + i]);
      }
      for (int64_t m = 0; m < d; ++m) {
        for (int64_t n = 0; n < d; ++n) out.dq[t * d + m] += dz[n] * s[t * d + (n + m) % d];
      }
      const Rows part = convolve(&q[t * d], dz.data());
      for (int64_t i = 0; i < d; ++i) ds[i] += part[i];
      std::copy(ds.begin(), ds.end(), &ds_at[t * d]);
    }
    for (int64_t t = 0; t < bound_; ++t) {
      const double* const total_ds = causal_ ? &ds_at[t * d] : ds.data();
      for (int64_t m = 0; m < d; ++m) {
        for (int64_t n = 0; n < d; ++n) {
          out.dk[t * d + m] += total_ds[n] * v[t * d + (n - m + d) % d];
          out.dv[t * d + m] += total_ds[n] * k[t * d + (n - m + d) % d];
        }
      }
    }
    return out;
  }

 private:
  /// (x * y)_n = sum_m x_m y_{n - m}
  Rows convolve(const double* x, const double* y) const {
    Rows out(d_);
    for (int64_t m = 0; m < d_; ++m) {
      for (int64_t n = 0; n < m; ++n) out[n] += x[m] * y[n - m + d_];
      for (int64_t n = m; n < d_; ++n) out[n] += x[m] * y[n - m];
    }
    return out;
  }

  int64_t T_, d_, length_, bound_;
  bool causal_, time_scale_;
};

/// Orthonormal real Fourier basis in the packed order, (d, d), a column a packed element.
inline Rows packed_basis(int64_t d) {
  Rows u(d * d);
  const double pi = std::acos(-1.0);
  for (int64_t n = 0; n < d; ++n) {
    u[n * d] = 1 / std::sqrt(static_cast<double>(d));
    u[n * d + d / 2] = (n % 2 ? -1 : 1) / std::sqrt(static_cast<double>(d));
    for (int64_t j = 1; j < d / 2; ++j) {
      const double angle = 2 * pi * static_cast<double>(j * n % d) / static_cast<double>(d);
      u[n * d + j] = std::sqrt(2.0 / static_cast<double>(d)) * std::cos(angle);
      u[n * d + d / 2 + j] = std::sqrt(2.0 / static_cast<double>(d)) * std::sin(angle);
    }
  }
  return u;
}

/// Rows times the basis, or times its transpose.
inline Rows change_basis(const Rows& rows, const Rows& u, int64_t d, bool transposed) {
  Rows out(rows.size());
  for (int64_t t = 0; t < static_cast<int64_t>(rows.size()) / d; ++t) {
    for (int64_t i = 0; i < d; ++i) {
      for (int64_t j = 0; j < d; ++j) {
        if (transposed) {
          out[t * d + i] += rows[t * d + j] * u[i * d + j];
        } else {
          out[t * d + j] += rows[t * d + i] * u[i * d + j];
        }
      }
    }
  }
  return out;
}

}  // namespace regard::testing
