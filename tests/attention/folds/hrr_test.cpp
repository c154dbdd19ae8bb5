// Holographic attention: golden numbers, a circulant form, invariants, and the kernels against the
// reference.
#include "regard/attention/folds/hrr.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/golden.hpp"
#include "harness/grad.hpp"
#include "harness/laws.hpp"
#include "harness/message.hpp"
#include "regard/attention/fourier.hpp"

namespace regard::attention::folds {
namespace {
using torch::Tensor;

// NumPy, sums of products in the time domain; the inverses by solving and by a DFT matrix.
TEST(Hrr, GoldenValues) {
  harness::golden("hrr", false, 4,
                  {0.526117988762986, 0.39082188022418, -0.256041597330315, -0.365249833654514,
                   0.0920990360080113, -0.0578257800567432, -0.0687679445390137, 0.0410868799698644,
                   0.195825227749073, 0.0491991564225778, -0.287451334581335, 0.0420620103347211});
  harness::golden("hrr", true, 4,
                  {0.909297426825682, 0.675463180551151, -0.442520443294852, -0.631266637872321,
                   0.156203333692332, -0.0980746380172443, -0.116632949200782, 0.0696848512263609,
                   0.206376880940912, 0.0518501551823864, -0.302940078431641, 0.0443284381627647});
  harness::golden("hrr(scale=time)", true, 4,
                  {0.909297426825682, 0.675463180551151, -0.442520443294852, -0.631266637872321,
                   0.312406667384664, -0.196149276034489, -0.233265898401563, 0.139369702452722,
                   0.619130642822735, 0.155550465547159, -0.908820235294923, 0.132985314488294});
  harness::golden("hrr(unbind=exact)", false, 4,
                  {0.523634073726594, 0.388976726920978, -0.254832770437614, -0.363525411427501,
                   0.0895727912931079, -0.0562396389027705, -0.0668816635964928, 0.0399598810578811,
                   0.199376525611802, 0.0500913849728002, -0.29266427533402, 0.0428248064724851});
  harness::golden("hrr(unbind=unit)", false, 4,
                  {0.526625104178022, 0.391198586218325, -0.256288391098386, -0.365601891225138,
                   0.0909275843321311, -0.0570902663109678, -0.0678932521712232, 0.0405642762979519,
                   0.196332884882891, 0.0493267002688065, -0.288196523147195, 0.0421710518502325});
  harness::golden("hrr", false, 5,
                  {0.320981001796301, 0.238437767416434, -0.156209234749495, -0.222836435963746,
                   0.301672484227527, -0.245127232272009, -0.29151177722708, 0.174169949109587,
                   0.28523958993104, 0.0716636327414948, -0.174287998580015, 0.0255031120595342,
                   0.0171408474034833, 0.0886488751174131, -0.182255300323525});
  harness::golden("hrr(unbind=exact)", false, 5,
                  {0.319578690518295, 0.237396073457977, -0.155526783232452, -0.221862901562788,
                   0.300354528571183, -0.244747601194072, -0.291060309925001, 0.173900210309406,
                   0.284797836430247, 0.0715526465328456, -0.176349899637269, 0.0258048247084099,
                   0.0173436309093554, 0.0896976289663197, -0.184411457944756});
}

// (x (*) y)_n = sum_m x_m y_{n-m} by a matrix of shifted copies, without any transform.
Tensor circulant_bind(const Tensor& x, const Tensor& y) {
  const int64_t d = x.size(-1);
  std::vector<Tensor> rows;
  for (int64_t m = 0; m < d; ++m) rows.push_back(y.roll(m, -1));
  return (x.unsqueeze(-1) * at::stack(rows, -2)).sum(-2);
}

TEST(Hrr, ThreeFormsAgree) {
  for (const auto& [positions, heads, width] :
       {std::tuple{50, 4, 64}, {33, 8, 32}, {40, 3, 33}, {17, 2, 7}, {5, 1, 2}, {6, 1, 1}}) {
    const auto x = harness::make_inputs({"",
                                         positions,
                                         positions,
                                         graph::full(),
                                         {positions, positions / 2 + 1},
                                         heads,
                                         heads,
                                         width},
                                        torch::kDouble);
    const auto valid = valid_rows(x.key_lengths, positions).to(torch::kDouble);
    const auto s = (circulant_bind(x.k, x.v) * valid).sum(2, true);
    const auto reversed = x.q.flip({-1}).roll(1, -1);
    const auto a =
        at::cosine_similarity(x.v, circulant_bind(s.expand_as(x.q), reversed), -1, 1e-30);
    const auto e = a.unsqueeze(-1).exp() * valid;
    const auto expected = e / e.sum(2, true) * x.v;
    const auto reference = Hrr().reference(x, dense_mask(x));
    EXPECT_LE(harness::relative(reference, expected), 1e-13) << width;
    const ops::ForceKernel force("folded");
    EXPECT_LE(harness::relative(attend(Hrr(), "hrr", x), expected), 1e-13) << width;
  }
}

TEST(Hrr, TheFoldedBasisIsOrthonormalAndTurnsBindingIntoProducts) {
  for (const int64_t d : {1, 2, 3, 4, 7, 16, 33, 64}) {
    const auto u = fourier_basis(d);
    EXPECT_LE((at::matmul(u.t(), u) - at::eye(d, torch::kDouble)).abs().max().item<double>(),
              1e-14);
    const auto x = harness::random({3, d}, 1), y = harness::random({3, d}, 2);
    const double n = static_cast<double>(d);
    const auto s = real_slot_weight(d, std::sqrt(2.0), u.options()) * std::sqrt(n / 2);
    for (const bool conjugate : {false, true}) {
      const auto other = conjugate ? x.flip({-1}).roll(1, -1) : x;
      const auto product = slot_product(at::matmul(x, u), at::matmul(y, u), conjugate) * s;
      EXPECT_LE(harness::relative(product, at::matmul(circulant_bind(other, y), u)), 1e-13) << d;
    }
  }
}

// Weights 2, 1 and sqrt(2) on the real slots are not free: with another one the cosine is wrong.
TEST(Hrr, TheWeightOfRealSlotsBelongsToTheInverse) {
  const auto x = harness::make_inputs({"", 40, 40, graph::full(), {}, 2, 2, 64}, torch::kDouble);
  const auto u = fourier_basis(64);
  for (const char* phrase : {"hrr", "hrr(unbind=exact)", "hrr(unbind=unit)"}) {
    const auto parsed = parse_phrase(phrase);
    const auto y = parsed.fold->reference(x, dense_mask(x));
    const ops::ForceKernel force("folded");
    EXPECT_LE(harness::relative(attend(*parsed.fold, "hrr", x), y), 1e-12) << phrase;
  }
  const auto q = at::matmul(x.q, u), k = at::matmul(x.k, u), v = at::matmul(x.v, u);
  const auto s = slot_product(k, v, false).sum(2, true);
  const auto right = safe_cosine(v, Hrr().read_out(q, s));
  const auto wrong = safe_cosine(v, slot_product(q, s, true));
  EXPECT_GT((right - wrong).abs().max().item<double>(), 0.02);
}

TEST(Hrr, KernelsAgreeWithTheReference) {
  harness::agree("hrr", true);
  harness::agree("hrr(scale=time)", true);
  harness::agree("hrr(mode=paper)", true);
  harness::hidden_is_nothing("window(width=3)+hrr(unbind=exact)", torch::kFloat, true);
}

// The control: gates read a memory that holds nothing of their own sequence, and all else stays.
TEST(Hrr, OtherMemoryIsThatOfTheSequenceBefore) {
  const auto control = parse_phrase("hrr(memory=other)"), plain = parse_phrase("hrr");
  auto x = harness::make_inputs({"", 12, 12, graph::full(), {12, 7, 9}, 2, 2, 8}, torch::kDouble);
  const auto came = control.fold->reference(x, dense_mask(x));
  const ops::ForceKernel force("folded");
  EXPECT_LE(harness::relative(attend(*control.fold, "hrr", x), came), 1e-12);
  EXPECT_GT(harness::relative(plain.fold->reference(x, dense_mask(x)), came), 1e-3);
  // Keys of sequence 0 reach sequence 1 alone.
  auto moved = x;
  moved.k = x.k.clone();
  moved.k.select(0, 0).mul_(-0.3).add_(0.2);
  const auto after = control.fold->reference(moved, dense_mask(moved));
  EXPECT_TRUE(torch::equal(after.select(0, 0), came.select(0, 0)));
  EXPECT_FALSE(torch::equal(after.select(0, 1), came.select(0, 1)));
  EXPECT_TRUE(torch::equal(after.select(0, 2), came.select(0, 2)));
  harness::grad("hrr(memory=other)", {{"full, ragged", 5, 5, graph::full(), {5, 3}, 1, 1, 4}});
  EXPECT_EQ(
      harness::message([] { parse_phrase("window(width=4)+hrr(memory=other)"); }),
      "phrase \"window(width=4)+hrr(memory=other)\": hrr with memory=other is a control for whole "
      "sequences, which only the full graph has");
}

// Division by |F(q)| loses digits where a coefficient of the query is small.
TEST(Hrr, InversesAgreeWithTheReference) {
  for (const char* phrase : {"hrr(unbind=exact)", "hrr(unbind=unit)"}) {
    const auto parsed = parse_phrase(phrase);
    const auto given = harness::make_inputs({"", 30, 30, graph::causal(), {30, 9}}, torch::kDouble);
    const auto expected = harness::run(*parsed.fold, given, torch::kDouble, "reference");
    for (const auto dtype : {torch::kDouble, torch::kFloat}) {
      const auto came = harness::run(*parsed.fold, given, dtype, "folded");
      const double bound = 300 * harness::tolerance(dtype, harness::Content::kNormal);
      harness::expect_near(came, expected, bound);
    }
  }
}

TEST(Hrr, GradientsAreDerivatives) {
  for (const char* phrase : {"hrr", "hrr(scale=time)", "hrr(unbind=exact)", "hrr(unbind=unit)"}) {
    harness::grad(phrase, harness::small_cases(true));
  }
  harness::grad("hrr(mode=paper)", {{"full, ragged", 5, 5, graph::full(), {5, 3}, 1, 1, 4}});
}

TEST(Hrr, Laws) {
  harness::laws("hrr");
  harness::laws("hrr(scale=time)");
  harness::permutes_with_tokens("hrr(unbind=exact)");
  harness::permutes_with_tokens("hrr(mode=paper)");
}

// The released code sums over padding too: S takes it in, the softmax leaves it out.
TEST(Hrr, PaperModeLetsPaddingIn) {
  const auto x = harness::make_inputs({"", 12, 12, graph::full(), {12, 7}}, torch::kDouble);
  const auto valid = valid_rows(x.key_lengths, 12).to(torch::kDouble);
  const auto s = circulant_bind(x.k, x.v).sum(2, true);
  const auto read = circulant_bind(s.expand_as(x.q), x.q.flip({-1}).roll(1, -1));
  const auto a = at::cosine_similarity(x.v, read, -1, 1e-30).unsqueeze(-1) + (1 - valid) * -1e9;
  const auto expected = at::softmax(a, 2) * x.v;
  const auto paper = parse_phrase("hrr(mode=paper)");
  for (const char* kernel : {"folded", "reference"}) {
    const ops::ForceKernel force(kernel);
    const auto y = attend(*paper.fold, "hrr", x);
    EXPECT_LE(harness::relative(y, expected), 1e-13) << kernel;
    EXPECT_GT(harness::relative(attend(Hrr(), "hrr", x)[1], y[1]), 1e-3) << kernel;
    EXPECT_LE(harness::relative(attend(Hrr(), "hrr", x)[0], y[0]), 1e-13) << kernel;
  }
}

TEST(Hrr, GatesStayNearOne) {
  const auto x =
      harness::make_inputs({"", 500, 500, graph::full(), {500, 77}, 4, 4, 32}, torch::kDouble);
  const auto map = Hrr().weights(x);
  ASSERT_TRUE(map.gate);
  EXPECT_EQ(map.values.sizes(), (std::vector<int64_t>{2, 4, 1, 500}));
  const auto first = map.values[0], second = map.values[1].slice(2, 0, 77);
  for (const auto& gates : {first, second}) {
    EXPECT_GE(gates.min().item<double>(), std::exp(-2.0));
    EXPECT_LE(gates.max().item<double>(), std::exp(2.0));
    EXPECT_NEAR(gates.mean().item<double>(), 1, 1e-12);
  }
  EXPECT_EQ(map.values[1].slice(2, 77).abs().max().item<double>(), 0);
}

// Both cosines forget the length of their vectors, so no gradient points along them.
TEST(Hrr, GradientsAreOrthogonalToWhatScaleDoesNotMatter) {
  const auto given = harness::make_inputs({"", 30, 30, graph::full(), {30, 11}}, torch::kDouble);
  const auto came = harness::run(Hrr(), given, torch::kDouble, "folded");
  const auto along_q = (came.gradients[0] * given.q).sum(-1);  // <q_t, dq_t> = 0
  EXPECT_LE(along_q.abs().max().item<double>(), 1e-13);
  // S is linear in k, so <S, dS> = sum_t <k_t, dk_t> = 0 for each head.
  const auto along_s = (came.gradients[1] * given.k).sum({2, 3});
  EXPECT_LE(along_s.abs().max().item<double>(), 1e-13);
}

TEST(Hrr, ZeroVectorsGiveCosineZeroAndNoGradient) {
  auto x = harness::make_inputs({"", 6, 6, graph::full()}, torch::kDouble);
  for (auto* t : {&x.q, &x.k, &x.v}) t->zero_();
  for (const char* kernel : {"folded", "reference"}) {
    for (const char* phrase : {"hrr", "hrr(unbind=exact)", "hrr(unbind=unit)"}) {
      const auto parsed = parse_phrase(phrase);
      const auto came = harness::run(*parsed.fold, x, torch::kDouble, kernel);
      EXPECT_EQ(came.y.abs().max().item<double>(), 0);
      EXPECT_TRUE(came.gradients[2].isfinite().all().item<bool>()) << phrase << kernel;
      EXPECT_EQ(came.gradients[0].abs().max().item<double>(), 0) << phrase << kernel;
    }
  }
}

// Where a coefficient of q vanishes it has no inverse, in any type: neither it nor its gradient is
// noise.
TEST(Hrr, AnInverseLeavesOutWhatVanishes) {
  for (const int64_t width : {8, 10, 7, 64}) {
    for (const char* phrase : {"hrr(unbind=exact)", "hrr(unbind=unit)"}) {
      const auto parsed = parse_phrase(phrase);
      for (const char* graph : {"full", "causal", "window(width=3)"}) {
        const auto made = parse_phrase(graph).graph->facts(false);
        auto x = harness::make_inputs({"", 6, 6, made, {}, 2, 2, width}, torch::kBFloat16);
        auto rows = x.q.select(1, 0);  // of the first head; the second stays as it is
        rows.select(1, 0).fill_(1);
        rows.select(1, 1).fill_(-0x1p-50);
        rows.select(1, 2).zero_();
        rows.select(1, 3).fill_(1).slice(1, 1, width, 2).fill_(-1);
        rows.select(1, 4).mul_(0x1p-50);
        const auto expected = harness::run(*parsed.fold, x, torch::kDouble, "reference");
        for (const auto dtype : {torch::kDouble, torch::kFloat, torch::kBFloat16}) {
          for (const char* kernel : {"folded", "reference"}) {
            SCOPED_TRACE(std::string(phrase) + ", " + graph + ", " + kernel + ", " +
                         c10::toString(dtype) + ", d " + std::to_string(width));
            const auto came = harness::run(*parsed.fold, x, dtype, kernel);
            const double bound = dtype == torch::kBFloat16 ? 3e-2
                                 : dtype == torch::kFloat  ? 2e-4
                                                           : 1e-9;
            EXPECT_LE(harness::relative(came.y, expected.y), bound);
            for (std::size_t i = 0; i < 3; ++i) {
              const auto gradient = came.gradients[i].to(torch::kDouble);
              EXPECT_TRUE(gradient.isfinite().all().item<bool>());
              // Rows of q of 2^-50 have gradients that are 2^50 times as large.
              const auto scale = i == 0 ? x.q.norm(2, {-1}, true) : at::ones({}, torch::kDouble);
              const auto right = expected.gradients[i] * scale;
              EXPECT_LE(harness::relative(gradient * scale, right), 4 * bound) << "qkv"[i];
            }
          }
        }
      }
    }
  }
}

// Powers of two are exact, so that even rows of 1e-15 and sums of 1e-45 give the weights of the
// plain ones.
TEST(Hrr, TheCosineSeesNoScale) {
  for (const bool causal : {false, true}) {
    const auto plain = harness::make_inputs(
        {"", 20, 20, causal ? graph::causal() : graph::full(), {20, 7}}, torch::kFloat);
    auto small = plain;
    small.q = plain.q * 0x1p-50;
    small.k = plain.k * 0x1p-70;
    small.v = plain.v * 0x1p-50;
    for (const char* kernel : {"highway", "folded", "reference"}) {
      const auto expected = harness::run(Hrr(), plain, torch::kFloat, kernel);
      const auto came = harness::run(Hrr(), small, torch::kFloat, kernel);
      EXPECT_LE(harness::relative(came.y * 0x1p50, expected.y), 1e-6) << kernel << causal;
      EXPECT_LE(harness::relative(came.gradients[1] * 0x1p-20, expected.gradients[1]), 1e-4)
          << kernel << causal;
    }
  }
}

// The sum over all positions inside the softmax would let the future in through Z.
TEST(Hrr, TheNormaliserIsCausalToo) {
  auto x = harness::make_inputs({"", 64, 64, graph::causal()}, torch::kFloat);
  auto other = x;
  other.v = x.v.clone();
  other.v.slice(2, 40).mul_(7);
  EXPECT_TRUE(at::equal(attend(Hrr(), "hrr", x).slice(2, 0, 40),
                        attend(Hrr(), "hrr", other).slice(2, 0, 40)));
}

TEST(Hrr, RefusesWhatHasNoMeaning) {
  const auto x = harness::make_inputs({"", 3, 6, graph::full()}, torch::kDouble);
  EXPECT_EQ(harness::message([&] { attend(Hrr(), "hrr", x); }),
            "hrr: as many queries as keys were expected (a token is compared with its own value), "
            "and 3 queries and 6 keys came");
  EXPECT_EQ(harness::message([] { parse_phrase("window(width=4)+hrr(pads=in)"); }),
            "phrase \"window(width=4)+hrr(pads=in)\": hrr with pads=in sums over the whole padded "
            "sequence, which only the full graph has");
  auto biased = harness::make_inputs({"", 6, 6, graph::full()}, torch::kDouble);
  biased.bias = at::zeros({1, 2, 6, 6}, torch::kDouble);
  EXPECT_EQ(harness::message([&] { attend(Hrr(), "hrr", biased); }),
            "hrr: a bias was given, and this fold has no pairwise scores to add it to");
}

}  // namespace
}  // namespace regard::attention::folds
