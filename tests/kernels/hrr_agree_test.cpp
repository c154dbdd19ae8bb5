// The holographic kernel against the float64 definition in the time domain, in value and gradient.
#include <map>
#include <memory>
#include <tuple>

#include "kernels/hrr_fixture.hpp"

namespace regard::testing {
namespace {

using Form = TimeDomainHrr::Form;
constexpr Form kForms[] = {
    {false, false}, {false, true}, {true, false}, {true, true}, {false, true, true}};

HrrReference reference(const HrrProblem& p, const Inputs& in, int64_t b, int64_t h) {
  const Rows u = packed_basis(p.width);
  const auto time = [&](const Buffer& x) { return change_basis(x.head(b, h), u, p.width, true); };
  const int64_t length = p.lengths ? p.lengths[b] : p.length;
  HrrReference out = TimeDomainHrr(p.length, p.width, length, {p.causal, p.time_scale, p.pads_in})
                         .run(time(in.q), time(in.k), time(in.v), time(in.g));
  for (Rows* x : {&out.y, &out.dq, &out.dk, &out.dv}) *x = change_basis(*x, u, p.width, false);
  return out;
}

/// Largest difference, relative to the largest element of what is expected, or to `floor`.
double relative_error(const Rows& came, const Rows& expected, double floor = 0) {
  double error = 0, size = floor;
  for (size_t i = 0; i < came.size(); ++i) {
    if (std::isnan(came[i])) return came[i];
    error = std::max(error, std::abs(came[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return size == 0 ? error : error / size;
}

struct Case {
  HrrProblem problem;
  Inputs inputs;
  std::vector<HrrReference> expected;  // a (batch, head)
};

/// A case is the same on every target: its reference is computed once.
template <class T>
const Case& cached(const HrrProblem& p, int64_t gap, const std::vector<int64_t>& lengths) {
  static std::map<std::tuple<int64_t, int64_t, int64_t, bool, bool, bool, std::vector<int64_t>>,
                  std::unique_ptr<Case>>
      cases;
  auto& entry = cases[{p.length, p.width, gap, p.causal, p.time_scale, p.pads_in, lengths}];
  if (!entry) {
    entry = std::make_unique<Case>(Case{p, Inputs(p, gap).rounded_to<T>(), {}});
    for (int64_t b = 0; b < p.batch; ++b)
      for (int64_t h = 0; h < p.heads; ++h)
        entry->expected.push_back(reference(p, entry->inputs, b, h));
  }
  return *entry;
}

/// Relative to the largest element. In bf16 the rounding of each output is all there is: 2^-8.
struct Limits {
  double value, gradient;
};
template <class T>
constexpr Limits limits() {
  return std::is_same_v<T, float> ? Limits{3e-6, 3e-5} : Limits{3.92e-3, 3.95e-3};
}

template <class T = float>
void expect_agreement(const HrrProblem& p, const Inputs& in, const std::vector<HrrReference>& want,
                      int64_t gap, Limits limit = limits<T>()) {
  const Outputs out = run_kernel<T>(p, in, gap);
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t h = 0; h < p.heads; ++h) {
      const HrrReference& r = want[b * p.heads + h];
      EXPECT_LE(relative_error(out.y.head(b, h), r.y), limit.value) << "y of " << b << ", " << h;
      // A token alone has weight 1 whatever q and k are: their gradients vanish but for rounding.
      const double floor = p.length == 1 || (p.lengths && p.lengths[b] == 1) ? 0.1 : 0.0;
      EXPECT_LE(relative_error(out.dq.head(b, h), r.dq, floor), limit.gradient)
          << "dq of " << b << ", " << h;
      EXPECT_LE(relative_error(out.dk.head(b, h), r.dk, floor), limit.gradient)
          << "dk of " << b << ", " << h;
      EXPECT_LE(relative_error(out.dv.head(b, h), r.dv), limit.gradient)
          << "dv of " << b << ", " << h;
    }
  }
  for (const Buffer* x : {&out.y, &out.dq, &out.dk, &out.dv}) x->expect_guards();
}

template <class T>
void expect_every_length_and_width(const std::vector<int64_t>& times) {
  for (const int64_t time : times) {
    for (const int64_t width : {2, 4, 16, 30, 64, 256}) {
      for (const Form form : kForms) {
        if (form.pads_in) continue;  // without padding there is nothing to tell
        if (time * width > 100000 && form.time_scale) continue;  // the reference takes seconds
        SCOPED_TRACE(::testing::Message() << "T " << time << " d " << width << " causal "
                                          << form.causal << " scaled " << form.time_scale);
        const HrrProblem p{1,
                           time * width < 3000 ? 3 : 1,
                           time,
                           width,
                           nullptr,
                           form.causal,
                           form.time_scale,
                           form.pads_in};
        const Case& c = cached<T>(p, 0, {});
        expect_agreement<T>(p, c.inputs, c.expected, 0);
      }
    }
  }
}

template <class T>
void expect_lengths_in_strided_views() {
  for (const std::vector<int64_t>& lengths :
       {std::vector<int64_t>{0, 1, 130}, std::vector<int64_t>{64, 65, 0}}) {
    for (const int64_t width : {4, 30, 32}) {
      for (const Form form : kForms) {
        SCOPED_TRACE(::testing::Message() << "d " << width << " causal " << form.causal);
        const HrrProblem p{3,           2, 130, width, lengths.data(), form.causal, form.time_scale,
                           form.pads_in};
        const Case& c = cached<T>(p, 3, lengths);
        expect_agreement<T>(p, c.inputs, c.expected, 3);
      }
    }
  }
}

class HrrAgree : public OnEveryTarget {};
INSTANTIATE_TEST_SUITE_P(, HrrAgree, every_target(), target_label);

TEST_P(HrrAgree, EveryLengthAndWidth) {
  expect_every_length_and_width<float>({1, 2, 63, 193, 1000});
}

TEST_P(HrrAgree, EveryLengthAndWidthInBFloat16) {
  expect_every_length_and_width<BFloat16>({1, 2, 63, 193});
}

TEST_P(HrrAgree, LengthsInStridedViews) { expect_lengths_in_strided_views<float>(); }

TEST_P(HrrAgree, LengthsInStridedViewsInBFloat16) { expect_lengths_in_strided_views<BFloat16>(); }

TEST_P(HrrAgree, ZeroRowsAreSilent) {
  for (const Form form : kForms) {
    const HrrProblem p{1, 2, 70, 8, nullptr, form.causal, form.time_scale, form.pads_in};
    Inputs in(p);
    for (int64_t j = 0; j < p.width; ++j) {
      for (const int64_t t : {0, 5, 69}) in.v.at(0, 0, t, j) = 0;  // no value, and no S at first
      in.q.at(0, 0, 7, j) = 0;
      for (int64_t t = 0; t < p.length; ++t) in.k.at(0, 1, t, j) = 0;  // S = 0 in the second head
    }
    std::vector<HrrReference> want;
    for (int64_t h = 0; h < 2; ++h) want.push_back(reference(p, in, 0, h));
    expect_agreement(p, in, want, 0);
    const Inputs narrow = in.rounded_to<BFloat16>();
    for (int64_t h = 0; h < 2; ++h) want[h] = reference(p, narrow, 0, h);
    expect_agreement<BFloat16>(p, narrow, want, 0);
  }
}

TEST_P(HrrAgree, HugeAndSmallRows) {
  struct Sizes {
    float qv, k;
  };
  for (const Form form : kForms) {
    for (const Sizes size :
         {Sizes{1e-6f, 1e6f}, Sizes{1e-6f, 1e-6f}, Sizes{1e-12f, 1e-12f}, Sizes{1e-15f, 1e3f},
          Sizes{1, 1e-18f}, Sizes{1e4f, 1e4f}, Sizes{1e8f, 1e8f}, Sizes{1e12f, 1e12f}}) {
      SCOPED_TRACE(::testing::Message()
                   << "q, v " << size.qv << " k " << size.k << " causal " << form.causal);
      const HrrProblem p{1, 1, 100, 16, nullptr, form.causal, form.time_scale, form.pads_in};
      Inputs in(p);
      for (int64_t t = 0; t < p.length; ++t) {
        for (int64_t j = 0; j < p.width; ++j) {
          in.q.at(0, 0, t, j) *= size.qv;
          in.k.at(0, 0, t, j) *= size.k;
          in.v.at(0, 0, t, j) *= size.qv;
        }
      }
      in.k.at(0, 0, 40, 3) *= 1000;  // one token far above the others
      expect_agreement(p, in, {reference(p, in, 0, 0)}, 0, {3e-6, 1e-4});
    }
  }
}

TEST(HrrReference, ClosedFormAgreesWithCentralDifferences) {
  for (const Form form : kForms) {
    const int64_t time = 7, width = 6, length = 6;
    const TimeDomainHrr hrr(time, width, length, form);
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    Rows x[4];
    for (Rows& rows : x) {
      rows.resize(time * width);
      for (double& value : rows) value = normal(random);
    }
    const auto loss = [&] {
      const Rows y = hrr.run(x[0], x[1], x[2], x[3]).y;
      double sum = 0;
      for (size_t i = 0; i < y.size(); ++i) sum += y[i] * x[3][i];
      return sum;
    };
    const HrrReference closed = hrr.run(x[0], x[1], x[2], x[3]);
    const Rows* const gradients[] = {&closed.dq, &closed.dk, &closed.dv};
    for (int which = 0; which < 3; ++which) {
      for (int64_t i = 0; i < time * width; ++i) {
        const double before = x[which][i], step = 1e-5;
        x[which][i] = before + step;
        const double above = loss();
        x[which][i] = before - step;
        const double below = loss();
        x[which][i] = before;
        EXPECT_NEAR((above - below) / (2 * step), (*gradients[which])[i], 1e-8)
            << "input " << which << ", element " << i << ", causal " << form.causal;
      }
    }
  }
}

}  // namespace
}  // namespace regard::testing
