// The bench measures what it says: peers compute the same function, the plain model is our model,
// times are the quantiles of turns.
#include "regard/lab/bench/bench.hpp"
#include "regard/attention/fourier.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/lab/bench/load.hpp"
#include "regard/lab/bench/plain.hpp"
#include "regard/lab/bench/report.hpp"

namespace regard::lab {
namespace {
using torch::Tensor;

std::string message(const std::function<void()>& run) {
  try {
    run();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(BenchShape, NamesAndNumbers) {
  const auto text = parse_shape("text");
  EXPECT_EQ(to_text(text), "B16 T4000 H512 heads 8 layers 6 MLP 1024");
  const auto own = parse_shape("B2T64H32heads4layers3mlp48");
  EXPECT_EQ(to_text(own), "B2 T64 H32 heads 4 layers 3 MLP 48");
  EXPECT_EQ(parse_shape("B1T8H16").mlp, 32);
}

TEST(BenchShape, RefusesWithTheKnownNames) {
  for (const auto* bad : {"txet", "B1T8", "B1T8H", "B0T8H16", "B1T8H16heads3", "B1T8H16x4"}) {
    const auto said = message([&] { parse_shape(bad); });
    EXPECT_NE(said.find(bad), std::string::npos) << bad;
    EXPECT_NE(said.find("bytes131k"), std::string::npos) << said;
  }
}

class BenchForms : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, BenchForms,
                         ::testing::Values("softmax", "hrr", "linear", "mean", "off",
                                           "window(width=5)", "window(width=5)+hrr", "causal",
                                           "hrr(scale=time)"));

TEST_P(BenchForms, ComputeTheFoldOfTheirPhrase) {
  torch::manual_seed(3);
  const auto phrase = attention::parse_phrase(GetParam());
  auto forms = peer_forms(phrase);
  ASSERT_FALSE(forms.empty());
  forms.push_back(regard_form(phrase));
  for (const auto& form : forms) {
    const auto own = attention::parse_phrase(form.phrase);
    const auto make = [](bool used) {
      return used ? torch::randn({2, 3, 29, 8}, torch::kDouble) : Tensor();
    };
    const auto uses = own.fold->uses();
    const auto q = make(uses.q), k = make(uses.k), v = make(uses.v);
    const auto expected = reference_form(own).run(q, k, v);
    const auto u = form.in_basis ? attention::fourier_basis(8) : torch::eye(8, torch::kDouble);
    const auto turned = [&](const Tensor& t) { return t.defined() ? t.matmul(u) : t; };
    const auto came = form.run(turned(q), turned(k), turned(v)).matmul(u.t());
    EXPECT_LT(((came - expected).norm() / expected.norm()).item<double>(), 1e-12) << form.name;
  }
}

TEST(BenchTurns, AreInterleavedAndSummarised) {
  std::string order;
  std::vector<Contender> both{{[&] { order += 'a'; }, {}, {}}, {[&] { order += 'b'; }, {}, {}}};
  take_turns(both, {.device = torch::kCPU, .repeat = 4, .seconds = 1});
  EXPECT_EQ(order, "aaabbbabababab");
  const auto t = summarise({5, 1, 4, 2, 3});
  EXPECT_DOUBLE_EQ(t.median, 3);
  EXPECT_DOUBLE_EQ(t.p20, 1.8);
  EXPECT_DOUBLE_EQ(t.p80, 4.2);
  EXPECT_EQ(t.repeats, 5);
}

TEST(BenchTurns, ASlowContenderGetsFewAndARefusedOneSaysWhy) {
  int runs = 0;
  std::vector<Contender> three{{[&] {
                                  ++runs;
                                  std::this_thread::sleep_for(std::chrono::milliseconds(40));
                                },
                                {},
                                {}},
                               {[] {
                                  torch::ones({2, 3}).matmul(torch::ones({2, 3}));
                                },
                                {},
                                {}},
                               {[] {}, {}, {}}};
  take_turns(three, {.device = torch::kCPU, .repeat = 50, .seconds = 0.1});
  EXPECT_GE(three[0].seconds.size(), 3u);
  EXPECT_LE(three[0].seconds.size(), 5u);
  EXPECT_EQ(runs, static_cast<int>(three[0].seconds.size()) + 3);
  EXPECT_TRUE(three[1].seconds.empty());
  EXPECT_NE(three[1].failure.find("mat1"), std::string::npos) << three[1].failure;
  EXPECT_EQ(three[1].failure.find('\n'), std::string::npos);
  EXPECT_EQ(three[2].seconds.size(), 50u);
}

TEST(BenchLoad, CountsOnlyOthers) {
  const OtherLoad load;
  EXPECT_TRUE(std::isnan(load.cores()));  // too short to tell
  const double start = seconds_now(), own_start = cpu_seconds_now();
  double x = 1;
  while (seconds_now() - start < 0.3) x = std::sqrt(x + 1);
  EXPECT_GT(x, 1);
  const double own = (cpu_seconds_now() - own_start) / (seconds_now() - start);
  const double others = load.cores();
  EXPECT_GE(others, 0);
  // Counting our own loop as another's would exceed the machine. Ticks of 10 ms on each core blur
  // the sum.
  EXPECT_LE(others + own, std::thread::hardware_concurrency() + 0.2);
}

TEST(Bench, MeasuresOursBesidePeersWithSmallErrors) {
  BenchOptions options;
  options.shapes = {"B2T40H32heads2layers2mlp48"};
  options.attention = {"softmax", "hrr", "window(width=8)+linear", "off"};
  options.device = "cpu";
  options.repeat = 3;
  std::vector<std::string> said;
  const auto report = run_bench(options, [&](const std::string& line) { said.push_back(line); });
  EXPECT_EQ(said.size(), 9u);  // ceilings, and two tests of four phrases
  EXPECT_GT(report.ceiling.flops_per_second, 1e8);
  EXPECT_GT(report.ceiling.bytes_per_second, 1e8);
  int ours = 0;
  for (const auto& row : report.rows) {
    SCOPED_TRACE(row.test + " " + row.attention + " " + row.implementation);
    EXPECT_EQ(row.note, "");
    EXPECT_EQ(row.time.repeats, 3);
    EXPECT_GT(row.time.p20, 0);
    EXPECT_LE(row.time.p20, row.time.median);
    EXPECT_LE(row.time.median, row.time.p80);
    EXPECT_GT(row.floor, 0);
    EXPECT_LT(row.error, 1e-5);
    EXPECT_LT(row.gradient_error, 1e-4);
    if (row.implementation != "regard") continue;
    ++ours;
    EXPECT_DOUBLE_EQ(row.ratio, 1);
    EXPECT_NE(row.kernel, "");
  }
  EXPECT_EQ(ours, 12);  // forward, forward + backward and step of four phrases
  const auto json = nlohmann::json::parse(bench_json(report));
  ASSERT_EQ(json["rows"].size(), report.rows.size());
  EXPECT_GT(json["rows"][0]["median_ms"].get<double>(), 0);
  EXPECT_EQ(bench_table(report).rows.size(), report.rows.size());
}

TEST(Bench, AloneLeavesPeersOut) {
  BenchOptions options;
  options.shapes = {"B1T16H16heads2"};
  options.attention = {"hrr"};
  options.device = "cpu";
  options.repeat = 2;
  options.peers = false;
  const auto report = run_bench(options, [](const std::string&) {});
  ASSERT_EQ(report.rows.size(), 3u);
  for (const auto& row : report.rows) EXPECT_EQ(row.implementation, "regard");
}

TEST(Bench, CountsParametersAsTheFormulaOfThePeers) {
  BenchOptions options;
  options.test = "step";
  options.shapes = {"B1T16H32heads2layers2mlp48"};
  options.attention = {"softmax"};
  options.device = "cpu";
  options.repeat = 1;
  const auto report = run_bench(options, [](const std::string&) {});
  const int64_t T = 16, H = 32, M = 48;
  const int64_t layer = 4 * (H * H + H) + 4 * H + (H * M + M) + (M * H + H);
  for (const auto& row : report.rows) {
    EXPECT_EQ(row.parameters, 257 * H + T * H + 2 * layer + 2 * H + 10 * H + 10);
  }
}

TEST(Bench, RefusesBeforeItMeasures) {
  const auto run = [](const std::function<void(BenchOptions&)>& change) {
    return message([&] {
      BenchOptions options;
      options.device = "cpu";
      change(options);
      run_bench(options, [](const std::string&) { FAIL() << "work was started"; });
    });
  };
  EXPECT_NE(run([](auto& o) { o.test = "steps"; }).find("--case"), std::string::npos);
  EXPECT_NE(run([](auto& o) { o.dtype = "fp8"; }).find("--dtype"), std::string::npos);
  EXPECT_NE(run([](auto& o) { o.repeat = 0; }).find("--repeat"), std::string::npos);
  EXPECT_NE(run([](auto& o) { o.attention = {"softmx"}; }).find("softmax"), std::string::npos);
  EXPECT_NE(run([](auto& o) { o.dtype = "fp16"; }).find("fp16"), std::string::npos);
}

}  // namespace
}  // namespace regard::lab
